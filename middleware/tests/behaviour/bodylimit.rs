use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use hyper_util::rt::{TokioExecutor, TokioIo};
use plumego_contract::{Body, BodyLimitExceeded, BoxHttpService, Handler, Json, Request, Response};
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_testkit::{InProcess, RecordingLogger, TestResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Collected, around, hello};

/// Answers with the length of the body, or 200 and what went wrong.
async fn count(request: Request) -> Json<String> {
    Json(match request.into_body().collect_limited(1 << 20).await {
        Ok(bytes) => bytes.len().to_string(),
        Err(error) => error.to_string(),
    })
}

fn limited(max_bytes: u64) -> InProcess {
    InProcess::new(around(&BodyLimitLayer::new(max_bytes), count))
}

/// A body of unknown length.
fn chunked(parts: &[&'static str]) -> Body {
    let (mut sender, body) = Body::channel(parts.len().max(1));
    for part in parts {
        sender.try_send(*part).unwrap();
    }
    body
}

fn assert_refused(response: &TestResponse, max_bytes: u64, seen_bytes: u64) {
    assert_eq!(response.status(), 413);
    let error = response.envelope().error;
    assert_eq!(error.code, "payload_too_large");
    assert_eq!(error.message, "request body exceeds configured limit");
    assert_eq!(error.details["max_bytes"], max_bytes);
    assert_eq!(error.details["seen_bytes"], seen_bytes);
}

#[tokio::test]
async fn exactly_the_limit_passes_and_one_more_does_not() {
    let client = limited(5);
    let post = || client.request(Method::POST, "/");
    assert_eq!(post().body("12345").send().await.json::<String>(), "5");
    let whole = post().stream(chunked(&["123", "", "45"])).send().await;
    assert_eq!(whole.json::<String>(), "5");
    assert_eq!(post().send().await.json::<String>(), "0");
    assert_eq!(
        post().stream(chunked(&[])).send().await.json::<String>(),
        "0"
    );

    assert_refused(&post().body("123456").send().await, 5, 6);
    let over = post().stream(chunked(&["123", "45", "6"])).send().await;
    assert_refused(&over, 5, 6);
    let at_once = post().stream(chunked(&["1234567890"])).send().await;
    assert_refused(&at_once, 5, 10);
}

#[tokio::test]
async fn a_declared_length_is_refused_before_the_service_is_called() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move |request: Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        hello(request)
    };
    let client = InProcess::new(around(&BodyLimitLayer::new(5), handler));
    let response = client
        .request(Method::POST, "/")
        .body("123456")
        .send()
        .await;
    assert_refused(&response, 5, 6);
    let declared = client
        .request(Method::POST, "/")
        .header("content-length", "100000")
        .stream(chunked(&["1"]));
    let response = declared.send().await;
    assert_refused(&response, 5, 100_000);
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_reader_sees_which_limit_it_was() {
    let seen = Collected::default();
    let errors = seen.clone();
    let handler = move |request: Request| {
        let errors = errors.clone();
        async move {
            let mut body = request.into_body();
            while let Some(frame) = next_frame(&mut body).await {
                if let Err(error) = frame {
                    errors.push(BodyLimitExceeded::find_in(error.as_ref()));
                }
            }
            Json("read")
        }
    };
    let client = InProcess::new(around(&BodyLimitLayer::new(3), handler));
    let request = client.request(Method::POST, "/");
    let response = request.stream(chunked(&["12", "34", "56"])).send().await;
    assert_refused(&response, 3, 4);
    assert_eq!(seen.take(), [Some(BodyLimitExceeded::new(3, 4))]);
}

type FrameResult = Result<http_body::Frame<bytes::Bytes>, plumego_contract::BoxError>;

async fn next_frame(body: &mut Body) -> Option<FrameResult> {
    std::future::poll_fn(|cx| http_body::Body::poll_frame(std::pin::Pin::new(body), cx)).await
}

#[tokio::test]
async fn whatever_a_service_makes_of_the_error_becomes_the_413() {
    async fn ignores(request: Request) -> Response {
        let _ = request.into_body().collect_limited(100).await;
        Response::new(Body::from_bytes("all fine"))
    }
    let client = InProcess::new(around(&BodyLimitLayer::new(2), ignores));
    let request = client.request(Method::POST, "/");
    assert_refused(&request.stream(chunked(&["123"])).send().await, 2, 3);
    let request = client.request(Method::POST, "/");
    let within = request.stream(chunked(&["12"])).send().await;
    assert_eq!(within.text(), "all fine");
}

#[tokio::test]
async fn a_413_of_the_service_stands() {
    async fn explains(request: Request) -> Response {
        let _ = request.into_body().collect_limited(100).await;
        let mut response = Response::new(Body::from_bytes("too much"));
        *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
        response
    }
    let client = InProcess::new(around(&BodyLimitLayer::new(2), explains));
    let request = client.request(Method::POST, "/");
    let response = request.stream(chunked(&["123"])).send().await;
    assert_eq!(response.text(), "too much");
}

#[tokio::test]
async fn an_overrun_after_the_head_only_cuts_the_request() {
    async fn echo(request: Request) -> Response {
        Response::new(request.into_body())
    }
    let client = InProcess::new(around(&BodyLimitLayer::new(2), echo));
    let request = client.request(Method::POST, "/");
    let response = request.stream(chunked(&["12", "3"])).send().await;
    assert_eq!(response.status(), 200);
    assert!(response.is_broken());
}

#[tokio::test]
async fn other_read_errors_pass() {
    let (mut sender, body) = Body::channel(2);
    sender.try_send("1").unwrap();
    sender.abort("reset by peer");
    let response = limited(5)
        .request(Method::POST, "/")
        .stream(body)
        .send()
        .await;
    assert_eq!(
        response.json::<String>(),
        "the body could not be read to its end"
    );
}

#[tokio::test]
async fn of_nested_limits_the_smallest_counts() {
    for (outer, inner) in [(3, 100), (100, 3)] {
        let service = around(&BodyLimitLayer::new(inner), count);
        let service = around(&BodyLimitLayer::new(outer), service);
        let client = InProcess::new(service);
        let post = || client.request(Method::POST, "/");
        assert_refused(&post().stream(chunked(&["1234"])).send().await, 3, 4);
        assert_refused(&post().body("1234").send().await, 3, 4);
        let within = post().stream(chunked(&["123"])).send().await;
        assert_eq!(within.json::<String>(), "3");
    }
}

#[tokio::test]
async fn zero_disables() {
    let response = limited(0)
        .request(Method::POST, "/")
        .stream(chunked(&["12345"]))
        .send()
        .await;
    assert_eq!(response.json::<String>(), "5");
}

#[tokio::test]
async fn each_overrun_is_logged_once() {
    let logger = RecordingLogger::new();
    let layer = BodyLimitLayer::new(2).logger(logger.as_logger());
    let client = InProcess::new(around(&layer, count));
    let post = |path| client.request(Method::POST, path);
    post("/a?token=secret").body("123").send().await;
    post("/b").stream(chunked(&["1", "23", "4"])).send().await;
    post("/c").body("12").send().await;
    let entries = logger.entries();
    assert_eq!(entries.len(), 2, "{entries:?}");
    for (entry, path) in entries.iter().zip(["/a", "/b"]) {
        assert_eq!(entry.message, "request body too large");
        assert_eq!(entry.level, plumego_log::Level::Warn);
        assert_eq!(entry.field("path"), Some(path));
        assert_eq!(entry.field("max_bytes"), Some("2"));
        assert_eq!(entry.field("seen_bytes"), Some("3"));
    }
}

#[tokio::test]
async fn a_logger_that_panics_changes_nothing() {
    let layer = BodyLimitLayer::new(2).logger(Arc::new(crate::support::PanickingLogger));
    let client = InProcess::new(around(&layer, count));
    let post = || client.request(Method::POST, "/");
    assert_refused(&post().body("123").send().await, 2, 3);
    assert_refused(&post().stream(chunked(&["123"])).send().await, 2, 3);
}

/// Serves one HTTP/1 connection and returns all it says to `sent`.
async fn http1(layer: BodyLimitLayer, handler: impl Handler, sent: &str) -> String {
    let service = around(&layer, handler);
    let (mut near, far) = tokio::io::duplex(1 << 20);
    tokio::spawn(async move {
        let service = hyper_service(service);
        let connection = hyper::server::conn::http1::Builder::new();
        let _ = connection
            .serve_connection(TokioIo::new(far), service)
            .await;
    });
    near.write_all(sent.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    // Ends when the server closes, or has nothing more to say.
    let mut buffer = [0; 4096];
    while let Ok(Ok(length @ 1..)) =
        tokio::time::timeout(Duration::from_secs(60), near.read(&mut buffer)).await
    {
        said.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8(said).unwrap()
}

fn hyper_service(
    service: BoxHttpService,
) -> impl hyper::service::Service<
    http::Request<hyper::body::Incoming>,
    Response = Response,
    Error = Infallible,
    Future = impl Future<Output = Result<Response, Infallible>> + Send,
> + Clone {
    hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let answer = service.handle(request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await) }
    })
}

fn statuses(said: &str) -> Vec<&str> {
    let answers = said.split("HTTP/1.1 ").skip(1);
    answers.map(|answer| &answer[..3]).collect()
}

#[tokio::test(start_paused = true)]
async fn a_short_rest_is_drained_and_the_connection_goes_on() {
    let layer = BodyLimitLayer::new(3);
    let declared = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\n123456";
    let chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n\
                   5\r\n12345\r\n3\r\n678\r\n0\r\n\r\n";
    let next = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    for first in [declared, chunked] {
        let said = http1(layer.clone(), count, &format!("{first}{next}")).await;
        assert_eq!(statuses(&said), ["413", "200"], "{said}");
        assert!(!said.contains("close"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_rest_closes_the_connection() {
    let layer = BodyLimitLayer::new(3);
    let body = "x".repeat(100_000);
    let declared = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n{body}");
    let chunked = format!(
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n186a0\r\n{body}\r\n0\r\n\r\n"
    );
    let next = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    for first in [declared, chunked] {
        let said = http1(layer.clone(), count, &format!("{first}{next}")).await;
        assert_eq!(statuses(&said), ["413"], "{said}");
        assert!(said.contains("connection: close"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rest_that_does_not_come_closes_the_connection() {
    let sent = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\n12";
    let said = http1(BodyLimitLayer::new(3), count, sent).await;
    assert_eq!(statuses(&said), ["413"], "{said}");
    assert!(said.contains("connection: close"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_to_continue_with_too_much() {
    let head = "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n";
    let said = http1(
        BodyLimitLayer::new(3),
        count,
        &format!("{head}content-length: 6\r\n\r\n"),
    )
    .await;
    assert_eq!(statuses(&said), ["413"], "{said}");
    assert!(said.contains("connection: close"), "{said}");
    let said = http1(
        BodyLimitLayer::new(6),
        count,
        &format!("{head}content-length: 6\r\n\r\n123456"),
    )
    .await;
    assert_eq!(statuses(&said), ["100", "200"], "{said}");
}

#[tokio::test]
async fn on_http2_the_answer_arrives_and_other_streams_go_on() {
    let service = around(&BodyLimitLayer::new(3), count);
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let served = connection.serve_connection(TokioIo::new(far), hyper_service(service));
        let _ = served.await;
    });
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(near))
            .await
            .unwrap();
    tokio::spawn(connection);
    let post = |body| {
        let request = http::Request::post("http://x/");
        request.body(body).unwrap()
    };
    // Never ends: only an early answer can finish the exchange.
    let (mut sender, endless) = Body::channel(1);
    let endless = client.send_request(post(endless));
    sender.send("123456").await.unwrap();
    let response = endless.await.unwrap();
    assert_eq!(response.status(), 413);
    assert!(!response.headers().contains_key("connection"));
    let within = client.send_request(post(Body::from_bytes("123")));
    assert_eq!(within.await.unwrap().status(), 200);
}
