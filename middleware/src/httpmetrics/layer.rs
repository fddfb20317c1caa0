use std::fmt;
use std::sync::Arc;

use http::Method;
use plumego_contract::{BoxHttpService, Handler, HttpService, Request, ResponseFuture};
use plumego_metrics::{HttpObservation, HttpObserver, Route, method_label};
use tower_layer::Layer;

use crate::callback::guarded;
use crate::telemetry::{Detail, Facts, Observer, RequestSummary, observe};

type InFlight = Arc<dyn Fn(&'static str, i64) + Send + Sync>;

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
    pub fn in_flight(self, change: impl Fn(i64) + Send + Sync + 'static) -> Self {
        self.in_flight_by_method(move |_, by| change(by))
    }

    /// As [`in_flight`](Self::in_flight), with the method: a standard one in
    /// upper case, or `OTHER`.
    #[must_use]
    pub fn in_flight_by_method(
        mut self,
        change: impl Fn(&'static str, i64) + Send + Sync + 'static,
    ) -> Self {
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
        let measurement = PendingMeasurement::start(&self.shared, request.method());
        observe(&self.inner, request, facts, measurement)
    }
}

struct PendingMeasurement {
    shared: Arc<Shared>,
    method: &'static str,
}

impl PendingMeasurement {
    fn start(shared: &Arc<Shared>, method: &Method) -> Self {
        let method = method_label(method);
        shared.change_in_flight(method, 1);
        Self {
            shared: Arc::clone(shared),
            method,
        }
    }
}

impl Shared {
    fn change_in_flight(&self, method: &'static str, by: i64) {
        if let Some(change) = &self.in_flight {
            guarded(|| change(method, by));
        }
    }
}

impl Observer for PendingMeasurement {
    fn end(self, summary: &RequestSummary<'_>) {
        // First, so that the gauge balances when the observer panics.
        self.shared.change_in_flight(self.method, -1);
        self.shared.observer.observe_http(&HttpObservation {
            method: summary.method,
            route: Route::from(summary.route),
            status: summary.status,
            request_bytes: summary.bytes_in,
            response_bytes: summary.bytes_out,
            duration: summary.duration,
        });
    }
}
