//! Where instruments come from.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::handle::Handle;
use super::timer::Clock;
use super::{
    Counter, CounterDef, Gauge, GaugeDef, Histogram, HistogramDef, InstrumentDef, InstrumentSink,
    Timer,
};
use crate::{MetricsError, Unit};

/// Makes the instruments of one part of the system.
///
/// Label names are fixed when an instrument is defined, values are given with
/// each measurement; [`bind`](Counter::bind) finds a series once for many.
///
/// ```
/// use plumego_metrics::{
///     CardinalityPolicy, CounterDef, InstrumentStore, Meter, MetricName, SeriesValue,
/// };
/// use std::sync::Arc;
///
/// const HITS: MetricName = MetricName::from_static("cache_hits");
/// let store = Arc::new(InstrumentStore::new(CardinalityPolicy::default()));
/// let meter = Meter::new(store.clone(), "store.cache");
/// let hits = meter.counter(CounterDef::new(HITS).with_labels(["cache", "tier"]))?;
/// hits.inc(["users", "memory"]);
/// let users_disk = hits.bind(["users", "disk"]);
/// users_disk.add(2.0);
/// let rows = store.snapshot();
/// assert_eq!(rows[0].labels.get("tier"), Some("disk"));
/// assert_eq!(rows[0].value, SeriesValue::Counter(2.0));
/// # Ok::<(), plumego_metrics::MetricsError>(())
/// ```
#[derive(Clone)]
pub struct Meter {
    sink: Arc<dyn InstrumentSink>,
    scope: Cow<'static, str>,
    clock: Clock,
}

impl Meter {
    /// A meter that writes to `sink`. The scope names the part of the system
    /// for people; it is no part of a metric's name or identity.
    #[must_use]
    pub fn new(sink: Arc<dyn InstrumentSink>, scope: impl Into<Cow<'static, str>>) -> Self {
        Self {
            sink,
            scope: scope.into(),
            clock: Arc::new(Instant::now),
        }
    }

    /// Sets the clock of timers, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// A counter.
    ///
    /// # Errors
    ///
    /// As [`InstrumentSink::register`].
    pub fn counter<const N: usize>(
        &self,
        definition: CounterDef<N>,
    ) -> Result<Counter<N>, MetricsError> {
        Ok(Counter::new(
            self.register(&definition.erase(self.scope.clone()))?,
        ))
    }

    /// A gauge.
    ///
    /// # Errors
    ///
    /// As [`InstrumentSink::register`].
    pub fn gauge<const N: usize>(&self, definition: GaugeDef<N>) -> Result<Gauge<N>, MetricsError> {
        Ok(Gauge::new(
            self.register(&definition.erase(self.scope.clone()))?,
        ))
    }

    /// A histogram.
    ///
    /// # Errors
    ///
    /// As [`InstrumentSink::register`].
    pub fn histogram<const N: usize>(
        &self,
        definition: HistogramDef<N>,
    ) -> Result<Histogram<N>, MetricsError> {
        Ok(Histogram::new(
            self.register(&definition.erase(self.scope.clone()))?,
        ))
    }

    /// A timer: a histogram of seconds with the label `outcome` after its own.
    ///
    /// # Errors
    ///
    /// As [`InstrumentSink::register`].
    pub fn timer<const N: usize>(
        &self,
        definition: HistogramDef<N>,
    ) -> Result<Timer<N>, MetricsError> {
        let mut definition = definition
            .with_unit(Unit::Seconds)
            .erase(self.scope.clone());
        definition
            .label_names
            .push(Cow::Borrowed(Timer::<N>::OUTCOME));
        Ok(Timer::new(self.register(&definition)?, self.clock.clone()))
    }

    fn register(&self, definition: &InstrumentDef) -> Result<Handle, MetricsError> {
        let id = self.sink.register(definition)?;
        Ok(Handle {
            sink: self.sink.clone(),
            id,
        })
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
