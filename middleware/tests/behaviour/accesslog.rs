use std::sync::Arc;

use http::{Method, StatusCode, Version};
use plumego_contract::{
    Body, BoxHttpService, ClientInfo, Handler, Request, RequestScope, Response, ResponseFuture,
    RouteMatch, ScopeInit, ScopeSettings, SpanId, TraceContext, TraceId,
};
use plumego_log::Level;
use plumego_middleware::ConfigErrorKind;
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_testkit::{InProcess, LogEntry, RecordingLogger};

use crate::support::{
    PanickingLogger, around, forever, get, hello, panics, poll_body, poll_pending, request,
};

fn logged(
    configure: impl FnOnce(AccessLogConfig) -> AccessLogConfig,
    handler: impl Handler,
) -> (BoxHttpService, RecordingLogger) {
    let logger = RecordingLogger::new();
    let config = AccessLogConfig::default().with_logger(logger.as_logger());
    let layer = AccessLogLayer::new(configure(config)).unwrap();
    (around(&layer, handler), logger)
}

/// The one record that was written.
fn only(logger: &RecordingLogger) -> LogEntry {
    let mut entries = logger.entries();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0].message, "request completed");
    entries.remove(0)
}

fn assert_fields(entry: &LogEntry, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(entry.field(name), Some(*value), "{name}");
    }
}

#[tokio::test]
async fn a_record_has_every_field_that_is_known() {
    async fn echo(mut request: Request) -> Response {
        let scope = RequestScope::of(&request).unwrap();
        let route = RouteMatch::for_test("/users/{id}", Some("users.show"), &[("id", "17")]);
        scope.set_route(route).unwrap();
        let body = std::mem::take(request.body_mut());
        Response::new(Body::from_bytes(body.collect_limited(100).await.unwrap()))
    }
    let (service, logger) = logged(|config| config, echo);
    let mut init = ScopeInit::default();
    init.client = ClientInfo::default().with_ip([192, 0, 2, 1].into());
    init.trace = Some(TraceContext::new(
        TraceId::from_bytes([1; 16]).unwrap(),
        SpanId::from_bytes([2; 8]).unwrap(),
        1,
    ));
    let scope = RequestScope::new(Arc::new(ScopeSettings::default()), init);
    let mut request = request(Method::POST, "/users/17?token=secret");
    *request.body_mut() = Body::from_bytes("twelve bytes");
    *request.version_mut() = Version::HTTP_2;
    request
        .headers_mut()
        .insert("user-agent", "probe/1".parse().unwrap());
    request
        .headers_mut()
        .insert("x-request-id", "req-1".parse().unwrap());
    request.extensions_mut().insert(scope);
    let response = InProcess::new(service).send(request).await;
    assert_eq!(response.text(), "twelve bytes");

    let entry = only(&logger);
    assert_eq!(entry.level, Level::Info);
    assert_fields(
        &entry,
        &[
            ("method", "POST"),
            ("path", "/users/17"),
            ("status", "200"),
            ("request_id", "req-1"),
            ("bytes", "12"),
            ("bytes_in", "12"),
            ("client_ip", "192.0.2.1"),
            ("user_agent", "probe/1"),
            ("protocol", "HTTP/2.0"),
            ("outcome", "completed"),
            ("route", "/users/{id}"),
            ("route_name", "users.show"),
            ("trace_id", "01010101010101010101010101010101"),
            ("span_id", "0202020202020202"),
        ],
    );
    let millis: f64 = entry.field("duration_ms").unwrap().parse().unwrap();
    assert!(millis >= 0.0);
    assert!(entry.field("duration").is_some());
    assert!(!logger.contains("secret"), "the query is not logged");
}

#[tokio::test]
async fn what_is_not_known_is_left_out() {
    let (service, logger) = logged(|config| config, hello);
    InProcess::new(service).get("/").await;
    let entry = only(&logger);
    assert_fields(
        &entry,
        &[("bytes_in", "0"), ("bytes", "5"), ("protocol", "HTTP/1.1")],
    );
    for absent in [
        "client_ip",
        "user_agent",
        "route",
        "route_name",
        "trace_id",
        "span_id",
    ] {
        assert_eq!(entry.field(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn without_anyone_else_the_log_decides_the_id_and_announces_it() {
    let (service, logger) = logged(|config| config, hello);
    let response = InProcess::new(service).get("/").await;
    let id = response.header("x-request-id").unwrap();
    assert_eq!(only(&logger).field("request_id"), Some(id));
}

#[tokio::test]
async fn a_stream_is_counted_to_its_end_and_logged_then() {
    let (mut sender, body) = Body::channel(4);
    let body = std::sync::Mutex::new(Some(body));
    let (service, logger) = logged(
        |config| config,
        move |_: Request| {
            let body = body.lock().unwrap().take().unwrap();
            async move { Response::new(body) }
        },
    );
    let mut response = service.handle(get("/")).await;
    sender.send("one ").await.unwrap();
    sender.send("two").await.unwrap();
    assert!(poll_body(response.body_mut()).is_ready());
    assert!(poll_body(response.body_mut()).is_ready());
    assert!(poll_body(response.body_mut()).is_pending());
    assert_eq!(logger.entries().len(), 0, "the response is not over");
    drop(sender);
    assert!(poll_body(response.body_mut()).is_ready());
    assert_fields(&only(&logger), &[("bytes", "7"), ("outcome", "completed")]);
    drop(response);
    only(&logger);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_logged_once() {
    let (service, logger) = logged(|config| config, forever);
    let mut answer = service.handle(get("/"));
    poll_pending(&mut answer);
    assert_eq!(logger.entries().len(), 0);
    drop(answer);
    let entry = only(&logger);
    assert_eq!(entry.level, Level::Warn);
    assert_fields(
        &entry,
        &[
            ("status", "499"),
            ("outcome", "client_gone"),
            ("bytes", "0"),
        ],
    );
}

#[tokio::test]
async fn a_client_that_leaves_during_the_body_keeps_the_status() {
    let (mut sender, body) = Body::channel(4);
    sender.send("part").await.unwrap();
    let body = std::sync::Mutex::new(Some(body));
    let (service, logger) = logged(
        |config| config,
        move |_: Request| {
            let body = body.lock().unwrap().take().unwrap();
            async move { Response::new(body) }
        },
    );
    let mut response = service.handle(get("/")).await;
    assert!(poll_body(response.body_mut()).is_ready());
    drop(response);
    let entry = only(&logger);
    assert_eq!(entry.level, Level::Warn);
    assert_fields(
        &entry,
        &[
            ("status", "200"),
            ("outcome", "client_gone"),
            ("bytes", "4"),
        ],
    );
}

#[tokio::test]
async fn a_connection_that_stops_asking_after_the_last_byte_took_all_of_it() {
    let (service, logger) = logged(|config| config, hello);
    let mut response = service.handle(get("/")).await;
    assert!(poll_body(response.body_mut()).is_ready());
    drop(response);
    assert_fields(&only(&logger), &[("bytes", "5"), ("outcome", "completed")]);
}

#[tokio::test]
async fn a_body_that_fails_is_aborted() {
    let broken = |_: Request| async {
        let (sender, body) = Body::channel(1);
        sender.abort("disk on fire");
        Response::new(body)
    };
    let (service, logger) = logged(|config| config, broken);
    let response = InProcess::new(service).get("/").await;
    assert!(response.is_broken());
    let entry = only(&logger);
    assert_eq!(entry.level, Level::Warn);
    assert_fields(&entry, &[("status", "200"), ("outcome", "aborted")]);
}

/// Panics when called, not when polled.
struct PanicsAtOnce;

impl Handler for PanicsAtOnce {
    fn call(&self, _: Request) -> ResponseFuture {
        panic!("called")
    }
}

async fn panics_later(_: Request) -> Response {
    panic!("polled")
}

#[test]
fn a_panic_is_logged_and_goes_on_unchanged() {
    let (service, logger) = logged(|config| config, PanicsAtOnce);
    assert_eq!(panics(&service, get("/")), "called");
    let entry = only(&logger);
    assert_eq!(entry.level, Level::Error);
    assert_fields(&entry, &[("status", "500"), ("outcome", "panicked")]);

    let (service, logger) = logged(|config| config, panics_later);
    assert_eq!(panics(&service, get("/")), "polled");
    assert_fields(
        &only(&logger),
        &[("status", "500"), ("outcome", "panicked")],
    );
}

#[test]
fn a_panic_of_the_body_is_logged_with_the_status_that_was_sent() {
    let (service, logger) = logged(
        |config| config,
        |_: Request| async { Response::new(Body::from_stream(PanicStream)) },
    );
    let mut response = futures_util::FutureExt::now_or_never(service.handle(get("/"))).unwrap();
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        poll_body(response.body_mut())
    }));
    assert!(polled.is_err());
    drop(response);
    assert_fields(
        &only(&logger),
        &[("status", "200"), ("outcome", "panicked")],
    );
}

struct PanicStream;

impl futures_util::Stream for PanicStream {
    type Item = Result<bytes::Bytes, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        panic!("body")
    }
}

#[tokio::test]
async fn a_logger_that_panics_changes_nothing() {
    let config = AccessLogConfig::default().with_logger(Arc::new(PanickingLogger));
    let layer = AccessLogLayer::new(config).unwrap();
    let response = InProcess::new(around(&layer, hello)).get("/").await;
    assert_eq!(response.text(), "hello");
    assert_eq!(panics(&around(&layer, panics_later), get("/")), "polled");
}

#[tokio::test]
async fn an_upgrade_is_logged_with_its_head_and_passes_untouched() {
    #[derive(Clone)]
    struct OnUpgrade;
    let switch = |_: Request| async {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response.extensions_mut().insert(OnUpgrade);
        response
    };
    let (service, logger) = logged(|config| config, switch);
    let response = service.handle(get("/ws")).await;
    assert_fields(
        &only(&logger),
        &[("status", "101"), ("outcome", "completed")],
    );
    assert!(response.extensions().get::<OnUpgrade>().is_some());
}

#[tokio::test]
async fn an_answer_to_head_sends_no_bytes() {
    let (service, logger) = logged(|config| config, hello);
    let response = service.handle(request(Method::HEAD, "/")).await;
    assert_fields(
        &only(&logger),
        &[("method", "HEAD"), ("bytes", "0"), ("outcome", "completed")],
    );
    drop(response);
    only(&logger);
}

#[tokio::test]
async fn requests_can_be_left_out_and_levels_chosen() {
    let (service, logger) = logged(
        |config| {
            config
                .with_skip(|parts| match parts.uri.path() {
                    "/healthz" => true,
                    "/panic" => panic!("skip"),
                    _ => false,
                })
                .with_level(|summary| match summary.path {
                    "/quiet" => Level::Debug,
                    "/odd" => panic!("level"),
                    _ => Level::Warn,
                })
        },
        hello,
    );
    let client = InProcess::new(service);
    for path in ["/healthz", "/quiet", "/odd", "/panic"] {
        assert_eq!(client.get(path).await.status(), 200);
    }
    let entries = logger.entries();
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| (entry.field("path").unwrap(), entry.level))
        .collect();
    // A function that panics counts as absent.
    assert_eq!(
        seen,
        [
            ("/quiet", Level::Debug),
            ("/odd", Level::Info),
            ("/panic", Level::Warn)
        ]
    );
}

#[tokio::test]
async fn extra_keys_are_masked() {
    let (service, logger) = logged(
        |config| config.with_extra_redacted_keys([" USER_agent ", " "]),
        hello,
    );
    let client = InProcess::new(service);
    let request = client
        .request(Method::GET, "/")
        .header("user-agent", "private");
    request.send().await;
    assert!(!logger.contains("private"));
    assert!(only(&logger).field("path").is_some());
}

#[tokio::test]
async fn a_function_can_be_the_sink() {
    let seen = crate::support::Collected::default();
    let sink = seen.clone();
    let config = AccessLogConfig::default()
        .with_sink(move |summary| sink.push((summary.status, summary.bytes_out)));
    let layer = AccessLogLayer::new(config).unwrap();
    InProcess::new(around(&layer, hello)).get("/").await;
    assert_eq!(seen.take(), [(StatusCode::OK, 5)]);
}

#[tokio::test]
async fn a_logger_that_is_off_costs_nothing_but_the_id() {
    let config = AccessLogConfig::default().with_logger(plumego_log::discard());
    let layer = AccessLogLayer::new(config).unwrap();
    let response = InProcess::new(around(&layer, hello)).get("/").await;
    assert!(response.header("x-request-id").is_some());
}

#[test]
fn a_sink_is_required() {
    let error = AccessLogLayer::new(AccessLogConfig::default()).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Missing);
    assert_eq!(
        error.to_string(),
        "middleware accesslog: option `sink` is missing: give it a logger or a function"
    );
}
