use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use plumego_contract::Clock;

use super::AbuseError;

/// What happens to a new key when memory is full of buckets that are in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// It shares a bucket with the other new keys of its shard.
    #[default]
    SharedBucket,
    /// The bucket that was not used for longest is given up; a client that was
    /// limited by it starts anew.
    EvictLru,
}

/// Limits of a [`Limiter`](super::Limiter). Options that are not set have
/// their defaults; zero and its like are refused.
#[derive(Clone)]
#[non_exhaustive]
pub struct AbuseConfig {
    /// Tokens a bucket gains per second. Default: 100.
    pub rate: f64,
    /// Tokens of a full bucket: the longest burst. Default: 200.
    pub capacity: u32,
    /// Most buckets in all; a bound on memory, about 100 bytes each. Default:
    /// 100 000.
    pub max_entries: usize,
    /// How often a shard looks for idle buckets while it is used. Default: 1
    /// minute.
    pub cleanup_interval: Duration,
    /// How long a bucket stays without requests. One that is not full yet stays
    /// longer, since giving it up would give its client tokens. Default: 5
    /// minutes.
    pub max_idle: Duration,
    /// Parts with a lock each, rounded up to a power of two. Default: 16.
    pub shards: usize,
    /// What happens when memory is full.
    pub overflow: Overflow,
    /// Where time is read. Default: the system's monotonic clock.
    pub clock: Option<Arc<dyn Clock>>,
}

impl Default for AbuseConfig {
    fn default() -> Self {
        Self {
            rate: 100.0,
            capacity: 200,
            max_entries: 100_000,
            cleanup_interval: Duration::from_secs(60),
            max_idle: Duration::from_secs(5 * 60),
            shards: 16,
            overflow: Overflow::default(),
            clock: None,
        }
    }
}

impl AbuseConfig {
    /// Sets [`rate`](Self::rate).
    #[must_use]
    pub fn with_rate(mut self, per_second: f64) -> Self {
        self.rate = per_second;
        self
    }

    /// Sets [`capacity`](Self::capacity).
    #[must_use]
    pub fn with_capacity(mut self, tokens: u32) -> Self {
        self.capacity = tokens;
        self
    }

    /// Sets [`max_entries`](Self::max_entries).
    #[must_use]
    pub fn with_max_entries(mut self, buckets: usize) -> Self {
        self.max_entries = buckets;
        self
    }

    /// Sets [`cleanup_interval`](Self::cleanup_interval).
    #[must_use]
    pub fn with_cleanup_interval(mut self, interval: Duration) -> Self {
        self.cleanup_interval = interval;
        self
    }

    /// Sets [`max_idle`](Self::max_idle).
    #[must_use]
    pub fn with_max_idle(mut self, idle: Duration) -> Self {
        self.max_idle = idle;
        self
    }

    /// Sets [`shards`](Self::shards).
    #[must_use]
    pub fn with_shards(mut self, shards: usize) -> Self {
        self.shards = shards;
        self
    }

    /// Sets [`overflow`](Self::overflow).
    #[must_use]
    pub fn with_overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Sets [`clock`](Self::clock).
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// [`AbuseError::InvalidConfig`] with the first field that is wrong.
    pub fn validate(&self) -> Result<(), AbuseError> {
        const NOT_POSITIVE: &str = "must be above zero";
        let refuse = |field, problem| Err(AbuseError::InvalidConfig { field, problem });
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return refuse("rate", "must be a number above zero");
        }
        if self.capacity == 0 {
            return refuse("capacity", NOT_POSITIVE);
        }
        if self.capacity == u32::MAX {
            return refuse("capacity", "must be below 4294967295");
        }
        if self.max_entries == 0 {
            return refuse("max_entries", NOT_POSITIVE);
        }
        if self.cleanup_interval.is_zero() {
            return refuse("cleanup_interval", NOT_POSITIVE);
        }
        if self.max_idle.is_zero() {
            return refuse("max_idle", NOT_POSITIVE);
        }
        match self.shards {
            0 => refuse("shards", NOT_POSITIVE),
            1..=65_536 => Ok(()),
            _ => refuse("shards", "must be at most 65536"),
        }
    }
}

impl fmt::Debug for AbuseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbuseConfig")
            .field("rate", &self.rate)
            .field("capacity", &self.capacity)
            .field("max_entries", &self.max_entries)
            .field("cleanup_interval", &self.cleanup_interval)
            .field("max_idle", &self.max_idle)
            .field("shards", &self.shards)
            .field("overflow", &self.overflow)
            .finish_non_exhaustive()
    }
}
