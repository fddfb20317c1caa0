//! The suites pass for what is good and fail, in the right case, for what is
//! not.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where; helpers outside of test functions too"
)]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use http::request::Parts;
use parking_lot::Mutex;
use plumego_contract::{Clock, Scheme};
use plumego_security::BoxFuture;
use plumego_security::abuse::{AbuseConfig, AbuseError, AbuseGuard, Decision, Limiter};
use plumego_security::authn::{
    Authenticated, Authenticator, AuthnError, Authorizer, Matching, PermissionPolicy, Principal,
    RolePolicy, StaticTokens,
};
use plumego_security::conformance::abuse_guard::{self, AbuseGuardFixture};
use plumego_security::conformance::authenticator::{self, AuthenticatorFixture};
use plumego_security::conformance::authorizer::{self, AuthorizerFixture};
use plumego_security::conformance::header_policy::{self, Answer, HeaderPolicyFixture};
use plumego_security::headers::{ApplyContext, HeaderPolicy, PolicyErrors};
use plumego_security::secret::SecretString;

fn head(authorization: &str) -> Parts {
    let request = http::Request::get("/").header("authorization", authorization);
    request.body(()).unwrap().into_parts().0
}

struct Static;

impl AuthenticatorFixture for Static {
    fn authenticator(&self) -> Arc<dyn Authenticator> {
        Arc::new(StaticTokens::new([SecretString::from("s3cret-token")]).unwrap())
    }

    fn recognised(&self) -> Parts {
        head("Bearer s3cret-token")
    }

    fn wrong(&self) -> Parts {
        head("Bearer wr0ng-token")
    }

    fn secrets(&self) -> Vec<String> {
        vec!["s3cret-token".into(), "wr0ng-token".into()]
    }
}

#[tokio::test]
async fn static_tokens_conform() {
    let report = authenticator::run("static tokens", &Static).await;
    report.assert_passed_except(&["AU-04"]);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["suite"], "authenticator");
    assert_eq!(json["cases"][0]["id"], "AU-01");
    assert_eq!(json["cases"][0]["outcome"], "passed");
    assert_eq!(json["cases"][3]["outcome"], "not_applicable");
}

/// Believes whatever comes, from wherever, and shows it.
struct Gullible;

impl Authenticator for Gullible {
    fn authenticate<'a>(
        &'a self,
        head: &'a Parts,
    ) -> BoxFuture<'a, Result<Authenticated, AuthnError>> {
        let query = head.uri.query().unwrap_or_default().to_owned();
        let header = head.headers.get("authorization");
        let header = header
            .and_then(|value| value.to_str().ok())
            .unwrap_or(&query);
        let outcome = match header {
            "" => Err(AuthnError::InvalidToken { reason: "empty" }),
            text if text.contains("wr0ng") => Err(AuthnError::Unavailable(text.into())),
            _ => Ok(Authenticated::default()),
        };
        Box::pin(std::future::ready(outcome))
    }
}

struct GullibleFixture;

impl AuthenticatorFixture for GullibleFixture {
    fn authenticator(&self) -> Arc<dyn Authenticator> {
        Arc::new(Gullible)
    }

    fn recognised(&self) -> Parts {
        Static.recognised()
    }

    fn wrong(&self) -> Parts {
        Static.wrong()
    }

    fn secrets(&self) -> Vec<String> {
        Static.secrets()
    }
}

#[tokio::test]
async fn a_gullible_authenticator_does_not() {
    let report = authenticator::run("gullible", &GullibleFixture).await;
    let failed = report.failed();
    for id in [
        "AU-01", "AU-02", "AU-03", "AU-06", "AU-07", "AU-08", "AU-10",
    ] {
        assert!(failed.contains(&id), "{id}:\n{report}");
    }
}

struct Roles;

impl AuthorizerFixture for Roles {
    fn authorizer(&self) -> Arc<dyn Authorizer> {
        let policy = RolePolicy {
            any_role: vec!["editor".into()],
            ..RolePolicy::default()
        };
        Arc::new(policy.build().unwrap())
    }

    fn empty(&self, allow_empty: bool) -> Option<Arc<dyn Authorizer>> {
        let policy = RolePolicy {
            allow_empty,
            ..RolePolicy::default()
        };
        Some(Arc::new(policy.build().unwrap()))
    }
}

struct Permissions;

impl AuthorizerFixture for Permissions {
    fn authorizer(&self) -> Arc<dyn Authorizer> {
        self.empty(false).unwrap()
    }

    fn empty(&self, allow_empty: bool) -> Option<Arc<dyn Authorizer>> {
        let policy = PermissionPolicy {
            allow_empty,
            matching: Matching::Exact,
            ..PermissionPolicy::default()
        };
        Some(Arc::new(policy.build().unwrap()))
    }
}

#[tokio::test]
async fn policies_conform() {
    let report = authorizer::run("roles", &Roles).await;
    report.assert_passed_except(&["AZ-04"]);
    let report = authorizer::run("permissions", &Permissions).await;
    report.assert_passed_except(&["AZ-04"]);
}

/// Lets everybody through.
struct Open;

impl Authorizer for Open {
    fn authorize<'a>(
        &'a self,
        _: Option<&'a Principal>,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), plumego_security::authn::AuthzError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl AuthorizerFixture for Open {
    fn authorizer(&self) -> Arc<dyn Authorizer> {
        Arc::new(Self)
    }

    fn empty(&self, _: bool) -> Option<Arc<dyn Authorizer>> {
        Some(Arc::new(Self))
    }
}

#[tokio::test]
async fn an_open_policy_does_not() {
    let report = authorizer::run("open", &Open).await;
    assert_eq!(report.failed(), ["AZ-01", "AZ-02"]);
}

/// A policy applied outright.
struct Direct;

impl HeaderPolicyFixture for Direct {
    fn respond<'a>(
        &'a self,
        policy: HeaderPolicy,
        scheme: Scheme,
        _: HeaderMap,
        answer: Answer,
    ) -> BoxFuture<'a, Result<HeaderMap, PolicyErrors>> {
        let outcome = policy.compile().map(|policy| {
            let mut headers = answer.headers;
            policy.apply(&mut headers, &ApplyContext::new(scheme));
            headers
        });
        Box::pin(std::future::ready(outcome))
    }
}

#[tokio::test]
async fn policies_of_headers_conform() {
    let report = header_policy::run("direct", &Direct).await;
    report.assert_passed_except(&[]);
}

#[derive(Debug)]
struct Turning(Instant, Mutex<Duration>);

impl Clock for Turning {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn instant(&self) -> Instant {
        self.0 + *self.1.lock()
    }
}

struct Local {
    clock: Arc<Turning>,
    last: Mutex<Option<Limiter>>,
}

impl Local {
    fn new() -> Self {
        let clock = Turning(Instant::now(), Mutex::new(Duration::from_secs(100)));
        Self {
            clock: Arc::new(clock),
            last: Mutex::default(),
        }
    }
}

struct Down;

impl AbuseGuard for Down {
    fn check<'a>(&'a self, _: &'a str, _: u32) -> BoxFuture<'a, Result<Decision, AbuseError>> {
        let error = AbuseError::Unavailable("connection refused".into());
        Box::pin(std::future::ready(Err(error)))
    }
}

impl AbuseGuardFixture for Local {
    fn fresh(&self, rate: f64, capacity: u32) -> BoxFuture<'_, Arc<dyn AbuseGuard>> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let config = AbuseConfig::default()
            .with_rate(rate)
            .with_capacity(capacity)
            .with_clock(clock);
        let limiter = Limiter::new(config).unwrap();
        *self.last.lock() = Some(limiter.clone());
        let limiter: Arc<dyn AbuseGuard> = Arc::new(limiter);
        Box::pin(std::future::ready(limiter))
    }

    fn pass(&self, time: Duration) -> BoxFuture<'_, ()> {
        *self.clock.1.lock() += time;
        Box::pin(std::future::ready(()))
    }

    fn second_client(&self) -> BoxFuture<'_, Option<Arc<dyn AbuseGuard>>> {
        let last = self.last.lock().clone();
        let last = last.map(|limiter| -> Arc<dyn AbuseGuard> { Arc::new(limiter) });
        Box::pin(std::future::ready(last))
    }

    fn backend_down(&self) -> BoxFuture<'_, Option<Arc<dyn AbuseGuard>>> {
        let down: Arc<dyn AbuseGuard> = Arc::new(Down);
        Box::pin(std::future::ready(Some(down)))
    }

    fn step_back(&self, time: Duration) -> bool {
        *self.clock.1.lock() -= time;
        true
    }

    fn keys_held(&self) -> BoxFuture<'_, Option<u64>> {
        let last = self.last.lock().clone();
        let held = last.map(|limiter| {
            limiter.cleanup();
            limiter.metrics().buckets
        });
        Box::pin(std::future::ready(held))
    }
}

#[tokio::test]
async fn the_limiter_conforms() {
    let report = abuse_guard::run("limiter", &Local::new()).await;
    report.assert_passed_except(&[]);
}

/// A limiter that allows everything.
struct Generous;

impl AbuseGuard for Generous {
    fn check<'a>(&'a self, _: &'a str, _: u32) -> BoxFuture<'a, Result<Decision, AbuseError>> {
        let decision = Decision::new(5, 4, Duration::ZERO, None);
        Box::pin(std::future::ready(Ok(decision)))
    }
}

impl AbuseGuardFixture for Generous {
    fn fresh(&self, _: f64, _: u32) -> BoxFuture<'_, Arc<dyn AbuseGuard>> {
        let own: Arc<dyn AbuseGuard> = Arc::new(Self);
        Box::pin(std::future::ready(own))
    }

    fn pass(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn a_generous_limiter_does_not() {
    let report = abuse_guard::run("generous", &Generous).await;
    let failed = report.failed();
    for id in ["AG-01", "AG-02", "AG-03", "AG-04", "AG-05", "AG-06"] {
        assert!(failed.contains(&id), "{id}:\n{report}");
    }
}

#[cfg(feature = "password")]
mod passwords {
    use plumego_security::conformance::password_hasher;
    use plumego_security::password::{HashConfig, Pbkdf2Cost, Scheme};

    #[tokio::test]
    async fn argon2id_conforms() {
        let report = password_hasher::run("argon2id", &HashConfig::default(), 50).await;
        report.assert_passed_except(&[]);
    }

    #[tokio::test]
    async fn pbkdf2_conforms() {
        let scheme = Scheme::Pbkdf2Sha512(Pbkdf2Cost::default());
        let config = HashConfig::default().with_scheme(scheme);
        let report = password_hasher::run("pbkdf2", &config, 3).await;
        report.assert_passed_except(&[]);
    }
}

#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
mod tokens {
    use std::sync::atomic::{AtomicBool, Ordering};

    use plumego_contract::BoxError;
    use plumego_security::conformance::jwt_manager;
    use plumego_security::conformance::key_store::{self, KeyStoreFixture};
    use plumego_security::jwt::{
        Authorization, Identity, JwtConfig, JwtManager, KeyStore, MemoryKeyStore, TokenType,
    };
    use plumego_security::secret::SecretBytes;

    use super::*;

    /// Fails at everything.
    struct Broken;

    impl KeyStore for Broken {
        fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>> {
            Box::pin(std::future::ready(Err("down".into())))
        }

        fn list<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>> {
            Box::pin(std::future::ready(Err("down".into())))
        }

        fn put_if_absent<'a>(
            &'a self,
            _: &'a str,
            _: SecretBytes,
        ) -> BoxFuture<'a, Result<bool, BoxError>> {
            Box::pin(std::future::ready(Err("down".into())))
        }

        fn compare_and_swap<'a>(
            &'a self,
            _: &'a str,
            _: Option<&'a [u8]>,
            _: SecretBytes,
        ) -> BoxFuture<'a, Result<bool, BoxError>> {
            Box::pin(std::future::ready(Err("down".into())))
        }

        fn delete<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
            Box::pin(std::future::ready(Err("down".into())))
        }
    }

    fn given<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
        Box::pin(std::future::ready(value))
    }

    fn broken<'a>() -> BoxFuture<'a, Option<Arc<dyn KeyStore>>> {
        let store: Arc<dyn KeyStore> = Arc::new(Broken);
        given(Some(store))
    }

    #[derive(Default)]
    struct Memory(Mutex<MemoryKeyStore>);

    impl KeyStoreFixture for Memory {
        fn fresh(&self) -> BoxFuture<'_, Arc<dyn KeyStore>> {
            let store = MemoryKeyStore::new();
            *self.0.lock() = store.clone();
            given(Arc::new(store))
        }

        fn backend_down(&self) -> BoxFuture<'_, Option<Arc<dyn KeyStore>>> {
            broken()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn keys_in_memory_conform() {
        let report = key_store::run("memory", &Memory::default()).await;
        report.assert_passed_except(&["KS-06", "KS-09"]);
        let report = jwt_manager::run("memory", &Memory::default()).await;
        report.assert_passed_except(&[]);
    }

    /// Looks first and writes then, so that two may write.
    #[derive(Clone, Default)]
    struct Careless(MemoryKeyStore);

    impl KeyStore for Careless {
        fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>> {
            self.0.get(key)
        }

        fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>> {
            Box::pin(async move {
                let mut keys = self.0.list(prefix).await?;
                keys.reverse();
                Ok(keys)
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
            Box::pin(async move {
                let seen = self.0.get(key).await?;
                tokio::task::yield_now().await;
                if seen.as_ref().map(SecretBytes::expose) != expected {
                    return Ok(false);
                }
                self.0.delete(key).await?;
                self.0.put_if_absent(key, value).await?;
                Ok(true)
            })
        }

        fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
            self.0.delete(key)
        }
    }

    struct CarelessFixture;

    impl KeyStoreFixture for CarelessFixture {
        fn fresh(&self) -> BoxFuture<'_, Arc<dyn KeyStore>> {
            given(Arc::new(Careless::default()))
        }
    }

    #[tokio::test]
    async fn a_careless_store_does_not() {
        let report = key_store::run("careless", &CarelessFixture).await;
        let failed = report.failed();
        for id in ["KS-02", "KS-04", "KS-05"] {
            assert!(failed.contains(&id), "{id}:\n{report}");
        }
    }

    #[cfg(feature = "seal")]
    mod sealed {
        use plumego_security::jwt::{KeyEncryptionKey, SealedKeyStore};

        use super::*;

        struct Sealed;

        fn kek() -> KeyEncryptionKey {
            KeyEncryptionKey::new("a", &SecretBytes::from([7; 32])).unwrap()
        }

        impl KeyStoreFixture for Sealed {
            fn fresh(&self) -> BoxFuture<'_, Arc<dyn KeyStore>> {
                given(Arc::new(SealedKeyStore::new(MemoryKeyStore::new(), kek())))
            }

            fn backend_down(&self) -> BoxFuture<'_, Option<Arc<dyn KeyStore>>> {
                let store: Arc<dyn KeyStore> = Arc::new(SealedKeyStore::new(Broken, kek()));
                given(Some(store))
            }
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn sealed_keys_conform() {
            let report = key_store::run("sealed", &Sealed).await;
            report.assert_passed_except(&["KS-06", "KS-09"]);
            let report = jwt_manager::run("sealed", &Sealed).await;
            report.assert_passed_except(&[]);
        }
    }

    #[cfg(feature = "kv-keystore")]
    mod kv {
        use plumego_security::jwt::{KeyProtection, KvKeyStore};
        use plumego_store::kv::{EmbeddedKv, EmbeddedKvOptions, KvStore, MemoryKv};
        use tempfile::TempDir;

        use super::*;

        /// On disk, closed and opened again.
        struct OnDisk {
            last: tokio::sync::Mutex<Option<(TempDir, Arc<EmbeddedKv>)>>,
        }

        async fn open(dir: &TempDir) -> Arc<EmbeddedKv> {
            Arc::new(EmbeddedKvOptions::new(dir.path()).open().await.unwrap())
        }

        impl KeyStoreFixture for OnDisk {
            fn fresh(&self) -> BoxFuture<'_, Arc<dyn KeyStore>> {
                Box::pin(async move {
                    let dir = TempDir::new().unwrap();
                    let store = open(&dir).await;
                    *self.last.lock().await = Some((dir, Arc::clone(&store)));
                    let keys: Arc<dyn KeyStore> = Arc::new(KvKeyStore::plaintext(store));
                    keys
                })
            }

            fn reopened(&self) -> BoxFuture<'_, Option<Arc<dyn KeyStore>>> {
                Box::pin(async move {
                    let mut last = self.last.lock().await;
                    let (dir, store) = last.take()?;
                    store.close().await.unwrap();
                    drop(store);
                    let store = open(&dir).await;
                    *last = Some((dir, Arc::clone(&store)));
                    let keys: Arc<dyn KeyStore> = Arc::new(KvKeyStore::plaintext(store));
                    Some(keys)
                })
            }

            fn backend_down(&self) -> BoxFuture<'_, Option<Arc<dyn KeyStore>>> {
                Box::pin(async move {
                    let store = MemoryKv::new();
                    store.close().await.unwrap();
                    let keys: Arc<dyn KeyStore> = Arc::new(KvKeyStore::plaintext(Arc::new(store)));
                    Some(keys)
                })
            }
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn keys_in_a_key_value_store_conform() {
            let fixture = || OnDisk {
                last: tokio::sync::Mutex::default(),
            };
            let report = key_store::run("embedded", &fixture()).await;
            report.assert_passed_except(&["KS-09"]);
            let report = jwt_manager::run("embedded", &fixture()).await;
            report.assert_passed_except(&[]);
        }

        #[tokio::test]
        async fn a_key_value_store_says_how_it_keeps_keys() {
            let memory = KvKeyStore::plaintext(Arc::new(MemoryKv::new()));
            assert_eq!(memory.protection(), KeyProtection::Volatile);
            let dir = TempDir::new().unwrap();
            let disk = KvKeyStore::plaintext(open(&dir).await);
            assert_eq!(disk.protection(), KeyProtection::Plaintext);
        }
    }

    /// A store that can be taken away.
    #[derive(Clone, Default)]
    struct Switched(MemoryKeyStore, Arc<AtomicBool>);

    impl Switched {
        fn now(&self) -> &dyn KeyStore {
            if self.1.load(Ordering::SeqCst) {
                &Broken
            } else {
                &self.0
            }
        }
    }

    impl KeyStore for Switched {
        fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, BoxError>> {
            self.now().get(key)
        }

        fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, BoxError>> {
            self.now().list(prefix)
        }

        fn put_if_absent<'a>(
            &'a self,
            key: &'a str,
            value: SecretBytes,
        ) -> BoxFuture<'a, Result<bool, BoxError>> {
            self.now().put_if_absent(key, value)
        }

        fn compare_and_swap<'a>(
            &'a self,
            key: &'a str,
            expected: Option<&'a [u8]>,
            value: SecretBytes,
        ) -> BoxFuture<'a, Result<bool, BoxError>> {
            self.now().compare_and_swap(key, expected, value)
        }

        fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
            self.now().delete(key)
        }
    }

    struct Jwt {
        manager: JwtManager,
        /// One whose store is gone.
        orphan: JwtManager,
        good: SecretString,
        wrong: SecretString,
    }

    impl Jwt {
        async fn new() -> Self {
            let store = Switched::default();
            let open = |store: Switched| JwtManager::open(Arc::new(store), JwtConfig::default());
            let manager = open(Switched::default()).await.unwrap();
            let orphan = open(store.clone()).await.unwrap();
            store.1.store(true, Ordering::SeqCst);
            let (ada, nothing) = (Identity::new("ada"), Authorization::default());
            let pair = manager.issue_pair(&ada, &nothing).await.unwrap();
            Self {
                manager,
                orphan,
                good: pair.access_token,
                wrong: pair.refresh_token,
            }
        }
    }

    impl AuthenticatorFixture for Jwt {
        fn authenticator(&self) -> Arc<dyn Authenticator> {
            Arc::new(self.manager.authenticator(TokenType::Access))
        }

        fn recognised(&self) -> Parts {
            head(&format!("Bearer {}", self.good.expose()))
        }

        fn wrong(&self) -> Parts {
            head(&format!("Bearer {}", self.wrong.expose()))
        }

        fn secrets(&self) -> Vec<String> {
            [&self.good, &self.wrong]
                .map(|own| own.expose().to_owned())
                .into()
        }

        fn backend_down(&self) -> Option<(Arc<dyn Authenticator>, Parts)> {
            // A key it does not know makes it ask.
            let orphan = self.orphan.authenticator(TokenType::Access);
            Some((Arc::new(orphan), self.recognised()))
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn tokens_conform() {
        let report = authenticator::run("jwt", &Jwt::new().await).await;
        report.assert_passed_except(&[]);
    }
}
