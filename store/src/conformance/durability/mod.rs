//! The suite every durable key/value store must pass: what was acknowledged is
//! there after any accident, and what was not is there whole or not at all.
//!
//! A store whose engine keeps its files on a [`Disk`](crate::disk::Disk) is
//! run on a [`SimulatedDisk`], where the power is cut, calls fail and bytes
//! flip at every place there is. Any store is killed while it writes, again and
//! again; the program that writes calls [`write_until_killed`].

mod crash;
mod damage;
mod faults;
mod kill;
mod workload;

use std::fmt;
use std::io;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;

pub use super::effort::Effort;
pub use kill::write_until_killed;

use super::report::{self, Outcome, Stop, cases};
use super::{Image, Report, SimulatedDisk};
use crate::BoxFuture;
use crate::kv::{DurabilityClass, KvResult, KvStore};

/// A store that was opened, and what is done to it beyond the contract.
#[non_exhaustive]
pub struct Opened {
    /// The store.
    pub store: Arc<dyn KvStore>,
    /// Copies the store to another disk.
    pub backup: Option<Box<Backup>>,
    /// Rewrites the store in place.
    pub compact: Option<Box<Compact>>,
}

/// Copies a store to another disk.
pub type Backup = dyn Fn(Arc<SimulatedDisk>) -> BoxFuture<'static, KvResult<()>> + Send + Sync;

/// Rewrites a store in place.
pub type Compact = dyn Fn() -> BoxFuture<'static, KvResult<()>> + Send + Sync;

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("store", &self.store)
            .field("backup", &self.backup.is_some())
            .field("compact", &self.compact.is_some())
            .finish()
    }
}

impl Opened {
    /// A store without anything beyond the contract.
    #[must_use]
    pub fn new(store: Arc<dyn KvStore>) -> Self {
        Self {
            store,
            backup: None,
            compact: None,
        }
    }

    /// How it is copied to another disk.
    #[must_use]
    pub fn with_backup(
        mut self,
        backup: impl Fn(Arc<SimulatedDisk>) -> BoxFuture<'static, KvResult<()>> + Send + Sync + 'static,
    ) -> Self {
        self.backup = Some(Box::new(backup));
        self
    }

    /// How it is rewritten in place.
    #[must_use]
    pub fn with_compact(
        mut self,
        compact: impl Fn() -> BoxFuture<'static, KvResult<()>> + Send + Sync + 'static,
    ) -> Self {
        self.compact = Some(Box::new(compact));
        self
    }
}

/// A file of the store that is appended to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Log {
    /// Its name.
    pub name: &'static str,
    /// Whether what is in it was synced, so that damage in its middle cannot
    /// be what a crash left.
    pub synced: bool,
}

impl Log {
    /// A log.
    #[must_use]
    pub const fn new(name: &'static str, synced: bool) -> Self {
        Self { name, synced }
    }
}

/// What a rescue found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rescued {
    /// Entries that were copied.
    pub copied: u64,
}

impl Rescued {
    /// A rescue of this many entries.
    #[must_use]
    pub const fn new(copied: u64) -> Self {
        Self { copied }
    }
}

/// The adapter, as the suite needs it. What an adapter does not have keeps its
/// default.
pub trait DurabilityFixture: Send + Sync + 'static {
    /// What the report calls the adapter.
    fn name(&self) -> &str;

    /// What it promises.
    fn class(&self) -> DurabilityClass;

    /// Opens the store in a directory.
    fn open_directory<'a>(&'a self, directory: &'a Path) -> BoxFuture<'a, KvResult<Opened>>;

    /// Opens the store on a simulated disk; `None` if the engine keeps its
    /// files elsewhere.
    fn open_simulated<'a>(
        &'a self,
        disk: Arc<SimulatedDisk>,
    ) -> Option<BoxFuture<'a, KvResult<Opened>>> {
        let _ = disk;
        None
    }

    /// Starts a process that opens the store in a directory and calls
    /// [`write_until_killed`] with its standard output; `None` if there is no
    /// such program.
    fn spawn_writer(&self, directory: &Path, seed: u64) -> Option<io::Result<Child>> {
        let _ = (directory, seed);
        None
    }

    /// The file that the store appends to.
    fn log(&self) -> Option<Log> {
        None
    }

    /// Copies what can be read of a store in one directory to a new one in
    /// another.
    fn salvage(&self, source: &Path, target: &Path) -> Option<KvResult<Rescued>> {
        let _ = (source, target);
        None
    }

    /// How much is tried.
    fn effort(&self) -> Effort {
        Effort::Ordinary
    }
}

/// Runs every case.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
pub async fn run(fixture: &(dyn DurabilityFixture + 'static)) -> Report {
    let cases = cases!(dyn DurabilityFixture:
        ("DU-01", "the power may be cut at any call", crash::power_cut),
        ("DU-02", "the process may be killed at any time", kill::killed),
        ("DU-03", "a failed sync ends all writing", faults::failed_sync),
        ("DU-04", "a full disk harms nothing", faults::full_disk),
        ("DU-05", "no flipped byte becomes a wrong value", damage::flipped_bytes),
        ("DU-06", "the power may be cut during backup and compaction", crash::maintenance),
        ("DU-07", "the end of a log may be torn", damage::torn_log),
        ("DU-08", "backup and compaction lose no write", faults::busy_maintenance),
        ("DU-09", "a failed write leaves the old value and no file", faults::failed_write),
        ("DU-10", "a directory that cannot be synced is an error", faults::unsynced_directory),
        ("DU-11", "a damaged store can be salvaged", damage::salvaged),
        ("DU-12", "recovering twice is the same", crash::twice),
        ("DU-13", "any single call may fail", faults::every_call),
    );
    report::run("durability", fixture.name(), fixture, cases).await
}

/// The store on a simulated disk; not applicable if there is none.
async fn open_on(
    fixture: &dyn DurabilityFixture,
    disk: &Arc<SimulatedDisk>,
) -> Result<KvResult<Opened>, Stop> {
    match fixture.open_simulated(Arc::clone(disk)) {
        Some(opened) => Ok(opened.await),
        None => Err(Stop::NotApplicable("the engine keeps its files elsewhere")),
    }
}

/// The store that an image is, on a disk of its own.
async fn open_image(fixture: &dyn DurabilityFixture, image: &Image) -> Result<Opened, Stop> {
    let disk = Arc::new(SimulatedDisk::from_image(image));
    Ok(open_on(fixture, &disk).await??)
}

/// Closes a store, which has to succeed.
async fn close(opened: Opened) -> Outcome {
    Ok(opened.store.close().await?)
}
