//! A limit on the time until the response starts.
//!
//! When it passes, the work of the service is dropped, what it moved to other
//! tasks is told through
//! [`RequestScope::cancelled`](plumego_contract::RequestScope::cancelled), and
//! the client gets `504 deadline_exceeded`. The deadline is published in the
//! scope, where layers and outbound clients further inside can only shorten it.
//! A request that is already cancelled or past its deadline is not started.
//!
//! The response is not buffered and its body may take any time, unless
//! [`TimeoutConfig::with_body_idle`] limits how long it may produce nothing.
//!
//! ```
//! use std::time::Duration;
//! use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};
//!
//! let config = TimeoutConfig::new(Duration::from_secs(30))
//!     .with_body_idle(Duration::from_secs(60));
//! let layer = TimeoutLayer::new(config);
//! # let _ = layer;
//! ```

mod body;
mod config;
mod future;
mod layer;

pub use body::BodyIdle;
pub use config::TimeoutConfig;
pub use layer::TimeoutLayer;
