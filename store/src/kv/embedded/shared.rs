//! What callers and threads of a store share.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use tokio::sync::watch;

use super::database::guard;
use super::options::EmbeddedKvOptions;
use super::queue::{Queue, Task};
use super::tables::{Place, Snapshot};
use crate::kv::record::{Nanos, nanos};
use crate::kv::{KvError, KvResult};

pub(super) struct Shared {
    pub(super) options: EmbeddedKvOptions,
    pub(super) place: Place,
    pub(super) queue: Queue,
    /// The last commit; none once the store is closed.
    pub(super) snapshot: ArcSwapOption<Snapshot>,
    /// Whether the pages are in memory, so that reading does not wait for the
    /// disk.
    pub(super) resident: AtomicBool,
    /// What the verification in the background found.
    damage: OnceLock<String>,
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) evictions: AtomicU64,
    pub(super) commits: AtomicU64,
    /// Operations of all commits.
    pub(super) operations: AtomicU64,
    pub(super) file_bytes: AtomicU64,
    /// Whether the writer has ended.
    pub(super) ended: watch::Sender<bool>,
}

impl Shared {
    pub(super) fn new(options: EmbeddedKvOptions, place: Place) -> Self {
        Self {
            options,
            place,
            queue: Queue::new(),
            snapshot: ArcSwapOption::empty(),
            resident: AtomicBool::new(false),
            damage: OnceLock::new(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            operations: AtomicU64::new(0),
            file_bytes: AtomicU64::new(0),
            ended: watch::channel(false).0,
        }
    }

    pub(super) fn now(&self) -> Nanos {
        nanos(self.options.clock.now())
    }

    /// Gives readers another state.
    pub(super) fn show(&self, snapshot: Arc<Snapshot>, file_bytes: u64) {
        self.snapshot.store(Some(snapshot));
        self.file_bytes.store(file_bytes, Relaxed);
        if file_bytes > self.options.cache_bytes as u64 {
            self.resident.store(false, Release);
        }
    }

    /// Reads the last commit, on this thread.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Snapshot) -> KvResult<T>) -> KvResult<T> {
        if let Some(detail) = self.damage.get() {
            return Err(self.place.corrupt(detail.clone()));
        }
        let snapshot = self.snapshot.load();
        let snapshot = snapshot.as_ref().ok_or(KvError::Closed)?;
        // The engine may stop in the middle of a page that was damaged after
        // it was verified.
        let done = guard(&self.place, || read(snapshot));
        if let Err(KvError::Io { .. }) = done {
            // The engine reads nothing after a failure until it is opened
            // anew. A store that is closing does not need to be.
            let _ = self.queue.task(Task::Reopen);
        }
        done
    }

    /// Reads every page once, so that reading does not wait afterwards, and
    /// verifies what opening did not.
    pub(super) fn warm(&self) {
        let Some(snapshot) = self.snapshot.load_full() else {
            return;
        };
        let verified = guard(&self.place, || snapshot.verify(|| self.queue.is_closing()));
        drop(snapshot);
        match verified {
            Ok(()) => {
                let fits = self.file_bytes.load(Relaxed) <= self.options.cache_bytes as u64;
                self.resident.store(fits, Release);
            }
            Err(KvError::CorruptState { detail, .. }) => drop(self.damage.set(detail)),
            // Whoever reads meets it, too.
            Err(_) => {}
        }
    }

    pub(super) fn is_resident(&self) -> bool {
        self.resident.load(Acquire)
    }
}
