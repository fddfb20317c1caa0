use std::fmt;
use std::sync::Arc;

use plumego_contract::{BoxHttpService, Handler, HttpService, Request, ResponseFuture};
use plumego_metrics::{HttpObservation, HttpObserver, Route};
use tower_layer::Layer;

use crate::callback::guarded;
use crate::telemetry::{Detail, Facts, Observer, RequestSummary, observe};

type InFlight = Arc<dyn Fn(i64) + Send + Sync>;

/// Measures every request.
#[derive(Clone)]
pub struct HttpMetricsLayer {
    shared: Option<Arc<Shared>>,
}

struct Shared {
    observer: Arc<dyn HttpObserver>,
    in_flight: Option<InFlight>,
}

impl HttpMetricsLayer {
    /// Measures into an observer.
    #[must_use]
    pub fn new(observer: Arc<dyn HttpObserver>) -> Self {
        Self {
            shared: Some(Arc::new(Shared {
                observer,
                in_flight: None,
            })),
        }
    }

    /// A layer that passes everything through.
    #[must_use]
    pub fn disabled() -> Self {
        Self { shared: None }
    }

    /// Calls `change` with 1 when a request starts and with -1 when it is over,
    /// for a gauge of requests in flight. It must not block; a panic is ignored.
    #[must_use]
    pub fn in_flight(mut self, change: impl Fn(i64) + Send + Sync + 'static) -> Self {
        self.shared = self.shared.map(|shared| {
            Arc::new(Shared {
                observer: Arc::clone(&shared.observer),
                in_flight: Some(Arc::new(change)),
            })
        });
        self
    }
}

impl fmt::Debug for HttpMetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetricsLayer")
            .field("enabled", &self.shared.is_some())
            .finish_non_exhaustive()
    }
}

impl<S: HttpService> Layer<S> for HttpMetricsLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        let inner = BoxHttpService::new(inner);
        match &self.shared {
            Some(shared) => BoxHttpService::from_handler(HttpMetrics {
                inner,
                shared: Arc::clone(shared),
            }),
            None => inner,
        }
    }
}

struct HttpMetrics {
    inner: BoxHttpService,
    shared: Arc<Shared>,
}

impl Handler for HttpMetrics {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let facts = Facts::of(&mut request, Detail::Labels);
        let measurement = PendingMeasurement::start(&self.shared);
        observe(&self.inner, request, facts, measurement)
    }
}

struct PendingMeasurement(Arc<Shared>);

impl PendingMeasurement {
    fn start(shared: &Arc<Shared>) -> Self {
        shared.change_in_flight(1);
        Self(Arc::clone(shared))
    }
}

impl Shared {
    fn change_in_flight(&self, by: i64) {
        if let Some(change) = &self.in_flight {
            guarded(|| change(by));
        }
    }
}

impl Observer for PendingMeasurement {
    fn end(self, summary: &RequestSummary<'_>) {
        // First, so that the gauge balances when the observer panics.
        self.0.change_in_flight(-1);
        self.0.observer.observe_http(&HttpObservation {
            method: summary.method,
            route: Route::from(summary.route),
            status: summary.status,
            request_bytes: summary.bytes_in,
            response_bytes: summary.bytes_out,
            duration: summary.duration,
        });
    }
}
