//! How a store on SQLite is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plumego_contract::{Clock, SystemClock};

use super::SqliteKv;
use crate::disk::{Disk as _, DiskFile, OpenMode, SystemDisk};
use crate::kv::apply::Limits;
use crate::kv::{Capacity, KvError, KvResult, check_bounds, directory};

/// The file that is locked while the store is open.
const LOCK: &str = "store.lock";

/// How to open a [`SqliteKv`].
///
/// ```
/// use plumego_store::kv::SqliteKvOptions;
///
/// let options = SqliteKvOptions::new("/var/lib/service/kv").max_entries(1_000_000);
/// # drop(options);
/// ```
#[derive(Clone, Debug)]
pub struct SqliteKvOptions {
    data_dir: PathBuf,
    max_entries: u64,
    max_memory: u64,
    pub(super) max_key_length: usize,
    capacity: Capacity,
    pub(super) sweep_interval: Duration,
    pub(super) verify_at_open_max: u64,
    pub(super) clock: Arc<dyn Clock>,
}

impl SqliteKvOptions {
    /// The store in a directory, which is made, for its owner alone, if it is
    /// not there. Blanks around the path are cut off.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            max_entries: 100_000,
            max_memory: 200 << 20,
            max_key_length: 1_024,
            capacity: Capacity::Reject,
            sweep_interval: Duration::from_secs(30),
            verify_at_open_max: 16 << 20,
            clock: Arc::new(SystemClock),
        }
    }

    /// Most entries, expired ones that are not removed yet included. 100 000
    /// unless set.
    #[must_use]
    pub const fn max_entries(mut self, entries: u64) -> Self {
        self.max_entries = entries;
        self
    }

    /// Most bytes of keys and values, and 64 for each entry. 200 MiB unless
    /// set.
    #[must_use]
    pub const fn max_memory(mut self, bytes: u64) -> Self {
        self.max_memory = bytes;
        self
    }

    /// Longest key, in bytes, at most 64 KiB. 1 024 unless set.
    #[must_use]
    pub const fn max_key_length(mut self, bytes: usize) -> Self {
        self.max_key_length = bytes;
        self
    }

    /// What a full store does: it refuses, unless set.
    #[must_use]
    pub const fn capacity(mut self, capacity: Capacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// How often expired entries are removed, at most 1 000 at a time; zero is
    /// never. 30 s unless set.
    #[must_use]
    pub const fn sweep_interval(mut self, interval: Duration) -> Self {
        self.sweep_interval = interval;
        self
    }

    /// A database of at most this many bytes is verified when it is opened; a
    /// larger one in the background. 16 MiB unless set.
    #[must_use]
    pub const fn verify_at_open_max(mut self, bytes: u64) -> Self {
        self.verify_at_open_max = bytes;
        self
    }

    /// Where the store reads the time. Lifetimes are measured by the wall
    /// clock, since they must outlast the process: a clock that is set moves
    /// them.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the store, or makes it.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, `AlreadyOpen`, `CorruptState`, `NewerFormat` or `Io`.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime with a timer.
    pub async fn open(self) -> KvResult<SqliteKv> {
        SqliteKv::start(self).await
    }

    pub(super) const fn limits(&self) -> Limits {
        Limits {
            max_entries: self.max_entries,
            max_memory: self.max_memory,
            capacity: self.capacity,
        }
    }

    /// The directory, made if it was not there, and the lock on it: the database
    /// itself lets many processes in, of which none would know what the others
    /// hold.
    pub(super) fn claim(&self) -> KvResult<(PathBuf, Arc<dyn DiskFile>)> {
        check_bounds(self.max_entries, self.max_memory, self.max_key_length)?;
        let data_dir = directory::checked(&self.data_dir)?;
        let disk = directory::opened(SystemDisk::create(data_dir))?;
        let op = "locking the data dir";
        let file = disk
            .open(LOCK, OpenMode::Create)
            .map_err(|source| KvError::Io { op, source })?;
        directory::lock(&*file, data_dir, op)?;
        Ok((data_dir.to_owned(), file))
    }
}
