//! How many derivations run, and how many callers wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::PasswordError;
use super::config::HashConfig;

#[derive(Debug)]
pub(super) struct Gate {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl Gate {
    pub(super) fn new(config: &HashConfig) -> Self {
        let places = config.max_concurrent.get().min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            waiting_max: places.saturating_mul(config.queue_limit),
        }
    }

    /// A place to derive in, now or after others; it is held until dropped.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, PasswordError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = self.wait()?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        // The semaphore is never closed.
        place.map_err(|_| PasswordError::Interrupted)
    }

    fn wait(&self) -> Result<Waiting<'_>, PasswordError> {
        let admit = |waiting| (waiting < self.waiting_max).then_some(waiting + 1);
        self.waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, admit)
            .map_err(|_| PasswordError::Busy)?;
        Ok(Waiting(&self.waiting))
    }
}

/// A caller that waits, until it is dropped.
struct Waiting<'g>(&'g AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[tokio::test]
    async fn those_who_come_too_many_are_refused_and_those_who_leave_make_room() {
        let config = HashConfig::default()
            .with_max_concurrent(NonZeroUsize::MIN)
            .with_queue_limit(1);
        let gate = Gate::new(&config);
        let place = gate.enter().await.unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        {
            let mut first = pin!(gate.enter());
            assert!(first.as_mut().poll(&mut cx).is_pending());
            assert!(matches!(gate.enter().await, Err(PasswordError::Busy)));
        }
        let mut second = pin!(gate.enter());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        drop(place);
        assert!(matches!(second.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));
    }
}
