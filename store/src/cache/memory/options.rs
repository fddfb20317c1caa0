//! How a cache in memory is bounded.

use std::sync::Arc;
use std::time::Duration;

use plumego_contract::{Clock, SystemClock};

use crate::cache::{CacheError, CacheResult};

/// How a full cache chooses what to forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// What is used often stays. A new entry that nobody has asked for before
    /// may be refused in favour of those, without a word: this is a cache.
    #[default]
    TinyLfu,
    /// What was used last stays. A new entry is always admitted.
    Lru,
}

/// What a full cache does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnFull {
    /// It forgets something.
    Evict(Policy),
    /// It refuses: the write is `Full`, and the cache is as before. Expired
    /// entries are removed first.
    Reject,
}

impl Default for OnFull {
    fn default() -> Self {
        Self::Evict(Policy::default())
    }
}

/// How a [`MemoryCache`](super::MemoryCache) is bounded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MemoryCacheOptions {
    /// Longest key, in bytes; 0 is no limit. 256 unless set.
    pub max_key_length: usize,
    /// Most bytes of keys and values, and 64 for each entry; `None` is no
    /// limit. 64 MiB unless set.
    pub max_bytes: Option<u64>,
    /// Most entries; `None`, which is the default, is no limit. With
    /// `max_bytes`, an evicting cache counts each entry as at least its share
    /// of the bytes.
    pub max_entries: Option<u64>,
    /// What a full cache does. It evicts by frequency unless set.
    pub on_full: OnFull,
    /// What [`Ttl::Default`](crate::Ttl) stands for; `None` is forever. 10 min
    /// unless set.
    pub default_ttl: Option<Duration>,
    /// How often all expired entries are removed; 0 is never. 5 min unless
    /// set.
    pub cleanup_interval: Duration,
    /// Where it reads the time, by the monotonic clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for MemoryCacheOptions {
    fn default() -> Self {
        Self {
            max_key_length: 256,
            max_bytes: Some(64 << 20),
            max_entries: None,
            on_full: OnFull::default(),
            default_ttl: Some(Duration::from_secs(10 * 60)),
            cleanup_interval: Duration::from_secs(5 * 60),
            clock: Arc::new(SystemClock),
        }
    }
}

impl MemoryCacheOptions {
    pub(super) fn check(&self) -> CacheResult<()> {
        let detail = if self.max_bytes == Some(0) || self.max_entries == Some(0) {
            "a cache must be allowed to hold something"
        } else if self.default_ttl == Some(Duration::ZERO) {
            "a default lifetime of zero stores nothing: use `None` for no expiry"
        } else {
            return Ok(());
        };
        Err(CacheError::InvalidConfig {
            detail: detail.to_owned(),
        })
    }
}
