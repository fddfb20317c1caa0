//! The suite every cache must pass.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, SystemTime};
//! use plumego_contract::{Clock, ManualClock};
//! use plumego_store::BoxFuture;
//! use plumego_store::cache::{Cache, CacheResult, MemoryCache, MemoryCacheOptions};
//! use plumego_store::conformance::cache::{CacheFixture, CacheSetup, run};
//!
//! struct Memory(ManualClock);
//!
//! impl CacheFixture for Memory {
//!     fn name(&self) -> &str {
//!         "MemoryCache"
//!     }
//!
//!     fn open<'a>(&'a self, setup: CacheSetup) -> BoxFuture<'a, CacheResult<Arc<dyn Cache>>> {
//!         let mut options = MemoryCacheOptions::default();
//!         options.max_key_length = setup.max_key_length;
//!         options.default_ttl = setup.default_ttl;
//!         options.clock = self.clock();
//!         Box::pin(async { Ok(Arc::new(MemoryCache::with_options(options)?) as Arc<dyn Cache>) })
//!     }
//!
//!     fn clock(&self) -> Arc<dyn Clock> {
//!         Arc::new(self.0.clone())
//!     }
//!
//!     fn advance(&self, by: Duration) {
//!         self.0.advance(by);
//!     }
//! }
//!
//! # #[tokio::main] async fn main() {
//! let report = run(&Memory(ManualClock::new(SystemTime::now()))).await;
//! // This fixture looks into nothing and holds nothing up.
//! let not_staged = ["CA-11", "CA-20", "CA-21", "CA-24", "CA-25", "CA-26"];
//! report.assert_passed_except(&not_staged);
//! # }
//! ```

mod atomic;
mod basics;
mod capacity;
mod histories;
pub mod loading;
mod model;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use plumego_contract::Clock;

use super::Report;
use super::report::{self, Stop, cases};
use crate::BoxFuture;
use crate::cache::{AppenderCache, Cache, CacheResult, ConditionalCache, CounterCache, OnFull};

/// How a case wants its cache.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CacheSetup {
    /// Longest key, in bytes; 0 is no limit.
    pub max_key_length: usize,
    /// Most bytes of keys and values, and 64 for each entry.
    pub max_bytes: Option<u64>,
    /// Most entries.
    pub max_entries: Option<u64>,
    /// What a full cache does.
    pub on_full: OnFull,
    /// What the default lifetime is.
    pub default_ttl: Option<Duration>,
}

impl Default for CacheSetup {
    fn default() -> Self {
        Self {
            max_key_length: 256,
            max_bytes: Some(64 << 20),
            max_entries: None,
            on_full: OnFull::default(),
            default_ttl: Some(Duration::from_secs(600)),
        }
    }
}

/// What a cache holds, as far as it can be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// Entries, expired ones that were not removed included.
    pub entries: u64,
    /// Bytes of keys and values, and 64 for each entry.
    pub bytes: u64,
}

impl Held {
    /// What a cache says of itself.
    #[must_use]
    pub const fn new(entries: u64, bytes: u64) -> Self {
        Self { entries, bytes }
    }
}

/// A write that is under way and goes no further.
#[non_exhaustive]
pub struct HeldWriter {
    /// Lets it go on.
    pub release: Box<dyn FnOnce() + Send>,
    /// How it ends.
    pub done: BoxFuture<'static, CacheResult<()>>,
}

impl HeldWriter {
    /// A write that `release` lets go on.
    #[must_use]
    pub fn new(
        release: impl FnOnce() + Send + 'static,
        done: impl Future<Output = CacheResult<()>> + Send + 'static,
    ) -> Self {
        Self {
            release: Box::new(release),
            done: Box::pin(done),
        }
    }
}

impl fmt::Debug for HeldWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldWriter").finish_non_exhaustive()
    }
}

/// The cache, as the suite needs it. What it does not have keeps its default.
pub trait CacheFixture: Send + Sync + 'static {
    /// What the report calls the cache.
    fn name(&self) -> &str;

    /// A new, empty cache.
    fn open<'a>(&'a self, setup: CacheSetup) -> BoxFuture<'a, CacheResult<Arc<dyn Cache>>>;

    /// The clock that the caches read.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Moves that clock.
    fn advance(&self, by: Duration);

    /// What the cache that `open` made last holds, once it has done whatever
    /// is due; `None` if that cannot be told.
    fn held<'a>(&'a self) -> BoxFuture<'a, Option<Held>> {
        Box::pin(std::future::ready(None))
    }

    /// Removes what has expired from the cache that `open` made last, as it
    /// does by itself from time to time.
    fn purge<'a>(&'a self) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Begins to write `held` to a key of the cache that `open` made last, and
    /// stops in the middle of it.
    fn hold_writer(&self, key: &str) -> Option<HeldWriter> {
        let _ = key;
        None
    }

    /// Makes the backend unreachable; false if there is none.
    fn break_backend<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    /// Writes an entry of somebody else into the backend; afterwards
    /// `foreign_is_there` says whether it still is. False if nobody shares it.
    fn write_foreign<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    /// Whether the entry of somebody else is there.
    fn foreign_is_there<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(true))
    }

    /// Steps of the model test and of the histories. 10 000 unless a cache is
    /// too slow for it.
    fn steps(&self) -> usize {
        10_000
    }
}

/// Runs every case.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
pub async fn run(fixture: &(dyn CacheFixture + 'static)) -> Report {
    let cases = cases!(dyn CacheFixture:
        ("CA-01", "round trip, and nobody changes a value", basics::round_trip),
        ("CA-02", "an empty value is one", basics::empty_value),
        ("CA-03", "an overwrite is no second entry", basics::overwrite),
        ("CA-04", "an entry expires when its time has come", basics::expiry),
        ("CA-05", "the default lifetime, and none", basics::default_ttl),
        ("CA-06", "a lifetime of zero is refused", basics::zero_ttl),
        ("CA-07", "delete, exists and clear", basics::removal),
        ("CA-08", "every operation checks its keys", basics::bad_keys),
        ("CA-09", "keys have a longest length", basics::long_keys),
        ("CA-10", "a closed cache refuses everything", basics::closed),
        ("CA-11", "closing waits for a write in flight", histories::close_waits),
        ("CA-12", "counters count", atomic::counters_count),
        ("CA-13", "what is no number is not counted", atomic::not_a_number),
        ("CA-14", "an overflow leaves the value", atomic::overflow),
        ("CA-15", "append begins, extends and keeps the lifetime", atomic::append),
        ("CA-16", "64 000 increments are 64 000", histories::increments),
        ("CA-17", "of those that set if absent one wins", histories::absent_race),
        ("CA-18", "swaps, conditional deletes, lifetimes, many at once", atomic::conditional_operations),
        ("CA-19", "what is not supported is refused when it is asked for", atomic::capabilities),
        ("CA-20", "bounds hold once evictions are done", capacity::evicting),
        ("CA-21", "a full cache that refuses is as before", capacity::refusing),
        ("CA-22", "a counter that expired starts over", atomic::expired_counter),
        ("CA-23", "cleaning up spares what was replaced", capacity::replaced_meanwhile),
        ("CA-24", "1 500 expired entries are all removed", capacity::all_reclaimed),
        ("CA-25", "a backend that is down is no miss", basics::backend_down),
        ("CA-26", "reads do not wait for a writer", histories::reads_pass),
        ("CA-M", "random operations agree with a plain map", model::agrees),
        ("CA-L", "concurrent histories are linearizable, key by key", histories::linearizable),
    );
    report::run("cache", fixture.name(), fixture, cases).await
}

async fn open(fixture: &dyn CacheFixture) -> Result<Arc<dyn Cache>, Stop> {
    Ok(fixture.open(CacheSetup::default()).await?)
}

fn counters(cache: &dyn Cache) -> Result<&dyn CounterCache, Stop> {
    let none = Stop::NotApplicable("the cache does not count");
    cache.counters().ok_or(none)
}

fn appender(cache: &dyn Cache) -> Result<&dyn AppenderCache, Stop> {
    let none = Stop::NotApplicable("the cache does not append");
    cache.appender().ok_or(none)
}

fn conditional(cache: &dyn Cache) -> Result<&dyn ConditionalCache, Stop> {
    let none = Stop::NotApplicable("the cache does not decide by what is there");
    cache.conditional().ok_or(none)
}

/// What the cache holds; not applicable if it cannot be told.
async fn held(fixture: &dyn CacheFixture) -> Result<Held, Stop> {
    let none = Stop::NotApplicable("the cache cannot be looked into");
    fixture.held().await.ok_or(none)
}
