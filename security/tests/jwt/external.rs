use std::sync::Arc;
use std::time::Duration;

use plumego_security::jwt::{Algorithm, ExternalProfile, ExternalVerifier, Jwks, JwtError};
use serde_json::{Value, json};

use crate::support::{NOW, clock, ed25519, encode, word};

const SEED: [u8; 32] = [7; 32];

fn jwk(seed: &[u8], kid: Option<&str>) -> Value {
    let key = ring::signature::Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    let public = encode(ring::signature::KeyPair::public_key(&key));
    let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": public });
    if let Some(kid) = kid {
        jwk["kid"] = json!(kid);
    }
    jwk
}

fn jwks(keys: &[Value]) -> Jwks {
    Jwks::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn profile() -> ExternalProfile {
    ExternalProfile::new("https://id.example.com", ["my-api"], [Algorithm::EdDsa])
}

fn verifier(profile: ExternalProfile) -> ExternalVerifier {
    let jwks = jwks(&[jwk(&SEED, Some("a")), jwk(&[8; 32], Some("b"))]);
    ExternalVerifier::new(jwks, profile)
        .unwrap()
        .with_clock(Arc::new(clock()))
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example.com", "aud": "my-api", "sub": "ada",
        "iat": NOW, "exp": NOW + 600, "scope": "read write",
    })
}

fn sign(header: &Value, claims: &Value) -> String {
    let signed = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    format!("{signed}.{}", encode(ed25519(&SEED, &signed)))
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "JWT", "kid": "a" })
}

#[test]
fn a_token_that_holds_gives_its_claims() {
    let token = sign(&header(), &claims());
    let verified = verifier(profile()).verify(&token).unwrap();
    assert_eq!(verified.subject, "ada");
    assert_eq!(verified.audience, ["my-api"]);
    assert_eq!(verified.expires_at, NOW + 600);
    assert_eq!(verified.key_id.as_deref(), Some("a"));
    assert_eq!(verified.claims["scope"], "read write");
}

#[test]
fn claims_one_by_one() {
    let verifier = verifier(profile().with_required_claims(["scope"]));
    for (name, value, outcome) in [
        ("iss", json!("https://id.example.com/"), "issuer"),
        ("iss", json!(null), "issuer"),
        ("aud", json!("other"), "audience"),
        ("aud", json!(["other", "my-api"]), "ok"),
        ("aud", json!([1, "my-api"]), "audience"),
        ("aud", json!({}), "audience"),
        ("sub", json!(""), "no subject"),
        ("sub", json!(1), "no subject"),
        ("exp", json!(NOW - 5), "expired"),
        ("exp", json!(NOW - 4), "times"),
        ("exp", json!(NOW as f64 + 0.9), "times"),
        ("exp", json!(NOW as f64 + 1.5), "ok"),
        ("exp", json!("soon"), "times"),
        ("exp", json!(-1), "times"),
        ("exp", json!(1e300), "times"),
        ("iat", json!(NOW + 6), "times"),
        ("iat", json!(NOW + 5), "ok"),
        ("nbf", json!(NOW + 6), "not yet"),
        ("nbf", json!(NOW + 5), "ok"),
        ("nbf", json!("now"), "times"),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        let token = sign(&header(), &claims);
        assert_eq!(word(&verifier.verify(&token)), outcome, "{name} = {value}");
    }
    for (name, outcome) in [
        ("iss", "issuer"),
        ("aud", "audience"),
        ("sub", "no subject"),
        ("exp", "times"),
        ("iat", "ok"),
        ("scope", "missing_claim"),
    ] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        let token = sign(&header(), &claims);
        assert_eq!(word(&verifier.verify(&token)), outcome, "without {name}");
    }
    let doubled = claims().to_string().replacen('{', "{\"sub\":\"admin\",", 1);
    let signed = format!("{}.{}", encode(header().to_string()), encode(doubled));
    let token = format!("{signed}.{}", encode(ed25519(&SEED, &signed)));
    assert_eq!(word(&verifier.verify(&token)), "payload");
}

#[test]
fn headers_one_by_one() {
    let strict = verifier(profile());
    for (typ, outcome) in [
        (json!("JWT"), "ok"),
        (json!("jwt"), "ok"),
        (json!("at+jwt"), "ok"),
        (json!("application/at+jwt"), "ok"),
        (json!("dpop+jwt"), "header"),
        (json!(""), "header"),
        (json!(null), "header"),
    ] {
        let mut header = header();
        header["typ"] = typ.clone();
        assert_eq!(
            word(&strict.verify(&sign(&header, &claims()))),
            outcome,
            "{typ}"
        );
    }
    let untyped = json!({ "alg": "EdDSA", "kid": "a" });
    assert_eq!(word(&strict.verify(&sign(&untyped, &claims()))), "header");
    let lenient = verifier(profile().with_types(["", "JWT"]));
    assert_eq!(word(&lenient.verify(&sign(&untyped, &claims()))), "ok");
    for (kid, outcome) in [("b", "signature"), ("c", "unknown key")] {
        let mut header = header();
        header["kid"] = json!(kid);
        assert_eq!(
            word(&strict.verify(&sign(&header, &claims()))),
            outcome,
            "{kid}"
        );
    }
    let anonymous = json!({ "alg": "EdDSA", "typ": "JWT" });
    assert_eq!(
        word(&strict.verify(&sign(&anonymous, &claims()))),
        "unknown key"
    );
    let single = ExternalVerifier::new(jwks(&[jwk(&SEED, None)]), profile()).unwrap();
    let single = single.with_clock(Arc::new(clock()));
    assert_eq!(word(&single.verify(&sign(&anonymous, &claims()))), "ok");
    assert_eq!(
        word(&single.verify(&sign(&header(), &claims()))),
        "unknown key"
    );
}

#[test]
fn keys_are_replaced_whole() {
    let verifier = verifier(profile());
    let token = sign(&header(), &claims());
    assert_eq!(word(&verifier.verify(&token)), "ok");
    verifier.replace(jwks(&[jwk(&[8; 32], Some("b"))])).unwrap();
    assert_eq!(word(&verifier.verify(&token)), "unknown key");
    verifier.replace(jwks(&[jwk(&SEED, Some("a"))])).unwrap();
    assert_eq!(word(&verifier.verify(&token)), "ok");
    let mut broken = jwk(&SEED, Some("a"));
    broken["x"] = json!("AAAA");
    assert!(matches!(
        verifier.replace(jwks(&[broken])),
        Err(JwtError::Config(_))
    ));
    assert_eq!(word(&verifier.verify(&token)), "ok", "those before stay");
}

#[test]
fn profiles_that_would_not_protect_are_refused() {
    let of =
        |algorithms: &[Algorithm]| ExternalProfile::new("i", ["a"], algorithms.iter().copied());
    for profile in [
        of(&[]),
        of(&[Algorithm::Hs256]),
        of(&[Algorithm::EdDsa, Algorithm::Hs256]),
        ExternalProfile::new("", ["a"], [Algorithm::EdDsa]),
        ExternalProfile::new("i", [""; 0], [Algorithm::EdDsa]),
        ExternalProfile::new("i", [""], [Algorithm::EdDsa]),
        of(&[Algorithm::EdDsa]).with_types([""; 0]),
        of(&[Algorithm::EdDsa]).with_clock_skew(Duration::from_secs(301)),
    ] {
        let refused = ExternalVerifier::new(Jwks::default(), profile);
        assert!(matches!(refused, Err(JwtError::Config(_))));
    }
    assert!(ExternalVerifier::new(Jwks::default(), of(&[Algorithm::EdDsa])).is_ok());
}
