use std::convert::Infallible;
use std::future::ready;

use http::{Method, StatusCode};
use http_body::Body as _;
use plumego_contract::{Body, BoxHttpService, Error, ErrorKind, Request, Response};
use plumego_middleware::compression::{Algorithm, CompressionConfig, CompressionLayer};
use plumego_testkit::{InProcess, TestResponse};
use tower::{ServiceExt, service_fn};
use tower_http::decompression::Decompression;
use tower_layer::Layer;

use crate::support::around;

/// What a handler answers.
type Answer = fn() -> Response;

const CODINGS: [&str; 3] = ["br", "zstd", "gzip"];

fn long_text() -> String {
    "all work and no play makes a dull body. ".repeat(100)
}

/// A response that is worth compressing.
fn page() -> Response {
    let mut response = Response::new(Body::from_bytes(long_text()));
    let headers = response.headers_mut();
    headers.insert("content-type", "text/html".parse().unwrap());
    headers.insert("content-length", long_text().len().into());
    response
}

fn service(config: CompressionConfig, answer: fn() -> Response) -> BoxHttpService {
    let handler = move |_: Request| async move { answer() };
    around(&CompressionLayer::new(config), handler)
}

async fn asked(answer: fn() -> Response, accept: &str) -> TestResponse {
    asked_with(CompressionConfig::default(), answer, accept).await
}

async fn asked_with(
    config: CompressionConfig,
    answer: fn() -> Response,
    accept: &str,
) -> TestResponse {
    let client = InProcess::new(service(config, answer));
    let request = client.request(Method::GET, "/");
    request.header("accept-encoding", accept).send().await
}

async fn decompressed(response: Response) -> Response {
    let mut response = Some(response);
    let handed = service_fn(move |_: Request| ready(Ok::<_, Infallible>(response.take().unwrap())));
    let response = Decompression::new(handed)
        .oneshot(Request::new(Body::empty()))
        .await
        .unwrap();
    response.map(Body::new)
}

fn coding(response: &TestResponse) -> Option<&str> {
    response.header("content-encoding")
}

fn is_untouched(response: &TestResponse) -> bool {
    coding(response).is_none() && response.header("vary").is_none()
}

#[tokio::test]
async fn every_coding_gives_back_the_body() {
    for coding in CODINGS {
        let mut request = Request::new(Body::empty());
        let accept = format!("identity;q=0.5, {coding}").parse().unwrap();
        request.headers_mut().insert("accept-encoding", accept);
        let response = service(CompressionConfig::default(), page)
            .handle(request)
            .await;
        assert_eq!(response.headers()["content-encoding"], coding);
        assert_eq!(response.headers()["vary"], "accept-encoding");
        assert!(!response.headers().contains_key("content-length"));
        let body = decompressed(response).await.into_body();
        assert_eq!(body.collect_limited(1 << 20).await.unwrap(), long_text());
    }
}

#[tokio::test]
async fn bytes_on_the_wire_are_fewer() {
    for coding in CODINGS {
        let response = asked(page, coding).await;
        assert!(response.bytes().len() < long_text().len() / 4, "{coding}");
    }
}

#[tokio::test]
async fn the_server_chooses_among_what_the_client_takes() {
    assert_eq!(coding(&asked(page, "gzip, zstd, br").await), Some("br"));
    let config = CompressionConfig::default().with_algorithms([Algorithm::Gzip, Algorithm::Zstd]);
    assert_eq!(
        coding(&asked_with(config, page, "zstd, gzip;q=0.1").await),
        Some("gzip")
    );
    let none = CompressionConfig::default().with_algorithms([]);
    assert!(is_untouched(&asked_with(none, page, "gzip").await));
}

#[tokio::test]
async fn what_could_have_been_compressed_varies() {
    for accept in ["identity", "gzip;q=0", "xgzip"] {
        let response = asked(page, accept).await;
        assert_eq!(coding(&response), None, "{accept}");
        assert_eq!(response.header("vary"), Some("accept-encoding"), "{accept}");
        assert_eq!(response.text(), long_text());
        assert!(response.header("content-length").is_some());
    }
    let client = InProcess::new(service(CompressionConfig::default(), page));
    assert_eq!(
        client.get("/").await.header("vary"),
        Some("accept-encoding")
    );
}

#[tokio::test]
async fn what_does_not_gain_is_left_alone() {
    let cases: [(&str, Answer); 12] = [
        ("small", || {
            let mut response = page();
            *response.body_mut() = Body::from_bytes(vec![b'x'; 859]);
            response.headers_mut().remove("content-length");
            response
        }),
        ("declared small", || {
            let mut response = page();
            *response.body_mut() = stream(vec!["x"]);
            response.headers_mut().insert("content-length", 1.into());
            response
        }),
        ("empty", || {
            let mut response = page();
            *response.body_mut() = Body::empty();
            response
        }),
        ("untyped", || without("content-type")),
        ("compressed", || with("content-encoding", "br")),
        ("range", || with("content-range", "bytes 0-1/2")),
        ("no-transform", || {
            with("cache-control", "max-age=3, No-Transform")
        }),
        ("picture", || with("content-type", "image/png")),
        ("events", || {
            with("content-type", "text/event-stream; charset=utf-8")
        }),
        ("partial", || status(StatusCode::PARTIAL_CONTENT)),
        ("error", || status(StatusCode::BAD_REQUEST)),
        ("no content", || status(StatusCode::NO_CONTENT)),
    ];
    for (name, answer) in cases {
        let response = asked(answer, "gzip").await;
        let encoded = coding(&response).filter(|_| name != "compressed");
        assert_eq!(encoded, None, "{name}");
        assert_eq!(response.header("vary"), None, "{name}");
    }
}

fn with(name: &'static str, value: &'static str) -> Response {
    let mut response = page();
    response.headers_mut().insert(name, value.parse().unwrap());
    response
}

fn without(name: &str) -> Response {
    let mut response = page();
    response.headers_mut().remove(name);
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = page();
    *response.status_mut() = status;
    response
}

fn stream(parts: Vec<&'static str>) -> Body {
    let (mut sender, body) = Body::channel(16);
    for part in parts {
        sender.try_send(part).unwrap();
    }
    body
}

#[tokio::test]
async fn some_requests_are_not_served_compressed() {
    let client = InProcess::new(service(
        CompressionConfig::default().with_skip_when(|parts| match parts.uri.path() {
            "/panics" => panic!("rule"),
            path => path == "/skipped",
        }),
        page,
    ));
    let get = |path| {
        let request = client.request(Method::GET, path);
        request.header("accept-encoding", "gzip")
    };
    assert_eq!(coding(&get("/").send().await), Some("gzip"));
    assert!(is_untouched(&get("/skipped").send().await));
    assert!(is_untouched(&get("/panics").send().await));
    for (name, value) in [("accept", "text/event-stream"), ("upgrade", "websocket")] {
        let response = get("/").header(name, value).send().await;
        assert!(is_untouched(&response), "{name}");
    }
    let head = client.request(Method::HEAD, "/");
    let head = head.header("accept-encoding", "gzip").send().await;
    assert_eq!(coding(&head), None);
    assert_eq!(head.header("vary"), Some("accept-encoding"));
}

#[tokio::test]
async fn a_304_varies_as_its_200_does() {
    let response = asked(|| status(StatusCode::NOT_MODIFIED), "gzip").await;
    assert_eq!(coding(&response), None);
    assert_eq!(response.header("vary"), Some("accept-encoding"));
}

#[tokio::test]
async fn errors_are_compressed_on_request() {
    let config = CompressionConfig::default().with_compress_errors(true);
    let error = || status(StatusCode::NOT_FOUND);
    let response = asked_with(config, error, "gzip").await;
    assert_eq!(response.status(), 404);
    assert_eq!(coding(&response), Some("gzip"));
}

#[tokio::test]
async fn strong_validators_become_weak() {
    for (etag, expected) in [("\"v1\"", "W/\"v1\""), ("W/\"v1\"", "W/\"v1\"")] {
        let client = InProcess::new(around(
            &CompressionLayer::default(),
            move |_: Request| async move { with("etag", etag) },
        ));
        let request = client.request(Method::GET, "/");
        let response = request.header("accept-encoding", "br").send().await;
        assert_eq!(response.header("etag"), Some(expected));
        let plain = client.get("/").await;
        assert_eq!(plain.header("etag"), Some(etag));
    }
}

#[tokio::test]
async fn long_lived_bodies_progress() {
    for coding in CODINGS {
        let (mut sender, body) = Body::channel(1);
        let mut response = page();
        *response.body_mut() = body;
        response.headers_mut().remove("content-length");
        let mut response = Some(response);
        let response = std::sync::Mutex::new(move || response.take().unwrap());
        let handler = move |_: Request| {
            let response = (response.lock().unwrap())();
            async move { response }
        };
        let mut request = Request::new(Body::empty());
        let accept = coding.parse().unwrap();
        request.headers_mut().insert("accept-encoding", accept);
        let service = around(&CompressionLayer::default(), handler);
        let mut plain = decompressed(service.handle(request).await)
            .await
            .into_body();
        for part in ["first", "second", "third"] {
            sender.send(part).await.unwrap();
            let mut seen = String::new();
            while seen != part {
                let frame =
                    std::future::poll_fn(|cx| std::pin::Pin::new(&mut plain).poll_frame(cx));
                let data = frame.await.unwrap().unwrap().into_data().unwrap();
                seen.push_str(std::str::from_utf8(&data).unwrap());
            }
        }
        drop(sender);
        assert_eq!(plain.collect_limited(10).await.unwrap(), "", "{coding}");
    }
}

#[tokio::test]
async fn a_body_that_fails_never_ends_as_a_valid_one() {
    for coding in CODINGS {
        let response = asked(
            || {
                let (mut sender, body) = Body::channel(4);
                sender.try_send("the start").unwrap();
                sender.abort("disk on fire");
                let mut response = page();
                *response.body_mut() = body;
                response.headers_mut().remove("content-length");
                response
            },
            coding,
        )
        .await;
        assert_eq!(response.header("content-encoding"), Some(coding));
        assert!(response.is_broken(), "{coding}");
    }
}

#[tokio::test]
async fn an_envelope_stays_readable_inside_of_other_layers() {
    async fn missing(_: Request) -> Result<(), Error> {
        Err(Error::new(ErrorKind::NotFound))
    }
    let service = CompressionLayer::default().layer(BoxHttpService::from_handler(missing));
    let client = InProcess::new(service);
    let request = client.request(Method::GET, "/");
    let response = request.header("accept-encoding", "gzip").send().await;
    assert_eq!(response.envelope().error.code, "not_found");
}
