//! The bounded pool of handlers that may wait.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
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
}

impl BlockingPool {
    /// A pool of `size` of the threads of a runtime, which has to have more.
    pub(super) fn new(threads: Handle, size: usize) -> Self {
        Self {
            threads,
            places: Arc::new(Semaphore::new(size)),
        }
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
        // The semaphore is never closed; without it there is no bound to keep.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let running = self.threads.spawn_blocking(move || {
            // Held by the work and not by who waits for it: a thread is taken
            // until the work ends, whether somebody waits or not.
            let _place = place;
            work()
        });
        running.await
    }
}
