//! A sink that keeps its series in memory.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    BoundSeries, InstrumentDef, InstrumentId, InstrumentRegistry, InstrumentSink, LabelValues,
};
use crate::{CardinalityPolicy, Labels, MetricKind, MetricsError, SeriesTable};

/// Largest whole number up to which every whole number has an `f64`.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Keeps the series of instruments, bounded, for an exporter or a test to read.
///
/// A bound series is updated by one atomic operation when a whole number is
/// added to a counter or a gauge is set; fractions take a short retry loop, and
/// a sample of a histogram touches its bucket and the sum.
#[derive(Debug)]
pub struct InstrumentStore {
    registry: InstrumentRegistry,
    series: SeriesTable<Kept>,
    invalid: Arc<AtomicU64>,
}

/// One series of an [`InstrumentStore::snapshot`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SeriesSnapshot {
    /// The instrument.
    pub definition: Arc<InstrumentDef>,
    /// The labels.
    pub labels: Labels,
    /// The value.
    pub value: SeriesValue,
}

/// The value of a series.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SeriesValue {
    /// The sum so far.
    Counter(f64),
    /// The level now.
    Gauge(f64),
    /// The distribution so far.
    Histogram(HistogramSnapshot),
}

/// A distribution.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HistogramSnapshot {
    /// For each bucket its upper bound and how many samples are at or below it.
    pub buckets: Vec<(f64, u64)>,
    /// How many samples there are, also those above the last bound.
    pub count: u64,
    /// The sum of all samples.
    pub sum: f64,
}

impl InstrumentStore {
    /// An empty store.
    #[must_use]
    pub fn new(policy: CardinalityPolicy) -> Self {
        Self {
            registry: InstrumentRegistry::new(policy),
            series: SeriesTable::new(policy),
            invalid: Arc::default(),
        }
    }

    /// All series, sorted by name and labels. Writers are not stopped.
    #[must_use]
    pub fn snapshot(&self) -> Vec<SeriesSnapshot> {
        self.series
            .snapshot()
            .into_iter()
            .map(|row| SeriesSnapshot {
                definition: row.value.definition.clone(),
                labels: row.labels,
                value: row.value.value(),
            })
            .collect()
    }

    /// The definitions, in the order they were registered.
    #[must_use]
    pub fn definitions(&self) -> Vec<Arc<InstrumentDef>> {
        self.registry.definitions()
    }

    /// How many values were refused: not finite, negative for a counter, or
    /// meant for an instrument of another kind.
    #[must_use]
    pub fn invalid(&self) -> u64 {
        self.invalid.load(Ordering::Relaxed)
    }

    /// How many distinct label sets were folded; approximate.
    #[must_use]
    pub fn folded(&self) -> u64 {
        self.series.folded()
    }

    fn find(&self, id: InstrumentId, labels: &LabelValues<'_>) -> Option<Arc<Kept>> {
        let definition = self.registry.definition(id)?;
        let labels = labels.to_labels(&definition);
        let make = |_: &_, _: &_| Kept::new(definition.clone(), self.invalid.clone());
        Some(self.series.series(&definition.name, &labels, make).value)
    }

    fn with(&self, id: InstrumentId, labels: &LabelValues<'_>, update: impl FnOnce(&Kept)) {
        match self.find(id, labels) {
            Some(kept) => update(&kept),
            None => refuse(&self.invalid),
        }
    }
}

fn refuse(invalid: &AtomicU64) {
    invalid.fetch_add(1, Ordering::Relaxed);
}

impl InstrumentSink for InstrumentStore {
    fn register(&self, definition: &InstrumentDef) -> Result<InstrumentId, MetricsError> {
        self.registry.register(definition)
    }

    fn add(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        self.with(id, labels, |kept| kept.add(value));
    }

    fn set(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        self.with(id, labels, |kept| kept.set(value));
    }

    fn observe(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        self.with(id, labels, |kept| kept.observe(value));
    }

    fn bind(&self, id: InstrumentId, labels: &LabelValues<'_>) -> Arc<dyn BoundSeries> {
        match self.find(id, labels) {
            Some(kept) => kept,
            None => Arc::new(Unknown(self.invalid.clone())),
        }
    }
}

/// A series of an instrument nobody registered.
struct Unknown(Arc<AtomicU64>);

impl BoundSeries for Unknown {
    fn add(&self, _: f64) {
        refuse(&self.0);
    }

    fn set(&self, _: f64) {
        refuse(&self.0);
    }

    fn observe(&self, _: f64) {
        refuse(&self.0);
    }
}

/// What is kept of one series.
struct Kept {
    definition: Arc<InstrumentDef>,
    /// Whole numbers added to a counter; samples above the last bucket.
    whole: AtomicU64,
    /// Bits of an `f64`: fractions of a counter, the level, or the sum.
    real: AtomicU64,
    /// Samples by bucket; empty unless this is a histogram.
    buckets: Box<[AtomicU64]>,
    invalid: Arc<AtomicU64>,
}

impl Kept {
    fn new(definition: Arc<InstrumentDef>, invalid: Arc<AtomicU64>) -> Self {
        let buckets = definition
            .buckets
            .iter()
            .map(|_| AtomicU64::new(0))
            .collect();
        let (whole, real) = (AtomicU64::new(0), AtomicU64::new(0_f64.to_bits()));
        Self {
            definition,
            whole,
            real,
            buckets,
            invalid,
        }
    }

    fn add_real(&self, value: f64) {
        let sum = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // The closure always gives a value, so this cannot fail.
        let _ = self
            .real
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum);
    }

    fn real(&self) -> f64 {
        f64::from_bits(self.real.load(Ordering::Relaxed))
    }

    fn value(&self) -> SeriesValue {
        match self.definition.kind {
            MetricKind::Gauge => SeriesValue::Gauge(self.real()),
            MetricKind::Histogram => SeriesValue::Histogram(self.distribution()),
            _ => SeriesValue::Counter(self.whole.load(Ordering::Relaxed) as f64 + self.real()),
        }
    }

    fn distribution(&self) -> HistogramSnapshot {
        let mut count = 0_u64;
        let bounds = self.definition.buckets.iter().zip(&self.buckets);
        let cumulate = |(bound, samples): (&f64, &AtomicU64)| {
            count = count.saturating_add(samples.load(Ordering::Relaxed));
            (*bound, count)
        };
        let buckets = bounds.map(cumulate).collect();
        let count = count.saturating_add(self.whole.load(Ordering::Relaxed));
        HistogramSnapshot {
            buckets,
            count,
            sum: self.real(),
        }
    }
}

impl BoundSeries for Kept {
    #[inline]
    fn add(&self, value: f64) {
        match self.definition.kind {
            MetricKind::Counter if (0.0..=WHOLE_MAX).contains(&value) && value.fract() == 0.0 => {
                self.whole.fetch_add(value as u64, Ordering::Relaxed);
            }
            MetricKind::Counter if value.is_finite() && value >= 0.0 => self.add_real(value),
            MetricKind::Gauge if value.is_finite() => self.add_real(value),
            _ => refuse(&self.invalid),
        }
    }

    #[inline]
    fn set(&self, value: f64) {
        if self.definition.kind == MetricKind::Gauge && value.is_finite() {
            self.real.store(value.to_bits(), Ordering::Relaxed);
        } else {
            refuse(&self.invalid);
        }
    }

    #[inline]
    fn observe(&self, value: f64) {
        if self.definition.kind != MetricKind::Histogram || !value.is_finite() {
            return refuse(&self.invalid);
        }
        let bucket = self
            .definition
            .buckets
            .partition_point(|bound| *bound < value);
        self.buckets
            .get(bucket)
            .unwrap_or(&self.whole)
            .fetch_add(1, Ordering::Relaxed);
        self.add_real(value);
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.value()).finish()
    }
}
