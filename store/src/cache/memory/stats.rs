//! What a cache counts.

use std::cell::Cell;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use super::ENTRY_OVERHEAD_BYTES;
use super::options::MemoryCacheOptions;
use crate::cache::{CacheError, CacheResult};

/// What a [`MemoryCache`](super::MemoryCache) counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// Entries, expired ones that are not removed yet included.
    pub entries: u64,
    /// Bytes of their keys and values.
    pub payload_bytes: u64,
    /// The same, and 64 for each entry: what the bound is about.
    pub weighted_bytes: u64,
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
    /// Entries removed, or not admitted, to make room.
    pub evictions: u64,
    /// Expired entries removed.
    pub expirations: u64,
    /// Writes refused because the cache was full.
    pub rejected: u64,
    /// Whether it is closed.
    pub closed: bool,
}

/// What the entries take up.
#[derive(Debug, Default)]
pub(super) struct Usage {
    entries: AtomicU64,
    bytes: AtomicU64,
    evictions: AtomicU64,
}

impl Usage {
    pub(super) fn add(&self, weight: u64) {
        self.entries.fetch_add(1, Relaxed);
        self.bytes.fetch_add(weight, Relaxed);
    }

    /// Adds an entry if it fits, once the one it replaces is gone.
    pub(super) fn reserve(
        &self,
        weight: u64,
        replaced: Option<u64>,
        options: &MemoryCacheOptions,
    ) -> CacheResult<()> {
        let one = u64::from(replaced.is_some());
        claim(&self.entries, 1, one, options.max_entries)?;
        let replaced = replaced.unwrap_or_default();
        claim(&self.bytes, weight, replaced, options.max_bytes).inspect_err(|_| {
            self.entries.fetch_sub(1, Relaxed);
        })
    }

    /// Whether an entry that is gone was evicted, `evicted` says.
    pub(super) fn remove(&self, weight: u64, evicted: bool) {
        self.entries.fetch_sub(1, Relaxed);
        self.bytes.fetch_sub(weight, Relaxed);
        self.evictions.fetch_add(evicted.into(), Relaxed);
    }
}

/// Adds to a number unless it would exceed its limit by that, less what is
/// about to be given back. What does not add anything is always let through.
fn claim(number: &AtomicU64, add: u64, back: u64, limit: Option<u64>) -> CacheResult<()> {
    let limit = limit.unwrap_or(u64::MAX);
    let claimed = number.fetch_update(Relaxed, Relaxed, |now| {
        let needed = now.saturating_add(add).saturating_sub(back);
        (add <= back || needed <= limit).then(|| now.saturating_add(add))
    });
    match claimed {
        Ok(_) => Ok(()),
        Err(now) => Err(CacheError::Full {
            needed: now.saturating_add(add).saturating_sub(back),
            limit,
        }),
    }
}

/// What happened.
#[derive(Debug, Default)]
pub(super) struct Counters {
    hits: Striped,
    misses: Striped,
    pub(super) expirations: AtomicU64,
    pub(super) rejected: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self, hit: bool) {
        if hit {
            self.hits.add_one();
        } else {
            self.misses.add_one();
        }
    }

    pub(super) fn snapshot(&self, usage: &Usage, closed: bool) -> CacheStats {
        let entries = usage.entries.load(Relaxed);
        let weighted_bytes = usage.bytes.load(Relaxed);
        CacheStats {
            entries,
            payload_bytes: weighted_bytes.saturating_sub(entries * ENTRY_OVERHEAD_BYTES),
            weighted_bytes,
            hits: self.hits.sum(),
            misses: self.misses.sum(),
            evictions: usage.evictions.load(Relaxed),
            expirations: self.expirations.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            closed,
        }
    }
}

/// Places of a [`Striped`] counter.
const PLACES: usize = 16;

/// A counter that threads count in different places, so that reading a cache
/// on all cores does not pass one cache line around.
#[derive(Debug, Default)]
struct Striped([Place; PLACES]);

#[derive(Debug, Default)]
#[repr(align(64))]
struct Place(AtomicU64);

impl Striped {
    fn add_one(&self) {
        // The place is below their number.
        self.0[place()].0.fetch_add(1, Relaxed);
    }

    fn sum(&self) -> u64 {
        self.0.iter().map(|place| place.0.load(Relaxed)).sum()
    }
}

/// The place of this thread.
fn place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    // A thread that is ending counts in the first place.
    OWN.try_with(|own| {
        if own.get() == usize::MAX {
            own.set(NEXT.fetch_add(1, Relaxed) % PLACES);
        }
        own.get()
    })
    .unwrap_or(0)
}
