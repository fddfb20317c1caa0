//! Signing keys, as they are stored and as they are held.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::backend::{self, Signer, Verifier};
use super::wire::{decode, encode};
use super::{Algorithm, JwtError};
use crate::secret::{SecretBytes, ct_eq};

/// Records are stored below this.
pub(super) const KEYS: &str = "jwt:keys:";
/// The id of the key that signs is stored here.
pub(super) const ACTIVE: &str = "jwt:active";

const KEY_ID_BYTES: usize = 16;

/// What a key is used for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyState {
    /// Known, so that its tokens will be, and does not sign yet.
    Pending,
    /// Signs and verifies.
    Active,
    /// Verifies what it signed before.
    VerifyOnly,
}

/// A signing key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningKeyMetadata {
    /// The id that tokens name.
    pub id: String,
    /// What it signs by.
    pub alg: Algorithm,
    /// The public key, if there is one: 32 bytes of Ed25519, or an uncompressed
    /// point of P-256.
    pub public: Option<Vec<u8>>,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// What it is used for.
    pub state: KeyState,
}

/// A key as it is stored, in JSON.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRecord {
    pub(super) id: String,
    pub(super) alg: String,
    /// Base64url.
    secret: SecretText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public: Option<String>,
    pub(super) created_at: i64,
    #[serde(default)]
    pub(super) activates_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) superseded_at: Option<i64>,
}

/// The one secret that is ever serialised, into a store of keys. Wiped when
/// dropped.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
struct SecretText(String);

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl KeyRecord {
    /// A new key.
    pub(super) fn generate(
        algorithm: Algorithm,
        now: i64,
        activates_at: i64,
    ) -> Result<Self, JwtError> {
        let id = SecretBytes::random(KEY_ID_BYTES).map_err(backend::entropy)?;
        let secret = backend::generate(algorithm)?;
        let signer = Signer::new(algorithm, &secret);
        let public = signer.and_then(|signer| signer.public().ok()).flatten();
        Ok(Self {
            id: encode(id.expose()),
            alg: algorithm.as_str().to_owned(),
            secret: SecretText(encode(secret.expose())),
            public: public.map(encode),
            created_at: now,
            activates_at,
            superseded_at: None,
        })
    }

    /// Where it is stored.
    pub(super) fn store_key(&self) -> String {
        store_key(&self.id)
    }

    /// The record of a key that does not sign any more.
    pub(super) fn superseded(&self, at: i64) -> Self {
        Self {
            superseded_at: Some(at),
            ..self.clone()
        }
    }

    pub(super) fn to_bytes(&self) -> Result<SecretBytes, JwtError> {
        let json = serde_json::to_vec(self);
        json.map(SecretBytes::from)
            .map_err(|_| JwtError::CorruptKey {
                kid: self.id.clone(),
            })
    }

    /// Reads what is stored for `kid`, whole and as it must be.
    pub(super) fn read(kid: &str, bytes: &SecretBytes) -> Result<(Self, Key), JwtError> {
        let read = || {
            let record: Self = serde_json::from_slice(bytes.expose()).ok()?;
            let key = Key::new(&record)?;
            (!kid.is_empty() && record.id == kid).then_some((record, key))
        };
        read().ok_or_else(|| JwtError::CorruptKey {
            kid: kid.to_owned(),
        })
    }
}

pub(super) fn store_key(kid: &str) -> String {
    format!("{KEYS}{kid}")
}

/// A key that can be used.
pub(super) struct Key {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pub(super) created_at: i64,
    pub(super) activates_at: i64,
    pub(super) superseded_at: Option<i64>,
    pub(super) public: Option<Vec<u8>>,
    /// None once it only verifies.
    signer: Option<Signer>,
    verifier: Verifier,
    /// The header of its tokens, encoded.
    header: String,
}

impl Key {
    /// `None` for a record that is no key of its algorithm.
    fn new(record: &KeyRecord) -> Option<Self> {
        let algorithm = Algorithm::named(&record.alg)?;
        let secret = Zeroizing::new(decode(&record.secret.0).ok()?);
        let secret = SecretBytes::from(secret.as_slice());
        let signer = Signer::new(algorithm, &secret)?;
        let public = signer.public().ok()?;
        let stored = match &record.public {
            Some(text) => Some(decode(text).ok()?),
            None => None,
        };
        // A public key of another secret would verify what was never signed.
        let is_same = match (&public, &stored) {
            (None, None) => true,
            (Some(derived), Some(stored)) => ct_eq(derived, stored),
            _ => false,
        };
        if !is_same || record.created_at <= 0 {
            return None;
        }
        let verifier = match (algorithm, &public) {
            (Algorithm::Hs256, None) => Verifier::Hmac(Signer::new(algorithm, &secret)?),
            (Algorithm::EdDsa, Some(public)) => Verifier::ed25519(public)?,
            (Algorithm::Es256, Some(public)) => Verifier::p256(public)?,
            _ => return None,
        };
        let kid = serde_json::to_string(&record.id).ok()?;
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT","kid":{kid}}}"#);
        Some(Self {
            id: record.id.clone(),
            algorithm,
            created_at: record.created_at,
            activates_at: record.activates_at,
            superseded_at: record.superseded_at,
            public,
            signer: record.superseded_at.is_none().then_some(signer),
            verifier,
            header: encode(header),
        })
    }

    pub(super) fn header(&self) -> &str {
        &self.header
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.signer.as_ref()?.sign(message)
    }

    pub(super) fn holds(&self, message: &[u8], signature: &Vec<u8>) -> bool {
        self.verifier.holds(message, signature)
    }

    /// Whether `alg` in a header is that of this key, byte for byte.
    pub(super) fn is_algorithm(&self, name: &str) -> bool {
        self.verifier.algorithm().as_str() == name
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// All keys, as they were read at one time. Never changed, only replaced.
#[derive(Debug)]
pub(super) struct Keyset {
    pub(super) keys: HashMap<String, Arc<Key>>,
    pub(super) active: Arc<Key>,
    /// When the store was last read, on the monotonic clock.
    pub(super) read_at: Instant,
}

impl Keyset {
    /// Whether a key will sign later.
    pub(super) fn is_pending(&self, key: &Key) -> bool {
        key.id != self.active.id
            && key.superseded_at.is_none()
            // Not so for one that signed before and could not be marked.
            && key.activates_at > self.active.activates_at
    }

    pub(super) fn state(&self, key: &Key) -> KeyState {
        if key.id == self.active.id {
            KeyState::Active
        } else if self.is_pending(key) {
            KeyState::Pending
        } else {
            KeyState::VerifyOnly
        }
    }

    /// Since when a key does not sign any more; `None` while it may.
    pub(super) fn superseded_at(&self, key: &Key) -> Option<i64> {
        match self.state(key) {
            KeyState::Active | KeyState::Pending => None,
            // Unknown when writing it failed: no later than the active key
            // began to sign.
            KeyState::VerifyOnly => {
                let began = self.active.created_at.max(self.active.activates_at);
                Some(key.superseded_at.unwrap_or(began))
            }
        }
    }

    pub(super) fn metadata(&self, key: &Key) -> SigningKeyMetadata {
        SigningKeyMetadata {
            id: key.id.clone(),
            alg: key.algorithm,
            public: key.public.clone(),
            created_at: key.created_at,
            state: self.state(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(algorithm: Algorithm) -> KeyRecord {
        KeyRecord::generate(algorithm, 1_000, 1_000).unwrap()
    }

    fn read(record: &KeyRecord, kid: &str) -> Result<Key, JwtError> {
        Ok(KeyRecord::read(kid, &record.to_bytes()?)?.1)
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
            let record = record(algorithm);
            let key = read(&record, &record.id).unwrap();
            assert_eq!((key.id.len(), key.algorithm), (22, algorithm));
            assert_eq!(key.public.is_some(), algorithm.is_asymmetric());
            let signature = key.sign(b"m").unwrap();
            assert!(key.holds(b"m", &signature));
            assert!(key.is_algorithm(algorithm.as_str()) && !key.is_algorithm("none"));
            let superseded = KeyRecord {
                superseded_at: Some(2_000),
                ..record
            };
            let key = read(&superseded, &superseded.id).unwrap();
            assert!(key.sign(b"m").is_none() && key.holds(b"m", &signature));
        }
    }

    #[test]
    fn records_that_are_no_keys_are_corrupt() {
        let good = record(Algorithm::EdDsa);
        let other = record(Algorithm::EdDsa);
        let changed = |change: fn(&mut KeyRecord)| {
            let mut record = good.clone();
            change(&mut record);
            record
        };
        for wrong in [
            changed(|own| own.alg = "none".into()),
            changed(|own| own.alg = "HS256".into()),
            changed(|own| own.alg = "RS256".into()),
            changed(|own| own.alg = "ES256".into()),
            changed(|own| own.id = String::new()),
            changed(|own| own.id = "other".into()),
            changed(|own| own.secret = SecretText("AAAA".into())),
            changed(|own| own.secret = SecretText("!".into())),
            changed(|own| own.public = None),
            changed(|own| own.public = Some("AAAA".into())),
            changed(|own| own.created_at = 0),
            KeyRecord {
                public: other.public.clone(),
                ..good.clone()
            },
        ] {
            let outcome = read(&wrong, &good.id);
            assert!(matches!(outcome, Err(JwtError::CorruptKey { kid }) if kid == good.id));
        }
        for bytes in [&b""[..], b"{}", b"null", b"[1]", b"\xff"] {
            assert!(KeyRecord::read("k", &SecretBytes::from(bytes)).is_err());
        }
        assert!(read(&good, "").is_err());
    }
}
