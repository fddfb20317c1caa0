//! The bounded pool of handlers that may wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;

/// Threads for work of the host itself: files, names. They are beside those of
/// the pool, so that neither waits for the other.
pub(super) const OWN_THREADS: usize = 16;

/// Runs handlers on threads that may wait, so many at once and no more. The
/// others queue, first come, first served; one whose client has left is taken
/// out of the queue. How many may queue is the affair of the limit on requests
/// in flight.
pub(super) struct BlockingPool {
    threads: Handle,
    places: Arc<Semaphore>,
    /// Those who have no place yet.
    queued: AtomicU64,
}

impl BlockingPool {
    /// A pool of `size` of the threads of a runtime, which has to have more.
    pub(super) fn new(threads: Handle, size: usize) -> Self {
        Self {
            threads,
            places: Arc::new(Semaphore::new(size)),
            queued: AtomicU64::new(0),
        }
    }

    /// How many wait for a place.
    pub(super) fn queued(&self) -> u64 {
        self.queued.load(Ordering::Relaxed)
    }

    /// A place, once there is one. One that is given up while it is waited for is
    /// not counted any more.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        struct Queued<'a>(&'a AtomicU64);
        impl Drop for Queued<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.queued.fetch_add(1, Ordering::Relaxed);
        let _queued = Queued(&self.queued);
        // The semaphore is never closed; without it there is no bound to keep.
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Runs `work` once there is a place for it.
    ///
    /// # Errors
    ///
    /// The work panicked, or the threads ended first.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let place = self.place().await;
        let running = self.threads.spawn_blocking(move || {
            // Held by the work and not by who waits for it: a thread is taken
            // until the work ends, whether somebody waits or not.
            let _place = place;
            work()
        });
        running.await
    }
}
