//! One part of a limiter, behind one lock: buckets in the order in which they
//! were last used.

use std::hash::{BuildHasherDefault, Hasher};

use hashlink::LinkedHashMap;

use super::gcra::{Bucket, Nanos, Rate, Taken};

/// Buckets that are looked at for one that can make room.
const CANDIDATES: usize = 8;
/// Idle buckets that are dropped per request.
const SWEPT_PER_REQUEST: usize = 4;

/// The keyed hash of a key.
pub(super) type Digest = u128;

/// Digests are as good as random already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        // Only digests are hashed.
    }

    fn write_u128(&mut self, digest: u128) {
        let low = digest as u64;
        self.0 = low;
    }
}

/// What all shards of a limiter have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) rate: Rate,
    /// Most buckets of a shard.
    pub(super) entries_max: usize,
    pub(super) sweep_interval: Nanos,
    pub(super) idle_max: Nanos,
    /// Give up buckets in use rather than share one.
    pub(super) evicts_in_use: bool,
}

/// Counts of what happened; they only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) allowed: u64,
    pub(super) rejected: u64,
    pub(super) evictions: u64,
    pub(super) overflowed: u64,
}

#[derive(Debug, Default)]
pub(super) struct Shard {
    buckets: LinkedHashMap<Digest, Bucket, BuildHasherDefault<Spread>>,
    /// What keys share that have no bucket of their own.
    shared: Bucket,
    /// The latest time seen: a clock that steps back stands still here.
    latest: Nanos,
    next_sweep: Nanos,
    counts: Counts,
}

impl Shard {
    /// Takes tokens for a request.
    pub(super) fn check(&mut self, rules: &Rules, key: Digest, cost: u32, now: Nanos) -> Taken {
        let now = self.advance(now);
        self.sweep_a_little(rules, now);
        let taken = match self.buckets.get_mut(&key) {
            Some(bucket) => {
                let taken = rules.rate.take(bucket, cost, now);
                self.buckets.to_back(&key);
                taken
            }
            None => self.check_new(rules, key, cost, now),
        };
        self.count(taken.retry_after.is_none());
        taken
    }

    fn check_new(&mut self, rules: &Rules, key: Digest, cost: u32, now: Nanos) -> Taken {
        if self.buckets.len() >= rules.entries_max && !self.make_room(rules, now) {
            self.counts.overflowed += 1;
            return rules.rate.take(&mut self.shared, cost, now);
        }
        let mut bucket = Bucket::default();
        let taken = rules.rate.take(&mut bucket, cost, now);
        self.buckets.insert(key, bucket);
        taken
    }

    /// What is in a bucket, and whether one token is; nothing is taken, counted
    /// or kept.
    pub(super) fn peek(&self, rules: &Rules, key: Digest, now: Nanos) -> Taken {
        let now = now.max(self.latest);
        let bucket = match self.buckets.get(&key) {
            Some(bucket) => *bucket,
            None if self.buckets.len() < rules.entries_max
                || rules.evicts_in_use
                || self.full_bucket(now).is_some() =>
            {
                Bucket::default()
            }
            None => self.shared,
        };
        Taken {
            retry_after: rules.rate.ask(bucket, 1, now).retry_after,
            ..rules.rate.ask(bucket, 0, now)
        }
    }

    /// Drops every idle bucket; gives their number.
    pub(super) fn cleanup(&mut self, rules: &Rules, now: Nanos) -> usize {
        let now = self.advance(now);
        self.sweep(rules, now, usize::MAX)
    }

    /// Counts a request that has no usable key or cost.
    pub(super) fn count(&mut self, is_allowed: bool) {
        if is_allowed {
            self.counts.allowed += 1;
        } else {
            self.counts.rejected += 1;
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    fn advance(&mut self, now: Nanos) -> Nanos {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Room for one more bucket, if one can be given up.
    fn make_room(&mut self, rules: &Rules, now: Nanos) -> bool {
        let evicted = match self.full_bucket(now) {
            Some(key) => self.buckets.remove(&key).is_some(),
            None if rules.evicts_in_use => self.buckets.pop_front().is_some(),
            None => false,
        };
        self.counts.evictions += u64::from(evicted);
        evicted
    }

    /// A full bucket among those that were not used for longest.
    fn full_bucket(&self, now: Nanos) -> Option<Digest> {
        let mut oldest = self.buckets.iter().take(CANDIDATES);
        let (key, _) = oldest.find(|(_, bucket)| bucket.is_full(now))?;
        Some(*key)
    }

    fn sweep_a_little(&mut self, rules: &Rules, now: Nanos) {
        if now < self.next_sweep {
            return;
        }
        if self.sweep(rules, now, SWEPT_PER_REQUEST) < SWEPT_PER_REQUEST {
            self.next_sweep = now.saturating_add(rules.sweep_interval);
        }
    }

    /// Drops up to `most` idle buckets from the front, where the oldest are.
    fn sweep(&mut self, rules: &Rules, now: Nanos, most: usize) -> usize {
        let mut swept = 0;
        while swept < most
            && let Some((_, bucket)) = self.buckets.front()
            && now - bucket.seen >= rules.idle_max
            && bucket.is_full(now)
        {
            self.buckets.pop_front();
            swept += 1;
        }
        swept
    }
}
