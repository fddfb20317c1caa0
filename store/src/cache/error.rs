//! What can go wrong in a cache.

use crate::{BoxError, InvalidTtl, KeyError};

/// Why a cache operation failed.
///
/// Texts name sizes, limits and the beginning of keys, never a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The key is empty or holds a control byte.
    #[error("cache: {0}")]
    InvalidKey(#[source] KeyError),
    /// The key is longer than the cache takes.
    #[error("cache: {0}")]
    KeyTooLong(#[source] KeyError),
    /// The lifetime is zero.
    #[error("cache: {0}")]
    InvalidTtl(#[source] InvalidTtl),
    /// A setting is out of its range.
    #[error("cache: {detail}")]
    InvalidConfig {
        /// What to change.
        detail: String,
    },
    /// There is no room, and nothing may be evicted to make some.
    #[error("cache: {needed} are needed, and the limit is {limit}")]
    Full {
        /// Bytes, or entries, the cache would hold.
        needed: u64,
        /// What it may hold.
        limit: u64,
    },
    /// The value is not a whole number.
    #[error("cache: the value is not a whole number")]
    NotInteger,
    /// The counter would have more than 64 bits.
    #[error("cache: the counter would overflow")]
    CounterOverflow,
    /// The backend cannot do this.
    #[error("cache: the backend does not support {0}")]
    CapabilityUnsupported(&'static str),
    /// The backend cannot be reached, or failed.
    #[error("cache: the backend is unavailable")]
    Unavailable(#[source] BoxError),
    /// The cache is closed.
    #[error("cache: the cache is closed")]
    Closed,
}

impl CacheError {
    /// The kind in snake case, for logs and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InvalidKey(_) => "invalid_key",
            Self::KeyTooLong(_) => "key_too_long",
            Self::InvalidTtl(_) => "invalid_ttl",
            Self::InvalidConfig { .. } => "invalid_config",
            Self::Full { .. } => "full",
            Self::NotInteger => "not_integer",
            Self::CounterOverflow => "counter_overflow",
            Self::CapabilityUnsupported(_) => "capability_unsupported",
            Self::Unavailable(_) => "unavailable",
            Self::Closed => "closed",
        }
    }
}

impl From<KeyError> for CacheError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::TooLong { .. } => Self::KeyTooLong(error),
            KeyError::Invalid { .. } => Self::InvalidKey(error),
        }
    }
}

impl From<InvalidTtl> for CacheError {
    fn from(error: InvalidTtl) -> Self {
        Self::InvalidTtl(error)
    }
}
