//! Caches: the contract, one in memory, and what is built on any.
//!
//! A cache keeps bytes under keys for a while, and may forget any of them at
//! any time. What must not be forgotten belongs into a
//! [`KvStore`](crate::kv::KvStore).
//!
//! ```
//! use plumego_store::Ttl;
//! use plumego_store::cache::{Cache, CacheError, CacheExt, MemoryCache};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), CacheError> {
//! let cache = MemoryCache::new();
//! cache.set("greeting", "hello".into(), Ttl::After(Duration::from_secs(60))).await?;
//! assert_eq!(cache.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
//!
//! // What not every cache can do is asked for first.
//! let counters = cache.require_counters()?;
//! assert_eq!(counters.incr("visits", 2).await?, 2);
//! # Ok(())
//! # }
//! ```

mod error;
mod loading;
mod memory;
mod typed;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

pub use error::CacheError;
pub use loading::{LoadError, LoadOptions, Loaded, LoadedFrom, LoadingCache, LoadingStats};
pub use memory::{CacheStats, MemoryCache, MemoryCacheOptions, OnFull, Policy};
pub use typed::{Codec, TypedCache, TypedStats};

use crate::{BoxFuture, Ttl};

/// What an operation of a cache gives.
pub type CacheResult<T> = Result<T, CacheError>;

/// A cache of bytes.
///
/// Every operation checks its keys, those that read as well. An expired entry
/// is absent. A value that was given or returned does not change afterwards.
/// When the backend is down that is `Unavailable`, never a miss.
pub trait Cache: Send + Sync + fmt::Debug + 'static {
    /// The value of a key.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<Option<Bytes>>>;

    /// Stores a value and its lifetime, replacing both.
    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Ttl) -> BoxFuture<'a, CacheResult<()>>;

    /// Removes a key; true if it had a value.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<bool>>;

    /// Whether a key has a value.
    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<bool>>;

    /// Removes everything this cache has stored, and nothing else that the
    /// backend may hold. `CapabilityUnsupported` if the two cannot be told
    /// apart.
    fn clear<'a>(&'a self) -> BoxFuture<'a, CacheResult<()>>;

    /// Waits for writes in flight, then refuses everything. Closing again does
    /// nothing.
    fn close<'a>(&'a self) -> BoxFuture<'a, CacheResult<()>>;

    /// What it can do.
    fn capabilities(&self) -> CacheCapabilities;

    /// Counting, if it can.
    fn counters(&self) -> Option<&dyn CounterCache> {
        None
    }

    /// Appending, if it can.
    fn appender(&self) -> Option<&dyn AppenderCache> {
        None
    }

    /// Deciding by what is there, if it can.
    fn conditional(&self) -> Option<&dyn ConditionalCache> {
        None
    }
}

/// What a cache can do beyond the contract of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheCapabilities {
    /// Counts atomically.
    pub atomic: bool,
    /// Appends atomically.
    pub append: bool,
    /// Decides by what is there.
    pub conditional: bool,
    /// Removes everything it has stored.
    pub clear: bool,
    /// Does so by a prefix of keys that others share a backend with.
    pub prefix_clear: bool,
    /// May wipe a whole backend that others may use; only if it was asked to.
    pub flush_db: bool,
    /// Other processes see the same entries.
    pub shared: bool,
}

impl CacheCapabilities {
    /// A cache that can only do what all can.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// A cache in this process that can do everything.
    #[must_use]
    pub const fn in_process() -> Self {
        Self {
            atomic: true,
            append: true,
            conditional: true,
            clear: true,
            prefix_clear: false,
            flush_db: false,
            shared: false,
        }
    }
}

/// A cache that counts. Counting is atomic against every other operation on
/// the key.
///
/// A counter is a whole number as ASCII text. A missing key starts at 0, with
/// the default lifetime; one that is there keeps its lifetime. What is not a
/// number is `NotInteger`, and beyond 64 bits is `CounterOverflow`; the value
/// then stays.
pub trait CounterCache: Cache {
    /// Adds `delta`, and returns the sum.
    fn incr<'a>(&'a self, key: &'a str, delta: i64) -> BoxFuture<'a, CacheResult<i64>>;

    /// Subtracts `delta`, and returns the difference.
    fn decr<'a>(&'a self, key: &'a str, delta: i64) -> BoxFuture<'a, CacheResult<i64>> {
        match delta.checked_neg() {
            Some(delta) => self.incr(key, delta),
            None => Box::pin(std::future::ready(Err(CacheError::CounterOverflow))),
        }
    }
}

/// A cache that appends. Appending is atomic against every other operation on
/// the key.
pub trait AppenderCache: Cache {
    /// Appends to a value, which keeps its lifetime, or begins one, with the
    /// default lifetime; how many bytes it has now.
    fn append<'a>(&'a self, key: &'a str, data: Bytes) -> BoxFuture<'a, CacheResult<usize>>;
}

/// A cache that counts and appends.
pub trait AtomicCache: CounterCache + AppenderCache {}

impl<C: CounterCache + AppenderCache + ?Sized> AtomicCache for C {}

/// How long an entry still lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// Until it is removed.
    Forever,
    /// This long.
    For(Duration),
}

/// A cache that decides by what is there, atomically.
pub trait ConditionalCache: Cache {
    /// Stores a value if the key has none; true if it was stored.
    fn set_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        ttl: Ttl,
    ) -> BoxFuture<'a, CacheResult<bool>>;

    /// Stores a value if the key has `expected`, or, for `None`, has no value;
    /// true if it was stored.
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Bytes>,
        value: Bytes,
        ttl: Ttl,
    ) -> BoxFuture<'a, CacheResult<bool>>;

    /// Removes a key if it has `expected`; true if it was removed.
    fn compare_and_delete<'a>(
        &'a self,
        key: &'a str,
        expected: Bytes,
    ) -> BoxFuture<'a, CacheResult<bool>>;

    /// How long a key still lives; `None` if it has no value.
    fn ttl<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<Option<Remaining>>>;

    /// Gives a key another lifetime; true if it has a value.
    fn touch<'a>(&'a self, key: &'a str, ttl: Ttl) -> BoxFuture<'a, CacheResult<bool>>;

    /// Values of several keys, in their order, each as of some moment during
    /// the call.
    fn get_many<'a>(
        &'a self,
        keys: &'a [&'a str],
    ) -> BoxFuture<'a, CacheResult<Vec<Option<Bytes>>>>;

    /// Stores several values, one after another; those before an error stay.
    fn set_many<'a>(
        &'a self,
        entries: Vec<(String, Bytes)>,
        ttl: Ttl,
    ) -> BoxFuture<'a, CacheResult<()>>;

    /// Takes a key for `lease`, for whoever knows `token`; false if somebody
    /// has it. Leases live beside the keys: no value is touched, and no key
    /// reaches them.
    fn acquire_lease<'a>(
        &'a self,
        key: &'a str,
        token: Bytes,
        lease: Duration,
    ) -> BoxFuture<'a, CacheResult<bool>>;

    /// Gives a lease back; false if it was lost.
    fn release_lease<'a>(&'a self, key: &'a str, token: Bytes) -> BoxFuture<'a, CacheResult<bool>>;
}

/// What every cache can do with the operations of the contract.
pub trait CacheExt: Cache {
    /// Counting.
    ///
    /// # Errors
    ///
    /// `CapabilityUnsupported` if it cannot.
    fn require_counters(&self) -> CacheResult<&dyn CounterCache> {
        self.counters()
            .ok_or(CacheError::CapabilityUnsupported("counters"))
    }

    /// Appending.
    ///
    /// # Errors
    ///
    /// `CapabilityUnsupported` if it cannot.
    fn require_appender(&self) -> CacheResult<&dyn AppenderCache> {
        self.appender()
            .ok_or(CacheError::CapabilityUnsupported("append"))
    }

    /// Deciding by what is there.
    ///
    /// # Errors
    ///
    /// `CapabilityUnsupported` if it cannot.
    fn require_conditional(&self) -> CacheResult<&dyn ConditionalCache> {
        self.conditional()
            .ok_or(CacheError::CapabilityUnsupported("conditional"))
    }
}

impl<C: Cache + ?Sized> CacheExt for C {}

/// Reads a counter: a whole number, with ASCII blanks around it.
///
/// # Errors
///
/// `NotInteger` if it is something else, `CounterOverflow` if it has more than
/// 64 bits.
pub fn parse_counter(value: &[u8]) -> CacheResult<i64> {
    let text = std::str::from_utf8(value.trim_ascii()).map_err(|_| CacheError::NotInteger)?;
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CacheError::NotInteger);
    }
    text.parse().map_err(|_| CacheError::CounterOverflow)
}

/// A cache that several owners share.
impl<C: Cache + ?Sized> Cache for std::sync::Arc<C> {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<Option<Bytes>>> {
        (**self).get(key)
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Ttl) -> BoxFuture<'a, CacheResult<()>> {
        (**self).set(key, value, ttl)
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<bool>> {
        (**self).delete(key)
    }

    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, CacheResult<bool>> {
        (**self).exists(key)
    }

    fn clear<'a>(&'a self) -> BoxFuture<'a, CacheResult<()>> {
        (**self).clear()
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, CacheResult<()>> {
        (**self).close()
    }

    fn capabilities(&self) -> CacheCapabilities {
        (**self).capabilities()
    }

    fn counters(&self) -> Option<&dyn CounterCache> {
        (**self).counters()
    }

    fn appender(&self) -> Option<&dyn AppenderCache> {
        (**self).appender()
    }

    fn conditional(&self) -> Option<&dyn ConditionalCache> {
        (**self).conditional()
    }
}
