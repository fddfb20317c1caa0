use std::sync::Arc;

use http::Method;
use http::request::Parts;
use plumego_contract::{
    Body, BoxHttpService, Handler, Request, RequestScope, Response, RouteMatch, ScopeInit,
    ScopeSettings, SpanId, TraceContext, TraceId,
};
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::stack::Stack;
use plumego_middleware::telemetry::RequestSummary;
use plumego_middleware::tracing::{TraceSpan, Tracer, TracingLayer};
use plumego_testkit::{InProcess, RecordingLogger};

use crate::support::{Collected, around, forever, get, hello, panics, poll_body, poll_pending};

const INBOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A tracer that plays one role and keeps what it is told.
#[derive(Clone, Default)]
struct Recorder {
    /// The context to return instead of the parent with a new span.
    context: Option<TraceContext>,
    span_ids: (Option<TraceId>, Option<SpanId>),
    panics_at_start: bool,
    panics_at_end: bool,
    parents: Collected<TraceContext>,
    /// Route, status, outcome.
    ended: Collected<(Option<String>, u16, String)>,
}

impl Tracer for Recorder {
    fn start(&self, _: &Parts, parent: TraceContext) -> (TraceContext, Box<dyn TraceSpan>) {
        self.parents.push(parent.clone());
        assert!(!self.panics_at_start, "start");
        let context = self
            .context
            .clone()
            .unwrap_or_else(|| parent.with_span_id(span(9)));
        (context, Box::new(Span(self.clone())))
    }
}

struct Span(Recorder);

impl TraceSpan for Span {
    fn trace_id(&self) -> Option<TraceId> {
        self.0.span_ids.0
    }

    fn span_id(&self) -> Option<SpanId> {
        self.0.span_ids.1
    }

    fn end(self: Box<Self>, summary: &RequestSummary<'_>) {
        self.0.ended.push((
            summary.route.map(ToOwned::to_owned),
            summary.status.as_u16(),
            summary.outcome.to_string(),
        ));
        assert!(!self.0.panics_at_end, "end");
    }
}

fn trace(byte: u8) -> TraceId {
    TraceId::from_bytes([byte; 16]).unwrap()
}

fn span(byte: u8) -> SpanId {
    SpanId::from_bytes([byte; 8]).unwrap()
}

fn ended(status: u16, outcome: &str) -> [(Option<String>, u16, String); 1] {
    [(None, status, outcome.to_owned())]
}

fn traced(recorder: &Recorder, handler: impl Handler) -> BoxHttpService {
    around(&TracingLayer::new(Arc::new(recorder.clone())), handler)
}

/// Answers with the trace context it sees.
async fn mirror(request: Request) -> Response {
    let trace = RequestScope::of(&request).unwrap().trace();
    Response::new(Body::from_bytes(format!(
        "{:?}",
        trace.map(|t| (t.trace_id(), t.span_id()))
    )))
}

#[tokio::test]
async fn an_inbound_context_becomes_the_parent() {
    let recorder = Recorder::default();
    let client = InProcess::new(traced(&recorder, mirror));
    let request = client.request(Method::GET, "/");
    let response = request.header("traceparent", INBOUND).send().await;
    let parents = recorder.parents.take();
    assert_eq!(
        parents[0].span_id().unwrap().to_string(),
        "00f067aa0ba902b7"
    );
    assert!(parents[0].is_sampled());
    assert!(response.text().contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert!(response.text().contains("0909090909090909"));
    assert_eq!(response.header("x-span-id"), Some("0909090909090909"));
}

#[tokio::test]
async fn an_inbound_context_that_is_not_valid_or_not_wanted_is_ignored() {
    let recorder = Recorder::default();
    let client = InProcess::new(traced(&recorder, hello));
    let request = client.request(Method::GET, "/");
    request.header("traceparent", "00-zz-zz-00").send().await;
    let layer = TracingLayer::new(Arc::new(recorder.clone())).with_extract(false);
    let client = InProcess::new(around(&layer, hello));
    let request = client.request(Method::GET, "/");
    request.header("traceparent", INBOUND).send().await;
    let none = TraceContext::default();
    assert_eq!(recorder.parents.take(), [none.clone(), none]);
}

#[tokio::test]
async fn the_context_of_the_scope_wins_over_the_header() {
    let recorder = Recorder::default();
    let mut init = ScopeInit::default();
    init.trace = Some(TraceContext::new(trace(1), span(2), 0));
    let scope = RequestScope::new(Arc::new(ScopeSettings::default()), init);
    let client = InProcess::new(traced(&recorder, hello));
    let request = client.request(Method::GET, "/");
    let request = request.header("traceparent", INBOUND).extension(scope);
    request.send().await;
    assert_eq!(recorder.parents.take()[0].trace_id(), Some(trace(1)));
}

#[tokio::test]
async fn an_incomplete_context_gets_the_ids_of_the_span() {
    let recorder = Recorder {
        context: Some(TraceContext::default()),
        span_ids: (Some(trace(3)), Some(span(4))),
        ..Recorder::default()
    };
    let response = InProcess::new(traced(&recorder, mirror)).get("/").await;
    assert!(response.text().contains(&trace(3).to_string()));
    assert_eq!(response.header("x-span-id"), Some("0404040404040404"));

    let recorder = Recorder {
        context: Some(TraceContext::new(trace(5), span(6), 0)),
        span_ids: (Some(trace(3)), None),
        ..Recorder::default()
    };
    let response = InProcess::new(traced(&recorder, mirror)).get("/").await;
    assert!(response.text().contains(&trace(5).to_string()));
    assert_eq!(response.header("x-span-id"), Some("0606060606060606"));
}

#[tokio::test]
async fn without_a_span_id_or_when_switched_off_there_is_no_header() {
    let recorder = Recorder {
        context: Some(TraceContext::default()),
        ..Recorder::default()
    };
    let response = InProcess::new(traced(&recorder, hello)).get("/").await;
    assert_eq!(response.header("x-span-id"), None);

    let layer = TracingLayer::new(Arc::new(Recorder::default())).with_emit_span_header(false);
    let response = InProcess::new(around(&layer, hello)).get("/").await;
    assert_eq!(response.header("x-span-id"), None);
}

#[tokio::test]
async fn the_span_ends_with_the_body_and_knows_the_route() {
    let recorder = Recorder::default();
    async fn routed(request: Request) -> Response {
        let scope = RequestScope::of(&request).unwrap();
        scope
            .set_route(RouteMatch::for_test("/a/{b}", None, &[("b", "1")]))
            .unwrap();
        hello(request).await
    }
    let mut response = traced(&recorder, routed).handle(get("/a/1")).await;
    assert!(poll_body(response.body_mut()).is_ready());
    assert_eq!(recorder.ended.take(), []);
    drop(response);
    let expected = (Some("/a/{b}".to_owned()), 200, "completed".to_owned());
    assert_eq!(recorder.ended.take(), [expected]);
}

#[tokio::test]
async fn every_other_end_ends_the_span_once() {
    let recorder = Recorder::default();
    let mut answer = traced(&recorder, forever).handle(get("/"));
    poll_pending(&mut answer);
    drop(answer);
    assert_eq!(recorder.ended.take(), ended(499, "client_gone"));

    async fn panicking(_: Request) -> Response {
        panic!("handler")
    }
    assert_eq!(panics(&traced(&recorder, panicking), get("/")), "handler");
    assert_eq!(recorder.ended.take(), ended(500, "panicked"));
}

#[tokio::test]
async fn a_tracer_that_panics_changes_nothing() {
    let starts = Recorder {
        panics_at_start: true,
        ..Recorder::default()
    };
    let response = InProcess::new(traced(&starts, mirror)).get("/").await;
    assert_eq!(response.text(), "None", "the request goes untraced");
    assert!(response.header("x-request-id").is_some());
    assert_eq!(starts.ended.take(), []);

    let ends = Recorder {
        panics_at_end: true,
        ..Recorder::default()
    };
    let response = InProcess::new(traced(&ends, hello)).get("/").await;
    assert_eq!(response.text(), "hello");
    assert_eq!(ends.ended.take(), ended(200, "completed"));
}

#[tokio::test]
async fn a_disabled_layer_does_nothing() {
    let layer = TracingLayer::disabled();
    let response = InProcess::new(around(&layer, hello)).get("/").await;
    assert_eq!(response.headers().len(), 0);
}

#[tokio::test]
async fn an_outer_log_shows_the_span_of_an_inner_tracer() {
    let logger = RecordingLogger::new();
    let config = AccessLogConfig::default().with_logger(logger.as_logger());
    let service = Stack::new()
        .push("accesslog", AccessLogLayer::new(config).unwrap())
        .push("tracing", TracingLayer::new(Arc::new(Recorder::default())))
        .build(BoxHttpService::from_handler(hello));
    InProcess::new(service).get("/").await;
    assert_eq!(
        logger.entries()[0].field("span_id"),
        Some("0909090909090909")
    );
}
