//! Compression of response bodies.
//!
//! A response is compressed with the first configured coding that the client
//! accepts, while it is sent: frames are compressed as they come and flushed
//! when the next one is not there yet. Nothing is compressed that is small,
//! compressed already, a range, a stream of events, an error, or of a type that
//! does not gain; `Cache-Control: no-transform` is obeyed. What could have been
//! compressed gets `Vary: Accept-Encoding`, whether it was or not.
//!
//! Compressing a secret together with text that an attacker chooses reveals the
//! secret by the size of the response (BREACH): leave such responses out with
//! [`CompressionConfig::with_skip_when`].
//!
//! ```
//! use plumego_middleware::compression::{Algorithm, CompressionConfig, CompressionLayer};
//!
//! let config = CompressionConfig::default()
//!     .with_algorithms([Algorithm::Zstd, Algorithm::Gzip])
//!     .with_skip_when(|parts| parts.uri.path().starts_with("/session"));
//! let layer = CompressionLayer::new(config);
//! # let _ = layer;
//! ```

mod config;
mod eligible;
mod encode;
mod layer;
mod negotiate;

pub use config::{Algorithm, CompressionConfig};
pub use layer::CompressionLayer;
