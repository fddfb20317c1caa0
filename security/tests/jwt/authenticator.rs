use http::HeaderValue;
use plumego_security::authn::{Authenticator, AuthnError};
use plumego_security::jwt::{Algorithm, Identity, TokenClaimsExt, TokenType};

use crate::support::{Bench, ada, editor};

fn head(authorization: &str) -> http::request::Parts {
    let (mut head, ()) = http::Request::new(()).into_parts();
    if !authorization.is_empty() {
        let value = HeaderValue::from_str(authorization).unwrap();
        head.headers.insert("authorization", value);
    }
    head
}

fn word(error: &AuthnError) -> String {
    match error {
        AuthnError::Unauthenticated => "unauthenticated".to_owned(),
        AuthnError::InvalidToken { reason } => format!("invalid: {reason}"),
        AuthnError::ExpiredToken => "expired".to_owned(),
        AuthnError::Unavailable(_) => "unavailable".to_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_becomes_a_principal() {
    let bench = Bench::new(Algorithm::EdDsa).await;
    let identity = Identity {
        tenant_id: Some("acme".into()),
        ..ada()
    };
    let pair = bench
        .manager
        .issue_pair(&identity, &editor())
        .await
        .unwrap();
    let authenticator = bench.manager.authenticator(TokenType::Access);
    let head = head(&format!("Bearer {}", pair.access_token.expose()));
    let caller = authenticator.authenticate(&head).await.unwrap();
    assert_eq!(caller.principal.subject, "user-17");
    assert_eq!(caller.principal.tenant_id.as_deref(), Some("acme"));
    assert_eq!(caller.principal.roles, ["editor"]);
    assert_eq!(caller.principal.scopes, ["items:read", "items:write"]);
    let claims = caller.extensions.token_claims().unwrap();
    assert_eq!(claims.identity, identity);
    let facts: Vec<_> = caller
        .principal
        .claims
        .iter()
        .map(|(k, v)| (&**k, &**v))
        .collect();
    assert_eq!(
        facts,
        [
            ("key_id", &*claims.key_id),
            ("token_id", &*claims.token_id),
            ("token_type", "access")
        ]
    );
    assert!(head.token_claims().is_none(), "the caller merges them");
}

#[tokio::test]
async fn the_table_of_refusals() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let authenticator = bench.manager.authenticator(TokenType::Access);
    let outcome = async |token: &str| {
        let head = head(&format!("Bearer {token}"));
        word(&authenticator.authenticate(&head).await.unwrap_err())
    };
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    assert_eq!(
        outcome(pair.refresh_token.expose()).await,
        "invalid: token_type"
    );
    assert_eq!(outcome("x.y.z").await, "invalid: encoding");
    let wrong = bench
        .forge_payload(|payload| payload["iss"] = "other".into())
        .await;
    assert_eq!(outcome(&wrong).await, "invalid: issuer");
    let wrong = bench
        .forge_payload(|payload| payload["aud"] = "other".into())
        .await;
    assert_eq!(outcome(&wrong).await, "invalid: audience");
    let wrong = bench
        .forge_payload(|payload| payload["sub"] = "".into())
        .await;
    assert_eq!(outcome(&wrong).await, "invalid: subject");
    let later = crate::support::NOW + 60;
    let wrong = bench
        .forge_payload(|payload| payload["nbf"] = later.into())
        .await;
    assert_eq!(outcome(&wrong).await, "invalid: not_yet_valid");
    let stranger = Bench::new(Algorithm::Hs256).await;
    let foreign = stranger
        .manager
        .issue_pair(&ada(), &editor())
        .await
        .unwrap();
    assert_eq!(
        outcome(foreign.access_token.expose()).await,
        "invalid: unknown_key"
    );
    bench.advance(905);
    assert_eq!(outcome(pair.access_token.expose()).await, "expired");
    // Unknown and not to be found out.
    bench.store.set_down(true);
    let foreign = Bench::new(Algorithm::Hs256)
        .await
        .manager
        .issue_pair(&ada(), &editor())
        .await;
    assert_eq!(
        outcome(foreign.unwrap().access_token.expose()).await,
        "unavailable"
    );
    for (header, expected) in [
        ("", "unauthenticated"),
        ("Basic YTpi", "unauthenticated"),
        ("Bearer", "invalid: bearer"),
        ("Bearer a b", "invalid: bearer"),
    ] {
        let error = authenticator.authenticate(&head(header)).await.unwrap_err();
        assert_eq!(word(&error), expected, "{header}");
    }
}

#[tokio::test]
async fn no_error_shows_a_token() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let authenticator = bench.manager.authenticator(TokenType::Access);
    for token in ["hunter2.hunter2.hunter2", "hunter2"] {
        let head = head(&format!("Bearer {token}"));
        let error = authenticator.authenticate(&head).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
