use std::panic::panic_any;
use std::sync::Arc;
use std::task::Poll;

use plumego_contract::{Body, BoxHttpService, Handler, Request, Response, ResponseFuture};
use plumego_log::Level;
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::RequestIdLayer;
use plumego_middleware::stack::Stack;
use plumego_testkit::{InProcess, LogEntry, RecordingLogger};

use crate::support::{PanickingLogger, around, get, hello, poll_body};

fn guarded(handler: impl Handler) -> (BoxHttpService, RecordingLogger) {
    let logger = RecordingLogger::new();
    let layer = RecoveryLayer::new(RecoveryConfig::new(logger.as_logger()));
    (around(&layer, handler), logger)
}

fn only(logger: &RecordingLogger, message: &str) -> LogEntry {
    let mut entries = logger.entries();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0].message, message);
    assert_eq!(entries[0].level, Level::Error);
    entries.remove(0)
}

struct PanicsAtOnce;

impl Handler for PanicsAtOnce {
    fn call(&self, _: Request) -> ResponseFuture {
        panic!("password=hunter2")
    }
}

#[tokio::test]
async fn a_panic_is_answered_without_its_text() {
    let line = line!() + 2;
    async fn polled(request: Request) -> Response {
        panic!("asked for {}", request.uri())
    }
    let (service, logger) = guarded(polled);
    let client = InProcess::new(service);
    let request = client.request(http::Method::PUT, "/a/b?token=hunter2");
    let response = request.send().await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.header("content-type"), Some("application/json"));
    let envelope = response.envelope();
    assert_eq!(envelope.error.code, "internal_error");
    assert_eq!(envelope.error.message, "internal server error");
    assert!(!response.text().contains("hunter2"));

    let entry = only(&logger, "panic recovered");
    assert_eq!(entry.field("method"), Some("PUT"));
    assert_eq!(entry.field("path"), Some("/a/b"));
    assert_eq!(entry.field("panic_type"), Some("String"));
    let location = entry.field("location").unwrap();
    assert!(
        location.ends_with(&format!("recovery.rs:{line}")),
        "{location}"
    );
    assert!(!logger.contains("hunter2"));
}

#[tokio::test]
async fn a_panic_while_calling_is_answered_too() {
    let (service, logger) = guarded(PanicsAtOnce);
    let response = InProcess::new(service).get("/").await;
    assert_eq!(response.status(), 500);
    assert_eq!(
        only(&logger, "panic recovered").field("panic_type"),
        Some("str")
    );
}

#[tokio::test]
async fn ordinary_responses_are_untouched() {
    let (service, logger) = guarded(hello);
    let response = InProcess::new(service).get("/").await;
    assert_eq!(response.text(), "hello");
    assert_eq!(response.headers().len(), 0);
    assert_eq!(logger.entries().len(), 0);
}

/// A payload and a future that panic again when they are dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[tokio::test]
async fn what_panics_again_while_it_is_dropped_is_contained() {
    async fn payload(_: Request) -> Response {
        panic_any(Bomb)
    }
    let (service, logger) = guarded(payload);
    assert_eq!(InProcess::new(service).get("/").await.status(), 500);
    let entry = only(&logger, "panic recovered");
    assert_eq!(entry.field("panic_type"), Some("dyn Any"));

    let (service, _) = guarded(HoldsBomb);
    assert_eq!(InProcess::new(service).get("/").await.status(), 500);
}

/// Panics when polled, and again when the future is dropped.
struct HoldsBomb;

impl Handler for HoldsBomb {
    fn call(&self, _: Request) -> ResponseFuture {
        struct Held(Bomb);
        impl Future for Held {
            type Output = Response;
            fn poll(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> Poll<Response> {
                let Bomb = &self.0;
                panic!("polled")
            }
        }
        ResponseFuture::boxed(Held(Bomb))
    }
}

#[tokio::test]
async fn a_panic_of_the_body_breaks_the_stream() {
    let body = || {
        let parts = ["first", "second"].into_iter().map(|part| {
            assert_eq!(part, "first", "the second part panics");
            Ok::<_, std::io::Error>(bytes::Bytes::from(part))
        });
        Body::from_stream(futures_util::stream::iter(parts))
    };
    let (service, logger) = guarded(move |_: Request| {
        let body = body();
        async move { Response::new(body) }
    });
    let mut response = service.handle(get("/file")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        poll_body(response.body_mut()),
        Poll::Ready(Some(Ok("first".into())))
    );
    let second = poll_body(response.body_mut());
    assert_eq!(
        second,
        Poll::Ready(Some(Err("the response body panicked".to_owned())))
    );
    assert_eq!(poll_body(response.body_mut()), Poll::Ready(None));
    let entry = only(&logger, "panic in response body");
    assert_eq!(entry.field("path"), Some("/file"));
    assert!(entry.field("location").unwrap().contains("recovery.rs"));
}

#[tokio::test]
async fn an_outer_log_knows_that_the_body_panicked() {
    let logger = RecordingLogger::new();
    let config = AccessLogConfig::default().with_logger(logger.as_logger());
    let panicking = |_: Request| async {
        let poll = futures_util::stream::poll_fn(
            |_| -> Poll<Option<Result<bytes::Bytes, std::io::Error>>> { panic!("body") },
        );
        Response::new(Body::from_stream(poll))
    };
    let service = Stack::new()
        .push("accesslog", AccessLogLayer::new(config).unwrap())
        .push(
            "recovery",
            RecoveryLayer::new(RecoveryConfig::new(plumego_log::discard())),
        )
        .build(BoxHttpService::from_handler(panicking));
    assert!(InProcess::new(service).get("/").await.is_broken());
    let entry = &logger.entries()[0];
    assert_eq!(entry.field("outcome"), Some("panicked"));
    assert_eq!(entry.field("status"), Some("200"));
}

#[tokio::test]
async fn a_logger_that_panics_does_not_prevent_the_answer() {
    let layer = RecoveryLayer::new(RecoveryConfig::new(Arc::new(PanickingLogger)));
    let response = InProcess::new(around(&layer, PanicsAtOnce)).get("/").await;
    assert_eq!(response.envelope().error.code, "internal_error");
}

#[tokio::test]
async fn headers_of_outer_layers_appear_on_the_answer() {
    let logger = RecordingLogger::new();
    let service = Stack::new()
        .push("requestid", RequestIdLayer::default())
        .push(
            "recovery",
            RecoveryLayer::new(RecoveryConfig::new(logger.as_logger())),
        )
        .build(BoxHttpService::from_handler(PanicsAtOnce));
    let response = InProcess::new(service).get("/").await;
    let id = response.header("x-request-id").unwrap();
    assert_eq!(response.envelope().request_id.as_deref(), Some(id));
    assert_eq!(
        only(&logger, "panic recovered").field("request_id"),
        Some(id)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn panics_of_many_requests_at_once_are_kept_apart() {
    async fn sometimes(request: Request) -> Response {
        tokio::task::yield_now().await;
        assert!(!request.uri().path().starts_with("/bad"), "handler");
        Response::new(Body::from_bytes("fine"))
    }
    let (service, logger) = guarded(sometimes);
    let client = InProcess::new(service);
    let tasks: Vec<_> = (0..200)
        .map(|i| {
            let client = client.clone();
            let path = if i % 2 == 0 { "/bad" } else { "/good" };
            tokio::spawn(async move { (i, client.get(path).await.status()) })
        })
        .collect();
    for task in tasks {
        let (i, status) = task.await.unwrap();
        assert_eq!(status, if i % 2 == 0 { 500 } else { 200 });
    }
    assert_eq!(logger.with_message("panic recovered").len(), 100);
}
