use std::fmt;
use std::sync::Arc;

use http::HeaderValue;
use http::header::HeaderName;
use http::request::Parts;
use plumego_contract::{
    BoxHttpService, Handler, HttpService, Request, RequestScope, Response, ResponseFuture, SpanId,
    TRACEPARENT, TraceContext, parse_traceparent,
};
use tower_layer::Layer;

use crate::callback::guarded;
use crate::hex;
use crate::telemetry::{Detail, Facts, Observer, RequestSummary, observe};

use super::tracer::{TraceSpan, Tracer};

/// `X-Span-ID`, the response header that names the span of a request.
pub const X_SPAN_ID: HeaderName = HeaderName::from_static("x-span-id");

/// Traces every request.
#[derive(Clone)]
pub struct TracingLayer {
    tracer: Option<Arc<dyn Tracer>>,
    extract: bool,
    emit_span_header: bool,
}

impl TracingLayer {
    /// Traces with a tracer.
    #[must_use]
    pub fn new(tracer: Arc<dyn Tracer>) -> Self {
        Self {
            tracer: Some(tracer),
            extract: true,
            emit_span_header: true,
        }
    }

    /// A layer that passes everything through.
    #[must_use]
    pub fn disabled() -> Self {
        Self {
            tracer: None,
            extract: true,
            emit_span_header: true,
        }
    }

    /// Sets whether the trace context that a request brings is continued; true
    /// by default. Otherwise every request starts a new trace.
    #[must_use]
    pub fn with_extract(mut self, extract: bool) -> Self {
        self.extract = extract;
        self
    }

    /// Sets whether responses carry `X-Span-ID`; true by default.
    #[must_use]
    pub fn with_emit_span_header(mut self, emit: bool) -> Self {
        self.emit_span_header = emit;
        self
    }
}

impl fmt::Debug for TracingLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingLayer")
            .field("enabled", &self.tracer.is_some())
            .field("extract", &self.extract)
            .field("emit_span_header", &self.emit_span_header)
            .finish()
    }
}

impl<S: HttpService> Layer<S> for TracingLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        let inner = BoxHttpService::new(inner);
        match &self.tracer {
            Some(tracer) => BoxHttpService::from_handler(Tracing {
                inner,
                tracer: Arc::clone(tracer),
                extract: self.extract,
                emit_span_header: self.emit_span_header,
            }),
            None => inner,
        }
    }
}

struct Tracing {
    inner: BoxHttpService,
    tracer: Arc<dyn Tracer>,
    extract: bool,
    emit_span_header: bool,
}

impl Handler for Tracing {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let facts = Facts::of(&mut request, Detail::Full);
        let (parts, body) = request.into_parts();
        let parent = self.parent(facts.scope(), &parts);
        let started = guarded(|| {
            let (context, span) = self.tracer.start(&parts, parent);
            (completed(context, &*span), span)
        });
        let request = Request::from_parts(parts, body);
        let mut pending = PendingSpan::default();
        if let Some((context, span)) = started {
            pending.announced = context.span_id().filter(|_| self.emit_span_header);
            pending.span = Some(span);
            facts.scope().set_trace(context);
        }
        observe(&self.inner, request, facts, pending)
    }
}

impl Tracing {
    /// The context the request brought, found by the server or else read here.
    fn parent(&self, scope: &RequestScope, parts: &Parts) -> TraceContext {
        if !self.extract {
            return TraceContext::default();
        }
        scope
            .trace()
            .or_else(|| {
                let value = parts.headers.get(TRACEPARENT)?;
                parse_traceparent(value.to_str().ok()?).ok()
            })
            .unwrap_or_default()
    }
}

/// A context that is not valid gets the ids of the span.
fn completed(context: TraceContext, span: &dyn TraceSpan) -> TraceContext {
    if context.is_valid() {
        return context;
    }
    let context = match span.trace_id() {
        Some(id) => context.with_trace_id(id),
        None => context,
    };
    match span.span_id() {
        Some(id) => context.with_span_id(id),
        None => context,
    }
}

#[derive(Default)]
struct PendingSpan {
    /// Absent when the tracer panicked.
    span: Option<Box<dyn TraceSpan>>,
    /// The span id that the response names.
    announced: Option<SpanId>,
}

impl Observer for PendingSpan {
    fn head(&mut self, response: &mut Response) {
        if let Some(id) = self.announced
            && let Ok(value) = HeaderValue::from_str(hex::text(&id.to_bytes(), &mut [0; 16]))
        {
            response.headers_mut().insert(X_SPAN_ID, value);
        }
    }

    fn end(self, summary: &RequestSummary<'_>) {
        if let Some(span) = self.span {
            span.end(summary);
        }
    }
}
