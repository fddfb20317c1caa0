//! The suite every storage of files must pass.
//!
//! A storage that keeps its files on a [`Disk`](crate::disk::Disk) is also run
//! on a [`SimulatedDisk`], where the power is cut and calls fail at every place
//! there is.
//!
//! ```
//! use std::sync::Arc;
//! use plumego_store::BoxFuture;
//! use plumego_store::conformance::file::{FileFixture, run};
//! use plumego_store::file::{FileResult, FileStorage, MemoryFileOptions, MemoryFileStorage};
//!
//! struct Memory;
//!
//! impl FileFixture for Memory {
//!     fn name(&self) -> &str {
//!         "MemoryFileStorage"
//!     }
//!
//!     fn open<'a>(&'a self, max_size: u64) -> BoxFuture<'a, FileResult<Arc<dyn FileStorage>>> {
//!         let mut options = MemoryFileOptions::default();
//!         options.max_size = max_size;
//!         Box::pin(async { Ok(Arc::new(MemoryFileStorage::with_options(options)) as Arc<dyn FileStorage>) })
//!     }
//! }
//!
//! # #[tokio::main] async fn main() {
//! let report = run(&Memory).await;
//! // Memory has no links, no medium to lose, and ends with the process.
//! report.assert_passed_except(&["FI-03", "FI-14", "FI-16", "FI-17", "FI-18", "FI-19", "FI-20"]);
//! # }
//! ```

mod content;
mod faults;
mod histories;
mod killed;
mod model;
mod paths;

pub use killed::write_until_killed;

use std::io;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;

use super::report::{self, Outcome, Stop, cases};
use super::{Effort, Report, SimulatedDisk};
use crate::BoxFuture;
use crate::file::{
    BodyStream, FileResult, FileStorage, GetOptions, ListRequest, ObjectPath, PutRequest,
    SIZE_MAX_DEFAULT,
};

/// The storage, as the suite needs it. What it does not have keeps its
/// default.
pub trait FileFixture: Send + Sync + 'static {
    /// What the report calls the storage.
    fn name(&self) -> &str;

    /// A new, empty storage that takes objects of up to `max_size` bytes.
    fn open<'a>(&'a self, max_size: u64) -> BoxFuture<'a, FileResult<Arc<dyn FileStorage>>>;

    /// The storage on a simulated disk; `None` if it keeps its files
    /// elsewhere.
    fn open_simulated<'a>(
        &'a self,
        disk: Arc<SimulatedDisk>,
    ) -> Option<BoxFuture<'a, FileResult<Arc<dyn FileStorage>>>> {
        let _ = disk;
        None
    }

    /// Names of everything the storage that `open` made last has on its
    /// medium, temporaries included.
    fn names<'a>(&'a self) -> BoxFuture<'a, Option<Vec<String>>> {
        Box::pin(std::future::ready(None))
    }

    /// Puts a link called `out` into the storage that `open` made last, which
    /// leads to a directory outside with a file `secret.txt`; false if there
    /// are no links.
    fn link_out(&self) -> bool {
        false
    }

    /// Replaces the directory `swapped` in the storage that `open` made last
    /// by such a link, or that link by the directory.
    fn swap_link(&self) {}

    /// Makes the medium of the storage that `open` made last unreachable;
    /// false if that cannot be done.
    fn lose_medium<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    /// The storage that keeps its files in this directory, which is there and
    /// empty the first time; `None` if it keeps them elsewhere.
    fn open_directory<'a>(
        &'a self,
        directory: &'a Path,
    ) -> Option<BoxFuture<'a, FileResult<Arc<dyn FileStorage>>>> {
        let _ = directory;
        None
    }

    /// Starts a program that opens the storage in this directory, calls
    /// [`write_until_killed`] with this seed, and whose standard output is
    /// piped.
    fn spawn_writer(&self, directory: &Path, seed: u64) -> Option<io::Result<Child>> {
        let _ = (directory, seed);
        None
    }

    /// How much is tried.
    fn effort(&self) -> Effort {
        Effort::Ordinary
    }

    /// Texts that no error may show: where the backend keeps its files.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// Steps of the model test. 10 000 unless a storage is too slow for it.
    fn steps(&self) -> usize {
        10_000
    }
}

/// Runs every case.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
pub async fn run(fixture: &(dyn FileFixture + 'static)) -> Report {
    let cases = cases!(dyn FileFixture:
        ("FI-01", "what was put is there, with its hash", content::round_trip),
        ("FI-02", "every operation refuses bad paths", paths::vectors),
        ("FI-03", "no link leads out", paths::links),
        ("FI-04", "sizes that are not as said store nothing", content::sizes),
        ("FI-05", "content that does not match its checksum is refused", content::checksum),
        ("FI-06", "of those that create one wins", histories::create_race),
        ("FI-07", "a reader keeps its version", content::old_version),
        ("FI-08", "what is missing is not found", content::missing),
        ("FI-09", "lists are sorted, by component and page", paths::list),
        ("FI-10", "copies are whole", content::copy),
        ("FI-11", "ranges are those of RFC 9110", content::ranges),
        ("FI-12", "a body that fails leaves nothing", content::failing_body),
        ("FI-13", "media types and metadata are kept as declared", content::described),
        ("FI-14", "a killed put leaves the old object", faults::killed),
        ("FI-15", "errors show no place of the backend", paths::secrets),
        ("FI-16", "a medium that is gone is unavailable", faults::lost_medium),
        ("FI-17", "the power may be cut at any call", faults::power_cut),
        ("FI-18", "any single call may fail", faults::every_call),
        ("FI-19", "a full disk harms nothing", faults::full_disk),
        ("FI-20", "a program is killed while it writes, again and again", killed::again_and_again),
        ("FI-M", "random operations agree with a plain map", model::agrees),
        ("FI-L", "concurrent histories are linearizable, path by path", histories::linearizable),
    );
    report::run("file", fixture.name(), fixture, cases).await
}

async fn open(fixture: &dyn FileFixture) -> Result<Arc<dyn FileStorage>, Stop> {
    Ok(fixture.open(SIZE_MAX_DEFAULT).await?)
}

/// The storage on a simulated disk; not applicable if there is none.
async fn open_on(
    fixture: &dyn FileFixture,
    disk: &Arc<SimulatedDisk>,
) -> Result<FileResult<Arc<dyn FileStorage>>, Stop> {
    match fixture.open_simulated(Arc::clone(disk)) {
        Some(opened) => Ok(opened.await),
        None => Err(Stop::NotApplicable("the storage keeps its files elsewhere")),
    }
}

fn path(text: &str) -> Result<ObjectPath, Stop> {
    Ok(ObjectPath::parse(text)?)
}

/// A request to put `content` at `at`.
fn put(at: &str, content: impl Into<Bytes>) -> Result<PutRequest<'static>, Stop> {
    Ok(PutRequest::bytes("name.bin", content).at(path(at)?))
}

/// A body in pieces.
fn body(pieces: Vec<io::Result<Bytes>>) -> BodyStream<'static> {
    Box::pin(stream::iter(pieces))
}

/// All of an object.
async fn read(storage: &dyn FileStorage, at: &str) -> Result<Bytes, Stop> {
    let reader = storage.get(&path(at)?, GetOptions::new()).await?;
    Ok(reader.bytes(64 << 20).await?)
}

/// Paths of all objects.
async fn all(storage: &dyn FileStorage) -> Result<Vec<String>, Stop> {
    let page = storage.list(ListRequest::default()).await?;
    let paths = page.entries.into_iter().map(|entry| entry.path.to_string());
    Ok(paths.collect())
}

/// Checks that the medium holds nothing but these objects.
async fn nothing_else(
    fixture: &dyn FileFixture,
    storage: &dyn FileStorage,
    objects: &[&str],
) -> Outcome {
    use super::report::{ensure, ensure_eq};
    ensure_eq!(all(storage).await?, objects, "objects that are listed");
    // What a future that was dropped left is removed a moment later.
    for attempt in 0.. {
        let Some(names) = fixture.names().await else {
            break;
        };
        let extra: Vec<_> = names
            .iter()
            .filter(|name| !objects.contains(&name.as_str()))
            .collect();
        if extra.is_empty() {
            break;
        }
        ensure!(attempt < 4_000, "{extra:?} were left behind");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(())
}
