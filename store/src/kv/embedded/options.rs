//! How an embedded store is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plumego_contract::{Clock, SystemClock};

use super::EmbeddedKv;
use crate::disk::{Disk, SystemDisk};
use crate::kv::apply::Limits;
use crate::kv::{Capacity, DurabilityClass, KvError, KvResult, check_bounds, directory};

/// When writes are made to survive the end of the power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncPolicy {
    /// Before they are acknowledged.
    #[default]
    Immediate,
    /// This long after they were acknowledged, at the latest. They survive the
    /// end of the process at once.
    Interval(Duration),
    /// When the store is closed. They survive the end of the process at once.
    Never,
}

/// How to open an [`EmbeddedKv`].
///
/// ```
/// use std::time::Duration;
/// use plumego_store::kv::{EmbeddedKvOptions, SyncPolicy};
///
/// let options = EmbeddedKvOptions::new("/var/lib/service/kv")
///     .max_entries(1_000_000)
///     .sync(SyncPolicy::Interval(Duration::from_millis(100)));
/// # drop(options);
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddedKvOptions {
    data_dir: PathBuf,
    disk: Option<Arc<dyn Disk>>,
    max_entries: u64,
    max_memory: u64,
    pub(super) max_key_length: usize,
    capacity: Capacity,
    pub(super) sync: SyncPolicy,
    pub(super) sweep_interval: Duration,
    pub(super) read_only: bool,
    pub(super) cache_bytes: usize,
    pub(super) verify_at_open_max: u64,
    pub(super) clock: Arc<dyn Clock>,
}

impl EmbeddedKvOptions {
    /// The store in a directory, which is made if it is not there. Blanks
    /// around the path are cut off.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            disk: None,
            max_entries: 100_000,
            max_memory: 200 << 20,
            max_key_length: 1_024,
            capacity: Capacity::Reject,
            sync: SyncPolicy::Immediate,
            sweep_interval: Duration::from_secs(30),
            read_only: false,
            cache_bytes: 64 << 20,
            verify_at_open_max: 16 << 20,
            clock: Arc::new(SystemClock),
        }
    }

    /// The store on a disk that is no directory of the file system.
    #[must_use]
    pub fn on_disk(disk: Arc<dyn Disk>) -> Self {
        let mut options = Self::new(disk.location());
        options.disk = Some(disk);
        options
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

    /// When writes are synced: before they are acknowledged, unless set.
    #[must_use]
    pub const fn sync(mut self, sync: SyncPolicy) -> Self {
        self.sync = sync;
        self
    }

    /// How often expired entries are removed, at most 1 000 at a time; zero is
    /// never. 30 s unless set.
    #[must_use]
    pub const fn sweep_interval(mut self, interval: Duration) -> Self {
        self.sweep_interval = interval;
        self
    }

    /// Opens a store that is there, refuses every write, and leaves every file
    /// as it is.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Memory for pages of the file. A store whose file fits is read without
    /// any blocking call, once its pages are read; one that does not is read
    /// on the blocking pool. 64 MiB unless set.
    #[must_use]
    pub const fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// A file of at most this many bytes is verified page by page when it is
    /// opened; a larger one in the background. 16 MiB unless set.
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

    /// Opens the store, creating or recovering it, on the blocking pool of the
    /// runtime at hand.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, `AlreadyOpen`, `CorruptState`, `NewerFormat` or `Io`.
    pub async fn open(self) -> KvResult<EmbeddedKv> {
        super::off_worker(move || self.open_blocking()).await
    }

    /// Opens the store on this thread, which waits for the disk.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_blocking(self) -> KvResult<EmbeddedKv> {
        let disk = self.checked_disk()?;
        EmbeddedKv::start(self, disk)
    }

    pub(super) const fn limits(&self) -> Limits {
        Limits {
            max_entries: self.max_entries,
            max_memory: self.max_memory,
            capacity: self.capacity,
        }
    }

    pub(super) const fn durability(&self) -> DurabilityClass {
        match self.sync {
            SyncPolicy::Immediate => DurabilityClass::Synced,
            SyncPolicy::Interval(interval) => DurabilityClass::Interval(interval),
            // Less than it keeps, but no class says "the process alone".
            SyncPolicy::Never => DurabilityClass::Volatile,
        }
    }

    fn checked_disk(&self) -> KvResult<Arc<dyn Disk>> {
        check_bounds(self.max_entries, self.max_memory, self.max_key_length)?;
        if matches!(self.sync, SyncPolicy::Interval(interval) if interval.is_zero()) {
            return Err(KvError::config(
                "a sync interval of zero is `SyncPolicy::Immediate`",
            ));
        }
        if let Some(disk) = &self.disk {
            return Ok(disk.clone());
        }
        let data_dir = directory::checked(&self.data_dir)?;
        let disk = if self.read_only {
            SystemDisk::open(data_dir)
        } else {
            SystemDisk::create(data_dir)
        };
        Ok(Arc::new(directory::opened(disk)?))
    }
}
