//! A cache in memory.

mod operations;
mod options;
mod stats;
mod sweeper;

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache as Map;

pub use options::{MemoryCacheOptions, OnFull, Policy};
pub use stats::CacheStats;

use self::stats::{Counters, Usage};
use self::sweeper::Sweeper;
use super::{CacheError, CacheResult};
use crate::{Ttl, check_key};

/// Bytes an entry counts beyond its key and value.
const ENTRY_OVERHEAD_BYTES: u64 = 64;

/// Locks that writers share, by key.
const STRIPES: usize = 64;

/// What stands before the key of a lease. No key begins so.
const LEASE_PREFIX: &str = "\0lease\0";

/// A cache in this process.
///
/// Bounded in bytes by default. Readers never wait for writers; operations
/// that read and write a key are atomic. Whether an entry has expired is
/// decided when it is read; a thread that sleeps most of the time removes what
/// nobody reads.
///
/// ```
/// use plumego_store::Ttl;
/// use plumego_store::cache::{Cache, MemoryCache, MemoryCacheOptions, OnFull, Policy};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), plumego_store::cache::CacheError> {
/// let mut options = MemoryCacheOptions::default();
/// options.max_entries = Some(1_000);
/// options.on_full = OnFull::Evict(Policy::Lru);
/// let cache = MemoryCache::with_options(options)?;
/// cache.set("k", "v".into(), Ttl::Default).await?;
/// assert_eq!(cache.stats().entries, 1);
/// # Ok(())
/// # }
/// ```
pub struct MemoryCache {
    shared: Arc<Shared>,
    sweeper: Sweeper,
}

struct Shared {
    map: Map<Box<str>, Entry>,
    stripes: [Mutex<()>; STRIPES],
    options: MemoryCacheOptions,
    usage: Arc<Usage>,
    counters: Counters,
    closed: AtomicBool,
}

/// A value, and when it ends. Cheap to clone.
#[derive(Clone)]
struct Entry {
    value: Bytes,
    deadline: Option<Instant>,
}

impl Entry {
    /// Whether it has expired; the clock is only read if it can.
    fn is_expired(&self, now: impl FnOnce() -> Instant) -> bool {
        self.deadline.is_some_and(|deadline| now() >= deadline)
    }
}

fn weight(key: &str, value: &Bytes) -> u64 {
    key.len() as u64 + value.len() as u64 + ENTRY_OVERHEAD_BYTES
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryCache {
    /// An empty cache with the default bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::unchecked(MemoryCacheOptions::default())
    }

    /// An empty cache.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` if it could not hold anything, or nothing for any time.
    pub fn with_options(options: MemoryCacheOptions) -> CacheResult<Self> {
        options.check()?;
        Ok(Self::unchecked(options))
    }

    fn unchecked(options: MemoryCacheOptions) -> Self {
        let usage = Arc::new(Usage::default());
        let shared = Arc::new(Shared {
            map: build(&options, &usage),
            stripes: [const { Mutex::new(()) }; STRIPES],
            usage,
            counters: Counters::default(),
            closed: AtomicBool::new(false),
            options,
        });
        Self {
            shared,
            sweeper: Sweeper::default(),
        }
    }

    /// What it counts, as of now. Changes nothing, and works after the cache
    /// was closed.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let shared = &*self.shared;
        shared
            .counters
            .snapshot(&shared.usage, shared.closed.load(Acquire))
    }

    /// Carries out evictions that are due. They are carried out anyway, a few
    /// at a time, while the cache is used.
    pub fn settle(&self) {
        self.shared.map.run_pending_tasks();
    }

    /// Removes every entry that has expired; how many.
    pub fn purge_expired(&self) -> u64 {
        self.shared.purge_expired()
    }

    /// A write, unless the cache is closed.
    fn write<T>(&self, key: &str, work: impl FnOnce(&Shared) -> CacheResult<T>) -> CacheResult<T> {
        let shared = &*self.shared;
        shared.check(key)?;
        let _alone = shared.lock(key);
        shared.check_open()?;
        work(shared)
    }

    /// Stores an entry. The key is locked, and `old` is what it has.
    fn store(&self, key: &str, entry: Entry, old: Option<&Entry>) -> CacheResult<()> {
        let expires = entry.deadline.is_some();
        self.shared.store(key, entry, old)?;
        if expires {
            self.sweeper.start(&self.shared);
        }
        Ok(())
    }

    /// Stores an entry, making room if that is the way.
    fn set_entry(&self, key: &str, value: &Bytes, ttl: Ttl) -> CacheResult<()> {
        let set = || {
            self.write(key, |shared| {
                let entry = shared.entry(value.clone(), ttl)?;
                // Only a cache that refuses counts before it stores.
                let old = shared.may_purge().then(|| shared.map.get(key)).flatten();
                self.store(key, entry, old.as_ref())
            })
        };
        match set() {
            Err(CacheError::Full { .. }) if self.shared.may_purge() => {
                self.shared.purge_expired();
                set()
            }
            done => done,
        }
        .inspect_err(|error| self.shared.note(error))
    }

    /// Decides about a key by what it has, and stores what `decide` says:
    /// nothing, if it says `None`.
    fn update<T>(
        &self,
        key: &str,
        decide: impl FnOnce(&Shared, Option<&Entry>) -> CacheResult<(Option<Entry>, T)>,
    ) -> CacheResult<T> {
        let done = self.write(key, |shared| {
            let old = shared.map.get(key);
            let live = old.as_ref().filter(|old| !old.is_expired(|| shared.now()));
            let (new, answer) = decide(shared, live)?;
            if let Some(new) = new {
                self.store(key, new, old.as_ref())?;
            }
            Ok(answer)
        });
        done.inspect_err(|error| self.shared.note(error))
    }
}

/// The map of moka that keeps the entries.
#[expect(
    clippy::borrowed_box,
    reason = "moka gives a reference to the key as it is stored"
)]
fn build(options: &MemoryCacheOptions, usage: &Arc<Usage>) -> Map<Box<str>, Entry> {
    let usage = Arc::clone(usage);
    let builder =
        Map::builder().eviction_listener(move |key: Arc<Box<str>>, entry: Entry, cause| {
            usage.remove(weight(&key, &entry.value), cause == RemovalCause::Size);
        });
    let OnFull::Evict(policy) = options.on_full else {
        return builder.build();
    };
    let policy = match policy {
        Policy::TinyLfu => EvictionPolicy::tiny_lfu(),
        Policy::Lru => EvictionPolicy::lru(),
    };
    let builder = builder.eviction_policy(policy);
    // What does not fit into 32 bits weighs that much; a single entry of 4 GiB
    // is beyond what this cache is for.
    let clip = |weight: u64| u32::try_from(weight).unwrap_or(u32::MAX);
    match (options.max_bytes, options.max_entries) {
        (None, None) => builder.build(),
        (None, Some(entries)) => builder.max_capacity(entries).build(),
        (Some(bytes), None) => builder
            .max_capacity(bytes)
            .weigher(move |key: &Box<str>, entry: &Entry| clip(weight(key, &entry.value)))
            .build(),
        (Some(bytes), Some(entries)) => {
            // Both bounds hold if every entry takes its share of the bytes.
            let share = bytes.div_ceil(entries);
            let weigh =
                move |key: &Box<str>, entry: &Entry| clip(weight(key, &entry.value).max(share));
            builder.max_capacity(bytes).weigher(weigh).build()
        }
    }
}

impl Shared {
    fn now(&self) -> Instant {
        self.options.clock.instant()
    }

    fn check(&self, key: &str) -> CacheResult<()> {
        Ok(check_key(key, self.options.max_key_length)?)
    }

    fn check_open(&self) -> CacheResult<()> {
        if self.closed.load(Acquire) {
            return Err(CacheError::Closed);
        }
        Ok(())
    }

    fn stripe(&self, key: &str) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        // The remainder is below the number of stripes.
        &self.stripes[(hasher.finish() % STRIPES as u64) as usize]
    }

    /// Waits until nobody else writes to the key.
    fn lock(&self, key: &str) -> MutexGuard<'_, ()> {
        self.stripe(key)
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, value: Bytes, ttl: Ttl) -> CacheResult<Entry> {
        let lifetime = ttl.check()?.resolve(self.options.default_ttl);
        Ok(Entry {
            value,
            deadline: self.deadline(lifetime),
        })
    }

    /// A lifetime beyond what the clock can say is forever.
    fn deadline(&self, lifetime: Option<Duration>) -> Option<Instant> {
        lifetime.and_then(|lifetime| self.now().checked_add(lifetime))
    }

    /// The live value of a key; an expired one is removed if that takes no
    /// waiting.
    fn find(&self, key: &str) -> Option<Entry> {
        let entry = self.map.get(key)?;
        if !entry.is_expired(|| self.now()) {
            return Some(entry);
        }
        if let Ok(_alone) = self.stripe(key).try_lock() {
            self.remove_if_expired(key);
        }
        None
    }

    /// Removes an entry that has expired and was not replaced meanwhile. The
    /// key is locked.
    fn remove_if_expired(&self, key: &str) -> bool {
        let expired = self
            .map
            .get(key)
            .is_some_and(|entry| entry.is_expired(|| self.now()));
        if expired {
            self.map.invalidate(key);
            self.counters.expirations.fetch_add(1, Relaxed);
        }
        expired
    }

    fn purge_expired(&self) -> u64 {
        let mut purged = 0;
        for (key, entry) in &self.map {
            if entry.is_expired(|| self.now()) {
                let _alone = self.lock(&key);
                purged += u64::from(self.remove_if_expired(&key));
            }
        }
        purged
    }

    /// Whether a full cache may have expired entries that take up room.
    fn may_purge(&self) -> bool {
        matches!(self.options.on_full, OnFull::Reject)
    }

    fn store(&self, key: &str, entry: Entry, old: Option<&Entry>) -> CacheResult<()> {
        let new = weight(key, &entry.value);
        if let Some(limit) = self.options.max_bytes
            && new > limit
        {
            return Err(CacheError::Full { needed: new, limit });
        }
        let replaced = old.map(|old| weight(key, &old.value));
        match self.options.on_full {
            OnFull::Evict(_) => self.usage.add(new),
            OnFull::Reject => self.usage.reserve(new, replaced, &self.options)?,
        }
        // The listener gives back what the old entry took.
        self.map.insert(key.into(), entry);
        Ok(())
    }

    fn note(&self, error: &CacheError) {
        if matches!(error, CacheError::Full { .. }) {
            self.counters.rejected.fetch_add(1, Relaxed);
        }
    }

    /// Removes everything. A key that is written meanwhile may stay.
    fn clear(&self) {
        for (key, _) in &self.map {
            let _alone = self.lock(&key);
            self.map.invalidate(&*key);
        }
    }

    fn close(&self) {
        self.closed.store(true, SeqCst);
        // Whoever writes has a stripe, and whoever comes after sees the flag.
        for stripe in &self.stripes {
            drop(stripe.lock().unwrap_or_else(PoisonError::into_inner));
        }
        self.clear();
        self.map.run_pending_tasks();
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache")
            .field("options", &self.shared.options)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
