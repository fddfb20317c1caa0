//! What is told of requests that are over: to the log, and as measurements.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use plumego_contract::CancelSource;
use plumego_log::{Fields, Level, Record};
use plumego_metrics::{HttpObservation, HttpObserver};
use plumego_middleware::telemetry::RequestSummary;

use crate::display;
use crate::json::write_string;
use crate::runtime::Runtime;

/// The status of a request whose client left before there was an answer.
const CLIENT_GONE: u16 = 499;

/// Counts requests, and prints them as measurements if that is wanted.
pub(super) struct Counters {
    runtime: Runtime,
    /// Requests after which `enough` is raised.
    max: Option<u64>,
    handled: AtomicU64,
    in_flight: AtomicI64,
    /// Requests whose handlers kept a worker for long.
    slow: AtomicU64,
    /// Raised when so many requests were handled as are wanted.
    pub(super) enough: CancelSource,
}

impl Counters {
    pub(super) fn new(runtime: Runtime, max: Option<u64>) -> Self {
        Self {
            runtime,
            max,
            handled: AtomicU64::new(0),
            in_flight: AtomicI64::new(0),
            slow: AtomicU64::new(0),
            enough: CancelSource::new(),
        }
    }

    /// Requests that were answered.
    pub(super) fn handled(&self) -> u64 {
        self.handled.load(Ordering::Acquire)
    }

    /// Requests that began and are not over.
    pub(super) fn in_flight(&self) -> i64 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Takes note that a handler kept a worker for long.
    pub(super) fn count_slow(&self) {
        self.slow.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests whose handlers kept a worker for long.
    pub(super) fn slow(&self) -> u64 {
        self.slow.load(Ordering::Relaxed)
    }

    /// Takes note that requests of a method began or are over.
    pub(super) fn change(&self, method: &str, by: i64) {
        self.in_flight.fetch_add(by, Ordering::AcqRel);
        if let Some(meters) = self.runtime.telemetry().meters() {
            meters.collector.change_in_flight(method, by);
        }
    }
}

impl HttpObserver for Counters {
    fn observe_http(&self, observation: &HttpObservation<'_>) {
        let status = observation.status.as_u16();
        if self.runtime.options().metrics_on_stderr {
            let line = measurement(&self.runtime, observation);
            self.runtime.stdio().error_line(&line);
        }
        if let Some(meters) = self.runtime.telemetry().meters() {
            meters.collector.observe_http(observation);
        }
        if status == CLIENT_GONE {
            return;
        }
        let handled = self.handled.fetch_add(1, Ordering::AcqRel) + 1;
        if self.max.is_some_and(|max| handled >= max) {
            self.enough.cancel();
        }
    }
}

fn measurement(runtime: &Runtime, observation: &HttpObservation<'_>) -> String {
    let mut line = b"metrics: {\"duration_ms\":".to_vec();
    let millis = observation.duration.as_micros() as f64 / 1000.0;
    display::float(millis, &mut line);
    for (name, text) in [
        ("method", observation.method.as_str()),
        ("metric", "http_request"),
        ("path", observation.route.label()),
        ("runtime", runtime.backend().as_str()),
    ] {
        line.push(b',');
        write_string(name, &mut line);
        line.push(b':');
        write_string(text, &mut line);
    }
    line.extend_from_slice(format!(",\"status\":{}}}", observation.status.as_u16()).as_bytes());
    String::from_utf8_lossy(&line).into_owned()
}

/// Logs a request that is over.
pub(super) fn log_request(runtime: &Runtime, summary: &RequestSummary<'_>) {
    let duration = summary.duration;
    let millis = duration.as_micros() as f64 / 1000.0;
    let fields = Fields::new()
        .with("bytes", summary.bytes_out)
        .with("bytes_in", summary.bytes_in)
        .with_some("client_ip", summary.client_ip.map(|ip| ip.to_string()))
        .with("duration", format!("{millis:.2}ms"))
        .with("duration_ms", millis)
        .with("method", summary.method.as_str().to_owned())
        .with("outcome", summary.outcome.as_str())
        .with("path", summary.path.to_owned())
        .with("protocol", summary.protocol)
        .with_some(
            "request_id",
            summary.request_id.map(|id| id.as_str().to_owned()),
        )
        .with_some("route", summary.route.map(str::to_owned))
        .with("runtime", runtime.backend().as_str())
        .with("status", u64::from(summary.status.as_u16()))
        .with_some("trace_id", summary.trace_id.map(|id| id.to_string()))
        .with_some("span_id", summary.span_id.map(|id| id.to_string()))
        .with_some("user_agent", summary.user_agent.map(str::to_owned));
    let sets = [&fields];
    let logger = runtime.logger();
    let record = Record::new(Level::Info, "request completed", logger.now());
    logger.log(&record.with_fields(&sets));
}
