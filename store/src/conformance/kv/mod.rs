//! The suite every key/value store must pass.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, SystemTime};
//! use plumego_contract::ManualClock;
//! use plumego_store::BoxFuture;
//! use plumego_store::conformance::kv::{KvFixture, KvSetup, run};
//! use plumego_store::kv::{KvResult, KvStore, MemoryKv, MemoryKvOptions};
//!
//! struct Memory(ManualClock);
//!
//! impl KvFixture for Memory {
//!     fn name(&self) -> &str {
//!         "MemoryKv"
//!     }
//!
//!     fn open<'a>(&'a self, setup: KvSetup) -> BoxFuture<'a, KvResult<Arc<dyn KvStore>>> {
//!         let mut options = MemoryKvOptions::default();
//!         options.max_entries = setup.max_entries;
//!         options.max_memory = setup.max_memory;
//!         options.max_key_length = setup.max_key_length;
//!         options.capacity = setup.capacity;
//!         options.clock = Arc::new(self.0.clone());
//!         Box::pin(async { Ok(Arc::new(MemoryKv::with_options(options)?) as Arc<dyn KvStore>) })
//!     }
//!
//!     fn advance(&self, by: Duration) {
//!         self.0.advance(by);
//!     }
//! }
//!
//! # #[tokio::main] async fn main() {
//! let report = run(&Memory(ManualClock::new(SystemTime::now()))).await;
//! // What is stored here ends with the store, and no file can be damaged.
//! report.assert_passed_except(&["KV-04", "KV-10", "KV-14", "KV-15", "KV-17", "KV-18"]);
//! # }
//! ```

mod basics;
mod bounds;
mod histories;
mod media;
mod model;

use std::sync::Arc;
use std::time::Duration;

use super::Report;
use super::report::{self, Outcome, Stop, cases};
use crate::BoxFuture;
use crate::kv::{Capacity, KvResult, KvStore};

/// How a case wants its store.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct KvSetup {
    /// Most entries.
    pub max_entries: u64,
    /// Most bytes of keys and values, and 64 for each entry.
    pub max_memory: u64,
    /// Longest key, in bytes.
    pub max_key_length: usize,
    /// What a full store does.
    pub capacity: Capacity,
}

impl Default for KvSetup {
    fn default() -> Self {
        Self {
            max_entries: 100_000,
            max_memory: 200 << 20,
            max_key_length: 1_024,
            capacity: Capacity::Reject,
        }
    }
}

/// A data directory that no store can be opened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadPlace {
    /// Its path is blank.
    Blank,
    /// Its path has blanks around it, which are cut off: this one is good.
    Padded,
    /// There is a file in its place.
    FileInTheWay,
    /// Its file may not be read.
    Unreadable,
}

/// The adapter, as the suite needs it. What an adapter does not have keeps its
/// default.
pub trait KvFixture: Send + Sync + 'static {
    /// What the report calls the adapter.
    fn name(&self) -> &str;

    /// A new, empty store.
    fn open<'a>(&'a self, setup: KvSetup) -> BoxFuture<'a, KvResult<Arc<dyn KvStore>>>;

    /// Moves the clock that the stores read.
    fn advance(&self, by: Duration);

    /// Opens the store that `open` made last, which may be open or closed;
    /// `None` if there is nothing to open again.
    fn reopen<'a>(&'a self, setup: KvSetup) -> BoxFuture<'a, Option<KvResult<Arc<dyn KvStore>>>> {
        let _ = setup;
        Box::pin(std::future::ready(None))
    }

    /// Every byte the store that `open` made last has on its medium.
    fn contents<'a>(&'a self) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(std::future::ready(None))
    }

    /// Tries to open a store in a bad place; `None` if there are no places.
    fn open_in<'a>(&'a self, place: BadPlace) -> BoxFuture<'a, Option<KvResult<()>>> {
        let _ = place;
        Box::pin(std::future::ready(None))
    }

    /// Says in the store that `open` made last, and that is closed, that its
    /// form is newer than any; false if it says no such thing.
    fn make_newer<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    /// Whether a store knows bounds and what to do at them.
    fn is_bounded(&self) -> bool {
        true
    }

    /// Whether one store excludes another of the same data.
    fn is_exclusive(&self) -> bool {
        true
    }

    /// Steps of the model test and of each history. 10 000 unless an adapter
    /// is too slow for it.
    fn steps(&self) -> usize {
        10_000
    }
}

/// Runs every case.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
pub async fn run(fixture: &(dyn KvFixture + 'static)) -> Report {
    let cases = cases!(dyn KvFixture:
        ("KV-01", "round trip, of nothing and of a megabyte, too", basics::round_trip),
        ("KV-02", "a lookup tells found, expired and missing apart", basics::lookup),
        ("KV-03", "an entry expires when its time has come", basics::expiry),
        ("KV-04", "reads change no byte of the medium", media::reads_write_nothing),
        ("KV-05", "delete says whether there was an entry", basics::delete),
        ("KV-06", "scans are in byte order, by prefix and page", basics::scan),
        ("KV-07", "of 64 racers one wins", histories::race),
        ("KV-08", "a batch is all or nothing", basics::batch),
        ("KV-09", "bounds hold, and what evicts evicts the oldest", bounds::bounds),
        ("KV-10", "everything is there again, with its time", media::reopen_keeps),
        ("KV-11", "every operation checks its keys", basics::bad_keys),
        ("KV-12", "statistics count what happened", basics::stats),
        ("KV-13", "a closed store refuses everything", basics::closed),
        ("KV-14", "a second store of the same data is refused", media::second_open),
        ("KV-15", "a bad place is named, and is not damage", media::bad_places),
        ("KV-16", "nothing appears in the working directory", media::working_directory),
        ("KV-17", "a store beyond its bounds opens, and shrinks", media::beyond_bounds),
        ("KV-18", "a newer form is refused and left alone", media::newer_form),
        ("KV-M", "random operations agree with a plain map", model::agrees),
        ("KV-L", "concurrent histories are linearizable, key by key", histories::linearizable),
    );
    report::run("kv", fixture.name(), fixture, cases).await
}

/// A new store with the default setup.
async fn open(fixture: &dyn KvFixture) -> Result<Arc<dyn KvStore>, Stop> {
    Ok(fixture.open(KvSetup::default()).await?)
}

/// The store that was opened last, again; not applicable if there is none.
async fn reopen(fixture: &dyn KvFixture, setup: KvSetup) -> Result<Arc<dyn KvStore>, Stop> {
    match fixture.reopen(setup).await {
        Some(opened) => Ok(opened?),
        None => Err(Stop::NotApplicable("nothing outlives the store")),
    }
}

/// For cases about the bounds of a store.
fn need_bounds(fixture: &dyn KvFixture) -> Outcome {
    if fixture.is_bounded() {
        Ok(())
    } else {
        Err(Stop::NotApplicable("the store has no bounds"))
    }
}
