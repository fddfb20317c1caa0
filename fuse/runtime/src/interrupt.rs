//! The flag by which a unit of work is stopped from outside.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::fault::{Fault, Outcome};

/// The deadline has passed.
const TIMEOUT: u32 = 1;
/// Nobody waits for the result.
const CANCELLED: u32 = 1 << 1;
/// The heap is over its limit.
const MEMORY: u32 = 1 << 2;

/// What tells a unit of work, and the tasks it started, to stop.
///
/// Running code tests one word: at every call of a function, every turn of a loop
/// and every built-in function.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<State>);

#[derive(Debug)]
struct State {
    flags: Arc<AtomicU32>,
    deadline: Option<Instant>,
    parent: Option<Interrupt>,
    /// Wakes tasks that wait for the flag.
    raised: Notify,
    waiting: Mutex<()>,
    wake: Condvar,
    children: Mutex<Vec<std::sync::Weak<Self>>>,
}

impl Default for Interrupt {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Interrupt {
    /// A flag that nobody has raised; waits end at the deadline.
    #[must_use]
    pub fn new(deadline: Option<Instant>) -> Self {
        Self::of(deadline, None)
    }

    fn of(deadline: Option<Instant>, parent: Option<Self>) -> Self {
        Self(Arc::new(State {
            flags: Arc::new(AtomicU32::new(0)),
            deadline,
            parent,
            raised: Notify::new(),
            waiting: Mutex::new(()),
            wake: Condvar::new(),
            children: Mutex::new(Vec::new()),
        }))
    }

    /// A flag of a task: it is raised when this one is, and may be raised alone.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Self::of(self.0.deadline, Some(self.clone()));
        {
            let mut children = self
                .0
                .children
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            children.retain(|child| child.strong_count() > 0);
            children.push(Arc::downgrade(&child.0));
        }
        // Whatever was raised before the child was known is passed on here.
        let raised = self.0.flags.load(Ordering::Acquire) & !MEMORY;
        if raised != 0 {
            child.raise(raised);
        }
        child
    }

    /// When the unit of work has to be done.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// The word that running code tests; it goes on as long as this is 0.
    #[must_use]
    pub fn word(&self) -> &Arc<AtomicU32> {
        &self.0.flags
    }

    /// The bit of [`word`](Self::word) for a heap that is over its limit.
    pub(crate) const MEMORY: u32 = MEMORY;

    /// Says that the deadline has passed.
    pub fn time_out(&self) {
        self.raise(TIMEOUT);
    }

    /// Says that nobody waits for the result.
    pub fn cancel(&self) {
        self.raise(CANCELLED);
    }

    fn raise(&self, flags: u32) {
        self.0.flags.fetch_or(flags, Ordering::Release);
        drop(
            self.0
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.0.wake.notify_all();
        self.0.raised.notify_waiters();
        let children: Vec<_> = {
            let children = self
                .0
                .children
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            children
                .iter()
                .filter_map(std::sync::Weak::upgrade)
                .collect()
        };
        for child in children {
            Self(child).raise(flags);
        }
    }

    /// Whether work goes on.
    ///
    /// # Errors
    ///
    /// It does not: the deadline has passed, the result is not wanted, or the heap
    /// is over its limit.
    #[inline]
    pub fn check(&self) -> Outcome<()> {
        if self.0.flags.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        self.stopped()
    }

    /// As [`check`](Self::check), and looks at the clock: what waits until the
    /// deadline may be back before anybody has raised the flag.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub(crate) fn check_deadline(&self) -> Outcome<()> {
        self.check()?;
        match self.0.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Fault::timeout()),
            _ => Ok(()),
        }
    }

    #[cold]
    fn stopped(&self) -> Outcome<()> {
        let flags = self.0.flags.load(Ordering::Acquire);
        if flags & CANCELLED != 0 {
            return Err(Fault::cancelled());
        }
        if flags & TIMEOUT != 0 {
            return Err(Fault::timeout());
        }
        // The heap may have shrunk since, and faulting frees what the unit holds.
        self.0.flags.fetch_and(!MEMORY, Ordering::Release);
        if crate::heap::is_over_limit() {
            return Err(Fault::memory_limit());
        }
        Ok(())
    }

    /// Whether the flag is raised, or was for the unit of work around this one.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.flags.load(Ordering::Acquire) & !MEMORY != 0
            || self.0.parent.as_ref().is_some_and(Self::is_raised)
    }

    /// Waits in a task until the flag is raised, or the deadline passes.
    pub(crate) async fn raised(&self) {
        let raised = async {
            loop {
                // Registered before the flag is read, so that none is missed.
                let notified = self.0.raised.notified();
                if self.is_raised() {
                    return;
                }
                notified.await;
            }
        };
        match self.0.deadline {
            Some(deadline) => {
                let _ = tokio::time::timeout_at(deadline.into(), raised).await;
            }
            None => raised.await,
        }
    }

    /// Waits for `duration`, or until the flag is raised or the deadline passes.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn wait(&self, duration: Duration) -> Outcome<()> {
        let end = Instant::now().checked_add(duration);
        let mut guard = self
            .0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            self.check()?;
            let now = Instant::now();
            if self.0.deadline.is_some_and(|deadline| deadline <= now) {
                return Err(Fault::timeout());
            }
            if end.is_some_and(|end| end <= now) {
                return Ok(());
            }
            let until = [end, self.0.deadline].into_iter().flatten().min();
            guard = match until {
                Some(until) => {
                    let left = until.saturating_duration_since(now);
                    self.0
                        .wake
                        .wait_timeout(guard, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self
                    .0
                    .wake
                    .wait(guard)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultCode;

    #[test]
    fn children_stop_with_their_parent_and_not_the_other_way_round() {
        let parent = Interrupt::default();
        let child = parent.child();
        child.cancel();
        assert!(parent.check().is_ok());
        assert_eq!(child.check().unwrap_err().code(), FaultCode::Cancelled);
        let other = parent.child();
        parent.time_out();
        assert_eq!(other.check().unwrap_err().message(), "request timed out");
        assert_eq!(
            parent.child().check().unwrap_err().code(),
            FaultCode::Timeout
        );
    }

    #[test]
    fn waits_end_early() {
        let interrupt = Interrupt::default();
        let other = interrupt.clone();
        let thread = std::thread::spawn(move || other.wait(Duration::from_secs(600)));
        interrupt.cancel();
        let fault = thread.join().unwrap().unwrap_err();
        assert_eq!(fault.code(), FaultCode::Cancelled);
        assert!(Interrupt::default().wait(Duration::ZERO).is_ok());
        let late = Interrupt::new(Some(Instant::now()));
        assert_eq!(
            late.wait(Duration::from_secs(600)).unwrap_err().code(),
            FaultCode::Timeout
        );
    }
}
