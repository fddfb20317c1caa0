//! Spans that are over, for an application to take away.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::request::Parts;
use plumego_contract::{SpanId, TraceContext, TraceId};
use plumego_middleware::telemetry::RequestSummary;
use plumego_middleware::tracing::{TraceSpan, Tracer};

use crate::fault::Outcome;
use crate::system::{Clock, Entropy};

/// Spans that are kept until somebody takes them.
pub const SPANS_MAX: usize = 4_096;

/// What was done in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpanKind {
    /// A request, from its head to the end of its response.
    Server,
    /// The handler of a route.
    Handler,
    /// A call of the database.
    Db,
    /// A request to another server.
    HttpClient,
    /// A task.
    Task,
}

/// Something that took time and is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The trace that it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span that it is a part of; that of a client for a request that brought
    /// one.
    pub parent_span_id: Option<SpanId>,
    /// What was done.
    pub kind: SpanKind,
    /// Method and route, kind of statement, method and URL without query, or
    /// function. Holds no values.
    pub name: String,
    /// When it began.
    pub started: SystemTime,
    /// How long it took.
    pub duration: Duration,
    /// The status of the response, where there was one.
    pub status: Option<u16>,
    /// The kind of failure, if it was one: a fault's code, or the error of a
    /// database or client. Never a message.
    pub error: Option<&'static str>,
    /// Whether whoever began the trace asked for it to be recorded.
    pub sampled: bool,
}

/// Hears of spans that are over.
pub trait SpanSink: Send + Sync + 'static {
    /// Spans wait in `spans`. Called on the path of requests after each one: it
    /// must not block, and need not take them each time. A panic is ignored.
    fn spans_ended(&self, spans: &SpanRing);
}

/// Spans that are over and that nobody has taken: the latest 4 096.
#[derive(Clone, Default)]
pub struct SpanRing(Arc<Ring>);

#[derive(Default)]
struct Ring {
    spans: Mutex<VecDeque<Span>>,
    dropped: AtomicU64,
}

impl SpanRing {
    /// Takes all that wait, oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<Span> {
        let mut spans = self.0.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.drain(..).collect()
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        let spans = self.0.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many were lost because nobody took them in time.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    fn push(&self, span: Span) {
        let mut spans = self.0.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.len() == SPANS_MAX {
            spans.pop_front();
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
        spans.push_back(span);
    }
}

impl fmt::Debug for SpanRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanRing")
            .field("len", &self.len())
            .field("dropped", &self.dropped())
            .finish()
    }
}

/// Where spans go.
#[derive(Clone)]
pub(crate) struct Tracing {
    ring: SpanRing,
    sink: Arc<dyn SpanSink>,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
}

/// A span that is not over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenSpan {
    pub(crate) context: SpanContext,
    parent: Option<SpanContext>,
    started: SystemTime,
    began: Instant,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpanEnd {
    /// The status of the response, where there was one.
    pub(crate) status: Option<u16>,
    /// The kind of failure, if it was one.
    pub(crate) error: Option<&'static str>,
}

impl SpanEnd {
    /// A fault is named by its code.
    pub(crate) fn of<T>(outcome: &Outcome<T>) -> Self {
        Self {
            status: None,
            error: outcome.as_ref().err().map(|fault| fault.code().as_str()),
        }
    }
}

impl Tracing {
    pub(super) fn new(
        sink: Arc<dyn SpanSink>,
        entropy: Arc<dyn Entropy>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            ring: SpanRing::default(),
            sink,
            entropy,
            clock,
        }
    }

    /// Begins a span inside another one, or in a trace of its own; none where
    /// there is no randomness for its ids.
    pub(crate) fn begin(&self, parent: Option<SpanContext>) -> Option<OpenSpan> {
        Some(OpenSpan {
            context: context_below(parent, &*self.entropy)?,
            parent,
            started: self.clock.now(),
            began: self.clock.instant(),
        })
    }

    /// Keeps a span that is over, and tells that.
    pub(crate) fn end(&self, open: OpenSpan, kind: SpanKind, name: String, end: SpanEnd) {
        self.ring.push(Span {
            trace_id: open.context.trace_id,
            span_id: open.context.span_id,
            parent_span_id: open.parent.map(|parent| parent.span_id),
            kind,
            name,
            started: open.started,
            duration: self.clock.instant().saturating_duration_since(open.began),
            status: end.status,
            error: end.error,
            sampled: open.context.is_sampled(),
        });
        // What hears of it must not change what is done.
        let _ = catch_unwind(AssertUnwindSafe(|| self.sink.spans_ended(&self.ring)));
    }
}

/// The spans of requests, for the layer of the toolkit.
impl Tracer for Tracing {
    fn start(&self, _: &Parts, parent: TraceContext) -> (TraceContext, Box<dyn TraceSpan>) {
        let open = self.begin(SpanContext::of(&parent));
        let context = open.map_or(parent, |open| open.context.to_trace());
        let span = RequestSpan {
            tracing: self.clone(),
            open,
        };
        (context, Box::new(span))
    }
}

struct RequestSpan {
    tracing: Tracing,
    open: Option<OpenSpan>,
}

impl TraceSpan for RequestSpan {
    fn trace_id(&self) -> Option<TraceId> {
        self.open.map(|open| open.context.trace_id)
    }

    fn span_id(&self) -> Option<SpanId> {
        self.open.map(|open| open.context.span_id)
    }

    fn end(self: Box<Self>, summary: &RequestSummary<'_>) {
        let Some(open) = self.open else { return };
        let status = summary.status.as_u16();
        let name = format!(
            "{} {}",
            summary.method,
            summary.route.unwrap_or("unmatched")
        );
        let end = SpanEnd {
            status: Some(status),
            error: (status >= 500).then_some("server_error"),
        };
        self.tracing.end(open, SpanKind::Server, name, end);
    }
}

/// Where in a trace work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanContext {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) flags: u8,
}

/// Whoever began the trace asked for it to be recorded.
const SAMPLED: u8 = 1;

impl SpanContext {
    /// The context of a request, if it is in a trace.
    pub(crate) fn of(context: &TraceContext) -> Option<Self> {
        Some(Self {
            trace_id: context.trace_id()?,
            span_id: context.span_id()?,
            flags: context.flags(),
        })
    }

    fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    pub(crate) fn to_trace(self) -> TraceContext {
        TraceContext::new(self.trace_id, self.span_id, self.flags)
    }
}

/// A context inside `parent`, or in a trace of its own; none where there is no
/// randomness for its ids.
fn context_below(parent: Option<SpanContext>, entropy: &dyn Entropy) -> Option<SpanContext> {
    let mut span_id = [0; 8];
    entropy.fill(&mut span_id).ok()?;
    let (trace_id, flags) = match parent {
        Some(parent) => (parent.trace_id, parent.flags),
        None => {
            let mut trace_id = [0; 16];
            entropy.fill(&mut trace_id).ok()?;
            (TraceId::from_bytes(trace_id)?, SAMPLED)
        }
    };
    Some(SpanContext {
        trace_id,
        span_id: SpanId::from_bytes(span_id)?,
        flags,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{SystemClock, SystemEntropy};

    fn span(name: String) -> Span {
        let context = context_below(None, &SystemEntropy).unwrap();
        Span {
            trace_id: context.trace_id,
            span_id: context.span_id,
            parent_span_id: None,
            kind: SpanKind::Task,
            name,
            started: SystemTime::UNIX_EPOCH,
            duration: Duration::ZERO,
            status: None,
            error: None,
            sampled: true,
        }
    }

    #[test]
    fn the_latest_spans_are_kept_and_others_counted() {
        let ring = SpanRing::default();
        for number in 0..SPANS_MAX {
            ring.push(span(number.to_string()));
        }
        assert_eq!((ring.len(), ring.dropped()), (SPANS_MAX, 0));
        ring.push(span("last".to_owned()));
        assert_eq!((ring.len(), ring.dropped()), (SPANS_MAX, 1));
        let taken = ring.take();
        assert_eq!(
            (&*taken[0].name, &*taken[SPANS_MAX - 1].name),
            ("1", "last")
        );
        assert!(ring.is_empty());
    }

    #[test]
    fn a_sink_that_panics_is_ignored() {
        struct Broken;
        impl SpanSink for Broken {
            fn spans_ended(&self, _: &SpanRing) {
                panic!("broken");
            }
        }
        let tracing = Tracing::new(
            Arc::new(Broken),
            Arc::new(SystemEntropy),
            Arc::new(SystemClock),
        );
        let open = tracing.begin(None).unwrap();
        tracing.end(open, SpanKind::Task, "kept".to_owned(), SpanEnd::default());
        assert_eq!(tracing.ring.len(), 1);
    }
}
