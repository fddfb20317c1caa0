//! A cache that loads what it does not have, once.

mod flight;
mod header;
mod options;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bytes::Bytes;
use plumego_contract::{Clock, SystemClock};
use tokio::runtime::Handle;

use self::flight::{Flights, Leader, Place};
use self::header::{Envelope, Freshness};
pub use self::options::{LoadError, LoadOptions, Loaded, LoadedFrom, LoadingStats};
use super::{Cache, CacheError};
use crate::{BoxError, Ttl};

/// How often somebody who waits for another process looks again.
const LEASE_POLL: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
struct Counters {
    hits: AtomicU64,
    loads: AtomicU64,
    load_errors: AtomicU64,
    shared: AtomicU64,
    stale: AtomicU64,
    waiting: AtomicU64,
    wait_timeouts: AtomicU64,
    foreign: AtomicU64,
}

/// A caller that waits, for as long as it does.
struct Waiting<'c>(&'c AtomicU64);

impl<'c> Waiting<'c> {
    fn new(count: &'c AtomicU64) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Any cache, with loading: however many callers miss a key at one time, one
/// of them loads it, and the others get what it got.
///
/// If that one is given up or panics, the next in line loads. Keys are read
/// through the loading cache alone, since it writes a header before each
/// value; a value without one is loaded anew.
///
/// ```
/// use std::time::Duration;
/// use plumego_store::cache::{LoadError, LoadOptions, LoadingCache, MemoryCache};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), LoadError> {
/// let cache = LoadingCache::new(MemoryCache::new());
/// let options = LoadOptions::new(Duration::from_secs(60));
/// let load = || async { Ok::<_, std::io::Error>(Some("expensive".into())) };
/// let loaded = cache.get_or_load("report/17", &options, load).await?;
/// assert_eq!(loaded.value.as_deref(), Some(&b"expensive"[..]));
/// # Ok(())
/// # }
/// ```
pub struct LoadingCache<C: Cache> {
    inner: Arc<Inner<C>>,
}

struct Inner<C> {
    cache: C,
    clock: Arc<dyn Clock>,
    flights: Arc<Flights>,
    counters: Counters,
}

impl<C: Cache> Clone for LoadingCache<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<C: Cache> LoadingCache<C> {
    /// Loading through a cache.
    #[must_use]
    pub fn new(cache: C) -> Self {
        Self::with_clock(cache, Arc::new(SystemClock))
    }

    /// Loading through a cache, with this time. Whether a value is fresh is
    /// told by the wall clock, which processes share.
    #[must_use]
    pub fn with_clock(cache: C, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: Arc::new(Inner {
                cache,
                clock,
                flights: Arc::default(),
                counters: Counters::default(),
            }),
        }
    }

    /// The cache beneath, for what has nothing to do with loading.
    #[must_use]
    pub fn cache(&self) -> &C {
        &self.inner.cache
    }

    /// Removes a value; true if there was one.
    ///
    /// # Errors
    ///
    /// As [`Cache::delete`].
    pub async fn invalidate(&self, key: &str) -> Result<bool, CacheError> {
        self.inner.cache.delete(key).await
    }

    /// What it counts.
    #[must_use]
    pub fn stats(&self) -> LoadingStats {
        let counters = &self.inner.counters;
        LoadingStats {
            hits: counters.hits.load(Relaxed),
            loads: counters.loads.load(Relaxed),
            load_errors: counters.load_errors.load(Relaxed),
            shared: counters.shared.load(Relaxed),
            stale: counters.stale.load(Relaxed),
            waiting: counters.waiting.load(Relaxed),
            wait_timeouts: counters.wait_timeouts.load(Relaxed),
            foreign: counters.foreign.load(Relaxed),
        }
    }

    /// The value of a key: from the cache, or what `load` gives, which is then
    /// kept. `load` is called at most once, and perhaps in the background; a
    /// result of `None` means that there is nothing.
    ///
    /// # Errors
    ///
    /// `Load` with the error of whoever loaded, `WaitTimeout`, or `Cache` if
    /// the cache cannot be read. What was loaded is returned even if it cannot
    /// be kept.
    pub async fn get_or_load<F, Fut, E>(
        &self,
        key: &str,
        options: &LoadOptions,
        load: F,
    ) -> Result<Loaded, LoadError>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<Bytes>, E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        let inner = &self.inner;
        let mut found = inner.look(key).await?;
        if let Some((envelope, Freshness::Fresh)) = found {
            // The time is not asked for when nobody has to wait.
            return Ok(inner.hit(envelope));
        }
        let until = Instant::now() + options.wait_timeout;
        let mut load = Some(load);
        loop {
            match found {
                Some((envelope, Freshness::Fresh)) => return Ok(inner.hit(envelope)),
                Some((envelope, Freshness::Soft)) => {
                    self.refresh(key, options, &mut load);
                    inner.counters.stale.fetch_add(1, Relaxed);
                    return Ok(inner.hit(envelope).stale());
                }
                _ => {}
            }
            // Beyond its time; only good if loading fails.
            let stale = found.map(|(envelope, _)| envelope);
            match inner.flights.join(key) {
                Place::Leader(leader) => {
                    // Without a loader: it went into the background, where
                    // it is loaded.
                    if let Some(load) = load.take() {
                        return inner.lead(key, options, leader, load, stale, until).await;
                    }
                }
                Place::Waiter(mut waiter) => {
                    let left = until.saturating_duration_since(Instant::now());
                    let _waiting = Waiting::new(&inner.counters.waiting);
                    match tokio::time::timeout(left, waiter.wait()).await {
                        Ok(Some(outcome)) => return inner.share(outcome, stale),
                        // The leader is gone: somebody else leads.
                        Ok(None) => {}
                        Err(_) => {
                            inner.counters.wait_timeouts.fetch_add(1, Relaxed);
                            return inner.fall_back(stale, LoadError::WaitTimeout);
                        }
                    }
                }
            }
            found = inner.look(key).await?;
        }
    }

    /// Loads in the background, unless somebody is loading already.
    fn refresh<F, Fut, E>(&self, key: &str, options: &LoadOptions, load: &mut Option<F>)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<Bytes>, E>> + Send + 'static,
        E: Into<BoxError> + 'static,
    {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let Place::Leader(leader) = self.inner.flights.join(key) else {
            return;
        };
        let Some(load) = load.take() else {
            return;
        };
        let (inner, key, options) = (Arc::clone(&self.inner), key.to_owned(), options.clone());
        runtime.spawn(async move {
            let until = Instant::now() + options.wait_timeout;
            // Whoever waits is told; the next call tries again after an error.
            drop(inner.lead(&key, &options, leader, load, None, until).await);
        });
    }
}

impl Loaded {
    fn stale(self) -> Self {
        Self {
            from: LoadedFrom::Stale,
            ..self
        }
    }
}

/// What a load came to, for everybody who waits.
type Outcome = Result<Option<Bytes>, LoadError>;

impl<C: Cache> Inner<C> {
    /// What the cache has. What was not written here is as good as nothing.
    async fn look(&self, key: &str) -> Result<Option<(Envelope, Freshness)>, CacheError> {
        let Some(stored) = self.cache.get(key).await? else {
            return Ok(None);
        };
        let Some(envelope) = Envelope::decode(&stored) else {
            self.counters.foreign.fetch_add(1, Relaxed);
            return Ok(None);
        };
        let freshness = envelope.freshness(self.clock.now());
        Ok(Some((envelope, freshness)))
    }

    fn hit(&self, envelope: Envelope) -> Loaded {
        self.counters.hits.fetch_add(1, Relaxed);
        Loaded {
            value: envelope.value,
            from: LoadedFrom::Cache,
        }
    }

    fn share(&self, outcome: Outcome, stale: Option<Envelope>) -> Result<Loaded, LoadError> {
        match outcome {
            Ok(value) => {
                self.counters.shared.fetch_add(1, Relaxed);
                Ok(Loaded {
                    value,
                    from: LoadedFrom::Shared,
                })
            }
            Err(error) => self.fall_back(stale, error),
        }
    }

    /// What is beyond its time, rather than an error.
    fn fall_back(&self, stale: Option<Envelope>, error: LoadError) -> Result<Loaded, LoadError> {
        let Some(stale) = stale else {
            return Err(error);
        };
        self.counters.stale.fetch_add(1, Relaxed);
        Ok(self.hit(stale).stale())
    }

    async fn lead<F, Fut, E>(
        &self,
        key: &str,
        options: &LoadOptions,
        leader: Leader,
        load: F,
        stale: Option<Envelope>,
        until: Instant,
    ) -> Result<Loaded, LoadError>
    where
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = Result<Option<Bytes>, E>> + Send,
        E: Into<BoxError>,
    {
        // Between the look and the lead somebody may have loaded it.
        if let Some((envelope, Freshness::Fresh)) = self.look(key).await? {
            leader.finish(Ok(envelope.value.clone()));
            return Ok(self.hit(envelope));
        }
        let lease = match options.lease {
            Some(lease) => match self.take_lease(key, lease, until).await? {
                Lease::Loaded(envelope) => {
                    leader.finish(Ok(envelope.value.clone()));
                    return Ok(self.hit(envelope));
                }
                Lease::Taken(token) => Some(token),
                Lease::None => None,
            },
            None => None,
        };
        self.counters.loads.fetch_add(1, Relaxed);
        let loaded = load()
            .await
            .map_err(|error| LoadError::Load(error.into().into()));
        if let Ok(value) = &loaded {
            self.keep(key, options, value.as_ref()).await;
        }
        self.release_lease(key, lease).await;
        leader.finish(loaded.clone());
        match loaded {
            Ok(value) => Ok(Loaded {
                value,
                from: LoadedFrom::Load,
            }),
            Err(error) => {
                self.counters.load_errors.fetch_add(1, Relaxed);
                self.fall_back(stale, error)
            }
        }
    }

    /// Keeps a value; whoever asked has it, even if that fails.
    async fn keep(&self, key: &str, options: &LoadOptions, value: Option<&Bytes>) {
        let vary = jitter(options.jitter);
        let vary = |lifetime: Duration| lifetime.mul_f64(vary).max(Duration::from_millis(1));
        let (fresh, soft) = match value {
            Some(_) => (options.ttl.map(vary), options.soft_ttl.map(vary)),
            None => match options.negative_ttl {
                Some(negative) => (Some(vary(negative)), None),
                None => {
                    // Whatever is there is known to be wrong.
                    drop(self.cache.delete(key).await);
                    return;
                }
            },
        };
        let envelope = Envelope::new(value.cloned(), self.clock.now(), soft, fresh);
        let beyond = match value {
            Some(_) => options.stale_on_error.unwrap_or_default(),
            None => Duration::ZERO,
        };
        let ttl = fresh.map_or(Ttl::Never, |fresh| Ttl::After(fresh.saturating_add(beyond)));
        drop(self.cache.set(key, envelope.encode(), ttl).await);
    }

    /// Takes the lease of a key, or waits until whoever has it has loaded the
    /// value, or had the time to.
    async fn take_lease(
        &self,
        key: &str,
        lease: Duration,
        until: Instant,
    ) -> Result<Lease, CacheError> {
        let Some(conditional) = self.cache.conditional() else {
            return Err(CacheError::CapabilityUnsupported("conditional"));
        };
        let mut token = [0; 16];
        if getrandom::fill(&mut token).is_err() {
            return Ok(Lease::None);
        }
        let token = Bytes::copy_from_slice(&token);
        loop {
            if conditional.acquire_lease(key, token.clone(), lease).await? {
                // Whoever had it before may have loaded the value.
                return Ok(match self.look(key).await? {
                    Some((envelope, Freshness::Fresh)) => {
                        self.release_lease(key, Some(token)).await;
                        Lease::Loaded(envelope)
                    }
                    _ => Lease::Taken(token),
                });
            }
            if Instant::now() >= until {
                // One load too many harms nobody.
                return Ok(Lease::None);
            }
            tokio::time::sleep(LEASE_POLL).await;
            if let Some((envelope, Freshness::Fresh)) = self.look(key).await? {
                return Ok(Lease::Loaded(envelope));
            }
        }
    }

    async fn release_lease(&self, key: &str, token: Option<Bytes>) {
        if let (Some(token), Some(conditional)) = (token, self.cache.conditional()) {
            // It runs out anyway.
            drop(conditional.release_lease(key, token).await);
        }
    }
}

enum Lease {
    /// It is ours.
    Taken(Bytes),
    /// It is somebody else's, and has been for too long.
    None,
    /// Somebody else had it, and this is what they loaded.
    Loaded(Envelope),
}

/// A factor between `1 - part` and `1 + part`.
fn jitter(part: f64) -> f64 {
    let part = if part.is_finite() {
        part.clamp(0.0, 1.0)
    } else {
        0.0
    };
    // 53 random bits are a fraction that a float holds exactly.
    let random = getrandom::u64().unwrap_or(1 << 63) >> 11;
    let unit = random as f64 / (1_u64 << 53) as f64;
    1.0 + part * (2.0 * unit - 1.0)
}

impl<C: Cache> fmt::Debug for LoadingCache<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadingCache")
            .field("cache", &self.inner.cache)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_in_its_range() {
        for part in [0.0, 0.1, 0.5, 1.0, 7.0, -1.0, f64::NAN, f64::INFINITY] {
            let most = if part.is_finite() {
                part.clamp(0.0, 1.0)
            } else {
                0.0
            };
            let factors: Vec<_> = (0..2_000).map(|_| jitter(part)).collect();
            let inside = |factor: &f64| (1.0 - most..=1.0 + most).contains(factor);
            assert!(factors.iter().all(inside), "{part}");
            let spread = factors
                .iter()
                .fold(0.0_f64, |most, f| most.max((f - 1.0).abs()));
            assert!(spread >= most * 0.8, "{part} varies by {spread} only");
        }
    }
}
