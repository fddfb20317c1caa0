//! One log record per request.
//!
//! The record `request completed` is written when the response is over: after
//! the last byte of the body was handed to the connection, when the client
//! left, or when something panicked. It has the path without the query; no
//! headers but the user agent, and no bodies.
//!
//! ```
//! use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
//!
//! let logger = plumego_log::discard();
//! let config = AccessLogConfig::default()
//!     .with_logger(logger)
//!     .with_skip(|parts| parts.uri.path() == "/healthz");
//! let layer = AccessLogLayer::new(config)?;
//! # let _ = layer;
//! # Ok::<(), plumego_middleware::ConfigError>(())
//! ```

mod config;
mod layer;
mod record;

pub use config::AccessLogConfig;
pub use layer::AccessLogLayer;
