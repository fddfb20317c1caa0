//! The collector that counts and keeps nothing else.

mod epoch;
mod sync;
mod tally;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use plumego_log::Logger;

use crate::http::HTTP_REQUEST;
use crate::warnings::Warnings;
use crate::{
    CardinalityPolicy, CollectorStats, ErrorClass, HttpObservation, HttpObserver, MetricRecord,
    Recorder, Resetter, StatsReader,
};
use epoch::{Epoch, Placed};

/// Counts records by name and error class.
///
/// Values, labels and moments are not kept, so the only series are names, of
/// which [`CardinalityPolicy::names`] bounds the number. Counting a request
/// takes no lock and no allocation; counters saturate.
///
/// ```
/// use http::{Method, StatusCode};
/// use plumego_metrics::{BaseCollector, HttpObserverExt, Route, StatsReader};
/// use std::time::Duration;
///
/// let collector = BaseCollector::default();
/// let took = Duration::from_millis(3);
/// collector.observe(&Method::GET, Route::Template("/users/{id}"), StatusCode::OK, 120, took);
/// collector.observe(&Method::GET, Route::Unmatched, StatusCode::NOT_FOUND, 0, took);
/// let stats = collector.stats();
/// assert_eq!((stats.total_records, stats.client_error_records), (2, 1));
/// ```
pub struct BaseCollector {
    epoch: ArcSwap<Epoch>,
    policy: CardinalityPolicy,
    now: Clock,
    warnings: Warnings,
}

/// Where a collector gets the time from.
type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

impl Default for BaseCollector {
    fn default() -> Self {
        Self::new(CardinalityPolicy::default())
    }
}

impl BaseCollector {
    /// A collector that starts counting now.
    #[must_use]
    pub fn new(policy: CardinalityPolicy) -> Self {
        Self::with_clock(policy, SystemTime::now)
    }

    /// A collector with its own clock, for tests.
    #[must_use]
    pub fn with_clock(
        policy: CardinalityPolicy,
        now: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Self {
        let epoch = Epoch::new(now(), names_max(policy));
        Self {
            epoch: ArcSwap::from_pointee(epoch),
            policy,
            now: Arc::new(now),
            warnings: Warnings::default(),
        }
    }

    /// Sets who is told of refused records, at most once a minute, and of names
    /// that were folded, once each.
    #[must_use]
    pub fn with_logger(mut self, logger: Arc<dyn Logger>) -> Self {
        self.warnings = Warnings::new(logger);
        self
    }

    /// The bounds this collector was made with.
    #[must_use]
    pub fn policy(&self) -> CardinalityPolicy {
        self.policy
    }
}

impl BaseCollector {
    #[inline]
    fn warn_of(&self, placed: Placed, name: &str) {
        if placed == Placed::FoldedFirst {
            self.warnings.folded(name);
        }
    }
}

/// Every name is a series of its own here, so the total bounds names as well.
fn names_max(policy: CardinalityPolicy) -> usize {
    policy.names().min(policy.total())
}

impl Recorder for BaseCollector {
    fn record(&self, record: &MetricRecord) {
        let epoch = self.epoch.load();
        match record.validate() {
            Ok(()) => {
                let placed = epoch.count(&record.name, ErrorClass::of_record(record));
                self.warn_of(placed, record.name.as_str());
            }
            Err(error) => {
                epoch.count_invalid();
                self.warnings.invalid(&error, &*self.now);
            }
        }
    }
}

impl HttpObserver for BaseCollector {
    #[inline]
    fn observe_http(&self, observation: &HttpObservation<'_>) {
        let placed = self
            .epoch
            .load()
            .count_http(ErrorClass::of_status(observation.status));
        self.warn_of(placed, HTTP_REQUEST);
    }
}

impl StatsReader for BaseCollector {
    fn stats(&self) -> CollectorStats {
        self.epoch.load_full().stats()
    }
}

impl Resetter for BaseCollector {
    fn clear(&self) {
        self.epoch
            .store(Arc::new(Epoch::new((self.now)(), names_max(self.policy))));
    }
}

impl fmt::Debug for BaseCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseCollector")
            .field("policy", &self.policy)
            .field("stats", &self.stats())
            .finish()
    }
}

#[cfg(test)]
mod tests;
