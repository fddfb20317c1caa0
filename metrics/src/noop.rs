//! The collector that does nothing.

use crate::{
    CollectorStats, HttpObservation, HttpObserver, MetricRecord, Recorder, Resetter, StatsReader,
};

/// Counts nothing, at no cost. The place of a collector that is not wanted, and
/// the base of test doubles.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub struct NoopCollector;

impl Recorder for NoopCollector {
    #[inline]
    fn record(&self, _: &MetricRecord) {}
}

impl HttpObserver for NoopCollector {
    #[inline]
    fn observe_http(&self, _: &HttpObservation<'_>) {}
}

impl StatsReader for NoopCollector {
    fn stats(&self) -> CollectorStats {
        CollectorStats::default()
    }
}

impl Resetter for NoopCollector {
    #[inline]
    fn clear(&self) {}
}
