//! A panic becomes an answer.
//!
//! What is inside of this layer may panic, while it is called or while it is
//! polled: the client gets `500 internal_error` with the generic text, and the
//! log a record `panic recovered` with the place and the type of the panic but
//! not its message, which may hold anything. A panic while the response body is
//! sent cannot be answered any more; the stream is reset and the record says
//! `panic in response body`.
//!
//! The place is known because the first layer that is made installs a panic
//! hook, which calls the one that was there before. With `panic = "abort"` a
//! panic ends the process and this layer does nothing.
//!
//! ```
//! use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
//!
//! let layer = RecoveryLayer::new(RecoveryConfig::new(plumego_log::discard()));
//! # let _ = layer;
//! ```

mod body;
mod layer;
mod report;

pub use layer::{RecoveryConfig, RecoveryLayer};
