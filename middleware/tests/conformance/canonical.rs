//! The canonical stack: one measurement, one record, one span per request, and
//! one id everywhere.

use std::time::Duration;

use futures_util::FutureExt;
use http::Method;
use plumego_contract::{Body, Error, ErrorKind, Json, Request, Response};
use plumego_middleware::stack::CANONICAL_ORDER;
use plumego_testkit::{InProcess, TestResponse};

use crate::sinks::{BODY_BYTES_MAX, ORIGIN, Sinks};

/// Answers with the error that the path asks for.
async fn errors(request: Request) -> Result<Json<&'static str>, Error> {
    Err(match request.uri().path() {
        "/404" => Error::new(ErrorKind::NotFound),
        "/429" => Error::new(ErrorKind::RateLimited).retry_after(Duration::from_secs(1)),
        "/500" => panic!("on purpose"),
        "/504" => std::future::pending().await,
        _ => return Ok(Json("fine")),
    })
}

/// One of each signal, and the same id everywhere.
fn assert_one_of_each(sinks: &Sinks, response: &TestResponse) {
    let status = response.status();
    let id = response.header("x-request-id").unwrap().to_owned();
    if status >= 400 {
        assert_eq!(
            response.header("content-type"),
            Some("application/json"),
            "{status}"
        );
        let envelope = response.envelope();
        assert_eq!(envelope.request_id.as_deref(), Some(&*id), "{status}");
        assert!(envelope.error.category.is_some(), "{status}");
    }
    let records = sinks.logger.with_message("request completed");
    assert_eq!(records.len(), 1, "{status}");
    assert_eq!(records[0].field("request_id"), Some(&*id));
    assert_eq!(records[0].field("status"), Some(&*status.to_string()));
    assert_eq!(records[0].field("span_id"), Some("0808080808080808"));
    assert_eq!(response.header("x-span-id"), Some("0808080808080808"));
    let allowed = response.header("access-control-allow-origin");
    assert_eq!(allowed, Some(ORIGIN), "{status}");
    for name in [
        "x-frame-options",
        "x-content-type-options",
        "referrer-policy",
    ] {
        let values = response.headers().get_all(name).iter();
        assert_eq!(values.count(), 1, "{status} {name}");
    }
    assert_eq!(sinks.spans(), [(status, "completed".to_owned(), id)]);
    let bytes = response.bytes().len() as u64;
    assert_eq!(sinks.measured(), [(status, bytes)]);
    assert_eq!(sinks.in_flight(), 0);
    assert_eq!(sinks.limit.occupancy(), 0);
}

#[test]
fn the_order_is_the_canonical_one() {
    let stack = Sinks::default().stack();
    assert_eq!(stack.lint(), []);
    let mut canonical = CANONICAL_ORDER.iter();
    for name in stack.names() {
        assert!(
            canonical.any(|canonical| *canonical == name),
            "{name} is out of order"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_each_signal_and_one_id_per_request() {
    for status in [200_u16, 404, 429, 500, 504] {
        let sinks = Sinks::default();
        let client = InProcess::new(sinks.around(errors));
        let request = client.request(Method::GET, &format!("/{status}"));
        let response = request.header("origin", ORIGIN).send().await;
        assert_eq!(response.status(), status);
        assert_one_of_each(&sinks, &response);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_one_of_each_too() {
    let sinks = Sinks::default();
    let client = InProcess::new(sinks.around(errors));
    let too_long = vec![b'x'; BODY_BYTES_MAX as usize + 1];
    let request = client.request(Method::POST, "/200");
    let request = request.header("origin", ORIGIN).body(too_long);
    let response = request.send().await;
    assert_eq!(response.status(), 413);
    assert_eq!(response.envelope().error.code, "payload_too_large");
    assert_one_of_each(&sinks, &response);
}

#[tokio::test]
async fn a_client_that_sends_too_much_is_one_of_each_too() {
    let sinks = Sinks::with_limits(100, 1);
    let client = InProcess::new(sinks.around(errors));
    client.get("/200").await;
    let before = (sinks.measured().len(), sinks.spans().len());
    assert_eq!(before, (1, 1));
    let request = client.request(Method::GET, "/200").header("origin", ORIGIN);
    let response = request.send().await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.envelope().error.code, "rate_limited");
    assert_eq!(response.header("x-ratelimit-remaining"), Some("0"));
    let id = response.header("x-request-id").unwrap().to_owned();
    assert_eq!(sinks.spans(), [(429, "completed".to_owned(), id)]);
    assert_eq!(response.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(sinks.measured(), [(429, response.bytes().len() as u64)]);
}

#[tokio::test]
async fn a_busy_server_is_one_of_each_too() {
    let sinks = Sinks::with_limit(1);
    let service = sinks.around(errors);
    let mut running = service.handle(get("/504"));
    assert!((&mut running).now_or_never().is_none());
    let client = InProcess::new(service);
    let request = client.request(Method::GET, "/200").header("origin", ORIGIN);
    let response = request.send().await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.envelope().error.code, "server_busy");
    assert!(response.header("retry-after").is_some());
    let (status, outcome, _) = &sinks.logged()[0];
    assert_eq!((&**status, &**outcome), ("503", "completed"));
    drop(running);
    assert_eq!(sinks.in_flight(), 0);
    assert_eq!(sinks.limit.occupancy(), 0);
    assert_eq!(sinks.logged().len(), 2);
}

fn get(path: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap();
    request
}

#[tokio::test]
async fn a_preflight_is_answered_outside_and_still_counted() {
    let sinks = Sinks::default();
    let client = InProcess::new(sinks.around(errors));
    let response = client
        .request(Method::OPTIONS, "/500")
        .header("origin", ORIGIN)
        .header("access-control-request-method", "PUT")
        .send()
        .await;
    assert_eq!(response.status(), 204);
    assert_one_of_each(&sinks, &response);
}

#[tokio::test]
async fn status_headers_and_body_of_the_handler_survive() {
    let sinks = Sinks::default();
    let handler = |_: Request| async {
        let mut response = Response::new(Body::from_bytes("payload"));
        *response.status_mut() = http::StatusCode::IM_A_TEAPOT;
        for value in ["a=1", "b=2"] {
            let value = http::HeaderValue::from_static(value);
            response.headers_mut().append("set-cookie", value);
        }
        response
    };
    let response = InProcess::new(sinks.around(handler)).get("/").await;
    assert_eq!(response.status(), 418);
    assert_eq!(response.text(), "payload");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
}

#[tokio::test]
async fn trailers_survive() {
    let sinks = Sinks::default();
    let handler = |_: Request| async {
        let (mut sender, body) = Body::channel(4);
        tokio::spawn(async move {
            let mut trailers = http::HeaderMap::new();
            trailers.insert("x-checksum", http::HeaderValue::from_static("42"));
            let _ = sender.send("data").await;
            let _ = sender.send_trailers(trailers).await;
        });
        Response::new(body)
    };
    let mut response = sinks.around(handler).handle(get("/")).await;
    let mut trailers = None;
    while let Some(frame) = next_frame(response.body_mut()).await {
        trailers = frame.into_trailers().ok();
    }
    assert_eq!(trailers.unwrap()["x-checksum"], "42");
    assert_eq!(sinks.measured(), [(200, 4)]);
}

async fn next_frame(body: &mut Body) -> Option<http_body::Frame<bytes::Bytes>> {
    let frame =
        std::future::poll_fn(|cx| http_body::Body::poll_frame(std::pin::Pin::new(&mut *body), cx));
    frame.await.map(Result::unwrap)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_requests_at_once_leave_nothing_behind() {
    let sinks = Sinks::default();
    let client = InProcess::new(sinks.around(errors));
    let paths = ["/200", "/404", "/429", "/200"];
    let tasks: Vec<_> = (0..10_000)
        .map(|i| {
            let client = client.clone();
            tokio::spawn(async move { client.get(paths[i % paths.len()]).await.status() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(sinks.in_flight(), 0);
    assert_eq!(sinks.measured().len(), 10_000);
    assert_eq!(sinks.spans().len(), 10_000);
    assert_eq!(sinks.logged().len(), 10_000);
    assert_eq!(sinks.limit.occupancy(), 0);
}
