//! A limit on requests per client, before their bodies are read.
//!
//! Each request takes tokens from the bucket of its client, by address unless
//! told otherwise; without enough of them it gets `429 rate_limited` and does
//! not reach the handler. `X-RateLimit-Limit`, `X-RateLimit-Remaining` and
//! `X-RateLimit-Reset` tell clients where they are.
//!
//! ```
//! use plumego_middleware::abuseguard::{AbuseGuardConfig, AbuseGuardLayer};
//! use plumego_security::abuse::AbuseConfig;
//!
//! let limits = AbuseConfig::default().with_rate(20.0).with_capacity(40);
//! let config = AbuseGuardConfig::default()
//!     .with_skip(|parts| parts.uri.path() == "/healthz");
//! let layer = AbuseGuardLayer::local(limits, config)?;
//! # let _ = layer;
//! # Ok::<(), plumego_security::abuse::AbuseError>(())
//! ```
//!
//! The address of a client is what core decided. Forwarding headers count only
//! through proxies core was told to trust.

mod answer;
mod config;
mod layer;

use http::HeaderName;

pub use config::AbuseGuardConfig;
pub use layer::AbuseGuardLayer;

/// Tokens of a full bucket.
pub const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
/// Whole tokens that are left.
pub const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// When the bucket is full again, in Unix seconds.
pub const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
