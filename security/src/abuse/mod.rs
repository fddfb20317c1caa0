//! Limits for clients that send too much: a token bucket per key, in bounded
//! memory.
//!
//! A bucket holds `capacity` tokens and gains `rate` per second; a request
//! takes one, or several. Keys are kept as keyed hashes alone, so that their
//! place cannot be aimed at and no address is held in clear. When memory is
//! full, buckets that are full make room; as long as none is, new keys share
//! buckets, so that a flood of fresh keys does not free a client that is being
//! limited.
//!
//! ```
//! use plumego_security::abuse::{AbuseConfig, Limiter};
//!
//! let limiter = Limiter::new(AbuseConfig::default().with_rate(1.0).with_capacity(2))?;
//! assert!(limiter.check("192.0.2.7")?.allowed);
//! assert!(limiter.check("192.0.2.7")?.allowed);
//! let denied = limiter.check("192.0.2.7")?;
//! assert!(!denied.allowed && denied.retry_after.is_some());
//! assert!(limiter.check("192.0.2.8")?.allowed);
//! # Ok::<(), plumego_security::abuse::AbuseError>(())
//! ```
//!
//! An [`AbuseGuard`] is what the layer of `plumego-middleware` asks: a
//! [`Limiter`], or one that several instances share, [`Guarded`] for the time
//! when it does not answer.

mod config;
mod gcra;
mod guard;
mod key;
mod limiter;
mod shard;

use std::time::Duration;

use plumego_contract::BoxError;

pub use config::{AbuseConfig, Overflow};
pub use guard::{AbuseGuard, Guarded, OnError};
pub use key::IpKey;
pub use limiter::{Limiter, LimiterMetrics};

/// What a limiter says about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Whether the request may go on.
    pub allowed: bool,
    /// Tokens of a full bucket.
    pub limit: u32,
    /// Whole tokens that are left.
    pub remaining: u32,
    /// How long until the bucket is full.
    pub reset_after: Duration,
    /// How long until the same request is allowed; none when it is now.
    pub retry_after: Option<Duration>,
}

impl Decision {
    /// The answer of a limiter, for implementations of [`AbuseGuard`]. Denied
    /// when there is a wait.
    #[must_use]
    pub const fn new(
        limit: u32,
        remaining: u32,
        reset_after: Duration,
        retry_after: Option<Duration>,
    ) -> Self {
        Self {
            allowed: retry_after.is_none(),
            limit,
            remaining,
            reset_after,
            retry_after,
        }
    }

    /// Allowed without a look at any bucket.
    #[must_use]
    pub const fn unmeasured() -> Self {
        Self::new(u32::MAX, u32::MAX, Duration::ZERO, None)
    }

    /// False when no bucket was looked at, so that there is nothing to tell the
    /// client.
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        self.limit != u32::MAX
    }
}

/// Why there is no decision. None of the texts contains a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AbuseError {
    /// A limit that would allow everything or nothing.
    #[error("abuse limiter: `{field}` {problem}")]
    InvalidConfig {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An empty key, which every client could share. Counts as a denial.
    #[error("the key of a request is empty")]
    InvalidKey,
    /// More tokens than a bucket holds. Counts as a denial.
    #[error("a request costs {cost} tokens and a bucket holds {capacity}")]
    InvalidCost {
        /// Tokens of the request.
        cost: u32,
        /// Tokens of a full bucket.
        capacity: u32,
    },
    /// The limiter does not answer. 503, unless configured otherwise.
    #[error("the limiter is unavailable")]
    Unavailable(#[source] BoxError),
}
