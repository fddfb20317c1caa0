//! What loading takes and gives.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::cache::CacheError;

/// How values are loaded and kept.
///
/// ```
/// use std::time::Duration;
/// use plumego_store::cache::LoadOptions;
///
/// // Fresh for a minute; refreshed in the background after fifty seconds; and
/// // served up to an hour longer while loading fails.
/// let options = LoadOptions::new(Duration::from_secs(60))
///     .soft_ttl(Duration::from_secs(50))
///     .stale_on_error(Duration::from_secs(3_600));
/// # drop(options);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LoadOptions {
    /// How long a value is fresh; `None` is forever.
    pub ttl: Option<Duration>,
    /// After how long it is refreshed in the background, while it is still
    /// served.
    pub soft_ttl: Option<Duration>,
    /// By which part lifetimes vary in both directions, so that what was
    /// loaded together does not expire together. 0.1 unless set; at most 1.
    pub jitter: f64,
    /// How long it is remembered that there is no value. It is not, unless
    /// set.
    pub negative_ttl: Option<Duration>,
    /// How long beyond its time a value is served while loading fails.
    pub stale_on_error: Option<Duration>,
    /// How long to wait for somebody else who loads the value. 5 s unless set.
    pub wait_timeout: Duration,
    /// How long one process may keep the others from loading; they all load
    /// unless set. Needs a cache that is [`conditional`](crate::cache::Cache::conditional).
    pub lease: Option<Duration>,
}

impl LoadOptions {
    /// Values that are fresh for `ttl`.
    #[must_use]
    pub const fn new(ttl: Duration) -> Self {
        Self {
            ttl: Some(ttl),
            ..Self::forever()
        }
    }

    /// Values that are fresh until they are removed.
    #[must_use]
    pub const fn forever() -> Self {
        Self {
            ttl: None,
            soft_ttl: None,
            jitter: 0.1,
            negative_ttl: None,
            stale_on_error: None,
            wait_timeout: Duration::from_secs(5),
            lease: None,
        }
    }

    /// After how long a value is refreshed in the background.
    #[must_use]
    pub const fn soft_ttl(mut self, soft_ttl: Duration) -> Self {
        self.soft_ttl = Some(soft_ttl);
        self
    }

    /// By which part lifetimes vary.
    #[must_use]
    pub const fn jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// How long it is remembered that there is no value.
    #[must_use]
    pub const fn negative_ttl(mut self, negative_ttl: Duration) -> Self {
        self.negative_ttl = Some(negative_ttl);
        self
    }

    /// How long beyond its time a value is served while loading fails.
    #[must_use]
    pub const fn stale_on_error(mut self, stale: Duration) -> Self {
        self.stale_on_error = Some(stale);
        self
    }

    /// How long to wait for somebody else.
    #[must_use]
    pub const fn wait_timeout(mut self, wait_timeout: Duration) -> Self {
        self.wait_timeout = wait_timeout;
        self
    }

    /// How long one process may keep the others from loading.
    #[must_use]
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease);
        self
    }
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadedFrom {
    /// The cache, fresh.
    Cache,
    /// The cache, beyond its time: it is being refreshed, or could not be.
    Stale,
    /// This call loaded it.
    Load,
    /// Another call of this process loaded it meanwhile.
    Shared,
}

/// A value, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// The value; `None` if the loader found nothing.
    pub value: Option<Bytes>,
    /// Where it came from.
    pub from: LoadedFrom,
}

/// Why there is no value.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The loader failed. Everybody who waited for it gets the same error.
    #[error("cache: loading failed: {0}")]
    Load(Arc<dyn std::error::Error + Send + Sync>),
    /// Somebody else has been loading the value for too long.
    #[error("cache: nobody loaded the value in time")]
    WaitTimeout,
    /// The cache failed, and the value was not loaded.
    #[error("cache: {0}")]
    Cache(Arc<CacheError>),
}

impl From<CacheError> for LoadError {
    fn from(error: CacheError) -> Self {
        Self::Cache(Arc::new(error))
    }
}

/// What a [`LoadingCache`](crate::cache::LoadingCache) counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadingStats {
    /// Answers from the cache, stale ones included.
    pub hits: u64,
    /// Loads that were begun.
    pub loads: u64,
    /// Loads that failed.
    pub load_errors: u64,
    /// Answers that another call had loaded.
    pub shared: u64,
    /// Answers beyond their time.
    pub stale: u64,
    /// Callers that wait for another one, now.
    pub waiting: u64,
    /// Callers that waited for too long.
    pub wait_timeouts: u64,
    /// Values that were not written by a loading cache, and were loaded anew.
    pub foreign: u64,
}
