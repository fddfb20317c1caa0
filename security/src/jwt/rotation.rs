//! Keys that come and go.
//!
//! The store is the truth: a key signs once the marker names it, and the marker
//! is only ever swapped from what was seen. Whoever loses a swap takes the
//! winner's key, so that instances never sign with two. Whatever is written is
//! written before the keys in memory are replaced.

use std::collections::HashMap;
use std::sync::Arc;

use plumego_contract::Clock;

use super::JwtError;
use super::config::{JwtConfig, RotationFailure};
use super::keys::{ACTIVE, KEYS, Key, KeyRecord, Keyset, SigningKeyMetadata, store_key};
use super::keystore::KeyStore;
use super::verify::{Inner, JwtManager, seconds, unix_seconds};
use crate::secret::SecretBytes;

/// How much longer than its tokens a key is kept, in seconds.
const RETENTION_MARGIN: i64 = 60;
/// Rounds of losing against other instances before giving up.
const ATTEMPTS: usize = 8;

/// What the store holds.
struct Stored {
    records: HashMap<String, (KeyRecord, Arc<Key>)>,
    /// What the marker holds, whatever it is.
    marker: Option<SecretBytes>,
}

impl Stored {
    /// Another instance may rotate between the reading of the marker and that
    /// of the key it names, which then signs no more; so it is read again.
    async fn read(store: &dyn KeyStore) -> Result<Self, JwtError> {
        let mut stored = Self::read_once(store).await?;
        for _ in 1..ATTEMPTS {
            if !stored.named().is_some_and(is_superseded) {
                break;
            }
            stored = Self::read_once(store).await?;
        }
        Ok(stored)
    }

    async fn read_once(store: &dyn KeyStore) -> Result<Self, JwtError> {
        let marker = store.get(ACTIVE).await;
        let marker =
            marker.map_err(|error| JwtError::store("failed to read active signing key", error))?;
        let names = store.list(KEYS).await;
        let names = names.map_err(|error| JwtError::store("failed to list signing keys", error))?;
        let mut records = HashMap::new();
        for name in names {
            let Some(kid) = name.strip_prefix(KEYS) else {
                continue;
            };
            let bytes = store.get(&name).await;
            let bytes =
                bytes.map_err(|error| JwtError::store("failed to read signing key", error))?;
            // Deleted since it was listed.
            let Some(bytes) = bytes else { continue };
            let (record, key) = KeyRecord::read(kid, &bytes)?;
            records.insert(kid.to_owned(), (record, Arc::new(key)));
        }
        Ok(Self { records, marker })
    }

    /// The record that the marker names.
    fn named(&self) -> Option<&(KeyRecord, Arc<Key>)> {
        let kid = std::str::from_utf8(self.marker.as_ref()?.expose()).ok()?;
        self.records.get(kid)
    }

    /// The record that signs; `None` without a marker, or with one that names
    /// no key that may.
    fn active(&self) -> Option<&(KeyRecord, Arc<Key>)> {
        self.named().filter(|record| !is_superseded(record))
    }

    fn keyset(&self, config: &JwtConfig, clock: &dyn Clock) -> Option<Keyset> {
        let (_, active) = self.active()?;
        let keys = self.records.iter();
        let mut keyset = Keyset {
            keys: keys
                .map(|(kid, (_, key))| (kid.clone(), Arc::clone(key)))
                .collect(),
            active: Arc::clone(active),
            read_at: clock.instant(),
        };
        let retired = retired(&keyset, config, unix_seconds(clock));
        for kid in retired {
            keyset.keys.remove(&kid);
        }
        Some(keyset)
    }
}

fn is_superseded((record, _): &(KeyRecord, Arc<Key>)) -> bool {
    record.superseded_at.is_some()
}

/// Keys whose tokens have all ended.
fn retired(keyset: &Keyset, config: &JwtConfig, now: i64) -> Vec<String> {
    let kept = seconds(config.refresh_ttl)
        .saturating_add(seconds(config.clock_skew))
        .saturating_add(RETENTION_MARGIN);
    let is_retired = |key: &&Arc<Key>| {
        let since = keyset.superseded_at(key);
        since.is_some_and(|since| now >= since.saturating_add(kept))
    };
    let keys = keyset.keys.values().filter(is_retired);
    keys.map(|key| key.id.clone()).collect()
}

/// The keys of a store, with one that signs.
pub(super) async fn start(
    store: &dyn KeyStore,
    config: &JwtConfig,
    clock: &dyn Clock,
) -> Result<Keyset, JwtError> {
    for _ in 0..ATTEMPTS {
        let stored = Stored::read(store).await?;
        if let Some(keyset) = stored.keyset(config, clock) {
            return Ok(keyset);
        }
        let now = unix_seconds(clock);
        let record = KeyRecord::generate(config.algorithm, now, now)?;
        put(store, &record).await?;
        let marker = stored.marker.as_ref();
        if !swap(store, marker, &record.id).await? {
            remove_unused(store, &record.id).await?;
        }
        // Won or lost, the next round reads what counts.
    }
    Err(JwtError::store(
        "failed to agree on a signing key",
        "other instances replaced the key again and again".into(),
    ))
}

async fn put(store: &dyn KeyStore, record: &KeyRecord) -> Result<(), JwtError> {
    let bytes = record.to_bytes()?;
    let stored = store.put_if_absent(&record.store_key(), bytes).await;
    match stored.map_err(|error| JwtError::store("failed to store signing key", error))? {
        true => Ok(()),
        false => Err(JwtError::store(
            "failed to store signing key",
            "its random id is taken".into(),
        )),
    }
}

/// Makes a key the one that signs, if the marker is still as it was seen.
async fn swap(
    store: &dyn KeyStore,
    seen: Option<&SecretBytes>,
    kid: &str,
) -> Result<bool, JwtError> {
    let context = "failed to store active signing key";
    let expected = seen.map(SecretBytes::expose);
    let marker = SecretBytes::from(kid.as_bytes());
    let swapped = store.compare_and_swap(ACTIVE, expected, marker).await;
    swapped.map_err(|error| JwtError::store(context, error))
}

/// Removes a key that was made in vain, unless somebody else chose it.
async fn remove_unused(store: &dyn KeyStore, kid: &str) -> Result<(), JwtError> {
    let stored = Stored::read(store).await?;
    let is_used = stored.active().is_some_and(|(record, _)| record.id == kid);
    if !is_used {
        let deleted = store.delete(&store_key(kid)).await;
        deleted.map_err(|error| JwtError::store("failed to delete signing key", error))?;
    }
    Ok(())
}

impl JwtManager {
    /// Lets another key sign, and deletes keys that are not needed any more.
    ///
    /// With an [`activation_delay`](JwtConfig::activation_delay) the new key is
    /// pending until its time has come, and a second call then lets it sign.
    ///
    /// # Errors
    /// [`JwtError::KeyStore`], [`JwtError::CorruptKey`] and
    /// [`JwtError::Entropy`]; the keys are then as they were.
    pub async fn rotate(&self) -> Result<SigningKeyMetadata, JwtError> {
        let _turn = self.inner.turn.lock().await;
        self.inner.rotate(Cause::Asked).await
    }

    /// Removes a key at once: its tokens fail here with
    /// [`JwtError::UnknownKey`], and elsewhere as soon as keys are read again.
    /// The key that signs is replaced first, without a delay.
    ///
    /// # Errors
    /// [`JwtError::UnknownKey`] for a key that is not there;
    /// [`JwtError::KeyStore`], [`JwtError::CorruptKey`] and
    /// [`JwtError::Entropy`].
    pub async fn revoke_key(&self, kid: &str) -> Result<(), JwtError> {
        let inner = &*self.inner;
        let _turn = inner.turn.lock().await;
        inner.read_again().await?;
        let keyset = inner.keyset.load_full();
        if !keyset.keys.contains_key(kid) {
            return Err(JwtError::UnknownKey);
        }
        if keyset.active.id == kid {
            inner.rotate(Cause::Revoked(kid)).await?;
        }
        let deleted = inner.store.delete(&store_key(kid)).await;
        deleted.map_err(|error| JwtError::store("failed to delete signing key", error))?;
        inner.read_again().await
    }
}

/// Why keys are rotated.
#[derive(Clone, Copy, PartialEq)]
enum Cause<'k> {
    /// The time of the active key is over.
    Due,
    Asked,
    /// This key must not sign any more.
    Revoked(&'k str),
}

impl Inner {
    /// Replaces the keys in memory by those in the store. The turn is held.
    pub(super) async fn read_again(&self) -> Result<(), JwtError> {
        let keyset = start(&*self.store, &self.config, &*self.clock).await?;
        self.keyset.store(Arc::new(keyset));
        Ok(())
    }

    /// The key to sign with, after reading and rotating what is due.
    pub(super) async fn signing_key(&self) -> Result<Arc<Key>, JwtError> {
        let is_due = || self.is_old() || self.is_rotation_due();
        if is_due() {
            let _turn = self.turn.lock().await;
            // Somebody else may have done it meanwhile.
            if is_due()
                && let Err(error) = self.catch_up().await
            {
                self.go_on_without_store(error)?;
            }
        }
        Ok(Arc::clone(&self.keyset.load().active))
    }

    async fn catch_up(&self) -> Result<(), JwtError> {
        if self.is_old() {
            self.read_again().await?;
        }
        if self.is_rotation_due() {
            self.rotate(Cause::Due).await?;
        }
        Ok(())
    }

    /// Whether the current key may sign although the store failed.
    fn go_on_without_store(&self, error: JwtError) -> Result<(), JwtError> {
        let RotationFailure::Grace(grace) = self.config.rotation_failure else {
            return Err(error);
        };
        if !matches!(error, JwtError::KeyStore(_)) {
            return Err(error);
        }
        let keyset = self.keyset.load();
        let since_read = self
            .clock
            .instant()
            .saturating_duration_since(keyset.read_at);
        let is_readable = since_read < self.config.reload_interval.saturating_add(grace);
        let due_at = self.rotation_due_at(&keyset);
        let is_in_time = due_at.is_none_or(|due| self.now() < due.saturating_add(seconds(grace)));
        if is_readable && is_in_time {
            self.warn(
                "signing goes on although the store of keys failed",
                Some(&error),
            );
            Ok(())
        } else {
            Err(error)
        }
    }

    /// When the active key should be replaced; never without an interval.
    fn rotation_due_at(&self, keyset: &Keyset) -> Option<i64> {
        let interval = self.config.rotation_interval;
        let began = keyset.active.created_at.max(keyset.active.activates_at);
        (!interval.is_zero()).then(|| began.saturating_add(seconds(interval)))
    }

    /// Whether something is to be done: another key to sign, or one to be made
    /// known for later.
    fn is_rotation_due(&self) -> bool {
        let keyset = self.keyset.load();
        let Some(due_at) = self.rotation_due_at(&keyset) else {
            return false;
        };
        let now = self.now();
        let delay = seconds(self.config.activation_delay);
        if delay == 0 {
            return now >= due_at;
        }
        match pending(&keyset) {
            Some(key) => now >= due_at && now >= key.activates_at,
            None => now >= due_at.saturating_sub(delay),
        }
    }

    /// One step of rotation, from what the store holds now. The turn is held.
    async fn rotate(&self, cause: Cause<'_>) -> Result<SigningKeyMetadata, JwtError> {
        for _ in 0..ATTEMPTS {
            let stored = Stored::read(&*self.store).await?;
            let Some(keyset) = stored.keyset(&self.config, &*self.clock) else {
                // The marker was lost since; start as if from nothing.
                self.read_again().await?;
                continue;
            };
            if cause == Cause::Due && keyset.active.id != self.keyset.load().active.id {
                // Another instance rotated.
                let metadata = keyset.metadata(&keyset.active);
                self.keyset.store(Arc::new(keyset));
                return Ok(metadata);
            }
            if let Some(metadata) = self.step(&stored, &keyset, cause).await? {
                return Ok(metadata);
            }
        }
        Err(JwtError::store(
            "failed to rotate signing keys",
            "other instances replaced the key again and again".into(),
        ))
    }

    /// Makes the next key known, or lets it sign; `None` when another instance
    /// was faster.
    async fn step(
        &self,
        stored: &Stored,
        keyset: &Keyset,
        cause: Cause<'_>,
    ) -> Result<Option<SigningKeyMetadata>, JwtError> {
        let now = self.now();
        let delay = match cause {
            Cause::Revoked(_) => 0,
            Cause::Due | Cause::Asked => seconds(self.config.activation_delay),
        };
        let (next, is_own) = match pending(keyset) {
            Some(key) => (Arc::clone(key), false),
            None => {
                let activates_at = now.saturating_add(delay);
                let record = KeyRecord::generate(self.config.algorithm, now, activates_at)?;
                put(&*self.store, &record).await?;
                let (_, key) = KeyRecord::read(&record.id, &record.to_bytes()?)?;
                (Arc::new(key), true)
            }
        };
        let is_mature = delay == 0 || next.activates_at <= now;
        let is_time =
            cause != Cause::Due || self.rotation_due_at(keyset).is_none_or(|due| now >= due);
        if !(is_mature && is_time) {
            self.read_again().await?;
            let keyset = self.keyset.load();
            return Ok(Some(keyset.metadata(&next)));
        }
        if !swap(&*self.store, stored.marker.as_ref(), &next.id).await? {
            if is_own {
                remove_unused(&*self.store, &next.id).await?;
            }
            return Ok(None);
        }
        // The marker is swapped; what follows may fail without harm.
        if let Err(error) = self.supersede(stored, now).await {
            self.warn(
                "an older signing key is kept longer than needed",
                Some(&error),
            );
        }
        self.delete_retired().await?;
        self.read_again().await?;
        let keyset = self.keyset.load();
        Ok(Some(keyset.metadata(&keyset.active)))
    }

    /// Writes down since when the key that signed before does not.
    async fn supersede(&self, before: &Stored, now: i64) -> Result<(), JwtError> {
        let Some((record, _)) = before.active() else {
            return Ok(());
        };
        let superseded = record.superseded(now);
        let (old, new) = (record.to_bytes()?, superseded.to_bytes()?);
        let written = self
            .store
            .compare_and_swap(&record.store_key(), Some(old.expose()), new)
            .await;
        // A record that was changed meanwhile was superseded by somebody else.
        written
            .map(drop)
            .map_err(|error| JwtError::store("failed to store signing key", error))
    }

    /// Deletes what no token needs any more.
    async fn delete_retired(&self) -> Result<(), JwtError> {
        let stored = Stored::read(&*self.store).await?;
        let Some((_, active)) = stored.active() else {
            return Ok(());
        };
        let all = Keyset {
            keys: stored
                .records
                .iter()
                .map(|(kid, (_, key))| (kid.clone(), Arc::clone(key)))
                .collect(),
            active: Arc::clone(active),
            read_at: self.clock.instant(),
        };
        for kid in retired(&all, &self.config, self.now()) {
            let deleted = self.store.delete(&store_key(&kid)).await;
            deleted.map_err(|error| JwtError::store("failed to delete signing key", error))?;
        }
        Ok(())
    }
}

/// The key that signs next, if one was made known already: the oldest, so that
/// all instances choose the same.
fn pending(keyset: &Keyset) -> Option<&Arc<Key>> {
    let keys = keyset.keys.values().filter(|key| keyset.is_pending(key));
    keys.min_by(|a, b| (a.activates_at, &a.id).cmp(&(b.activates_at, &b.id)))
}
