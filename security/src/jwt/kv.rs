use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use plumego_contract::BoxError;
use plumego_store::Ttl;
use plumego_store::kv::{DurabilityClass, KvStore, ScanRequest};

use super::keystore::{KeyProtection, KeyStore};
use crate::BoxFuture;
use crate::secret::SecretBytes;

/// Signing keys in a key/value store of `plumego-store`.
///
/// Whoever reads the store reads the keys; wrap this in `SealedKeyStore`, so
/// that they do not.
///
/// ```
/// # #[cfg(feature = "seal")] {
/// # use std::sync::Arc;
/// # use plumego_security::jwt::{KeyEncryptionKey, KvKeyStore, SealedKeyStore};
/// # use plumego_security::secret::SecretBytes;
/// # use plumego_store::kv::MemoryKv;
/// # let (values, key) = (Arc::new(MemoryKv::new()), SecretBytes::from([7; 32]));
/// let sealed = SealedKeyStore::new(
///     KvKeyStore::plaintext(values),
///     KeyEncryptionKey::new("2026", &key).unwrap(),
/// );
/// # let _ = sealed;
/// # }
/// ```
#[derive(Clone)]
pub struct KvKeyStore(Arc<dyn KvStore>);

impl KvKeyStore {
    /// Keeps keys as they are.
    #[must_use]
    pub fn plaintext(store: Arc<dyn KvStore>) -> Self {
        Self(store)
    }

    async fn all_keys(&self, prefix: &str) -> Result<Vec<String>, BoxError> {
        let (mut keys, mut after) = (Vec::new(), None::<String>);
        loop {
            let mut request = ScanRequest::prefix(prefix);
            request.after = after.as_deref();
            let page = self.0.scan(request).await?;
            let next = page.next_after().map(str::to_owned);
            keys.extend(page.entries.into_iter().map(|entry| entry.key));
            match next {
                Some(next) => after = Some(next),
                None => return Ok(keys),
            }
        }
    }
}

fn bytes(secret: &[u8]) -> Bytes {
    Bytes::copy_from_slice(secret)
}

impl KeyStore for KvKeyStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>> {
        Box::pin(async move {
            let value = self.0.get(key).await?;
            Ok(value.map(|value| SecretBytes::from(&*value)))
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>> {
        Box::pin(self.all_keys(prefix))
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let stored = self.0.put_if_absent(key, bytes(value.expose()), Ttl::Never);
            Ok(stored.await?)
        })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a [u8]>,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let value = Some(bytes(value.expose()));
            let swapped = self
                .0
                .compare_and_swap(key, expected.map(bytes), value, Ttl::Never);
            Ok(swapped.await?)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move { Ok(self.0.delete(key).await?) })
    }

    fn protection(&self) -> KeyProtection {
        match self.0.durability() {
            DurabilityClass::Volatile => KeyProtection::Volatile,
            _ => KeyProtection::Plaintext,
        }
    }
}

impl fmt::Debug for KvKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KvKeyStore").finish_non_exhaustive()
    }
}
