use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use plumego_contract::{Clock, SystemClock};
use siphasher::sip128::{Hash128, SipHasher13};

use super::config::{AbuseConfig, Overflow};
use super::gcra::{Nanos, Rate, Taken};
use super::shard::{Digest, Rules, Shard};
use super::{AbuseError, Decision};
use crate::secret::fill_random;

/// What clients are told when everything is denied.
const DENY_ALL_RETRY: Duration = Duration::from_secs(60);

/// Token buckets by key, in memory. Clones share the buckets.
///
/// A request costs the same whatever the number of buckets. There is no task
/// in the background and nothing to stop: idle buckets go while the limiter is
/// used, or with [`cleanup`](Self::cleanup).
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    /// None denies everything.
    buckets: Option<Buckets>,
    /// Requests without a usable key or cost.
    unusable: AtomicU64,
}

struct Buckets {
    config: AbuseConfig,
    rules: Rules,
    /// As many as a power of two.
    shards: Box<[Mutex<Shard>]>,
    /// Where digests are cut: the shard is what is left of them.
    shard_shift: u32,
    hasher: SipHasher13,
    clock: Arc<dyn Clock>,
    start: Instant,
}

/// What a limiter did and holds. The counts only grow; `allowed` and
/// `rejected` together are the number of checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimiterMetrics {
    /// Checks that were allowed.
    pub allowed: u64,
    /// Checks that were denied, those without a usable key or cost included.
    pub rejected: u64,
    /// Buckets that were given up for others.
    pub evictions: u64,
    /// Checks that had to share a bucket.
    pub overflowed: u64,
    /// Buckets now.
    pub buckets: u64,
}

impl Limiter {
    /// A limiter that works as configured.
    ///
    /// # Errors
    /// What [`AbuseConfig::validate`] finds; [`AbuseError::Unavailable`]
    /// without randomness for the hash of keys.
    pub fn new(config: AbuseConfig) -> Result<Self, AbuseError> {
        config.validate()?;
        let mut seed = [0; 16];
        fill_random(&mut seed).map_err(|error| AbuseError::Unavailable(error.into()))?;
        // Never more shards than buckets, so that each has room for one.
        let most = 1 << config.max_entries.ilog2();
        let shards = config.shards.next_power_of_two().min(most);
        let clock = config.clock.clone();
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock));
        let buckets = Buckets {
            rules: Rules {
                rate: Rate::new(config.rate, config.capacity),
                entries_max: config.max_entries / shards,
                sweep_interval: nanos(config.cleanup_interval),
                idle_max: nanos(config.max_idle),
                evicts_in_use: config.overflow == Overflow::EvictLru,
            },
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            shard_shift: Digest::BITS - shards.ilog2(),
            hasher: SipHasher13::new_with_key(&seed),
            start: clock.instant(),
            clock,
            config,
        };
        Ok(Self::from(Some(buckets)))
    }

    /// A limiter that denies everything, for the place of one that cannot be
    /// built.
    #[must_use]
    pub fn deny_all() -> Self {
        Self::from(None)
    }

    fn from(buckets: Option<Buckets>) -> Self {
        Self(Arc::new(Inner {
            buckets,
            unusable: AtomicU64::new(0),
        }))
    }

    /// Takes one token of a key.
    ///
    /// # Errors
    /// [`AbuseError::InvalidKey`] for an empty key, which is counted as a
    /// denial.
    pub fn check(&self, key: &str) -> Result<Decision, AbuseError> {
        self.check_n(key, 1)
    }

    /// Takes tokens of a key; none when there are not as many. Zero tokens are
    /// always there.
    ///
    /// # Errors
    /// [`AbuseError::InvalidKey`] for an empty key and
    /// [`AbuseError::InvalidCost`] for more tokens than a bucket holds, both of
    /// which are counted as denials.
    pub fn check_n(&self, key: &str, cost: u32) -> Result<Decision, AbuseError> {
        let usable = self.buckets_for(key, cost);
        if usable.is_err() {
            self.0.unusable.fetch_add(1, Ordering::Relaxed);
        }
        let Some(buckets) = usable? else {
            self.0.unusable.fetch_add(1, Ordering::Relaxed);
            return Ok(denied());
        };
        let digest = buckets.digest(key);
        let now = buckets.now();
        let mut shard = buckets.shard(digest).lock();
        let taken = shard.check(&buckets.rules, digest, cost, now);
        drop(shard);
        Ok(buckets.decision(taken))
    }

    /// What a key has, and whether [`check`](Self::check) would allow it;
    /// nothing is taken or counted.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn peek(&self, key: &str) -> Result<Decision, AbuseError> {
        let Some(buckets) = self.buckets_for(key, 1)? else {
            return Ok(denied());
        };
        let digest = buckets.digest(key);
        let now = buckets.now();
        let shard = buckets.shard(digest).lock();
        let taken = shard.peek(&buckets.rules, digest, now);
        drop(shard);
        Ok(buckets.decision(taken))
    }

    /// Drops all idle buckets and gives their number; for a timer of the
    /// caller. Each shard is locked for as long as it has some.
    pub fn cleanup(&self) -> usize {
        let Some(buckets) = &self.0.buckets else {
            return 0;
        };
        let now = buckets.now();
        let shards = buckets.shards.iter();
        shards
            .map(|shard| shard.lock().cleanup(&buckets.rules, now))
            .sum()
    }

    /// What was done so far.
    #[must_use]
    pub fn metrics(&self) -> LimiterMetrics {
        let mut metrics = LimiterMetrics {
            rejected: self.0.unusable.load(Ordering::Relaxed),
            ..LimiterMetrics::default()
        };
        let shards = self.0.buckets.iter().flat_map(|buckets| &buckets.shards);
        for shard in shards {
            let shard = shard.lock();
            let counts = shard.counts();
            metrics.allowed += counts.allowed;
            metrics.rejected += counts.rejected;
            metrics.evictions += counts.evictions;
            metrics.overflowed += counts.overflowed;
            metrics.buckets += shard.len() as u64;
        }
        metrics
    }

    /// The buckets, if there are any; the key and the cost are usable.
    fn buckets_for(&self, key: &str, cost: u32) -> Result<Option<&Buckets>, AbuseError> {
        if key.is_empty() {
            return Err(AbuseError::InvalidKey);
        }
        let Some(buckets) = &self.0.buckets else {
            return Ok(None);
        };
        let capacity = buckets.rules.rate.capacity();
        if cost > capacity {
            return Err(AbuseError::InvalidCost { cost, capacity });
        }
        Ok(Some(buckets))
    }
}

impl Buckets {
    fn digest(&self, key: &str) -> Digest {
        let Hash128 { h1, h2 } = self.hasher.hash(key.as_bytes());
        Digest::from(h1) << 64 | Digest::from(h2)
    }

    fn shard(&self, digest: Digest) -> &Mutex<Shard> {
        // With one shard all bits are shifted out.
        let index = digest.checked_shr(self.shard_shift).unwrap_or(0);
        &self.shards[usize::try_from(index).unwrap_or(0)]
    }

    fn now(&self) -> Nanos {
        nanos(self.clock.instant().saturating_duration_since(self.start))
    }

    fn decision(&self, taken: Taken) -> Decision {
        Decision::new(
            self.rules.rate.capacity(),
            taken.remaining,
            taken.reset_after,
            taken.retry_after,
        )
    }
}

fn denied() -> Decision {
    Decision::new(0, 0, DENY_ALL_RETRY, Some(DENY_ALL_RETRY))
}

/// Whole nanoseconds; those of 584 years stand for more.
fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.0.buckets.as_ref().map(|buckets| &buckets.config);
        f.debug_struct("Limiter")
            .field("config", &config)
            .field("metrics", &self.metrics())
            .finish()
    }
}
