//! Work that one of several threads does, and its result, for which others wait.
//!
//! `tests/loom.rs` tries every interleaving of this file.

use std::sync::PoisonError;

use super::sync::{AtomicU8, Condvar, Mutex, MutexGuard, Ordering};

/// Nobody has begun it.
const QUEUED: u8 = 0;
/// A thread does it.
const RUNNING: u8 = 1;
/// Its result is there.
const DONE: u8 = 2;

/// Work that is done once, by whoever claims it first.
pub(super) struct Slot<W, R> {
    state: AtomicU8,
    work: Mutex<Option<W>>,
    result: Mutex<Option<R>>,
    done: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W, R> Slot<W, R> {
    pub(super) fn new(work: W) -> Self {
        Self {
            state: AtomicU8::new(QUEUED),
            work: Mutex::new(Some(work)),
            result: Mutex::new(None),
            done: Condvar::new(),
        }
    }

    pub(super) fn is_queued(&self) -> bool {
        self.state.load(Ordering::Acquire) == QUEUED
    }

    pub(super) fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) == DONE
    }

    /// The work, for the caller to do and then to [`finish`](Self::finish);
    /// nothing if somebody has begun it.
    pub(super) fn claim(&self) -> Option<W> {
        self.state
            .compare_exchange(QUEUED, RUNNING, Ordering::AcqRel, Ordering::Acquire)
            .ok()?;
        lock(&self.work).take()
    }

    /// Says what became of the work that was claimed.
    pub(super) fn finish(&self, result: R) {
        let mut place = lock(&self.result);
        *place = Some(result);
        self.state.store(DONE, Ordering::Release);
        drop(place);
        // Whoever saw no result held the lock until it waited, so it waits by now.
        self.done.notify_all();
    }

    /// Waits until there is a result, and looks at it.
    pub(super) fn wait<T>(&self, look: impl FnOnce(&R) -> T) -> T {
        let mut result = lock(&self.result);
        loop {
            if let Some(result) = &*result {
                return look(result);
            }
            result = self
                .done
                .wait(result)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
