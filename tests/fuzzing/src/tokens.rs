//! Credentials: nothing but what was issued is accepted.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use plumego_contract::ManualClock;
use plumego_security::authn::{BearerToken, bearer_token};
use plumego_security::csrf::CsrfTokens;
use plumego_security::jwt::{
    Algorithm, ExpectedType, ExternalProfile, ExternalVerifier, Jwks, JwtConfig, JwtManager,
    KeyStore, MemoryKeyStore,
};
use plumego_security::password::{HashConfig, PasswordHasher};
use plumego_security::secret::SecretBytes;
use serde_json::Value;
use sha2::Sha256;

use crate::now;

/// Tuesday, 14 November 2023, 22:13:20 UTC.
const NOW: u64 = 1_700_000_000;
const SECRET: [u8; 32] = [7; 32];
const KID: &str = "k";

/// A manager with one key that is known here.
static MANAGER: LazyLock<JwtManager> = LazyLock::new(|| {
    let secret = URL_SAFE_NO_PAD.encode(SECRET);
    let record = format!(
        r#"{{"id":"{KID}","alg":"HS256","secret":"{secret}","created_at":{NOW},"activates_at":{NOW}}}"#
    );
    let store = MemoryKeyStore::new();
    for (key, value) in [("jwt:keys:k", record.as_str()), ("jwt:active", KID)] {
        let put = store.put_if_absent(key, SecretBytes::from(value.as_bytes()));
        now(put).expect("memory does not fail");
    }
    let config = JwtConfig::default().with_rotation_interval(Duration::ZERO);
    let open = JwtManager::open_with_clock(Arc::new(store), config, Arc::new(clock()));
    now(open).expect("a legal record")
});

fn clock() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
}

fn mac(message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&SECRET).expect("a key of any length");
    mac.update(message.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// A token as it comes: it holds only when its signature is the one that this
/// function makes too.
pub(crate) fn jwt(data: &[u8]) {
    let token = String::from_utf8_lossy(data);
    let verified = now(MANAGER.verify(&token, ExpectedType::Any));
    if verified.is_ok() {
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        assert_eq!(mac(signed), signature);
    }
}

/// Header and payload in lines, signed: what is accepted is what a reader of
/// JSON that is content with less finds, too.
pub(crate) fn jwt_signed(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (header, payload) = text.split_once('\n').unwrap_or((&text, ""));
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = match header {
        "" => format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{KID}"}}"#),
        own => own.to_owned(),
    };
    let signed = format!("{}.{}", encode(&header), encode(payload));
    let token = format!("{signed}.{}", mac(&signed));
    let Ok(claims) = now(MANAGER.verify(&token, ExpectedType::Any)) else {
        return;
    };
    let header: Value = serde_json::from_str(&header).expect("a header");
    assert_eq!(header["alg"], "HS256");
    assert_eq!(header["kid"], KID);
    let payload: Value = serde_json::from_str(payload).expect("a payload");
    assert_eq!(payload["sub"], *claims.identity.subject);
    assert_eq!(payload["ver"], claims.identity.version);
    assert_eq!(payload["exp"], claims.expires_at);
    assert_eq!(payload["kid"], KID);
    assert_eq!(payload["iss"], "plumego");
    assert!(!claims.identity.subject.is_empty());
    let now = i64::try_from(NOW).expect("a small number");
    assert!(claims.expires_at > now - 5 && claims.issued_at <= now + 5);
}

/// A set of keys: what is read is written and read again, and every key in it
/// can be tried.
pub(crate) fn jwks(data: &[u8]) {
    let Ok(jwks) = Jwks::parse(data) else { return };
    assert!(jwks.keys().len() <= 64);
    let written = serde_json::to_vec(&jwks).expect("a set of keys");
    assert_eq!(Jwks::parse(&written).as_ref(), Ok(&jwks));
    for key in jwks.keys() {
        let _ = key.thumbprint();
    }
    let algorithms = [
        Algorithm::EdDsa,
        Algorithm::Es256,
        Algorithm::Rs256,
        Algorithm::Ps256,
    ];
    for allowed in [&algorithms[..], &algorithms[..1], &algorithms[2..3]] {
        let profile = ExternalProfile::new("i", ["a"], allowed.iter().copied());
        if let Ok(verifier) = ExternalVerifier::new(jwks.clone(), profile) {
            let token = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA";
            assert!(verifier.verify(token).is_err());
        }
    }
}

/// A stored hash: reading it costs nothing, whatever it asks for.
pub(crate) fn password_hash(data: &[u8]) {
    static HASHER: LazyLock<PasswordHasher> =
        LazyLock::new(|| PasswordHasher::new(HashConfig::default()).expect("the defaults"));
    let text = String::from_utf8_lossy(data);
    if let Ok(needs_rehash) = HASHER.needs_rehash(&text) {
        assert!(text.len() <= 1024 && text.matches('$').count() >= 2);
        assert!(needs_rehash || text.starts_with("$argon2id$v=19$m="));
    }
}

/// `Authorization`, read as one header and as two.
pub(crate) fn bearer(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let mut headers = HeaderMap::from_iter([(AUTHORIZATION, value.clone())]);
    if let BearerToken::Present(token) = bearer_token(&headers) {
        let token = token.expose();
        assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(
            value
                .as_bytes()
                .trim_ascii_end()
                .ends_with(token.as_bytes())
        );
    }
    headers.append(AUTHORIZATION, value);
    assert_eq!(bearer_token(&headers), BearerToken::Malformed);
}

/// A form token as it comes.
pub(crate) fn csrf_token(data: &[u8]) {
    static TOKENS: LazyLock<CsrfTokens> = LazyLock::new(|| {
        let tokens = CsrfTokens::new(SecretBytes::from(SECRET)).expect("a long key");
        tokens.with_clock(Arc::new(clock()))
    });
    let text = String::from_utf8_lossy(data);
    assert!(TOKENS.verify("session", &text).is_err());
}
