//! Whether what concurrent callers saw can be put into one order.
//!
//! The search of Wing and Gong, with the memory of Lowe: tries to let calls
//! take effect one after another, never one before another that had ended
//! before it began, and remembers which sets of calls with which state led
//! nowhere.

use std::collections::HashSet;
use std::hash::Hash;

/// A call: when it began and ended, and what it was.
#[derive(Clone, Debug)]
pub(super) struct Call<O> {
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) what: O,
}

/// Whether calls, at most 64, can have taken effect one after another.
/// `step` gives the state after a call, or `None` if the call cannot have had
/// its answer in that state.
pub(super) fn is_linearizable<O, S: Clone + Eq + Hash>(
    calls: &[Call<O>],
    initial: S,
    step: impl Fn(&S, &O) -> Option<S>,
) -> bool {
    assert!(calls.len() <= 64, "a history is searched as a set of bits");
    let all = if calls.len() == 64 {
        u64::MAX
    } else {
        (1 << calls.len()) - 1
    };
    let mut dead_ends = HashSet::new();
    let mut open = vec![(0_u64, initial)];
    while let Some((done, state)) = open.pop() {
        if done == all {
            return true;
        }
        if !dead_ends.insert((done, state.clone())) {
            continue;
        }
        let left = || (0..calls.len()).filter(move |call| done & (1 << call) == 0);
        // Nothing can take effect after a call that has not, and had ended.
        let first_end = left().map(|call| calls[call].ended).min();
        for call in left().filter(|call| Some(calls[*call].began) <= first_end) {
            if let Some(next) = step(&state, &calls[call].what) {
                open.push((done | 1 << call, next));
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register: `Write(v)`, or `Read` that gave `v`.
    #[derive(Clone, Copy, Debug)]
    enum Op {
        Write(u8),
        Read(u8),
    }

    fn step(state: &u8, op: &Op) -> Option<u8> {
        match op {
            Op::Write(value) => Some(*value),
            Op::Read(value) => (value == state).then_some(*state),
        }
    }

    fn call(began: u64, ended: u64, what: Op) -> Call<Op> {
        Call { began, ended, what }
    }

    #[test]
    fn a_read_may_see_either_side_of_a_write_it_overlaps() {
        for seen in [0, 1] {
            let history = [call(0, 9, Op::Write(1)), call(1, 2, Op::Read(seen))];
            assert!(is_linearizable(&history, 0, step));
        }
    }

    #[test]
    fn a_read_after_a_write_sees_it() {
        let history = [call(0, 1, Op::Write(1)), call(2, 3, Op::Read(0))];
        assert!(!is_linearizable(&history, 0, step));
    }

    #[test]
    fn time_does_not_run_backwards() {
        let history = [
            call(0, 9, Op::Write(1)),
            call(1, 2, Op::Read(1)),
            call(3, 4, Op::Read(0)),
        ];
        assert!(!is_linearizable(&history, 0, step));
    }
}
