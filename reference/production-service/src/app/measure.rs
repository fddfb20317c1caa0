//! Counts and times of requests, kept for the scraper.

use std::sync::Arc;

use plumego_metrics::{
    CardinalityPolicy, Counter, CounterDef, Histogram, HistogramDef, HttpObservation, HttpObserver,
    InstrumentStore, Meter, MetricName, MetricsError, method_label,
};

const REQUESTS: MetricName = MetricName::from_static("http_requests_total");
const DURATION: MetricName = MetricName::from_static("http_request_duration_seconds");

/// Counts each request once, when its response is over, whatever became of it.
/// Labels are bounded: a route's pattern, a known method, a status.
pub(super) struct HttpMeter {
    requests: Counter<3>,
    duration: Histogram<2>,
}

impl HttpMeter {
    /// A meter, and the store it writes to.
    pub(super) fn new() -> Result<(Self, Arc<InstrumentStore>), MetricsError> {
        let store = Arc::new(InstrumentStore::new(CardinalityPolicy::default()));
        let meter = Meter::new(store.clone(), "http.server");
        let requests = CounterDef::new(REQUESTS)
            .with_help("Requests whose response is over.")
            .with_labels(["method", "path", "status"]);
        let duration = HistogramDef::new(DURATION)
            .with_help("Seconds from the first byte of a request to the last of its response.")
            .with_labels(["method", "path"]);
        let meter = Self {
            requests: meter.counter(requests)?,
            duration: meter.histogram(duration)?,
        };
        Ok((meter, store))
    }
}

impl HttpObserver for HttpMeter {
    fn observe_http(&self, seen: &HttpObservation<'_>) {
        let (method, path) = (method_label(seen.method), seen.route.label());
        self.requests.inc([method, path, seen.status.as_str()]);
        self.duration
            .observe([method, path], seen.duration.as_secs_f64());
    }
}
