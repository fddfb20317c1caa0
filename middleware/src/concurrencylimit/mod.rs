//! A limit on requests that run at the same time, with a short queue.
//!
//! At most `max_concurrent` requests run and `queue_depth` more wait, first
//! come first served. A request beyond both gets `503 server_busy` at once; one
//! that waited `queue_timeout` gets `503 server_queue_timeout`. A place is taken
//! until the response body ends, fails or is dropped, and given back when the
//! client leaves or the service panics.
//!
//! ```
//! use plumego_middleware::concurrencylimit::{ConcurrencyLimitConfig, ConcurrencyLimitLayer};
//!
//! let config = ConcurrencyLimitConfig::new(512)
//!     .with_queue_depth(256)
//!     .with_exempt(|parts| parts.uri.path() == "/healthz");
//! let layer = ConcurrencyLimitLayer::new(config);
//! assert_eq!(layer.occupancy(), 0);
//! ```

mod config;
mod future;
mod gate;
mod layer;

pub use config::ConcurrencyLimitConfig;
pub use gate::UpgradePermit;
pub use layer::ConcurrencyLimitLayer;
