//! Counts of one name, by error class.

use super::sync::{AtomicU64, Ordering, thread_slot};

/// Classes a record can be counted under.
pub(crate) const CLASSES: usize = 4;

/// Below the largest value by more than there can be threads in flight, so that
/// taking an increment back is safe.
const CEILING: u64 = u64::MAX - (1 << 32);

/// Counters of one name, spread over cache lines.
///
/// A record is one increment of one counter. Totals are sums over the classes,
/// so no reader can see a record in the total and not in its class.
pub(crate) struct Tally<const SHARDS: usize> {
    pub(super) shards: [Shard; SHARDS],
}

#[derive(Default)]
#[repr(align(64))]
pub(super) struct Shard(pub(super) [AtomicU64; CLASSES]);

impl<const SHARDS: usize> Default for Tally<SHARDS> {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Shard::default()),
        }
    }
}

impl<const SHARDS: usize> Tally<SHARDS> {
    /// Counts one record; a counter at its ceiling stays there.
    #[inline]
    pub(crate) fn add(&self, class: usize) {
        let counter = &self.shards[thread_slot() % SHARDS].0[class % CLASSES];
        if counter.fetch_add(1, Ordering::Relaxed) >= CEILING {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Counts by class.
    pub(crate) fn counts(&self) -> [u64; CLASSES] {
        let mut sums = [0_u64; CLASSES];
        for shard in &self.shards {
            for (sum, counter) in sums.iter_mut().zip(&shard.0) {
                *sum = sum.saturating_add(counter.load(Ordering::Relaxed));
            }
        }
        sums
    }
}
