use http::request::Parts;
use plumego_contract::{SpanId, TraceContext, TraceId};

use crate::telemetry::RequestSummary;

/// Starts spans. Called on the path of requests; must not block. A panic is
/// ignored and the request goes untraced.
pub trait Tracer: Send + Sync + 'static {
    /// Starts the span of a request inside `parent`, which is empty when the
    /// request brought no valid context. Returns the context that applies from
    /// here on, and the span.
    fn start(&self, parts: &Parts, parent: TraceContext) -> (TraceContext, Box<dyn TraceSpan>);
}

/// A span that was started. Must not block; a panic is ignored.
pub trait TraceSpan: Send + 'static {
    /// The trace it belongs to, if it knows.
    fn trace_id(&self) -> Option<TraceId> {
        None
    }

    /// Its own id, if it has one.
    fn span_id(&self) -> Option<SpanId> {
        None
    }

    /// Ends the span; the request is over.
    fn end(self: Box<Self>, summary: &RequestSummary<'_>);
}
