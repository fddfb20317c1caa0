//! Fast random numbers for ids: unpredictable enough to be unique across
//! threads, processes and machines, and no secret.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    static STATE: Cell<[u64; 4]> = Cell::new(seed());
}

/// The standard library keys its hashers from the operating system's
/// randomness; hashing numbers with such a key spreads it over the state.
fn seed() -> [u64; 4] {
    let (first, second) = (RandomState::new(), RandomState::new());
    let words = [
        first.hash_one(0_u64),
        first.hash_one(1_u64),
        second.hash_one(2_u64),
        second.hash_one(3_u64),
    ];
    // The generator must not start from zeros only.
    if words == [0; 4] { [1, 2, 3, 4] } else { words }
}

/// 64 random bits: xoshiro256++ (Blackman and Vigna, 2019), one state per
/// thread.
pub(super) fn next() -> u64 {
    // A thread that is being torn down has no state any more.
    STATE.try_with(step).unwrap_or_else(|_| seed()[0])
}

fn step(state: &Cell<[u64; 4]>) -> u64 {
    let [mut a, mut b, mut c, mut d] = state.get();
    let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
    let shifted = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = d.rotate_left(45);
    state.set([a, b, c, d]);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_published_sequence() {
        // First outputs of the reference implementation for the state 1 2 3 4.
        let state = Cell::new([1, 2, 3, 4]);
        let first: [u64; 3] = std::array::from_fn(|_| step(&state));
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223]);
    }

    #[test]
    fn threads_differ() {
        let elsewhere = std::thread::spawn(next).join().unwrap();
        assert_ne!(next(), elsewhere);
    }
}
