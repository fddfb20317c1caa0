//! A manager on a clock that tests turn, and tokens that it did not issue.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use plumego_contract::{BoxError, ManualClock};
use plumego_security::BoxFuture;
use plumego_security::jwt::{
    Algorithm, Authorization, ExpectedType, Identity, IssueOptions, IssuedToken, JwtConfig,
    JwtError, JwtManager, KeyStore, MemoryKeyStore, TokenClaims, TokenType,
};
use plumego_security::secret::SecretBytes;
use serde_json::{Value, json};
use sha2::Sha256;

/// Tuesday, 14 November 2023, 22:13:20 UTC.
pub(crate) const NOW: i64 = 1_700_000_000;

pub(crate) fn clock() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()))
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

pub(crate) fn ada() -> Identity {
    Identity::new("user-17")
}

pub(crate) fn editor() -> Authorization {
    Authorization {
        roles: vec!["editor".into()],
        permissions: vec!["items:read".into(), "items:write".into()],
    }
}

/// A manager, its clock and its store.
pub(crate) struct Bench {
    pub(crate) clock: ManualClock,
    pub(crate) store: Faulty,
    pub(crate) manager: JwtManager,
}

impl Bench {
    pub(crate) async fn new(algorithm: Algorithm) -> Self {
        Self::with(JwtConfig::default().with_algorithm(algorithm)).await
    }

    pub(crate) async fn with(config: JwtConfig) -> Self {
        let (clock, store) = (clock(), Faulty::default());
        let manager = open(&store, config, &clock).await.unwrap();
        Self {
            clock,
            store,
            manager,
        }
    }

    /// Another manager on the same store.
    pub(crate) async fn peer(&self, config: JwtConfig) -> JwtManager {
        open(&self.store, config, &self.clock).await.unwrap()
    }

    pub(crate) async fn active(&self) -> String {
        let marker = self.store.inner.get("jwt:active").await.unwrap().unwrap();
        String::from_utf8(marker.expose().to_vec()).unwrap()
    }

    pub(crate) async fn record(&self, kid: &str) -> Value {
        let name = format!("jwt:keys:{kid}");
        let bytes = self.store.inner.get(&name).await.unwrap().unwrap();
        serde_json::from_slice(bytes.expose()).unwrap()
    }

    pub(crate) async fn secret(&self) -> Vec<u8> {
        let record = self.record(&self.active().await).await;
        decode(record["secret"].as_str().unwrap())
    }

    /// The header and payload of a token that holds.
    pub(crate) async fn parts(&self) -> (Value, Value) {
        let kid = self.active().await;
        let alg = self.record(&kid).await["alg"].clone();
        let header = json!({ "alg": alg, "typ": "JWT", "kid": kid });
        let payload = json!({
            "iss": "plumego", "aud": "plumego-client", "sub": "user-17", "ver": 0,
            "iat": NOW, "nbf": NOW, "exp": NOW + 900, "jti": "j", "kid": kid,
            "token_type": "access",
        });
        (header, payload)
    }

    /// A token with this header and payload, signed by the key in use.
    pub(crate) async fn forge(&self, header: &str, payload: &str) -> String {
        self.forge_segments(&encode(header), &encode(payload)).await
    }

    pub(crate) async fn forge_segments(&self, header: &str, payload: &str) -> String {
        let signed = format!("{header}.{payload}");
        let record = self.record(&self.active().await).await;
        let secret = self.secret().await;
        let signature = match record["alg"].as_str().unwrap() {
            "HS256" => hmac(&secret, &signed),
            "EdDSA" => ed25519(&secret, &signed),
            other => panic!("{other} is not forged here"),
        };
        format!("{signed}.{}", encode(signature))
    }

    /// A token whose payload was changed before it was signed.
    pub(crate) async fn forge_payload(&self, change: impl FnOnce(&mut Value)) -> String {
        let (header, mut payload) = self.parts().await;
        change(&mut payload);
        self.forge(&header.to_string(), &payload.to_string()).await
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<TokenClaims, JwtError> {
        self.manager.verify(token, ExpectedType::Any).await
    }

    /// What came of verifying, in one word.
    pub(crate) async fn outcome(&self, token: &str) -> String {
        word(&self.verify(token).await)
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// A token for Ada, who edits.
pub(crate) async fn issue(
    manager: &JwtManager,
    kind: TokenType,
    options: IssueOptions,
) -> Result<IssuedToken, JwtError> {
    manager.issue(kind, &ada(), &editor(), options).await
}

pub(crate) async fn open(
    store: &Faulty,
    config: JwtConfig,
    clock: &ManualClock,
) -> Result<JwtManager, JwtError> {
    JwtManager::open_with_clock(Arc::new(store.clone()), config, Arc::new(clock.clone())).await
}

pub(crate) fn word<T>(outcome: &Result<T, JwtError>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(JwtError::InvalidToken(reason)) => reason.as_str().to_owned(),
        Err(JwtError::Expired) => "expired".to_owned(),
        Err(JwtError::NotYetValid) => "not yet".to_owned(),
        Err(JwtError::UnknownKey) => "unknown key".to_owned(),
        Err(JwtError::MissingSubject) => "no subject".to_owned(),
        Err(JwtError::InvalidIssuer) => "issuer".to_owned(),
        Err(JwtError::InvalidAudience) => "audience".to_owned(),
        Err(JwtError::KeyStore(_)) => "store".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

pub(crate) fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn ed25519(seed: &[u8], message: &str) -> Vec<u8> {
    let key = ring::signature::Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    key.sign(message.as_bytes()).as_ref().to_vec()
}

/// A store that fails when it is told to, and counts what is asked of it.
#[derive(Clone, Default)]
pub(crate) struct Faulty {
    pub(crate) inner: MemoryKeyStore,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_down: AtomicBool,
    is_hanging: AtomicBool,
    markers_read: AtomicUsize,
    /// Who rotates as soon as the marker was read.
    rotator: Mutex<Option<JwtManager>>,
    writes: AtomicUsize,
    /// The number of the write that fails.
    failing_write: AtomicUsize,
}

impl Faulty {
    pub(crate) fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Nothing is answered any more.
    pub(crate) fn hang(&self, is_hanging: bool) {
        self.state.is_hanging.store(is_hanging, Ordering::SeqCst);
    }

    /// Lets the `n`th write from now fail, counted from one.
    pub(crate) fn fail_write(&self, n: usize) {
        self.state.writes.store(0, Ordering::SeqCst);
        self.state.failing_write.store(n, Ordering::SeqCst);
    }

    /// Lets `rotator` replace the key behind the back of whoever reads the
    /// marker next.
    pub(crate) fn rotate_after_marker(&self, rotator: JwtManager) {
        *self.state.rotator.lock().unwrap() = Some(rotator);
    }

    /// How often the keys were read.
    pub(crate) fn readings(&self) -> usize {
        self.state.markers_read.load(Ordering::SeqCst)
    }

    async fn ask(&self) -> Result<(), BoxError> {
        tokio::task::yield_now().await;
        if self.state.is_hanging.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.state.is_down.load(Ordering::SeqCst) {
            return Err("connection refused".into());
        }
        Ok(())
    }

    async fn write(&self) -> Result<(), BoxError> {
        self.ask().await?;
        let write = self.state.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if write == self.state.failing_write.load(Ordering::SeqCst) {
            return Err("disk full".into());
        }
        Ok(())
    }
}

impl KeyStore for Faulty {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>> {
        Box::pin(async move {
            if key == "jwt:active" {
                self.state.markers_read.fetch_add(1, Ordering::SeqCst);
            }
            self.ask().await?;
            let found = self.inner.get(key).await;
            if key == "jwt:active" {
                let rotator = self.state.rotator.lock().unwrap().take();
                if let Some(rotator) = rotator {
                    rotator.rotate().await?;
                }
            }
            found
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>> {
        Box::pin(async move {
            self.ask().await?;
            self.inner.list(prefix).await
        })
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            self.write().await?;
            self.inner.put_if_absent(key, value).await
        })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a [u8]>,
        value: SecretBytes,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            self.write().await?;
            self.inner.compare_and_swap(key, expected, value).await
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            self.write().await?;
            self.inner.delete(key).await
        })
    }
}
