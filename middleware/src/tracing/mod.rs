//! One span per request.
//!
//! A [`Tracer`] is injected; sampling, export and backends are its business. The
//! span starts with the trace context the request brought and ends when the
//! response is over, with the summary that carries the route's pattern.
//!
//! ```
//! use http::request::Parts;
//! use plumego_contract::{SpanId, TraceContext, TraceId};
//! use plumego_middleware::telemetry::RequestSummary;
//! use plumego_middleware::tracing::{TraceSpan, Tracer, TracingLayer};
//!
//! struct Printer;
//! struct Span(SpanId);
//!
//! impl Tracer for Printer {
//!     fn start(&self, _: &Parts, parent: TraceContext) -> (TraceContext, Box<dyn TraceSpan>) {
//!         let span_id = SpanId::from_bytes([7; 8]).unwrap();
//!         (parent.with_span_id(span_id), Box::new(Span(span_id)))
//!     }
//! }
//!
//! impl TraceSpan for Span {
//!     fn span_id(&self) -> Option<SpanId> {
//!         Some(self.0)
//!     }
//!     fn end(self: Box<Self>, summary: &RequestSummary<'_>) {
//!         println!("{} took {:?}", summary.route.unwrap_or("?"), summary.duration);
//!     }
//! }
//!
//! let layer = TracingLayer::new(std::sync::Arc::new(Printer));
//! # let _ = layer;
//! ```

mod layer;
mod tracer;

pub use layer::{TracingLayer, X_SPAN_ID};
pub use tracer::{TraceSpan, Tracer};
