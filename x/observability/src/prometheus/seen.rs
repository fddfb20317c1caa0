//! How many distinct label sets were turned away, in bounded memory.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// 64 KiB of bits, made when the first label set is turned away.
const WORDS: usize = 8 * 1024;
const BITS_PER_SET: u32 = 4;

/// A Bloom filter: it may take a new hash for a known one, and never the other
/// way round, so that what is counted with it is never too high.
#[derive(Debug, Default)]
pub(super) struct Seen(OnceLock<Box<[AtomicU64]>>);

impl Seen {
    /// Takes note of a hash; whether it was new.
    pub(super) fn insert(&self, hash: u64) -> bool {
        let make = || (0..WORDS).map(|_| AtomicU64::new(0)).collect();
        let bits = self.0.get_or_init(make);
        let step = hash.rotate_right(32) | 1;
        let mut new = false;
        for index in 0..BITS_PER_SET {
            let bit = hash.wrapping_add(step.wrapping_mul(u64::from(index)));
            // The remainder is below the number of words, so nothing is lost.
            let word = (bit / 64 % WORDS as u64) as usize;
            let mask = 1 << (bit % 64);
            new |= bits[word].fetch_or(mask, Ordering::Relaxed) & mask == 0;
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{BuildHasher, RandomState};

    #[test]
    fn known_hashes_are_not_new_again() {
        let (seen, hasher) = (Seen::default(), RandomState::new());
        let count = || {
            let hashes = (0..1_000).map(|thing| hasher.hash_one(thing));
            hashes.filter(|hash| seen.insert(*hash)).count()
        };
        assert_eq!((count(), count()), (1_000, 0));
    }
}
