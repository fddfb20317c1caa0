//! Values instead of bytes.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use plumego_log::{Fields, Logger, LoggerExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Cache, CacheError, CacheResult};
use crate::{BoxError, KeyExcerpt, Ttl};

const MAGIC: u8 = 0xC7;
const HEADER_BYTES: usize = 6;

/// Prefixes that a cache remembers to have complained about.
const PREFIXES_MAX: usize = 256;

/// How values become bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// JSON: readable, and tolerant of added fields.
    #[default]
    Json,
    /// Postcard: small and fast.
    #[cfg(feature = "postcard")]
    Postcard,
}

impl Codec {
    const fn tag(self) -> u8 {
        match self {
            Self::Json => 1,
            #[cfg(feature = "postcard")]
            Self::Postcard => 2,
        }
    }

    fn encode<T: Serialize>(self, value: &T) -> Result<Vec<u8>, BoxError> {
        match self {
            Self::Json => Ok(serde_json::to_vec(value)?),
            #[cfg(feature = "postcard")]
            Self::Postcard => Ok(postcard::to_stdvec(value)?),
        }
    }

    fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Option<T> {
        match self {
            Self::Json => serde_json::from_slice(bytes).ok(),
            #[cfg(feature = "postcard")]
            Self::Postcard => postcard::from_bytes(bytes).ok(),
        }
    }
}

/// What a [`TypedCache`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypedStats {
    /// Values that could not be read, and were removed.
    pub undecodable: u64,
}

/// A cache of values of one type, each written with the version of its form.
///
/// A value of another version, or one that cannot be read, is a miss: it is
/// removed, counted, and told to the logger, once for each prefix of keys (what
/// stands before the first `:` or `/`).
///
/// ```
/// use plumego_store::Ttl;
/// use plumego_store::cache::{CacheError, MemoryCache, TypedCache};
/// use std::sync::Arc;
///
/// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
/// struct User { name: String }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), CacheError> {
/// let users = TypedCache::<User>::new(Arc::new(MemoryCache::new()), 1);
/// let ada = User { name: "Ada".to_owned() };
/// users.set("user:1", &ada, Ttl::Default).await?;
/// assert_eq!(users.get("user:1").await?, Some(ada));
/// # Ok(())
/// # }
/// ```
pub struct TypedCache<T> {
    cache: Arc<dyn Cache>,
    codec: Codec,
    version: u32,
    logger: Option<Arc<dyn Logger>>,
    undecodable: AtomicU64,
    told: Mutex<BTreeSet<String>>,
    value: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> TypedCache<T> {
    /// Values as JSON, in this version of their form.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>, version: u32) -> Self {
        Self {
            cache,
            codec: Codec::Json,
            version,
            logger: None,
            undecodable: AtomicU64::new(0),
            told: Mutex::default(),
            value: PhantomData,
        }
    }

    /// How values become bytes.
    #[must_use]
    pub const fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Who is told of values that cannot be read.
    #[must_use]
    pub fn logger(mut self, logger: Arc<dyn Logger>) -> Self {
        self.logger = Some(logger);
        self
    }

    /// What it counts.
    #[must_use]
    pub fn stats(&self) -> TypedStats {
        TypedStats {
            undecodable: self.undecodable.load(Relaxed),
        }
    }

    /// The value of a key.
    ///
    /// # Errors
    ///
    /// As [`Cache::get`].
    pub async fn get(&self, key: &str) -> CacheResult<Option<T>> {
        let Some(stored) = self.cache.get(key).await? else {
            return Ok(None);
        };
        if let Some(value) = self.decode(&stored) {
            return Ok(Some(value));
        }
        self.undecodable.fetch_add(1, Relaxed);
        self.tell(key);
        // If nobody replaced it meanwhile: a new value is not to be removed.
        match self.cache.conditional() {
            Some(conditional) => drop(conditional.compare_and_delete(key, stored).await?),
            None => drop(self.cache.delete(key).await?),
        }
        Ok(None)
    }

    /// Stores a value.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` if the codec cannot write it, else as [`Cache::set`].
    pub async fn set(&self, key: &str, value: &T, ttl: Ttl) -> CacheResult<()> {
        let encoded = self
            .codec
            .encode(value)
            .map_err(|error| CacheError::InvalidConfig {
                detail: format!("a value cannot be encoded: {error}"),
            })?;
        let mut stored = BytesMut::with_capacity(HEADER_BYTES + encoded.len());
        stored.put_u8(MAGIC);
        stored.put_u8(self.codec.tag());
        stored.put_u32(self.version);
        stored.put_slice(&encoded);
        self.cache.set(key, stored.freeze(), ttl).await
    }

    /// Removes a value; true if there was one.
    ///
    /// # Errors
    ///
    /// As [`Cache::delete`].
    pub async fn delete(&self, key: &str) -> CacheResult<bool> {
        self.cache.delete(key).await
    }

    fn decode(&self, stored: &Bytes) -> Option<T> {
        let (header, value) = stored.split_first_chunk::<HEADER_BYTES>()?;
        let [magic, tag, version @ ..] = *header;
        let same = magic == MAGIC
            && tag == self.codec.tag()
            && u32::from_be_bytes(version) == self.version;
        same.then(|| self.codec.decode(value)).flatten()
    }

    fn tell(&self, key: &str) {
        let Some(logger) = &self.logger else {
            return;
        };
        let prefix = key.split([':', '/']).next().unwrap_or(key);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < PREFIXES_MAX && told.insert(prefix.to_owned()) {
            let fields = Fields::new().with("key_prefix", KeyExcerpt::of(prefix).to_string());
            logger.warn("cached values cannot be read and are removed", fields);
        }
    }
}

impl<T> fmt::Debug for TypedCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedCache")
            .field("cache", &self.cache)
            .field("codec", &self.codec)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
