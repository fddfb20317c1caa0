use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plumego_contract::Request;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Two bounds: how many requests are admitted, and how many of those run.
pub(super) struct Gate {
    admitted: AtomicUsize,
    capacity: usize,
    /// Hands places to waiters in the order in which they came. Without a
    /// queue whoever is admitted runs.
    running: Option<Semaphore>,
}

impl Gate {
    pub(super) fn new(max_concurrent: usize, queue_depth: usize) -> Self {
        let max_concurrent = max_concurrent.min(Semaphore::MAX_PERMITS);
        Self {
            admitted: AtomicUsize::new(0),
            capacity: max_concurrent.saturating_add(queue_depth),
            running: (queue_depth > 0).then(|| Semaphore::new(max_concurrent)),
        }
    }

    /// Requests that run or wait.
    pub(super) fn occupancy(&self) -> usize {
        self.admitted.load(Ordering::Acquire)
    }

    /// The most requests that may run or wait.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// A place among those that may run or wait; `None` when all are taken.
    pub(super) fn admit(gate: &Arc<Self>) -> Option<Admitted> {
        let admit = |taken| (taken < gate.capacity).then_some(taken + 1);
        gate.admitted
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, admit)
            .ok()?;
        Some(Admitted(Arc::clone(gate)))
    }
}

/// A request that may run or wait; given back when dropped.
pub(super) struct Admitted(Arc<Gate>);

impl Admitted {
    pub(super) fn gate(&self) -> &Gate {
        &self.0
    }

    /// Runs at once when a place is free and nobody waits for it.
    pub(super) fn try_run(self) -> Result<Running, Self> {
        let Some(running) = &self.0.running else {
            return Ok(Running(self));
        };
        let taken = running.try_acquire().map(SemaphorePermit::forget);
        if taken.is_ok() {
            Ok(Running(self))
        } else {
            Err(self)
        }
    }

    /// Waits for a place. Dropping the future gives up the wait.
    pub(super) async fn run(self) -> Running {
        // The semaphore is never closed, so the wait ends with a permit.
        if let Some(running) = &self.0.running
            && let Ok(permit) = running.acquire().await
        {
            permit.forget();
        }
        Running(self)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.admitted.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A request that runs; given back when dropped.
pub(super) struct Running(Admitted);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(running) = &self.0.gate().running {
            running.add_permits(1);
        }
    }
}

/// The place of an upgraded connection.
///
/// With `hold_upgrades`, a request that asks for an upgrade brings one along;
/// whoever takes over the connection takes it and drops it when the connection
/// ends. Clones share the place, which is free when the last one is dropped.
///
/// ```
/// use plumego_contract::{Body, Request};
/// use plumego_middleware::concurrencylimit::UpgradePermit;
///
/// let mut request = Request::new(Body::empty());
/// // In the handler, before the connection is handed over:
/// let permit = UpgradePermit::take(&mut request);
/// assert!(permit.is_none()); // no layer with `hold_upgrades` outside
/// ```
#[derive(Clone)]
pub struct UpgradePermit {
    _place: Arc<Running>,
}

impl UpgradePermit {
    /// Takes the permit out of a request.
    #[must_use]
    pub fn take<B>(request: &mut http::Request<B>) -> Option<Self> {
        request.extensions_mut().remove::<Self>()
    }

    /// Shares the place with the request.
    pub(super) fn attach(request: &mut Request, place: Running) -> Self {
        let permit = Self {
            _place: Arc::new(place),
        };
        request.extensions_mut().insert(permit.clone());
        permit
    }
}

impl fmt::Debug for UpgradePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpgradePermit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_apart_and_given_back() {
        let gate = Arc::new(Gate::new(1, 1));
        let first = Gate::admit(&gate).unwrap().try_run().ok().unwrap();
        let Err(second) = Gate::admit(&gate).unwrap().try_run() else {
            panic!("two requests run");
        };
        assert!(Gate::admit(&gate).is_none());
        assert_eq!((gate.occupancy(), gate.capacity()), (2, 2));
        drop(first);
        let second = second.try_run().ok().unwrap();
        drop(second);
        assert_eq!(gate.occupancy(), 0);
        let running = gate.running.as_ref().unwrap();
        assert_eq!(running.available_permits(), 1);
    }

    #[test]
    fn bounds_beyond_reason_are_taken() {
        let gate = Arc::new(Gate::new(usize::MAX, usize::MAX));
        assert!(Gate::admit(&gate).unwrap().try_run().is_ok());
        assert_eq!(gate.capacity(), usize::MAX);
    }
}
