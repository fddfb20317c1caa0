//! Tokens that other verifiers were fooled by: no algorithm, another
//! algorithm, another key, a key that the token brings along.

use plumego_security::jwt::{
    Algorithm, ExternalProfile, ExternalVerifier, IssueOptions, Jwks, JwtConfig, JwtManager,
    TokenType,
};
use serde_json::json;

use crate::support::{Bench, ada, decode, ed25519, editor, encode, hmac, issue, word};

/// Spellings that mean no signature to somebody.
const NONE: [&str; 12] = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "none ",
    " none",
    "none\0",
    "null",
    "",
    "NoNe",
    "n\u{f6}ne",
    "plain",
];

#[tokio::test]
async fn no_algorithm_is_none() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
        let bench = Bench::new(algorithm).await;
        let (header, payload) = bench.parts().await;
        let payload = encode(payload.to_string());
        for spelling in NONE {
            let mut header = header.clone();
            header["alg"] = json!(spelling);
            let signed = format!("{}.{payload}", encode(header.to_string()));
            for signature in ["", "AA", &encode([0; 32]), &encode([0; 64])] {
                let token = format!("{signed}.{signature}");
                let outcome = bench.outcome(&token).await;
                let expected = match (spelling, signature) {
                    (_, "") => "form",
                    ("", _) => "header",
                    _ => "algorithm",
                };
                assert_eq!(outcome, expected, "{spelling:?} {signature:?}");
            }
        }
    }
}

/// RFC 7519 section 6.1.
#[tokio::test]
async fn the_unsecured_token_of_rfc_7519() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    assert_eq!(bench.outcome(token).await, "form");
    assert_eq!(bench.outcome(&format!("{token}AA")).await, "header");
}

/// Everything a public key can be written as, taken for an HMAC secret.
fn as_secrets(public: &[u8]) -> Vec<Vec<u8>> {
    let spki = [
        &[
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ][..],
        public,
    ]
    .concat();
    let standard = base64::engine::general_purpose::STANDARD;
    let pem = base64::Engine::encode(&standard, &spki);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n");
    vec![
        public.to_vec(),
        encode(public).into_bytes(),
        spki,
        pem.trim_end().as_bytes().to_vec(),
        pem.into_bytes(),
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#,
            encode(public)
        )
        .into_bytes(),
        Vec::new(),
        vec![0; 32],
    ]
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let bench = Bench::new(algorithm).await;
        let (mut header, payload) = bench.parts().await;
        let public = bench.manager.keys()[0].public.clone().unwrap();
        let payload = encode(payload.to_string());
        for claimed in ["HS256", algorithm.as_str()] {
            header["alg"] = json!(claimed);
            let signed = format!("{}.{payload}", encode(header.to_string()));
            for secret in as_secrets(&public) {
                let token = format!("{signed}.{}", encode(hmac(&secret, &signed)));
                let outcome = bench.outcome(&token).await;
                let expected = if claimed == "HS256" {
                    "algorithm"
                } else {
                    "signature"
                };
                assert_eq!(outcome, expected, "{claimed} under {algorithm}");
            }
        }
    }
}

#[tokio::test]
async fn a_secret_is_no_private_key() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let secret = bench.secret().await;
    let (mut header, payload) = bench.parts().await;
    header["alg"] = json!("EdDSA");
    let signed = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(payload.to_string())
    );
    let token = format!("{signed}.{}", encode(ed25519(&secret, &signed)));
    assert_eq!(bench.outcome(&token).await, "algorithm");
}

#[tokio::test]
async fn every_other_name_of_an_algorithm_is_refused_with_a_signature_that_holds() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let (mut header, payload) = bench.parts().await;
    let payload = payload.to_string();
    for name in [
        "hs256",
        "Hs256",
        "HS256 ",
        "HS384",
        "HS512",
        "RS256",
        "ES256",
        "EdDSA",
        "PS256",
        "HS256\0",
        "ＨＳ256",
        "A256GCM",
        "dir",
    ] {
        header["alg"] = json!(name);
        let token = bench.forge(&header.to_string(), &payload).await;
        assert_eq!(bench.outcome(&token).await, "algorithm", "{name:?}");
    }
}

/// Two keys of two algorithms in one store: tokens that name one key and are
/// signed with the other.
#[tokio::test]
async fn keys_are_not_taken_for_each_other() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let (hmac_header, payload) = bench.parts().await;
    let hmac_kid = bench.active().await;
    let hmac_secret = bench.secret().await;
    let other = bench
        .peer(JwtConfig::default().with_algorithm(Algorithm::EdDsa))
        .await;
    let ed_kid = other.rotate().await.unwrap().id;
    bench.manager.refresh().await.unwrap();
    let ed_secret = bench.secret().await;
    let sign = |kid: &str, alg: &str, by_hmac: bool| {
        let mut header = hmac_header.clone();
        let mut payload = payload.clone();
        header["kid"] = json!(kid);
        header["alg"] = json!(alg);
        payload["kid"] = json!(kid);
        let signed = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(payload.to_string())
        );
        let signature = if by_hmac {
            hmac(&hmac_secret, &signed)
        } else {
            ed25519(&ed_secret, &signed)
        };
        format!("{signed}.{}", encode(signature))
    };
    for (kid, alg, by_hmac, outcome) in [
        (&*hmac_kid, "HS256", true, "ok"),
        (&*ed_kid, "EdDSA", false, "ok"),
        (&*hmac_kid, "EdDSA", false, "algorithm"),
        (&*ed_kid, "HS256", true, "algorithm"),
        (&*hmac_kid, "HS256", false, "signature"),
        (&*ed_kid, "EdDSA", true, "signature"),
    ] {
        let token = sign(kid, alg, by_hmac);
        assert_eq!(bench.outcome(&token).await, outcome, "{alg} {by_hmac}");
    }
}

#[tokio::test]
async fn a_key_the_token_brings_is_not_used() {
    let bench = Bench::new(Algorithm::EdDsa).await;
    let (header, payload) = bench.parts().await;
    let seed = [9; 32];
    let key = ring::signature::Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let public = encode(ring::signature::KeyPair::public_key(&key));
    let own = json!({ "kty": "OKP", "crv": "Ed25519", "x": public });
    for (name, value) in [
        ("jwk", own),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AA=="])),
    ] {
        let mut header = header.clone();
        header[name] = value;
        let signed = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(payload.to_string())
        );
        let token = format!("{signed}.{}", encode(ed25519(&seed, &signed)));
        assert_eq!(bench.outcome(&token).await, "unsupported", "{name}");
    }
}

#[tokio::test]
async fn tokens_of_one_service_are_none_of_another() {
    let ours = Bench::with(
        JwtConfig::default()
            .with_issuer("ours")
            .with_audience(["ours"]),
    )
    .await;
    // On one store, so that keys are known.
    let theirs = JwtConfig::default()
        .with_issuer("theirs")
        .with_audience(["theirs"]);
    let theirs: JwtManager = ours.peer(theirs).await;
    let token = theirs.issue_pair(&ada(), &editor()).await.unwrap();
    assert_eq!(ours.outcome(token.access_token.expose()).await, "issuer");
    let same_issuer = JwtConfig::default()
        .with_issuer("ours")
        .with_audience(["theirs"]);
    let token = ours
        .peer(same_issuer)
        .await
        .issue_pair(&ada(), &editor())
        .await
        .unwrap();
    assert_eq!(ours.outcome(token.access_token.expose()).await, "audience");
    // On another store, with a key of the same name.
    let stranger = Bench::new(Algorithm::Hs256).await;
    let token = stranger
        .manager
        .issue_pair(&ada(), &editor())
        .await
        .unwrap();
    assert_eq!(
        ours.outcome(token.access_token.expose()).await,
        "unknown key"
    );
}

#[tokio::test]
async fn a_published_key_is_no_secret_of_an_external_verifier() {
    let bench = Bench::new(Algorithm::EdDsa).await;
    let jwks = bench.manager.public_jwks();
    let x = decode(jwks.keys()[0].x.as_deref().unwrap());
    let symmetric = ExternalProfile::new("plumego", ["plumego-client"], [Algorithm::Hs256]);
    assert!(ExternalVerifier::new(jwks.clone(), symmetric).is_err());
    let profile = ExternalProfile::new("plumego", ["plumego-client"], [Algorithm::EdDsa]);
    let verifier = ExternalVerifier::new(jwks, profile).unwrap();
    let verifier = verifier.with_clock(std::sync::Arc::new(bench.clock.clone()));
    let token = issue(&bench.manager, TokenType::Access, IssueOptions::default());
    let token = token.await.unwrap();
    assert_eq!(
        verifier.verify(token.token.expose()).unwrap().subject,
        "user-17"
    );
    let (mut header, payload) = bench.parts().await;
    for alg in ["HS256", "none", "EdDSA"] {
        header["alg"] = json!(alg);
        let signed = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(payload.to_string())
        );
        for secret in as_secrets(&x) {
            let token = format!("{signed}.{}", encode(hmac(&secret, &signed)));
            let expected = if alg == "EdDSA" {
                "signature"
            } else {
                "algorithm"
            };
            assert_eq!(word(&verifier.verify(&token)), expected, "{alg}");
        }
    }
    assert!(Jwks::parse(br#"{"keys":[{"kty":"oct","kid":"x","k":"AAAA"}]}"#).is_err());
}
