//! The primitives the tally is built on. The concurrency model in `tests/`
//! compiles the tally against a checked version of this file.

use std::cell::Cell;
use std::sync::atomic::AtomicUsize;

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    static SLOT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// A number that differs between threads started one after another, so that
/// they write to different cache lines.
#[inline]
pub(crate) fn thread_slot() -> usize {
    SLOT.with(|slot| match slot.get() {
        usize::MAX => assign(slot),
        held => held,
    })
}

#[cold]
fn assign(slot: &Cell<usize>) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Half the range, so that the mark for "none yet" is never handed out.
    let number = NEXT.fetch_add(1, Ordering::Relaxed) & (usize::MAX >> 1);
    slot.set(number);
    number
}
