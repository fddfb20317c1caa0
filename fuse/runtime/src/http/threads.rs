//! The threads that requests are handled on.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};

use super::blocking::OWN_THREADS;
use crate::fault::{Fault, Outcome};
use crate::runtime::Runtime;

/// Workers, and threads that may wait, with stacks for the deepest nesting of
/// calls. Dropping them waits for nothing.
pub(super) struct Threads(Option<tokio::runtime::Runtime>);

impl Threads {
    /// Starts workers; `waiting` handlers can wait at once.
    ///
    /// # Errors
    ///
    /// The system gives none.
    pub(super) fn start(runtime: &Runtime, waiting: usize) -> Outcome<Self> {
        Builder::new_multi_thread()
            .enable_all()
            .thread_name("fuse-http")
            .thread_stack_size(runtime.code().stack_bytes())
            .max_blocking_threads(waiting + OWN_THREADS)
            .build()
            .map(|threads| Self(Some(threads)))
            .map_err(|error| no_thread(&error))
    }

    /// What starts work on them.
    pub(super) fn handle(&self) -> Handle {
        // They are there until this is dropped.
        let threads = self.0.as_ref().expect("threads end with their owner");
        threads.handle().clone()
    }

    /// Ends them; handlers that still run get this long.
    pub(super) fn end_within(mut self, limit: Duration) {
        if let Some(threads) = self.0.take() {
            threads.shutdown_timeout(limit);
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

pub(super) fn no_thread(error: &io::Error) -> Fault {
    Fault::error(format!("cannot start a thread: {error}"))
}
