//! A store in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use plumego_contract::{Clock, SystemClock};

use super::apply::{Capacity, Command, Draft, Limits, Outcome, Stored, Totals, apply, weight};
use super::record::{Nanos, nanos, system_time};
use super::{
    DurabilityClass, KvError, KvResult, KvStats, KvStore, Lookup, ScanEntry, ScanPage, ScanRequest,
    WriteBatch,
};
use crate::{BoxFuture, Ttl, check_key};

/// How a [`MemoryKv`] is bounded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MemoryKvOptions {
    /// Most entries. 100 000 unless set.
    pub max_entries: u64,
    /// Most bytes of keys and values, and 64 for each entry. 200 MiB unless
    /// set.
    pub max_memory: u64,
    /// Longest key, in bytes, at most 64 KiB. 1 024 unless set.
    pub max_key_length: usize,
    /// What a full store does.
    pub capacity: Capacity,
    /// Where it reads the time.
    pub clock: Arc<dyn Clock>,
}

impl Default for MemoryKvOptions {
    fn default() -> Self {
        Self {
            max_entries: 100_000,
            max_memory: 200 << 20,
            max_key_length: 1_024,
            capacity: Capacity::Reject,
            clock: Arc::new(SystemClock),
        }
    }
}

/// A store whose entries end with the process: for tests, and for what may be
/// lost.
///
/// ```
/// use plumego_store::Ttl;
/// use plumego_store::kv::{KvStore, MemoryKv};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), plumego_store::kv::KvError> {
/// let store = MemoryKv::new();
/// store.set("greeting", "hello".into(), Ttl::Never).await?;
/// assert_eq!(store.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
/// # Ok(())
/// # }
/// ```
pub struct MemoryKv {
    state: Mutex<State>,
    limits: Limits,
    max_key_length: usize,
    clock: Arc<dyn Clock>,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Default)]
struct State {
    entries: BTreeMap<String, Stored>,
    expiry: BTreeSet<(Nanos, String)>,
    versions: BTreeMap<u64, String>,
    bytes: u64,
    last_version: u64,
    evictions: u64,
    commits: u64,
    closed: bool,
}

impl Default for MemoryKv {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryKv {
    /// An empty store with the default bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::unchecked(MemoryKvOptions::default())
    }

    /// An empty store.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` for a bound of zero or a key length out of range.
    pub fn with_options(options: MemoryKvOptions) -> KvResult<Self> {
        super::check_bounds(
            options.max_entries,
            options.max_memory,
            options.max_key_length,
        )?;
        Ok(Self::unchecked(options))
    }

    fn unchecked(options: MemoryKvOptions) -> Self {
        Self {
            state: Mutex::default(),
            limits: Limits {
                max_entries: options.max_entries,
                max_memory: options.max_memory,
                capacity: options.capacity,
            },
            max_key_length: options.max_key_length,
            clock: options.clock,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    fn now(&self) -> Nanos {
        nanos(self.clock.now())
    }

    /// The state; an operation that panicked left it whole, since changes
    /// cannot fail half-way here.
    fn state(&self) -> KvResult<MutexGuard<'_, State>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(KvError::Closed);
        }
        Ok(state)
    }

    fn find(&self, key: &str) -> KvResult<Lookup> {
        check_key(key, self.max_key_length)?;
        let state = self.state()?;
        let found = state.entries.get(key).map_or(Lookup::Missing, |stored| {
            let now = self.now();
            match stored.meta.expires_at {
                Some(at) if now >= at => Lookup::Expired {
                    at: system_time(at),
                },
                expires_at => Lookup::Found {
                    value: stored.value.clone(),
                    expires_at: expires_at.map(system_time),
                    updated_at: system_time(stored.meta.updated_at),
                },
            }
        });
        let counter = match found {
            Lookup::Found { .. } => &self.hits,
            Lookup::Expired { .. } | Lookup::Missing => &self.misses,
        };
        counter.fetch_add(1, Relaxed);
        Ok(found)
    }

    fn change(&self, command: Command) -> KvResult<Outcome> {
        let mut state = self.state()?;
        let outcome = apply(&mut *state, command, &self.limits, self.now())?;
        state.evictions += outcome.evicted;
        state.commits += u64::from(outcome.changed);
        Ok(outcome)
    }

    fn page(&self, request: &ScanRequest<'_>) -> KvResult<ScanPage> {
        request.check(self.max_key_length)?;
        let state = self.state()?;
        let now = self.now();
        let start = match request.after {
            Some(after) if after >= request.prefix => Bound::Excluded(after),
            _ => Bound::Included(request.prefix),
        };
        let mut live = state
            .entries
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(request.prefix))
            .filter(|(_, stored)| !stored.meta.is_expired(now));
        let entries = live
            .by_ref()
            .take(request.limit)
            .map(|(key, stored)| ScanEntry {
                key: key.clone(),
                value: request.with_values.then(|| stored.value.clone()),
                expires_at: stored.meta.expires_at.map(system_time),
            })
            .collect();
        let more = live.next().is_some();
        Ok(ScanPage { entries, more })
    }

    /// Live entries, their bytes, and how many have expired.
    fn live(&self, state: &State) -> (Totals, u64) {
        let now = self.now();
        let mut totals = state.totals_now();
        let mut expired = 0;
        for (_, key) in state.expiry.iter().take_while(|(at, _)| now >= *at) {
            expired += 1;
            let value = state
                .entries
                .get(key)
                .map_or(0, |stored| stored.value.len());
            totals.bytes = totals.bytes.saturating_sub(weight(key, value));
        }
        totals.entries -= expired;
        (totals, expired)
    }
}

impl State {
    fn totals_now(&self) -> Totals {
        Totals {
            entries: self.entries.len() as u64,
            bytes: self.bytes,
        }
    }

    fn unlink(&mut self, key: &str, old: &Stored) {
        self.bytes -= weight(key, old.value.len());
        self.versions.remove(&old.meta.version);
        if let Some(at) = old.meta.expires_at {
            self.expiry.remove(&(at, key.to_owned()));
        }
    }
}

impl Draft for State {
    fn get(&self, key: &str) -> KvResult<Option<Stored>> {
        Ok(self.entries.get(key).cloned())
    }

    fn put(&mut self, key: &str, new: &Stored, old: Option<&Stored>) -> KvResult<()> {
        if let Some(old) = old {
            self.unlink(key, old);
        }
        self.bytes += weight(key, new.value.len());
        self.versions.insert(new.meta.version, key.to_owned());
        if let Some(at) = new.meta.expires_at {
            self.expiry.insert((at, key.to_owned()));
        }
        self.entries.insert(key.to_owned(), new.clone());
        Ok(())
    }

    fn remove(&mut self, key: &str, old: &Stored) -> KvResult<()> {
        self.unlink(key, old);
        self.entries.remove(key);
        Ok(())
    }

    fn totals(&self) -> KvResult<Totals> {
        Ok(self.totals_now())
    }

    fn expired(&self, now: Nanos, limit: usize) -> KvResult<Vec<String>> {
        let expired = self.expiry.iter().take_while(|(at, _)| now >= *at);
        Ok(expired.take(limit).map(|(_, key)| key.clone()).collect())
    }

    fn oldest(&mut self, limit: usize) -> KvResult<Vec<String>> {
        Ok(self.versions.values().take(limit).cloned().collect())
    }

    fn next_version(&mut self) -> u64 {
        self.last_version += 1;
        self.last_version
    }
}

/// Nothing here waits, but nothing is done before the future is polled.
fn soon<'a, T: Send + 'a>(work: impl FnOnce() -> T + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(async move { work() })
}

impl KvStore for MemoryKv {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<Option<Bytes>>> {
        soon(|| Ok(self.find(key)?.into_value()))
    }

    fn lookup<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<Lookup>> {
        soon(|| self.find(key))
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Ttl) -> BoxFuture<'a, KvResult<()>> {
        soon(move || {
            let command = super::set_command(key, value, ttl, self.max_key_length)?;
            self.change(command).map(drop)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<bool>> {
        soon(|| {
            check_key(key, self.max_key_length)?;
            let key = key.to_owned();
            Ok(self.change(Command::Delete { key })?.flag)
        })
    }

    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<bool>> {
        soon(|| Ok(matches!(self.find(key)?, Lookup::Found { .. })))
    }

    fn scan<'a>(&'a self, request: ScanRequest<'a>) -> BoxFuture<'a, KvResult<ScanPage>> {
        soon(move || self.page(&request))
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        ttl: Ttl,
    ) -> BoxFuture<'a, KvResult<bool>> {
        self.compare_and_swap(key, None, Some(value), ttl)
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Bytes>,
        value: Option<Bytes>,
        ttl: Ttl,
    ) -> BoxFuture<'a, KvResult<bool>> {
        soon(move || {
            let command = super::swap_command(key, expected, value, ttl, self.max_key_length)?;
            Ok(self.change(command)?.flag)
        })
    }

    fn write<'a>(&'a self, batch: WriteBatch) -> BoxFuture<'a, KvResult<()>> {
        soon(move || {
            batch.check(self.max_key_length)?;
            self.change(Command::Write(batch)).map(drop)
        })
    }

    fn len<'a>(&'a self) -> BoxFuture<'a, KvResult<u64>> {
        soon(|| Ok(self.live(&*self.state()?).0.entries))
    }

    fn stats<'a>(&'a self) -> BoxFuture<'a, KvResult<KvStats>> {
        soon(|| {
            let state = self.state()?;
            let (live, expired) = self.live(&state);
            let mut stats = KvStats {
                entries: live.entries,
                memory_usage: live.bytes,
                expired,
                evictions: state.evictions,
                commits: state.commits,
                group_commit_mean: if state.commits == 0 { 0.0 } else { 1.0 },
                ..KvStats::default()
            };
            stats.set_reads(self.hits.load(Relaxed), self.misses.load(Relaxed));
            Ok(stats)
        })
    }

    fn durability(&self) -> DurabilityClass {
        DurabilityClass::Volatile
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, KvResult<()>> {
        soon(|| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            *state = State {
                closed: true,
                ..State::default()
            };
            Ok(())
        })
    }
}

impl fmt::Debug for MemoryKv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryKv")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
