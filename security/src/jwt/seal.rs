use std::fmt;

use aes_gcm_siv::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use plumego_contract::BoxError;

use super::keystore::{KeyProtection, KeyStore};
use crate::BoxFuture;
use crate::secret::{EntropyError, SecretBytes, fill_random};

/// First byte of everything sealed here.
const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 32;
const ID_BYTES_MAX: usize = 32;

/// A key that seals other keys, and its id.
#[derive(Clone)]
pub struct KeyEncryptionKey {
    id: String,
    cipher: Aes256GcmSiv,
}

impl KeyEncryptionKey {
    /// A key of 32 random bytes. The id is stored with what it seals and must
    /// not be used for another key.
    ///
    /// # Errors
    /// [`SealError::InvalidKey`] for another length, or an id that is not 1 to
    /// 32 bytes.
    pub fn new(id: impl Into<String>, key: &SecretBytes) -> Result<Self, SealError> {
        let id = id.into();
        let cipher = Aes256GcmSiv::new_from_slice(key.expose());
        match cipher {
            Ok(cipher) if key.len() == KEY_BYTES && (1..=ID_BYTES_MAX).contains(&id.len()) => {
                Ok(Self { id, cipher })
            }
            _ => Err(SealError::InvalidKey),
        }
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyEncryptionKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Why a value cannot be sealed or opened. None of the texts contains it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// A key encryption key that is none.
    #[error("a key encryption key has 32 bytes and an id of 1 to 32 bytes")]
    InvalidKey,
    /// A value sealed by a key that is not known.
    #[error("the value was sealed by another key encryption key: configure it as a previous one")]
    UnknownKey,
    /// A value that was not sealed, or changed, or moved to another place.
    #[error("the value is not what was sealed in its place")]
    Broken,
    /// No randomness.
    #[error("no value can be sealed")]
    Entropy(#[source] EntropyError),
}

/// Encrypts all that a store keeps (AES-256-GCM-SIV, RFC 8452), bound to the
/// place it is kept in, so that whoever reads or rearranges the store does not
/// get at the keys.
///
/// What is stored: a format byte, the length and text of the id of the key
/// encryption key, 12 bytes of nonce, ciphertext and tag.
#[derive(Clone, Debug)]
pub struct SealedKeyStore<S> {
    inner: S,
    current: KeyEncryptionKey,
    previous: Vec<KeyEncryptionKey>,
}

impl<S: KeyStore> SealedKeyStore<S> {
    /// Seals what goes into `inner`.
    #[must_use]
    pub fn new(inner: S, current: KeyEncryptionKey) -> Self {
        Self {
            inner,
            current,
            previous: Vec::new(),
        }
    }

    /// Still opens what this key sealed.
    #[must_use]
    pub fn with_previous(mut self, previous: KeyEncryptionKey) -> Self {
        self.previous.push(previous);
        self
    }

    fn seal(&self, place: &str, value: &SecretBytes) -> Result<SecretBytes, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        fill_random(&mut nonce).map_err(SealError::Entropy)?;
        let payload = Payload {
            msg: value.expose(),
            aad: place.as_bytes(),
        };
        let sealed = self.current.cipher.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| SealError::Broken)?;
        let id = self.current.id.as_bytes();
        // At most `ID_BYTES_MAX`.
        let length = [FORMAT, u8::try_from(id.len()).unwrap_or(0)];
        Ok(SecretBytes::from([&length, id, &nonce, &sealed].concat()))
    }

    fn open(&self, place: &str, stored: &SecretBytes) -> Result<SecretBytes, SealError> {
        let rest = match stored.expose() {
            [FORMAT, length, rest @ ..] => rest.split_at_checked(usize::from(*length)),
            _ => None,
        };
        let (id, rest) = rest.ok_or(SealError::Broken)?;
        let (nonce, sealed) = rest
            .split_at_checked(NONCE_BYTES)
            .ok_or(SealError::Broken)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SealError::Broken)?;
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        let key = keys.find(|key| key.id.as_bytes() == id);
        let key = key.ok_or(SealError::UnknownKey)?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        let opened = key.cipher.decrypt(&Nonce::from(nonce), payload);
        opened.map(SecretBytes::from).map_err(|_| SealError::Broken)
    }
}

impl<S: KeyStore> KeyStore for SealedKeyStore<S> {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>> {
        Box::pin(async move {
            let stored = self.inner.get(key).await?;
            let opened = stored.map(|stored| self.open(key, &stored)).transpose()?;
            Ok(opened)
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>> {
        self.inner.list(prefix)
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move { self.inner.put_if_absent(key, self.seal(key, &value)?).await })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a [u8]>,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let sealed = self.seal(key, &value)?;
            let Some(expected) = expected else {
                return self.inner.compare_and_swap(key, None, sealed).await;
            };
            // Sealing twice gives two texts, so what is stored is compared
            // after opening it and then swapped as it is stored.
            let Some(stored) = self.inner.get(key).await? else {
                return Ok(false);
            };
            if self.open(key, &stored)? != SecretBytes::from(expected) {
                return Ok(false);
            }
            self.inner
                .compare_and_swap(key, Some(stored.expose()), sealed)
                .await
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.inner.delete(key)
    }

    fn protection(&self) -> KeyProtection {
        match self.inner.protection() {
            KeyProtection::Volatile => KeyProtection::Volatile,
            _ => KeyProtection::Sealed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::keystore::MemoryKeyStore;
    use super::*;

    fn kek(id: &str, byte: u8) -> KeyEncryptionKey {
        KeyEncryptionKey::new(id, &SecretBytes::from([byte; 32])).unwrap()
    }

    fn value(text: &str) -> SecretBytes {
        SecretBytes::from(text.as_bytes())
    }

    #[tokio::test]
    async fn values_are_sealed_in_their_place() {
        let inner = MemoryKeyStore::new();
        let store = SealedKeyStore::new(inner.clone(), kek("a", 1));
        assert!(store.put_if_absent("k", value("hunter2")).await.unwrap());
        assert_eq!(store.get("k").await.unwrap(), Some(value("hunter2")));
        let stored = inner.get("k").await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(stored.expose()).contains("hunter2"));
        assert_eq!(&stored.expose()[..3], [FORMAT, 1, b'a']);
        // Moved, changed, or not sealed at all.
        inner.put_if_absent("other", stored.clone()).await.unwrap();
        assert!(store.get("other").await.is_err());
        for at in 0..stored.len() {
            let mut changed = stored.expose().to_vec();
            changed[at] ^= 1;
            let place = format!("changed-{at}");
            assert!(store.open(&place, &changed.clone().into()).is_err());
            assert!(store.open("k", &changed.into()).is_err(), "byte {at}");
        }
        for wrong in [&b""[..], b"\x01", b"\x01\xff", b"\x01\x01a123", b"hunter2"] {
            assert!(store.open("k", &SecretBytes::from(wrong)).is_err());
        }
    }

    #[tokio::test]
    async fn values_are_swapped_by_what_they_are() {
        let store = SealedKeyStore::new(MemoryKeyStore::new(), kek("a", 1));
        assert!(
            !store
                .compare_and_swap("k", Some(b"x"), value("y"))
                .await
                .unwrap()
        );
        assert!(store.compare_and_swap("k", None, value("1")).await.unwrap());
        assert!(!store.compare_and_swap("k", None, value("2")).await.unwrap());
        assert!(
            !store
                .compare_and_swap("k", Some(b"2"), value("3"))
                .await
                .unwrap()
        );
        assert!(
            store
                .compare_and_swap("k", Some(b"1"), value("3"))
                .await
                .unwrap()
        );
        assert_eq!(store.get("k").await.unwrap(), Some(value("3")));
        assert!(store.delete("k").await.unwrap());
    }

    #[tokio::test]
    async fn key_encryption_keys_rotate() {
        let inner = MemoryKeyStore::new();
        let old = SealedKeyStore::new(inner.clone(), kek("a", 1));
        old.put_if_absent("k", value("v")).await.unwrap();
        let new = SealedKeyStore::new(inner.clone(), kek("b", 2));
        assert!(
            new.get("k")
                .await
                .unwrap_err()
                .to_string()
                .contains("another key")
        );
        let new = new.with_previous(kek("a", 1));
        assert_eq!(new.get("k").await.unwrap(), Some(value("v")));
        assert!(
            new.compare_and_swap("k", Some(b"v"), value("v"))
                .await
                .unwrap()
        );
        assert!(old.get("k").await.is_err(), "sealed by the new key now");
        let impostor = SealedKeyStore::new(inner, kek("b", 3));
        assert!(impostor.get("k").await.is_err());
    }

    #[test]
    fn unusable_keys_are_refused_and_none_is_printed() {
        for (id, bytes) in [("", 32), ("a", 31), ("a", 33), (&*"x".repeat(33), 32)] {
            assert!(KeyEncryptionKey::new(id, &SecretBytes::from(vec![0; bytes])).is_err());
        }
        assert_eq!(
            format!("{:?}", kek("a", 7)),
            "KeyEncryptionKey { id: \"a\", .. }"
        );
    }

    /// RFC 8452 appendix C.2: AEAD_AES_256_GCM_SIV, eight bytes of plaintext.
    #[test]
    fn the_vector_of_rfc_8452() {
        let mut key = [0; 32];
        key[0] = 1;
        let mut nonce = [0; 12];
        nonce[0] = 3;
        let cipher = Aes256GcmSiv::new_from_slice(&key).unwrap();
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), &[1, 0, 0, 0, 0, 0, 0, 0][..])
            .unwrap();
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28");
    }
}
