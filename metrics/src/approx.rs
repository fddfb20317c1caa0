//! How many distinct things were seen, in bounded memory.

use std::hash::RandomState;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// 64 KiB of bits, made when the first thing is seen.
const WORDS: usize = 8 * 1024;
const BITS_PER_THING: u32 = 4;

/// A set that remembers up to about 100 000 distinct hashes well; beyond that
/// it takes more and more new ones for known, so its count is never too high.
#[derive(Default)]
pub(crate) struct ApproxSet {
    bits: OnceLock<Box<[AtomicU64]>>,
    count: AtomicU64,
    hasher: RandomState,
}

impl ApproxSet {
    /// What to hash with; keyed, so that nobody can choose colliding names.
    pub(crate) fn hasher(&self) -> &RandomState {
        &self.hasher
    }

    /// Adds a hash; tells whether it was new.
    pub(crate) fn insert(&self, hash: u64) -> bool {
        let bits = self
            .bits
            .get_or_init(|| (0..WORDS).map(|_| AtomicU64::new(0)).collect());
        let (start, step) = (hash, hash.rotate_right(32) | 1);
        let mut new = false;
        for index in 0..BITS_PER_THING {
            let bit = start.wrapping_add(step.wrapping_mul(u64::from(index)));
            let word = (bit / 64) as usize % WORDS;
            let mask = 1 << (bit % 64);
            new |= bits[word].fetch_or(mask, Ordering::Relaxed) & mask == 0;
        }
        if new {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        new
    }

    /// How many hashes were new.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn known_things_are_not_counted_again() {
        let set = ApproxSet::default();
        for _ in 0..3 {
            for thing in 0..1_000 {
                set.insert(set.hasher().hash_one(thing));
            }
        }
        // Four bits of half a million: a false match among a thousand is one in a billion.
        assert_eq!(set.count(), 1_000);
    }

    #[test]
    fn the_count_is_close_and_never_too_high() {
        let set = ApproxSet::default();
        for thing in 0..50_000 {
            set.insert(set.hasher().hash_one(thing));
        }
        assert!((45_000..=50_000).contains(&set.count()), "{}", set.count());
    }
}
