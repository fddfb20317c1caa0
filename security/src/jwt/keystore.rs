use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use plumego_contract::BoxError;

use crate::BoxFuture;
use crate::secret::SecretBytes;

/// How a store keeps what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyProtection {
    /// In the memory of this process alone.
    Volatile,
    /// Encrypted.
    Sealed,
    /// In the clear, for everybody who can read the store.
    Plaintext,
}

/// Where signing keys live; several instances may share one.
///
/// Values are small, at most a few KiB. Writes that were acknowledged survive,
/// and `compare_and_swap` is linearisable: of two callers that expect the same
/// value one succeeds. Errors must not contain values. Dropping a future before
/// its write was done leaves no trace, or the whole of it.
pub trait KeyStore: Send + Sync + 'static {
    /// The value under a key.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>>;

    /// All keys that begin so, sorted.
    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>>;

    /// Stores a value unless there is one; true if it was stored.
    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// Stores a value if the present one is as expected, `None` being absent;
    /// true if it was stored.
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a [u8]>,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// Removes a key; true if it was there.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// How values are kept. Default: in the clear.
    fn protection(&self) -> KeyProtection {
        KeyProtection::Plaintext
    }
}

impl<S: KeyStore + ?Sized> KeyStore for Arc<S> {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>> {
        (**self).get(key)
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>> {
        (**self).list(prefix)
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        (**self).put_if_absent(key, value)
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a [u8]>,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        (**self).compare_and_swap(key, expected, value)
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        (**self).delete(key)
    }

    fn protection(&self) -> KeyProtection {
        (**self).protection()
    }
}

/// Keys in memory, for development and tests: tokens end with the process.
/// Clones share the keys.
#[derive(Clone, Default)]
pub struct MemoryKeyStore(Arc<Mutex<BTreeMap<String, SecretBytes>>>);

impl MemoryKeyStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn now<'a, T: Send + 'a>(
        &self,
        act: impl FnOnce(&mut BTreeMap<String, SecretBytes>) -> T,
    ) -> BoxFuture<'a, Result<T, BoxError>> {
        let outcome = act(&mut self.0.lock());
        Box::pin(std::future::ready(Ok(outcome)))
    }
}

impl KeyStore for MemoryKeyStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>> {
        self.now(|values| values.get(key).cloned())
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>> {
        self.now(|values| {
            let keys = values.keys().filter(|key| key.starts_with(prefix));
            keys.cloned().collect()
        })
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.compare_and_swap(key, None, value)
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a [u8]>,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.now(|values| {
            let is_expected = match (values.get(key), expected) {
                (None, None) => true,
                (Some(present), Some(expected)) => present.expose() == expected,
                _ => false,
            };
            if is_expected {
                values.insert(key.to_owned(), value);
            }
            is_expected
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.now(|values| values.remove(key).is_some())
    }

    fn protection(&self) -> KeyProtection {
        KeyProtection::Volatile
    }
}

impl fmt::Debug for MemoryKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryKeyStore")
            .field("values", &self.0.lock().len())
            .finish()
    }
}
