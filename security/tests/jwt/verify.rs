//! Every row of the order of verification, with a token that fails that row
//! and, where it can, passes all before it.

use plumego_security::jwt::{Algorithm, JwtConfig, TOKEN_BYTES_MAX};
use serde_json::{Value, json};

use crate::support::{Bench, NOW, ada, editor, encode};

#[tokio::test]
async fn a_forged_token_of_the_right_form_holds() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa] {
        let bench = Bench::new(algorithm).await;
        let token = bench.forge_payload(|_| ()).await;
        assert_eq!(bench.outcome(&token).await, "ok", "the forger works");
    }
}

#[tokio::test]
async fn form() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let token = bench.forge_payload(|_| ()).await;
    let parts: Vec<_> = token.split('.').collect();
    for token in [
        String::new(),
        "a".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}..{}", parts[0], parts[2]),
        format!(".{}.{}", parts[1], parts[2]),
        format!("{token}."),
        format!("{token}.{}", parts[2]),
        format!("{}.{}.{}", parts[0], "x".repeat(8193), parts[2]),
        "x.".repeat(TOKEN_BYTES_MAX),
    ] {
        assert_eq!(bench.outcome(&token).await, "form");
    }
}

#[tokio::test]
async fn header() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let (header, payload) = bench.parts().await;
    let payload = payload.to_string();
    let kid = header["kid"].as_str().unwrap().to_owned();
    let with = |change: fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        header.to_string()
    };
    for (text, outcome) in [
        ("".to_owned(), "form"),
        ("null".to_owned(), "encoding"),
        ("[]".to_owned(), "encoding"),
        ("{".to_owned(), "encoding"),
        ("\u{feff}{}".to_owned(), "encoding"),
        (
            format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}","kid":"{kid}"}}"#),
            "encoding",
        ),
        (
            format!(r#"{{"alg":"none","alg":"HS256","typ":"JWT","kid":"{kid}"}}"#),
            "encoding",
        ),
        (
            with(|own| drop(own.as_object_mut().unwrap().remove("kid"))),
            "header",
        ),
        (with(|own| own["kid"] = json!("")), "header"),
        (with(|own| own["kid"] = json!(1)), "header"),
        (
            with(|own| drop(own.as_object_mut().unwrap().remove("alg"))),
            "header",
        ),
        (with(|own| own["alg"] = json!("")), "header"),
        (with(|own| own["alg"] = json!(["HS256"])), "header"),
        (
            with(|own| drop(own.as_object_mut().unwrap().remove("typ"))),
            "header",
        ),
        (with(|own| own["typ"] = json!("jwt")), "header"),
        (with(|own| own["typ"] = json!("at+jwt")), "header"),
        (with(|own| own["typ"] = json!("JWS")), "header"),
        (with(|own| own["crit"] = json!(["exp"])), "unsupported"),
        (with(|own| own["b64"] = json!(true)), "unsupported"),
        (
            with(|own| own["jwk"] = json!({ "kty": "oct", "k": "AA" })),
            "unsupported",
        ),
        (
            with(|own| own["jku"] = json!("https://evil.example/jwks")),
            "unsupported",
        ),
        (with(|own| own["x5c"] = json!([])), "unsupported"),
        (
            with(|own| own["x5u"] = json!("https://evil.example/x")),
            "unsupported",
        ),
        (with(|own| own["zip"] = json!("DEF")), "unsupported"),
        (with(|own| own["kid"] = json!("other")), "unknown key"),
        (
            with(|own| own["kid"] = json!("../jwt:active")),
            "unknown key",
        ),
        (with(|own| own["unknown"] = json!({ "a": [1] })), "ok"),
    ] {
        let token = bench.forge(&text, &payload).await;
        assert_eq!(bench.outcome(&token).await, outcome, "{text}");
    }
    for segment in ["e30=", "e31", "!!!", "e30\n", "_-9"] {
        let token = bench.forge_segments(segment, &encode(&payload)).await;
        assert_eq!(bench.outcome(&token).await, "encoding", "{segment}");
    }
}

#[tokio::test]
async fn signature() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
        let bench = Bench::new(algorithm).await;
        let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
        let token = pair.access_token.expose();
        let start = token.rfind('.').unwrap() + 1;
        for at in 0..token.len() {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            let outcome = bench.outcome(&changed).await;
            assert_ne!(outcome, "ok", "byte {at} of {algorithm}");
            if at > start && at < token.len() - 1 {
                assert_eq!(outcome, "signature", "byte {at} of {algorithm}");
            }
        }
        let other = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
        let other = other.refresh_token.expose();
        let swapped = format!(
            "{}{}",
            &token[..start],
            &other[other.rfind('.').unwrap() + 1..]
        );
        assert_eq!(bench.outcome(&swapped).await, "signature");
        for cut in [&token[..token.len() - 4], &token[..start + 1]] {
            assert_ne!(bench.outcome(cut).await, "ok");
        }
        assert_eq!(bench.outcome(&format!("{token}AAAA")).await, "signature");
        assert_eq!(bench.outcome(&format!("{token}=")).await, "encoding");
    }
}

#[tokio::test]
async fn nothing_of_a_payload_is_read_before_its_signature_holds() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let (header, _) = bench.parts().await;
    let nonsense = format!(
        "{}.{}.{}",
        encode(header.to_string()),
        encode("{"),
        encode([0; 32])
    );
    assert_eq!(bench.outcome(&nonsense).await, "signature");
    let signed = bench.forge(&header.to_string(), "{").await;
    assert_eq!(bench.outcome(&signed).await, "payload");
}

#[tokio::test]
async fn payload() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let (header, payload) = bench.parts().await;
    let header = header.to_string();
    for text in ["[]", "null", "1", "{}", "", "\"x\"", "{\"ver\":1,"] {
        if text.is_empty() {
            continue;
        }
        let token = bench.forge(&header, text).await;
        assert_eq!(bench.outcome(&token).await, "payload", "{text}");
    }
    let doubled = payload.to_string().replacen('{', "{\"sub\":\"admin\",", 1);
    let token = bench.forge(&header, &doubled).await;
    assert_eq!(bench.outcome(&token).await, "payload");
    let padded = bench.forge_segments(&encode(&header), "e30=").await;
    assert_eq!(bench.outcome(&padded).await, "encoding");
}

#[tokio::test]
async fn claims_one_by_one() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let without = |name: &'static str| {
        move |payload: &mut Value| drop(payload.as_object_mut().unwrap().remove(name))
    };
    for (name, outcome) in [
        ("iss", "issuer"),
        ("aud", "audience"),
        ("sub", "no subject"),
        ("ver", "payload"),
        ("iat", "times"),
        ("nbf", "times"),
        ("exp", "times"),
        ("jti", "payload"),
        ("kid", "key_mismatch"),
        ("token_type", "payload"),
    ] {
        let token = bench.forge_payload(without(name)).await;
        assert_eq!(bench.outcome(&token).await, outcome, "without {name}");
    }
    for (name, value, outcome) in [
        ("iss", json!("Plumego"), "issuer"),
        ("iss", json!(""), "issuer"),
        ("iss", json!(["plumego"]), "payload"),
        ("aud", json!("other"), "audience"),
        ("aud", json!([]), "audience"),
        ("aud", json!(["other", "plumego-client"]), "ok"),
        ("aud", json!(["plumego-clientx"]), "audience"),
        ("kid", json!("other"), "key_mismatch"),
        ("sub", json!(""), "no subject"),
        ("sub", json!(17), "payload"),
        ("token_type", json!("Access"), "payload"),
        ("token_type", json!("id"), "payload"),
        ("ver", json!(i64::MIN), "ok"),
        ("ver", json!(1.5), "payload"),
        ("roles", json!("editor"), "payload"),
        ("new", json!({ "a": 1 }), "ok"),
    ] {
        let token = bench
            .forge_payload(|payload| payload[name] = value.clone())
            .await;
        assert_eq!(bench.outcome(&token).await, outcome, "{name} = {value}");
    }
}

/// Times that a token has relative to now, and what comes of it with five
/// seconds of tolerance.
#[tokio::test]
async fn times_at_their_edges() {
    let bench = Bench::new(Algorithm::Hs256).await;
    for (issued, not_before, expires, outcome) in [
        (0, 0, 900, "ok"),
        (5, 0, 900, "ok"),
        (6, 0, 900, "times"),
        (-900, -900, 0, "ok"),
        (-900, -900, -4, "ok"),
        (-900, -900, -5, "expired"),
        (-900, -900, -6, "expired"),
        (0, 4, 900, "ok"),
        (0, 5, 900, "ok"),
        (0, 6, 900, "not yet"),
        (0, 0, 905, "ok"),
        (0, 0, 906, "times"),
        (-5, 0, 901, "times"),
        (2, 0, 2, "times"),
        (3, 0, 2, "times"),
    ] {
        let change = |payload: &mut Value| {
            payload["iat"] = json!(NOW + issued);
            payload["nbf"] = json!(NOW + not_before);
            payload["exp"] = json!(NOW + expires);
        };
        let token = bench.forge_payload(change).await;
        let shown = (issued, not_before, expires);
        assert_eq!(bench.outcome(&token).await, outcome, "{shown:?}");
    }
}

#[tokio::test]
async fn times_that_make_no_sense_are_refused_and_never_overflow() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let extremes = [
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1.7e9),
        json!(1e300),
        json!("1700000000"),
        json!(null),
        json!([NOW]),
    ];
    for name in ["iat", "nbf", "exp"] {
        for value in &extremes {
            let token = bench
                .forge_payload(|payload| payload[name] = value.clone())
                .await;
            let outcome = bench.outcome(&token).await;
            let is_refused = ["times", "payload", "not yet"].contains(&outcome.as_str());
            assert!(is_refused, "{name} = {value}: {outcome}");
        }
    }
    let all_at_once = bench.forge_payload(|payload| {
        for name in ["iat", "nbf", "exp"] {
            payload[name] = json!(i64::MAX);
        }
    });
    assert_eq!(bench.outcome(&all_at_once.await).await, "times");
}

#[tokio::test]
async fn a_token_ends_on_the_clock() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    let token = pair.access_token.expose();
    bench.advance(904);
    assert_eq!(bench.outcome(token).await, "ok");
    bench.advance(1);
    assert_eq!(bench.outcome(token).await, "expired");
    // A clock that goes back does not make a token out of one of the future.
    bench.clock.set_wall(std::time::SystemTime::UNIX_EPOCH);
    assert_eq!(bench.outcome(token).await, "times");
}

#[tokio::test]
async fn lifetimes_can_go_unchecked() {
    let long = |payload: &mut Value| payload["exp"] = json!(NOW + 100_000_000);
    let strict = Bench::new(Algorithm::Hs256).await;
    assert_eq!(
        strict.outcome(&strict.forge_payload(long).await).await,
        "times"
    );
    let lenient = Bench::with(JwtConfig::default().with_check_lifetime(false)).await;
    assert_eq!(
        lenient.outcome(&lenient.forge_payload(long).await).await,
        "ok"
    );
}

#[tokio::test]
async fn verifying_allocates_little() {
    use std::task::{Context, Waker};

    for (algorithm, most) in [(Algorithm::Hs256, 24), (Algorithm::EdDsa, 24)] {
        let bench = Bench::new(algorithm).await;
        let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
        let token = pair.access_token.expose();
        let used = plumego_testkit::allocations::allocations_of(|| {
            let mut verification = std::pin::pin!(bench.verify(token));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(verification.as_mut().poll(&mut cx).is_ready());
        });
        assert!(used.count <= most, "{} by {algorithm}", used.count);
    }
}
