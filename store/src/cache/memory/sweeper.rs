//! The thread that removes what nobody reads.

use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::Shared;

/// Starts a thread when there is something to remove, and ends it with the
/// cache.
#[derive(Default)]
pub(super) struct Sweeper {
    started: OnceLock<()>,
    signal: Arc<Signal>,
}

#[derive(Default)]
struct Signal {
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Signal {
    /// Waits for the next turn; false if there is none.
    fn wait(&self, interval: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .wake
            .wait_timeout_while(stopped, interval, |stopped| !*stopped);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Sweeper {
    /// Sees to it that entries of `cache` that expire are removed.
    pub(super) fn start(&self, cache: &Arc<Shared>) {
        let interval = cache.options.cleanup_interval;
        if interval.is_zero() || self.started.get().is_some() {
            return;
        }
        self.started.get_or_init(|| {
            let (cache, signal) = (Arc::downgrade(cache), Arc::clone(&self.signal));
            let thread = thread::Builder::new().name("cache-sweep".to_owned());
            // Without a thread entries still expire; they are removed when
            // they are read, or evicted.
            drop(thread.spawn(move || sweep(&cache, &signal, interval)));
        });
    }

    pub(super) fn stop(&self) {
        *self
            .signal
            .stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.signal.wake.notify_all();
    }
}

fn sweep(cache: &Weak<Shared>, signal: &Signal, interval: Duration) {
    while signal.wait(interval) {
        let Some(cache) = cache.upgrade() else {
            return;
        };
        cache.purge_expired();
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.stop();
    }
}
