//! One-shot, broadcast cancellation without a runtime.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

/// A flag that is raised once and wakes everyone who waits for it. Clones
/// share the flag.
///
/// ```
/// use plumego_contract::CancelSource;
///
/// let drain = CancelSource::new();
/// let seen = drain.clone();
/// drain.cancel();
/// assert!(seen.is_cancelled());
/// ```
#[derive(Clone, Default)]
pub struct CancelSource(Arc<CancelCell>);

#[derive(Default)]
pub(super) struct CancelCell {
    raised: AtomicBool,
    /// Made for the first that waits; most requests end before anybody does.
    waiters: OnceLock<Box<Mutex<Waiters>>>,
}

/// Wakers by slot; free slots are reused so that many short waits do not grow
/// the list.
#[derive(Default)]
struct Waiters {
    slots: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl CancelSource {
    /// A flag that is not raised.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag and wakes every waiter. Later calls do nothing.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// True once [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// A future that resolves when the flag is raised.
    #[must_use]
    pub fn cancelled(&self) -> Cancelled {
        Cancelled::new([Some(Watched::Source(self.clone())), None])
    }
}

impl fmt::Debug for CancelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelSource")
            .field(&self.is_cancelled())
            .finish()
    }
}

impl CancelCell {
    pub(super) fn cancel(&self) {
        if self.raised.swap(true, Ordering::AcqRel) {
            return;
        }
        // With the fence in `poll`: either the list is seen here, or whoever
        // makes it sees the flag.
        fence(Ordering::SeqCst);
        if let Some(waiters) = self.waiters.get() {
            let waiters = std::mem::take(&mut *lock(waiters));
            waiters.slots.into_iter().flatten().for_each(Waker::wake);
        }
    }

    #[inline]
    pub(super) fn is_cancelled(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        lock(self.waiters.get_or_init(Box::default))
    }

    fn poll(&self, slot: &mut Option<usize>, cx: &Context<'_>) -> bool {
        if self.is_cancelled() {
            return true;
        }
        let mut waiters = self.lock();
        fence(Ordering::SeqCst);
        // Checked again under the lock: `cancel` takes the wakers after it
        // raised the flag, so a waker stored now would be forgotten.
        if self.is_cancelled() {
            return true;
        }
        let index = *slot.get_or_insert_with(|| waiters.claim());
        waiters.slots[index] = Some(cx.waker().clone());
        false
    }

    fn forget(&self, slot: usize) {
        let mut waiters = self.lock();
        if let Some(waker) = waiters.slots.get_mut(slot) {
            *waker = None;
            waiters.free.push(slot);
        }
    }
}

fn lock(waiters: &Mutex<Waiters>) -> MutexGuard<'_, Waiters> {
    waiters.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiters {
    fn claim(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        })
    }
}

/// What a [`Cancelled`] listens to.
pub(super) enum Watched {
    Source(CancelSource),
    Scope(super::RequestScope),
}

impl Watched {
    fn cell(&self) -> &CancelCell {
        match self {
            Self::Source(source) => &source.0,
            Self::Scope(scope) => scope.cancel_cell(),
        }
    }
}

/// Resolves when any of its sources is raised. Made by
/// [`CancelSource::cancelled`] and
/// [`RequestScope::cancelled`](super::RequestScope::cancelled).
pub struct Cancelled {
    sources: [Option<Watched>; 2],
    slots: [Option<usize>; 2],
}

impl Cancelled {
    pub(super) fn new(sources: [Option<Watched>; 2]) -> Self {
        Self {
            sources,
            slots: [None, None],
        }
    }
}

impl Future for Cancelled {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        for (source, slot) in this.sources.iter().zip(&mut this.slots) {
            if let Some(source) = source
                && source.cell().poll(slot, cx)
            {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        for (source, slot) in self.sources.iter().zip(&self.slots) {
            if let (Some(source), Some(slot)) = (source, slot)
                && !source.cell().is_cancelled()
            {
                source.cell().forget(*slot);
            }
        }
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;

    struct Count(std::sync::atomic::AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn wakes_every_waiter_once_and_reuses_slots() {
        let source = CancelSource::new();
        let count = Arc::new(Count(0.into()));
        let waker = Waker::from(count.clone());
        let mut cx = Context::from_waker(&waker);
        for _ in 0..100 {
            let mut short = source.cancelled();
            assert!(Pin::new(&mut short).poll(&mut cx).is_pending());
        }
        assert_eq!(source.0.lock().slots.len(), 1);
        let mut first = source.cancelled();
        let mut second = source.cancelled();
        assert!(Pin::new(&mut first).poll(&mut cx).is_pending());
        assert!(Pin::new(&mut second).poll(&mut cx).is_pending());
        source.cancel();
        source.cancel();
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
        assert!(Pin::new(&mut first).poll(&mut cx).is_ready());
    }
}
