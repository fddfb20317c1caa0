//! Error envelopes in place of bare errors, for development.
//!
//! A response with a status of 400 or above whose body is empty or
//! `text/plain` becomes an envelope that says which request it answers and,
//! if asked to, what the body was. The status never changes. JSON, HTML and
//! streams pass as they are.
//!
//! What it shows is not for strangers: in release builds the layer refuses to
//! be built unless that is allowed expressly. It belongs directly inside of
//! `recovery`.
//!
//! ```
//! use plumego_middleware::debug::{DebugConfig, DebugLayer};
//!
//! # let allow = |config: DebugConfig| config.with_allow_in_release(true);
//! let config = DebugConfig::default()
//!     .with_body(true)
//!     .with_not_found_hint("see /docs for the routes of this service");
//! # let config = allow(config);
//! let layer = DebugLayer::new(config)?;
//! # let _ = layer;
//! # Ok::<(), plumego_middleware::ConfigError>(())
//! ```

mod capture;
mod config;
mod envelope;
mod layer;

pub use config::DebugConfig;
pub use layer::DebugLayer;
