//! The canonical stack with sinks that keep what they are given.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::request::Parts;
use plumego_contract::{BoxHttpService, Handler, SpanId, TraceContext, TraceId};
use plumego_metrics::{HttpObservation, HttpObserver};
use plumego_middleware::abuseguard::{AbuseGuardConfig, AbuseGuardLayer};
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::bodylimit::BodyLimitLayer;
#[cfg(feature = "compression")]
use plumego_middleware::compression::{CompressionConfig, CompressionLayer};
use plumego_middleware::concurrencylimit::{ConcurrencyLimitConfig, ConcurrencyLimitLayer};
use plumego_middleware::cors::{CorsConfig, CorsLayer};
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::RequestIdLayer;
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_middleware::stack::Stack;
use plumego_middleware::telemetry::RequestSummary;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};
use plumego_middleware::tracing::{TraceSpan, Tracer, TracingLayer};
use plumego_security::abuse::AbuseConfig;
use plumego_testkit::RecordingLogger;

/// Status, outcome and request id of a span.
pub(crate) type EndedSpan = (u16, String, String);
/// Status and response bytes of a measurement.
pub(crate) type Measured = (u16, u64);

/// The origin that may read answers.
pub(crate) const ORIGIN: &str = "https://app.example.com";

/// Most bytes of a request body.
pub(crate) const BODY_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Clone)]
pub(crate) struct Sinks {
    pub(crate) logger: RecordingLogger,
    pub(crate) limit: ConcurrencyLimitLayer,
    pub(crate) guard: AbuseGuardLayer,
    spans: Arc<Mutex<Vec<EndedSpan>>>,
    measured: Arc<Mutex<Vec<Measured>>>,
    in_flight: Arc<Mutex<i64>>,
}

impl Default for Sinks {
    fn default() -> Self {
        Self::with_limit(20_000)
    }
}

impl Sinks {
    /// With at most this many requests at once.
    pub(crate) fn with_limit(max_concurrent: usize) -> Self {
        Self::with_limits(max_concurrent, 100_000)
    }

    /// With at most so many requests at once, and so many in all.
    pub(crate) fn with_limits(max_concurrent: usize, burst: u32) -> Self {
        let limits = AbuseConfig::default().with_rate(0.001).with_capacity(burst);
        Self {
            guard: AbuseGuardLayer::local(limits, AbuseGuardConfig::default()).unwrap(),
            logger: RecordingLogger::new(),
            limit: ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(max_concurrent)),
            spans: Arc::default(),
            measured: Arc::default(),
            in_flight: Arc::default(),
        }
    }

    /// The layers of this crate in the canonical order.
    pub(crate) fn stack(&self) -> Stack {
        let in_flight = Arc::clone(&self.in_flight);
        let metrics = HttpMetricsLayer::new(Arc::new(self.clone()))
            .in_flight(move |change| *in_flight.lock().unwrap() += change);
        let log = AccessLogConfig::default().with_logger(self.logger.as_logger());
        let cors = CorsConfig::strict([ORIGIN]).unwrap();
        let recovery = RecoveryConfig::new(self.logger.as_logger());
        let stack = Stack::new()
            .push("requestid", RequestIdLayer::default())
            .push("tracing", TracingLayer::new(Arc::new(self.clone())))
            .push("accesslog", AccessLogLayer::new(log).unwrap())
            .push("httpmetrics", metrics)
            .push("securityheaders", SecurityHeadersLayer::default())
            .push("cors", CorsLayer::new(cors).unwrap());
        #[cfg(feature = "compression")]
        let stack = stack.push(
            "compression",
            CompressionLayer::new(CompressionConfig::default()),
        );
        stack
            .push("recovery", RecoveryLayer::new(recovery))
            .push("concurrencylimit", self.limit.clone())
            .push("abuseguard", self.guard.clone())
            .push("bodylimit", BodyLimitLayer::new(BODY_BYTES_MAX))
            .push(
                "timeout",
                TimeoutLayer::new(TimeoutConfig::new(Duration::from_secs(30))),
            )
    }

    pub(crate) fn around(&self, handler: impl Handler) -> BoxHttpService {
        self.stack().build(BoxHttpService::from_handler(handler))
    }

    pub(crate) fn spans(&self) -> Vec<EndedSpan> {
        std::mem::take(&mut self.spans.lock().unwrap())
    }

    pub(crate) fn measured(&self) -> Vec<Measured> {
        std::mem::take(&mut self.measured.lock().unwrap())
    }

    pub(crate) fn in_flight(&self) -> i64 {
        *self.in_flight.lock().unwrap()
    }

    /// Outcomes in the log, with status and bytes.
    pub(crate) fn logged(&self) -> Vec<(String, String, String)> {
        let records = self.logger.with_message("request completed");
        let field = |name: &str, i: usize| records[i].field(name).unwrap_or("").to_owned();
        (0..records.len())
            .map(|i| (field("status", i), field("outcome", i), field("bytes", i)))
            .collect()
    }
}

impl HttpObserver for Sinks {
    fn observe_http(&self, seen: &HttpObservation<'_>) {
        let measured = (seen.status.as_u16(), seen.response_bytes);
        self.measured.lock().unwrap().push(measured);
    }
}

impl Tracer for Sinks {
    fn start(&self, _: &Parts, _: TraceContext) -> (TraceContext, Box<dyn TraceSpan>) {
        let trace = TraceId::from_bytes([7; 16]).unwrap();
        let span = SpanId::from_bytes([8; 8]).unwrap();
        (
            TraceContext::new(trace, span, 1),
            Box::new(Span(self.clone())),
        )
    }
}

struct Span(Sinks);

impl TraceSpan for Span {
    fn end(self: Box<Self>, summary: &RequestSummary<'_>) {
        self.0.spans.lock().unwrap().push((
            summary.status.as_u16(),
            summary.outcome.to_string(),
            summary
                .request_id
                .map(ToString::to_string)
                .unwrap_or_default(),
        ));
    }
}
