use std::time::Duration;

use plumego_security::jwt::{
    Algorithm, AudienceCheck, Authorization, ExpectedType, Identity, IssueOptions, IssuerCheck,
    JwtConfig, JwtError, TokenType,
};
use serde_json::{Map, Value, json};

use crate::support::{Bench, NOW, ada, decode, editor, issue, word};

fn json_of(segment: &str) -> Value {
    serde_json::from_slice(&decode(segment)).unwrap()
}

#[tokio::test]
async fn what_was_issued_verifies_by_every_algorithm() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
        let bench = Bench::new(algorithm).await;
        let identity = Identity {
            version: -3,
            tenant_id: Some("acme".into()),
            ..ada()
        };
        let pair = bench
            .manager
            .issue_pair(&identity, &editor())
            .await
            .unwrap();
        assert_eq!(pair.expires_in, 900);
        for (token, token_type, lifetime) in [
            (&pair.access_token, TokenType::Access, 900),
            (&pair.refresh_token, TokenType::Refresh, 604_800),
        ] {
            let claims = bench.verify(token.expose()).await.unwrap();
            assert_eq!(claims.identity, identity);
            assert_eq!(claims.authorization, editor());
            assert_eq!(claims.token_type, token_type);
            assert_eq!((claims.issued_at, claims.not_before), (NOW, NOW));
            assert_eq!(claims.expires_at, NOW + lifetime);
            assert_eq!(claims.issuer, "plumego");
            assert_eq!(claims.audience, ["plumego-client"]);
            assert_eq!(claims.key_id, bench.active().await);
            assert_eq!(claims.token_id.len(), 22);
            assert!(claims.ext.is_empty());
        }
    }
}

#[tokio::test]
async fn the_form_on_the_wire() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let kid = bench.active().await;
    let nothing = Authorization::default();
    let identity = ada();
    let bare = bench.manager.issue(
        TokenType::Access,
        &identity,
        &nothing,
        IssueOptions::default(),
    );
    let bare = bare.await.unwrap();
    let parts: Vec<_> = bare.token.expose().split('.').collect();
    let header = String::from_utf8(decode(parts[0])).unwrap();
    assert_eq!(
        header,
        format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#)
    );
    let expected = json!({
        "iss": "plumego", "aud": "plumego-client", "sub": "user-17", "ver": 0,
        "iat": NOW, "nbf": NOW, "exp": NOW + 900, "jti": bare.token_id, "kid": kid,
        "token_type": "access",
    });
    assert_eq!(json_of(parts[1]), expected);
    assert_eq!((bare.expires_at, bare.key_id), (NOW + 900, kid));

    let config = JwtConfig::default().with_audience(["a", "b"]);
    let bench = Bench::with(config).await;
    let identity = Identity {
        tenant_id: Some("acme".into()),
        ..ada()
    };
    let ext = Map::from_iter([("plan".to_owned(), json!({ "tier": 2 }))]);
    let options = IssueOptions::default().with_ext(ext.clone());
    let authorization = editor();
    let full = bench
        .manager
        .issue(TokenType::Refresh, &identity, &authorization, options);
    let full = full.await.unwrap();
    let payload = json_of(full.token.expose().split('.').nth(1).unwrap());
    assert_eq!(payload["aud"], json!(["a", "b"]));
    assert_eq!(payload["roles"], json!(["editor"]));
    assert_eq!(payload["permissions"], json!(["items:read", "items:write"]));
    assert_eq!(payload["tenant_id"], "acme");
    assert_eq!(payload["ext"], json!({ "plan": { "tier": 2 } }));
    let claims = bench.verify(full.token.expose()).await.unwrap();
    assert_eq!(claims.ext, ext);
}

#[tokio::test]
async fn parties_can_be_left_out_by_name() {
    let config = JwtConfig::default();
    let config = {
        let mut config = config;
        config.issuer = IssuerCheck::Disabled;
        config.audience = AudienceCheck::Disabled;
        config
    };
    let bench = Bench::with(config).await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    let token = pair.access_token.expose();
    let payload = json_of(token.split('.').nth(1).unwrap());
    assert!(payload.get("iss").is_none() && payload.get("aud").is_none());
    let claims = bench.verify(token).await.unwrap();
    assert_eq!((&*claims.issuer, claims.audience.len()), ("", 0));
    let foreign = bench.forge_payload(|payload| payload["iss"] = json!("other"));
    assert_eq!(bench.outcome(&foreign.await).await, "ok");
}

#[tokio::test]
async fn a_pair_is_what_a_login_answers_and_is_not_printed() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    let document = serde_json::to_string(&pair).unwrap();
    let expected = format!(
        r#"{{"access_token":"{}","refresh_token":"{}","expires_in":900,"token_type":"Bearer"}}"#,
        pair.access_token.expose(),
        pair.refresh_token.expose(),
    );
    assert_eq!(document, expected);
    assert_eq!(
        format!("{pair:?}"),
        "TokenPair { access_token: [REDACTED], refresh_token: [REDACTED], expires_in: 900 }"
    );
}

#[tokio::test]
async fn options_only_narrow() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let issue = |options| issue(&bench.manager, TokenType::Access, options);
    let short = issue(IssueOptions::default().with_ttl(Duration::from_secs(60)));
    assert_eq!(short.await.unwrap().expires_at, NOW + 60);
    let longest = issue(IssueOptions::default().with_ttl(Duration::from_secs(900)));
    assert!(longest.await.is_ok());
    for seconds in [0, 901] {
        let options = IssueOptions::default().with_ttl(Duration::from_secs(seconds));
        assert!(matches!(issue(options).await, Err(JwtError::Options(_))));
    }
    let members = |count: usize| {
        (0..count)
            .map(|i| (format!("m{i}"), json!(i)))
            .collect::<Map<_, _>>()
    };
    assert!(
        issue(IssueOptions::default().with_ext(members(32)))
            .await
            .is_ok()
    );
    let long = Map::from_iter([("a".to_owned(), json!("x".repeat(4096)))]);
    for ext in [members(33), long] {
        let options = IssueOptions::default().with_ext(ext);
        assert!(matches!(issue(options).await, Err(JwtError::Options(_))));
    }
    for name in [
        "iss",
        "aud",
        "sub",
        "ver",
        "iat",
        "nbf",
        "exp",
        "jti",
        "kid",
        "token_type",
        "roles",
        "permissions",
        "tenant_id",
        "ext",
    ] {
        let ext = Map::from_iter([(name.to_owned(), json!(1))]);
        let options = IssueOptions::default().with_ext(ext);
        assert!(
            matches!(issue(options).await, Err(JwtError::Options(_))),
            "{name}"
        );
    }
}

#[tokio::test]
async fn nobody_gets_no_token_and_nobody_gets_one_too_large() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let nobody = bench
        .manager
        .issue_pair(&Identity::default(), &editor())
        .await;
    assert_eq!(word(&nobody), "no subject");
    let many = |count: usize| Authorization {
        permissions: (0..count).map(|i| format!("permission-{i:04}")).collect(),
        ..Authorization::default()
    };
    let fits = bench.manager.issue_pair(&ada(), &many(300)).await.unwrap();
    assert_eq!(bench.outcome(fits.access_token.expose()).await, "ok");
    let too_many = bench.manager.issue_pair(&ada(), &many(400)).await;
    assert!(matches!(too_many, Err(JwtError::TokenTooLarge)));
}

#[tokio::test]
async fn types_are_not_mixed_up() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    let (access, refresh) = (pair.access_token.expose(), pair.refresh_token.expose());
    for (token, expected, outcome) in [
        (access, ExpectedType::Access, "ok"),
        (access, ExpectedType::Refresh, "token_type"),
        (access, ExpectedType::Any, "ok"),
        (refresh, ExpectedType::Access, "token_type"),
        (refresh, ExpectedType::Refresh, "ok"),
        (refresh, ExpectedType::Any, "ok"),
    ] {
        let verified = bench.manager.verify(token, expected).await;
        assert_eq!(word(&verified), outcome);
    }
}
