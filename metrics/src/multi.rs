//! One collector in front of several.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use plumego_log::Logger;

use crate::warnings::Warnings;
use crate::{
    AggregateCollector, CollectorStats, HttpObservation, HttpObserver, MetricRecord, NoopCollector,
    Recorder, Resetter, StatsReader,
};

/// Passes every measurement to several collectors, in their order.
///
/// A collector given twice gets a measurement once, a fan-out inside a fan-out
/// is dissolved, and a collector that panics does not keep the others from the
/// measurement. Statistics are sums, so the collectors should measure different
/// things or count nothing themselves.
///
/// ```
/// use plumego_metrics::{AggregateCollector, BaseCollector, MultiCollector, NoopCollector};
/// use std::sync::Arc;
///
/// let base: Arc<dyn AggregateCollector> = Arc::new(BaseCollector::default());
/// // One collector is passed through as it is.
/// assert!(Arc::ptr_eq(&MultiCollector::new([None, Some(base.clone())]), &base));
/// let both = MultiCollector::new([Some(base), Some(Arc::new(NoopCollector) as _)]);
/// assert_eq!(both.stats().total_records, 0);
/// ```
pub struct MultiCollector {
    targets: Vec<Target>,
    panics: AtomicU64,
    warnings: Warnings,
}

#[derive(Clone)]
struct Target {
    collector: Arc<dyn AggregateCollector>,
    reported: Arc<AtomicBool>,
}

impl MultiCollector {
    /// The collectors as one: nothing for none, the collector itself for one,
    /// and a fan-out for more.
    #[expect(
        clippy::new_ret_no_self,
        reason = "one collector needs no fan-out around it"
    )]
    #[must_use]
    pub fn new<I>(collectors: I) -> Arc<dyn AggregateCollector>
    where
        I: IntoIterator<Item = Option<Arc<dyn AggregateCollector>>>,
    {
        Self::build(collectors, Warnings::default())
    }

    /// As [`new`](Self::new), with a logger that is told once of each collector
    /// that panics.
    #[must_use]
    pub fn with_logger<I>(collectors: I, logger: Arc<dyn Logger>) -> Arc<dyn AggregateCollector>
    where
        I: IntoIterator<Item = Option<Arc<dyn AggregateCollector>>>,
    {
        Self::build(collectors, Warnings::new(logger))
    }

    /// How often a collector panicked in a fan-out; 0 for any other collector.
    #[must_use]
    pub fn panics(collector: &dyn AggregateCollector) -> u64 {
        let any: &dyn Any = collector;
        any.downcast_ref::<Self>()
            .map_or(0, |multi| multi.panics.load(Ordering::Relaxed))
    }

    fn build<I>(collectors: I, warnings: Warnings) -> Arc<dyn AggregateCollector>
    where
        I: IntoIterator<Item = Option<Arc<dyn AggregateCollector>>>,
    {
        let mut targets = Vec::new();
        for collector in collectors.into_iter().flatten() {
            flatten(&mut targets, collector);
        }
        match targets.as_slice() {
            [] => Arc::new(NoopCollector),
            [only] => only.collector.clone(),
            _ => Arc::new(Self {
                targets,
                panics: AtomicU64::new(0),
                warnings,
            }),
        }
    }

    /// Calls every target; one that panics counts as having returned nothing.
    #[inline]
    fn each<T>(&self, mut call: impl FnMut(&dyn AggregateCollector) -> T, mut take: impl FnMut(T)) {
        for (position, target) in self.targets.iter().enumerate() {
            // What a collector leaves half done is its own affair: nothing here
            // is shared with it.
            match catch_unwind(AssertUnwindSafe(|| call(&*target.collector))) {
                Ok(result) => take(result),
                Err(panic) => self.contain(position, target, panic),
            }
        }
    }

    #[cold]
    fn contain(&self, position: usize, target: &Target, panic: Box<dyn Any + Send>) {
        self.panics.fetch_add(1, Ordering::Relaxed);
        if !target.reported.swap(true, Ordering::Relaxed) {
            self.warnings.target_panicked(position);
        }
        // Dropping what was thrown may panic as well.
        drop(catch_unwind(AssertUnwindSafe(|| drop(panic))));
    }
}

/// Adds a collector, or the targets of a fan-out, each once.
fn flatten(targets: &mut Vec<Target>, collector: Arc<dyn AggregateCollector>) {
    let any: &dyn Any = &*collector;
    if let Some(multi) = any.downcast_ref::<MultiCollector>() {
        for inner in &multi.targets {
            flatten(targets, inner.collector.clone());
        }
        return;
    }
    let same =
        |held: &Target| std::ptr::addr_eq(Arc::as_ptr(&held.collector), Arc::as_ptr(&collector));
    if !targets.iter().any(same) {
        targets.push(Target {
            collector,
            reported: Arc::default(),
        });
    }
}

impl Recorder for MultiCollector {
    #[inline]
    fn record(&self, record: &MetricRecord) {
        self.each(|target| target.record(record), |()| ());
    }
}

impl HttpObserver for MultiCollector {
    #[inline]
    fn observe_http(&self, observation: &HttpObservation<'_>) {
        self.each(|target| target.observe_http(observation), |()| ());
    }
}

impl StatsReader for MultiCollector {
    fn stats(&self) -> CollectorStats {
        let mut sum = CollectorStats::default();
        self.each(StatsReader::stats, |stats| sum.merge(stats));
        sum
    }
}

impl Resetter for MultiCollector {
    fn clear(&self) {
        self.each(Resetter::clear, |()| ());
    }
}

impl fmt::Debug for MultiCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiCollector")
            .field("targets", &self.targets.len())
            .field("panics", &self.panics.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}
