//! What the rest of the system depends on when it measures.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::{CollectorStats, HttpObservation, MetricRecord, Route};

/// Takes measurements of any kind. A queue or a store takes this one.
///
/// Implementations never block, never do I/O, never panic, never fail the
/// caller, and never call back into the code they measure. A record they keep
/// is copied. `None` in an `Option<Arc<dyn Recorder>>` records nothing.
///
/// ```
/// use plumego_metrics::{MetricName, MetricRecord, Recorder};
/// use std::sync::Arc;
///
/// let recorder: Option<Arc<dyn Recorder>> = None;
/// recorder.record(&MetricRecord::counter(MetricName::from_static("jobs"), 1.0));
/// ```
pub trait Recorder: Send + Sync + 'static {
    /// Takes one measurement. An invalid one counts as invalid and no more.
    fn record(&self, record: &MetricRecord);
}

/// Takes measurements of HTTP requests. Middleware takes this one.
pub trait HttpObserver: Send + Sync + 'static {
    /// Takes one finished request.
    fn observe_http(&self, observation: &HttpObservation<'_>);
}

/// Tells what was counted.
pub trait StatsReader: Send + Sync + 'static {
    /// Counts so far, owned by the caller. Taken after all writers have
    /// returned, they include all their records exactly.
    fn stats(&self) -> CollectorStats;
}

/// Forgets what was counted.
pub trait Resetter: Send + Sync + 'static {
    /// Sets everything to zero. A record made at the same time is counted
    /// wholly before or wholly after.
    fn clear(&self);
}

/// All of it; composition and tests take this one.
///
/// Implemented by everything that implements the four narrow traits.
pub trait AggregateCollector: Recorder + HttpObserver + StatsReader + Resetter + Any {}

impl<T: Recorder + HttpObserver + StatsReader + Resetter> AggregateCollector for T {}

impl std::fmt::Debug for dyn AggregateCollector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dyn AggregateCollector")
    }
}

/// The positional form of [`HttpObserver::observe_http`].
pub trait HttpObserverExt: HttpObserver {
    /// Takes one finished request that had no body.
    fn observe(
        &self,
        method: &Method,
        route: Route<'_>,
        status: StatusCode,
        response_bytes: u64,
        duration: Duration,
    ) {
        self.observe_http(&HttpObservation {
            method,
            route,
            status,
            request_bytes: 0,
            response_bytes,
            duration,
        });
    }
}

impl<T: HttpObserver + ?Sized> HttpObserverExt for T {}

impl<T: Recorder + ?Sized> Recorder for Arc<T> {
    fn record(&self, record: &MetricRecord) {
        (**self).record(record);
    }
}

impl<T: Recorder + ?Sized> Recorder for Option<Arc<T>> {
    fn record(&self, record: &MetricRecord) {
        if let Some(recorder) = self {
            recorder.record(record);
        }
    }
}

impl<T: HttpObserver + ?Sized> HttpObserver for Arc<T> {
    fn observe_http(&self, observation: &HttpObservation<'_>) {
        (**self).observe_http(observation);
    }
}

impl<T: HttpObserver + ?Sized> HttpObserver for Option<Arc<T>> {
    fn observe_http(&self, observation: &HttpObservation<'_>) {
        if let Some(observer) = self {
            observer.observe_http(observation);
        }
    }
}
