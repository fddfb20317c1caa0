//! Persistence: contracts that do not know what is behind them, and the
//! implementations that need no server.
//!
//! A contract is a trait that any adapter can implement. Keys, lifetimes and
//! errors follow the same rules in all of them.
//!
//! ```
//! use std::time::Duration;
//! use plumego_store::{Ttl, check_key};
//! use plumego_store::kv::WriteBatch;
//!
//! // Keys are checked, never trimmed or folded.
//! assert!(check_key("session/17", 256).is_ok());
//! assert!(check_key("session\n17", 256).is_err());
//! // Lifetimes are typed, so that zero cannot come to mean forever.
//! let batch = WriteBatch::new()
//!     .put("session/17", "alice", Ttl::After(Duration::from_secs(900)))
//!     .put("last", "session/17", Ttl::Never);
//! assert!(batch.check(256).is_ok());
//! ```

#[cfg(any(feature = "kv", feature = "file-local"))]
mod blocking;
#[cfg(feature = "cache")]
pub mod cache;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "db")]
pub mod db;
#[cfg(any(feature = "kv", feature = "file-local"))]
pub mod disk;
#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "idempotency")]
pub mod idempotency;
mod key;
#[cfg(feature = "kv")]
pub mod kv;
mod ttl;

use std::pin::Pin;

pub use key::{KeyError, KeyExcerpt, KeyFlaw, check_key};
pub use ttl::{InvalidTtl, Ttl};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Any error that may cross threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;
