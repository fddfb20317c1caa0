use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use plumego_contract::{Clock, SystemClock};
use plumego_log::{Fields, Level, Logger, Record};
use tokio::sync::Mutex;

use super::authenticator::JwtAuthenticator;
use super::claims::{ExpectedType, Identity, TokenClaims};
use super::config::{AudienceCheck, IssuerCheck, JwtConfig};
use super::jwks::{Jwk, Jwks};
use super::keys::{Key, Keyset, SigningKeyMetadata};
use super::keystore::{KeyProtection, KeyStore};
use super::payload::Incoming;
use super::unknown::UnknownKeys;
use super::wire::{Compact, Header, decode};
use super::{InvalidReason, JwtError, TokenType};

/// Name that log filters match.
const TARGET: &str = "plumego_security::jwt";

/// Issues and verifies tokens, and keeps the keys for both. Clones share the
/// keys.
///
/// Verifying takes no lock and writes nothing: it looks at keys that were read
/// before, and reads them again when they are old or a token names one that is
/// not among them. Several managers may share a store.
#[derive(Clone)]
pub struct JwtManager {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) config: JwtConfig,
    pub(super) store: Arc<dyn KeyStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keyset: ArcSwap<Keyset>,
    /// Held while the store is read or written.
    pub(super) turn: Mutex<Turn>,
    unknown: UnknownKeys,
}

/// What only the holder of the turn knows.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// When an unknown key last made the store be read.
    unknown_read_at: Option<Instant>,
}

impl JwtManager {
    /// Reads the keys of a store, and makes one if there is none.
    ///
    /// # Errors
    /// [`JwtError::Config`]; [`JwtError::CorruptKey`] for a record that is no
    /// key, with which nothing is started; [`JwtError::KeyStore`];
    /// [`JwtError::Entropy`].
    pub async fn open(store: Arc<dyn KeyStore>, config: JwtConfig) -> Result<Self, JwtError> {
        Self::open_with_clock(store, config, Arc::new(SystemClock)).await
    }

    /// Like [`open`](Self::open), on another clock.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub async fn open_with_clock(
        store: Arc<dyn KeyStore>,
        config: JwtConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JwtError> {
        config.validate()?;
        let keyset = super::rotation::start(&*store, &config, &*clock).await?;
        let inner = Inner {
            keyset: ArcSwap::from_pointee(keyset),
            config,
            store,
            clock,
            turn: Mutex::default(),
            unknown: UnknownKeys::default(),
        };
        if inner.config.production && inner.store.protection() == KeyProtection::Plaintext {
            inner.warn("signing keys are stored in the clear: seal the store", None);
        }
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Checks a token, and that it is of the expected type.
    ///
    /// # Errors
    /// The first check that fails: its form, its key and signature, and then
    /// its claims. [`JwtError::KeyStore`] when it names a key that is not known
    /// and the store cannot be asked.
    pub async fn verify(
        &self,
        token: &str,
        expected: ExpectedType,
    ) -> Result<TokenClaims, JwtError> {
        let parts = Compact::split(token)?;
        let (algorithm, key_id) = read_header(parts.header)?;
        let inner = &*self.inner;
        inner.read_again_if_old().await;
        let keyset = inner.keyset.load();
        let key = match keyset.keys.get(&key_id) {
            Some(key) => Arc::clone(key),
            None => {
                drop(keyset);
                inner.find_unknown(&key_id).await?
            }
        };
        if !key.is_algorithm(&algorithm) {
            return Err(InvalidReason::Algorithm.into());
        }
        let signature = decode(parts.signature)?;
        if !key.holds(parts.signed.as_bytes(), &signature) {
            return Err(InvalidReason::Signature.into());
        }
        let payload = decode(parts.payload)?;
        let payload: Incoming =
            serde_json::from_slice(&payload).map_err(|_| InvalidReason::Payload)?;
        inner.check(payload, key_id, expected)
    }

    /// All keys, without their secrets, the oldest first.
    #[must_use]
    pub fn keys(&self) -> Vec<SigningKeyMetadata> {
        let keyset = self.inner.keyset.load();
        let mut keys: Vec<_> = keyset
            .keys
            .values()
            .map(|key| keyset.metadata(key))
            .collect();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        keys
    }

    /// The public keys, for verifiers elsewhere. Symmetric keys have none.
    #[must_use]
    pub fn public_jwks(&self) -> Jwks {
        let keys = self.keys();
        let public = keys.iter().filter_map(|key| {
            let public = key.public.as_deref()?;
            Jwk::of_signing_key(&key.id, key.alg, public)
        });
        Jwks::of(public.collect())
    }

    /// An authenticator that accepts tokens of this type.
    #[must_use]
    pub fn authenticator(&self, token_type: TokenType) -> JwtAuthenticator {
        JwtAuthenticator::new(self.clone(), token_type)
    }

    /// Reads the keys again, for a timer of the caller.
    ///
    /// # Errors
    /// [`JwtError::KeyStore`] and [`JwtError::CorruptKey`]; the keys in memory
    /// stay.
    pub async fn refresh(&self) -> Result<(), JwtError> {
        let _turn = self.inner.turn.lock().await;
        self.inner.read_again().await
    }
}

impl fmt::Debug for JwtManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtManager")
            .field("config", &self.inner.config)
            .field("keys", &self.keys())
            .finish()
    }
}

/// Algorithm and key of a header, which must be there, and of type `JWT`.
fn read_header(segment: &str) -> Result<(String, String), JwtError> {
    let header = Header::read(segment)?;
    match (
        header.algorithm,
        header.key_id,
        header.token_type.as_deref(),
    ) {
        (Some(algorithm), Some(key_id), Some("JWT")) => Ok((algorithm, key_id)),
        _ => Err(InvalidReason::Header.into()),
    }
}

impl Inner {
    /// Unix time in seconds.
    pub(super) fn now(&self) -> i64 {
        unix_seconds(&*self.clock)
    }

    /// What a token says, if all of it is as it must be.
    fn check(
        &self,
        payload: Incoming,
        key_id: String,
        expected: ExpectedType,
    ) -> Result<TokenClaims, JwtError> {
        if payload.key_id.as_deref() != Some(&*key_id) {
            return Err(InvalidReason::KeyMismatch.into());
        }
        self.check_parties(&payload)?;
        // Whoever wrote the payload could not leave it out.
        let token_type = payload.token_type.ok_or(InvalidReason::Payload)?;
        let times = [payload.issued_at, payload.not_before, payload.expires_at];
        let [Some(issued_at), Some(not_before), Some(expires_at)] = times else {
            return Err(InvalidReason::Times.into());
        };
        self.check_times(issued_at, not_before, expires_at, token_type)?;
        if !expected.accepts(token_type) {
            return Err(InvalidReason::TokenType.into());
        }
        let subject = payload.subject.unwrap_or_default();
        if subject.is_empty() {
            return Err(JwtError::MissingSubject);
        }
        Ok(TokenClaims {
            token_id: payload.token_id,
            token_type,
            identity: Identity {
                subject,
                version: payload.version,
                tenant_id: payload.tenant_id,
            },
            authorization: super::Authorization {
                roles: payload.roles,
                permissions: payload.permissions,
            },
            issuer: payload.issuer.unwrap_or_default(),
            audience: payload.audience.unwrap_or_default(),
            issued_at,
            not_before,
            expires_at,
            key_id,
            ext: payload.ext,
        })
    }

    fn check_parties(&self, payload: &Incoming) -> Result<(), JwtError> {
        if let IssuerCheck::Exactly(issuer) = &self.config.issuer
            && payload.issuer.as_ref() != Some(issuer)
        {
            return Err(JwtError::InvalidIssuer);
        }
        if let AudienceCheck::AnyOf(known) = &self.config.audience {
            let mut named = payload.audience.iter().flatten();
            if !named.any(|audience| known.contains(audience)) {
                return Err(JwtError::InvalidAudience);
            }
        }
        Ok(())
    }

    fn check_times(
        &self,
        issued_at: i64,
        not_before: i64,
        expires_at: i64,
        token_type: TokenType,
    ) -> Result<(), JwtError> {
        let (now, skew) = (self.now(), seconds(self.config.clock_skew));
        if issued_at <= 0 || not_before <= 0 || expires_at <= 0 {
            return Err(InvalidReason::Times.into());
        }
        if issued_at > now.saturating_add(skew) {
            return Err(InvalidReason::Times.into());
        }
        if now >= expires_at.saturating_add(skew) {
            return Err(JwtError::Expired);
        }
        if now < not_before.saturating_sub(skew) {
            return Err(JwtError::NotYetValid);
        }
        let lifetime = expires_at.saturating_sub(issued_at);
        let longest = seconds(self.ttl(token_type)).saturating_add(skew);
        if lifetime <= 0 || (self.config.check_lifetime && lifetime > longest) {
            return Err(InvalidReason::Times.into());
        }
        Ok(())
    }

    pub(super) fn ttl(&self, token_type: TokenType) -> Duration {
        match token_type {
            TokenType::Access => self.config.access_ttl,
            TokenType::Refresh => self.config.refresh_ttl,
        }
    }

    /// A key that is not among those in memory.
    async fn find_unknown(&self, key_id: &str) -> Result<Arc<Key>, JwtError> {
        let find = || self.keyset.load().keys.get(key_id).cloned();
        let lifetime = self.config.reload_interval;
        if self
            .unknown
            .contains(key_id, self.clock.instant(), lifetime)
        {
            return Err(JwtError::UnknownKey);
        }
        let mut turn = self.turn.lock().await;
        // Somebody else may have read the store meanwhile.
        if let Some(key) = find() {
            return Ok(key);
        }
        let now = self.clock.instant();
        let gap = self.config.unknown_key_reload_gap;
        let is_recent = |at: Instant| now.saturating_duration_since(at) < gap;
        if turn.unknown_read_at.is_some_and(is_recent) {
            return Err(JwtError::UnknownKey);
        }
        turn.unknown_read_at = Some(now);
        self.read_again().await?;
        drop(turn);
        find().ok_or_else(|| {
            self.unknown.note(key_id, now);
            JwtError::UnknownKey
        })
    }

    /// Reads old keys again, unless somebody else is at it. What cannot be read
    /// now is tried with the next token; the keys in memory stay.
    async fn read_again_if_old(&self) {
        if !self.is_old() {
            return;
        }
        let Ok(_turn) = self.turn.try_lock() else {
            return;
        };
        if self.is_old()
            && let Err(error) = self.read_again().await
        {
            self.warn("signing keys cannot be read again", Some(&error));
        }
    }

    pub(super) fn is_old(&self) -> bool {
        let age = self
            .clock
            .instant()
            .saturating_duration_since(self.keyset.load().read_at);
        age >= self.config.reload_interval
    }

    pub(super) fn warn(&self, message: &str, error: Option<&JwtError>) {
        let Some(logger) = &self.config.logger else {
            return;
        };
        warn(&**logger, message, error);
    }
}

fn warn(logger: &dyn Logger, message: &str, error: Option<&JwtError>) {
    if !logger.enabled(Level::Warn, TARGET) {
        return;
    }
    let mut fields = Fields::new();
    if let Some(error) = error {
        fields = fields.with("error", error as &(dyn std::error::Error + 'static));
    }
    let sets = [&fields];
    let record = Record::new(Level::Warn, message, logger.now())
        .with_target(TARGET)
        .with_fields(&sets);
    logger.log(&record);
}

pub(super) fn unix_seconds(clock: &dyn Clock) -> i64 {
    let since = clock.now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// Whole seconds of a duration, as times in tokens count.
pub(super) fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
