use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::request::Parts;
use http::{HeaderValue, Method};
use plumego_contract::{Body, Error, ErrorKind, Request, Response};
use plumego_middleware::auth::{authenticate, authorize, authorize_with};
use plumego_middleware::stack::Stack;
use plumego_security::BoxFuture;
use plumego_security::authn::{
    Authenticated, Authenticator, AuthnError, Authorizer, AuthzError, PermissionAuthorizer,
    Principal, PrincipalExt,
};
use plumego_testkit::{InProcess, TestResponse};

/// Something an authenticator tells handlers.
#[derive(Clone)]
struct Claims(&'static str);

/// Recognises whom the bearer token names, or behaves as it says.
struct ByName;

impl Authenticator for ByName {
    fn authenticate<'a>(
        &'a self,
        head: &'a Parts,
    ) -> BoxFuture<'a, Result<Authenticated, AuthnError>> {
        let header = head.headers.get("authorization").map(HeaderValue::as_bytes);
        let unavailable = |cause: &str| Err(AuthnError::Unavailable(cause.into()));
        let outcome = match header.and_then(|value| value.strip_prefix(b"Bearer ")) {
            None => Err(AuthnError::Unauthenticated),
            Some(b"invalid") => Err(AuthnError::InvalidToken {
                reason: "signature",
            }),
            Some(b"expired") => Err(AuthnError::ExpiredToken),
            Some(b"down") => unavailable("password hunter2 refused by db.internal"),
            Some(b"own") => {
                let own = Error::new(ErrorKind::Gone).message("moved away");
                Err(AuthnError::Unavailable(own.into()))
            }
            Some(b"own-401") => {
                let own = Error::new(ErrorKind::ExpiredToken);
                Err(AuthnError::Unavailable(own.into()))
            }
            Some(b"panic") => panic!("on purpose"),
            Some(b"panic-later") => return Box::pin(async { panic!("on purpose") }),
            Some(b"forever") => return Box::pin(pending()),
            Some(b"later") => {
                return Box::pin(async {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    Ok(Authenticated::new(Principal::new("later")))
                });
            }
            Some(b"nobody") => Ok(Authenticated::new(Principal::new(""))),
            Some(name) => {
                let name = String::from_utf8_lossy(name);
                let mut caller =
                    Authenticated::new(Principal::new(name).with_scopes(["items:read"]));
                caller.extensions.insert(Claims("verified"));
                Ok(caller)
            }
        };
        Box::pin(ready(outcome))
    }
}

/// Counts its calls and says what it sees.
fn client(stack: Stack) -> (InProcess, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move |request: Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        let subject = request.principal().map(|own| own.subject.clone());
        let claims = request.extensions().get::<Claims>().map_or("", |own| own.0);
        let text = format!("{} {claims}", subject.unwrap_or_default());
        async move { Response::new(Body::from_bytes(text)) }
    };
    let service = stack.build(plumego_contract::BoxHttpService::from_handler(handler));
    (InProcess::new(service), calls)
}

fn by_name() -> (InProcess, Arc<AtomicUsize>) {
    client(Stack::new().push("auth", authenticate(Arc::new(ByName))))
}

async fn get(client: &InProcess, token: &str) -> TestResponse {
    let request = client.request(Method::GET, "/items");
    if token.is_empty() {
        return request.send().await;
    }
    request
        .header("authorization", &format!("Bearer {token}"))
        .send()
        .await
}

fn answer(response: &TestResponse) -> (u16, String, String, Option<&str>) {
    let error = response.envelope().error;
    let challenge = response.header("www-authenticate");
    (response.status(), error.code, error.message, challenge)
}

const PLAIN: &str = "Bearer realm=\"plumego\"";
const INVALID: &str = "Bearer realm=\"plumego\", error=\"invalid_token\"";

#[tokio::test]
async fn who_is_recognised_is_attached_with_what_is_known() {
    let (client, _) = by_name();
    let response = get(&client, "ada").await;
    assert_eq!(response.text(), "ada verified");
    assert_eq!(response.header("cache-control"), Some("private"));
    assert_eq!(get(&client, "later").await.text(), "later ");
}

#[tokio::test(start_paused = true)]
async fn the_table_of_refusals() {
    let (client, calls) = by_name();
    for (token, status, code, message, challenge) in [
        (
            "",
            401,
            "unauthorized",
            "authentication required",
            Some(PLAIN),
        ),
        (
            "nobody",
            401,
            "unauthorized",
            "authentication required",
            Some(PLAIN),
        ),
        (
            "invalid",
            401,
            "unauthorized",
            "invalid token",
            Some(INVALID),
        ),
        (
            "expired",
            401,
            "unauthorized",
            "token expired",
            Some(INVALID),
        ),
        (
            "down",
            503,
            "service_unavailable",
            "authentication temporarily unavailable",
            None,
        ),
        (
            "panic",
            503,
            "service_unavailable",
            "authentication temporarily unavailable",
            None,
        ),
        (
            "panic-later",
            503,
            "service_unavailable",
            "authentication temporarily unavailable",
            None,
        ),
        (
            "forever",
            503,
            "service_unavailable",
            "authentication temporarily unavailable",
            None,
        ),
        ("own", 410, "gone", "moved away", None),
        (
            "own-401",
            401,
            "expired_token",
            "token expired",
            Some(PLAIN),
        ),
    ] {
        let response = get(&client, token).await;
        let expected = (status, code.to_owned(), message.to_owned(), challenge);
        assert_eq!(answer(&response), expected, "{token:?}");
        let text = response.text();
        assert!(
            !text.contains("hunter2") && !text.contains("signature"),
            "{text}"
        );
        assert!(response.header("cache-control").is_some());
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_realm_is_what_was_asked_for() {
    let layer = authenticate(Arc::new(ByName)).realm("my \"api\"");
    let (own, _) = client(Stack::new().push("auth", layer));
    let response = get(&own, "").await;
    let challenge = response.header("www-authenticate");
    assert_eq!(challenge, Some("Bearer realm=\"my \\\"api\\\"\""));
    let (none, _) = client(Stack::new().push("auth", authenticate(Arc::new(ByName)).realm("\r\n")));
    let response = get(&none, "expired").await;
    assert_eq!(
        response.header("www-authenticate"),
        Some("Bearer error=\"invalid_token\"")
    );
}

#[tokio::test]
async fn errors_of_the_user_take_the_place_of_the_canonical_ones() {
    let layer = authenticate(Arc::new(ByName)).on_error(|head, error| match error {
        AuthnError::ExpiredToken => Some(Error::new(ErrorKind::ExpiredToken)),
        AuthnError::InvalidToken { .. } => panic!("on purpose"),
        _ => (head.uri.path() == "/none").then(|| Error::new(ErrorKind::NotFound)),
    });
    let (client, calls) = client(Stack::new().push("auth", layer));
    let expired = get(&client, "expired").await;
    assert_eq!(answer(&expired).1, "expired_token");
    assert_eq!(expired.header("www-authenticate"), Some(PLAIN));
    assert_eq!(answer(&get(&client, "invalid").await).2, "invalid token");
    assert_eq!(answer(&get(&client, "").await).0, 401);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_a_handler_says_about_caches_stays() {
    let handler = |_: Request| async {
        let mut response = Response::new(Body::empty());
        let public = HeaderValue::from_static("public, max-age=60");
        response.headers_mut().insert("cache-control", public);
        response
    };
    let layer = authenticate(Arc::new(ByName));
    let client = InProcess::new(crate::support::around(&layer, handler));
    let response = get(&client, "ada").await;
    assert_eq!(response.header("cache-control"), Some("public, max-age=60"));
}

/// Says what its action is, whoever asks.
struct Scripted;

impl Authorizer for Scripted {
    fn authorize<'a>(
        &'a self,
        who: Option<&'a Principal>,
        action: &'a str,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<(), AuthzError>> {
        let outcome = match action {
            "allow" => Ok(()),
            "unauthenticated" => Err(AuthzError::Unauthenticated),
            "down" => Err(AuthzError::Unavailable("no route to db.internal".into())),
            "own" => Err(AuthzError::Unavailable(
                Error::new(ErrorKind::NotFound).into(),
            )),
            "panic" => panic!("on purpose"),
            "forever" => return Box::pin(pending()),
            "owner" if who.is_some_and(|own| own.subject == resource) => Ok(()),
            _ => Err(AuthzError::Forbidden),
        };
        Box::pin(ready(outcome))
    }
}

#[tokio::test]
async fn who_may_and_who_may_not() {
    let group = |action| {
        Stack::new()
            .push("auth", authenticate(Arc::new(ByName)))
            .push(
                "authorize",
                authorize(Arc::new(PermissionAuthorizer::default()), "items", action),
            )
    };
    let (may, _) = client(group("read"));
    assert_eq!(get(&may, "ada").await.text(), "ada verified");
    assert_eq!(get(&may, "").await.status(), 401);
    let (may_not, calls) = client(group("write"));
    let denied = get(&may_not, "ada").await;
    let expected = (
        403,
        "forbidden".to_owned(),
        "access forbidden".to_owned(),
        None,
    );
    assert_eq!(answer(&denied), expected);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn the_table_of_denials() {
    for (action, status, code, challenge) in [
        ("allow", 200, "", None),
        ("unauthenticated", 401, "unauthorized", Some(PLAIN)),
        ("deny", 403, "forbidden", None),
        ("down", 503, "service_unavailable", None),
        ("own", 404, "not_found", None),
        ("panic", 503, "service_unavailable", None),
        ("forever", 503, "service_unavailable", None),
    ] {
        let group = Stack::new()
            .push("auth", authenticate(Arc::new(ByName)))
            .push("authorize", authorize(Arc::new(Scripted), action, ""));
        let (client, calls) = client(group);
        let response = get(&client, "ada").await;
        assert_eq!(response.status(), status, "{action}");
        assert_eq!(
            calls.load(Ordering::SeqCst),
            usize::from(status == 200),
            "{action}"
        );
        if status != 200 {
            assert_eq!(response.envelope().error.code, code, "{action}");
            assert_eq!(response.header("www-authenticate"), challenge, "{action}");
            assert!(!response.text().contains("db.internal"));
        }
    }
}

#[tokio::test]
async fn nobody_is_let_through_even_by_a_careless_policy() {
    let (client, calls) =
        client(Stack::new().push("authorize", authorize(Arc::new(Scripted), "allow", "")));
    let response = get(&client, "").await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.header("www-authenticate"), Some(PLAIN));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn action_and_resource_may_come_from_the_request() {
    let read = |head: &Parts| match head.uri.path() {
        "/panic" => panic!("on purpose"),
        path => ("owner".to_owned(), path[1..].to_owned()),
    };
    let group = Stack::new()
        .push("auth", authenticate(Arc::new(ByName)))
        .push(
            "authorize",
            authorize_with(Arc::new(Scripted), read).realm("x"),
        );
    let (client, _) = client(group);
    for (path, status) in [("/ada", 200), ("/bob", 403), ("/panic", 503)] {
        let request = client
            .request(Method::GET, path)
            .header("authorization", "Bearer ada");
        assert_eq!(request.send().await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn denials_may_be_hidden() {
    let hide = authorize(Arc::new(Scripted), "deny", "")
        .on_error(|_, _| Some(Error::new(ErrorKind::NotFound)));
    let group = Stack::new()
        .push("auth", authenticate(Arc::new(ByName)))
        .push("authorize", hide);
    let (client, _) = client(group);
    assert_eq!(get(&client, "ada").await.status(), 404);
}
