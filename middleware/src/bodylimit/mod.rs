//! A limit on the size of request bodies.
//!
//! A body that declares more than the limit is refused with
//! `413 payload_too_large` before the service is called, and without an interim
//! `100 Continue`. One of unknown length is watched while it is read: exactly
//! the limit passes, the next byte fails the read with
//! [`BodyLimitExceeded`](plumego_contract::BodyLimitExceeded), and whatever the
//! service then answers becomes the 413, unless its response already started.
//! Of nested limits the smallest counts.
//!
//! On HTTP/1 the connection goes on only when the rest of the body is at most
//! 64 KiB and arrives within a second; otherwise the answer says
//! `Connection: close`. On HTTP/2 dropping the body resets the stream once the
//! answer is sent.
//!
//! ```
//! use plumego_middleware::bodylimit::BodyLimitLayer;
//!
//! let layer = BodyLimitLayer::new(1024 * 1024).logger(plumego_log::discard());
//! # let _ = layer;
//! ```

mod body;
mod drain;
mod layer;
mod refusal;
mod service;

pub use layer::BodyLimitLayer;
