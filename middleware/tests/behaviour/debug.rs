use std::time::Duration;

use http::{Method, StatusCode};
use plumego_contract::{Body, Request, Response};
use plumego_middleware::debug::{DebugConfig, DebugLayer};
use plumego_testkit::InProcess;
use tokio::time::Instant;

use crate::support::{around, get, poll_body};

/// What a handler answers.
type Answer = fn() -> Response;

fn config() -> DebugConfig {
    DebugConfig::default().with_allow_in_release(true)
}

fn client_with(config: DebugConfig, answer: fn() -> Response) -> InProcess {
    let layer = DebugLayer::new(config).unwrap();
    InProcess::new(around(&layer, move |_: Request| async move { answer() }))
}

fn client(answer: fn() -> Response) -> InProcess {
    client_with(config(), answer)
}

fn error(status: u16, media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = response.headers_mut();
    if !media_type.is_empty() {
        headers.insert("content-type", media_type.parse().unwrap());
    }
    headers.insert("x-kept", "kept".parse().unwrap());
    headers.insert("cache-control", "max-age=1".parse().unwrap());
    response
}

fn plain(status: u16) -> Response {
    error(
        status,
        "text/plain; charset=utf-8",
        Body::from_bytes("it broke"),
    )
}

#[tokio::test]
async fn bare_errors_become_envelopes_of_the_same_status() {
    let answers: [(u16, &str, Answer); 5] = [
        (404, "not_found", || plain(404)),
        (404, "not_found", || error(404, "", Body::empty())),
        (418, "invalid_request", || plain(418)),
        (503, "service_unavailable", || plain(503)),
        (799, "internal_error", || plain(799)),
    ];
    for (status, code, answer) in answers {
        let response = client(answer).get("/a/b?x=1&y").await;
        assert_eq!(response.status(), status);
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.header("x-kept"), Some("kept"));
        assert_eq!(response.header("cache-control"), Some("max-age=1"));
        let length = response.bytes().len().to_string();
        assert_eq!(response.header("content-length"), Some(&*length));
        let error = response.envelope().error;
        assert_eq!(error.code, code, "{status}");
        assert_eq!(error.details["method"], "GET");
        assert_eq!(error.details["path"], "/a/b");
        assert_eq!(error.details["query"], "x=1&y");
        assert!(!error.details.contains_key("response_preview"));
    }
    let response = client(|| plain(404)).get("/").await;
    let error = response.envelope().error;
    assert_eq!(error.message, "not found");
    assert!(!error.details.contains_key("query"));
}

#[tokio::test]
async fn what_is_shown_is_chosen() {
    let bare = config().with_request(false).with_query(false);
    let response = client_with(bare, || plain(404)).get("/a?x").await;
    assert!(response.envelope().error.details.is_empty());

    let all = config().with_body(true).with_not_found_hint("try /help");
    let hinted = client_with(all.clone(), || plain(404)).get("/").await;
    let details = hinted.envelope().error.details;
    assert_eq!(details["hint"], "try /help");
    assert_eq!(details["response_preview"], "it broke");
    let other = client_with(all, || plain(400)).get("/").await;
    assert!(!other.envelope().error.details.contains_key("hint"));
}

#[tokio::test]
async fn what_says_enough_passes_unchanged() {
    let answers: [fn() -> Response; 6] = [
        || error(200, "text/plain", Body::from_bytes("fine")),
        || error(400, "application/json", Body::from_bytes("{}")),
        || error(500, "text/html", Body::from_bytes("<p>")),
        || error(500, "text/event-stream", Body::from_bytes("data: x\n\n")),
        || error(500, "", Body::from_bytes("untyped")),
        || error(500, "application/json", Body::empty()),
    ];
    for answer in answers {
        let expected = answer();
        let response = client(answer).get("/").await;
        assert_eq!(response.status(), expected.status());
        assert_eq!(response.headers(), expected.headers());
        let body = expected.into_body().collect_limited(100).await.unwrap();
        assert_eq!(response.bytes(), &body);
    }
    let client = client(|| plain(404));
    for request in [
        client
            .request(Method::GET, "/")
            .header("upgrade", "websocket"),
        client
            .request(Method::GET, "/")
            .header("accept", "text/event-stream"),
        client.request(Method::HEAD, "/"),
    ] {
        assert_eq!(request.send().await.text(), "it broke");
    }
}

#[tokio::test]
async fn an_encoded_body_is_replaced_but_not_shown() {
    let coded = || {
        let mut response = plain(500);
        let gzip = "gzip".parse().unwrap();
        response.headers_mut().insert("content-encoding", gzip);
        response
    };
    let response = client_with(config().with_body(true), coded).get("/").await;
    assert_eq!(response.header("content-encoding"), None);
    let details = response.envelope().error.details;
    assert!(!details.contains_key("response_preview"));
}

fn parts(parts: &'static [&'static str], broken: bool) -> Body {
    let (mut sender, body) = Body::channel(parts.len());
    for part in parts {
        sender.try_send(*part).unwrap();
    }
    if broken {
        sender.abort("disk on fire");
    }
    body
}

#[tokio::test]
async fn a_long_body_passes_complete() {
    let short = config().with_max_body_bytes(6);
    let within = client_with(short.clone(), || {
        error(500, "text/plain", parts(&["123", "456"], false))
    });
    assert_eq!(
        within.get("/").await.envelope().error.code,
        "internal_error"
    );
    let answers: [fn() -> Response; 3] = [
        || error(500, "text/plain", parts(&["123", "4567", "89"], false)),
        || error(500, "text/plain", parts(&["123456789"], false)),
        || error(500, "text/plain", Body::from_bytes("123456789")),
    ];
    for answer in answers {
        let response = client_with(short.clone(), answer).get("/").await;
        assert_eq!(response.text(), "123456789");
        assert_eq!(response.header("content-type"), Some("text/plain"));
    }
}

#[tokio::test]
async fn a_body_that_fails_still_fails() {
    let client = client(|| error(500, "text/plain", parts(&["123"], true)));
    let response = client.get("/").await;
    assert_eq!(response.status(), 500);
    assert!(response.is_broken());
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_not_held_back_for_long() {
    let (mut sender, body) = Body::channel(4);
    sender.try_send("a line").unwrap();
    let body = std::sync::Mutex::new(Some(body));
    let layer = DebugLayer::new(config()).unwrap();
    let service = around(&layer, move |_: Request| {
        let body = body.lock().unwrap().take().unwrap();
        async move { error(500, "text/plain", body) }
    });
    let start = Instant::now();
    let mut response = service.handle(get("/")).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(response.headers()["content-type"], "text/plain");
    let first = poll_body(response.body_mut());
    assert_eq!(first, std::task::Poll::Ready(Some(Ok("a line".into()))));
    sender.send("another").await.unwrap();
    drop(sender);
    let rest = response.into_body().collect_limited(100).await.unwrap();
    assert_eq!(rest, "another");
}
