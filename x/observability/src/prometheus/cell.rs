//! What is kept of one series.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use plumego_metrics::{InstrumentDef, MetricKind};

/// Largest whole number up to which every whole number has an `f64`.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A value that many threads change at once.
#[derive(Debug)]
pub(super) enum Cell {
    Counter(CounterCell),
    Gauge(Real),
    Histogram(HistogramCell),
}

impl Cell {
    pub(super) fn new(definition: &InstrumentDef, buckets: &Arc<[f64]>) -> Self {
        match definition.kind {
            MetricKind::Gauge => Self::Gauge(Real::default()),
            MetricKind::Histogram => Self::Histogram(HistogramCell::new(Arc::clone(buckets))),
            _ => Self::Counter(CounterCell::default()),
        }
    }

    /// Adds to a counter or a gauge. A value that cannot be added changes
    /// nothing.
    pub(super) fn add(&self, value: f64) {
        match self {
            Self::Counter(cell) => cell.add(value),
            Self::Gauge(level) if value.is_finite() => level.add(value),
            _ => {}
        }
    }

    /// Sets a gauge.
    pub(super) fn set(&self, value: f64) {
        if let Self::Gauge(level) = self {
            level.set(value);
        }
    }

    /// Takes one sample of a histogram.
    pub(super) fn observe(&self, value: f64) {
        if let Self::Histogram(cell) = self {
            cell.observe(value);
        }
    }

    pub(super) fn value(&self) -> Value {
        match self {
            Self::Counter(cell) => Value::Number(cell.value()),
            Self::Gauge(level) => Value::Number(level.get()),
            Self::Histogram(cell) => Value::Histogram(cell.value()),
        }
    }
}

/// The value of a series at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Histogram(Distribution),
}

/// A distribution at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Distribution {
    /// For each bucket its upper bound and how many samples are at or below it.
    pub(super) buckets: Vec<(f64, u64)>,
    /// How many samples there are.
    pub(super) count: u64,
    pub(super) sum: f64,
}

/// A real number.
#[derive(Debug)]
pub(super) struct Real(AtomicU64);

impl Default for Real {
    fn default() -> Self {
        Self(AtomicU64::new(0_f64.to_bits()))
    }
}

impl Real {
    pub(super) fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn add(&self, value: f64) {
        let sum = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // The closure always gives a value, so this cannot fail.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum);
    }
}

/// A sum that only grows.
#[derive(Debug, Default)]
pub(super) struct CounterCell {
    /// Whole numbers take one addition.
    whole: AtomicU64,
    fractions: Real,
}

impl CounterCell {
    pub(super) fn add(&self, value: f64) {
        if !value.is_finite() || value < 0.0 {
            return;
        }
        if value <= WHOLE_MAX && value.fract() == 0.0 {
            self.whole.fetch_add(value as u64, Ordering::Relaxed);
        } else {
            self.fractions.add(value);
        }
    }

    pub(super) fn value(&self) -> f64 {
        self.whole.load(Ordering::Relaxed) as f64 + self.fractions.get()
    }
}

/// A distribution.
#[derive(Debug)]
pub(super) struct HistogramCell {
    bounds: Arc<[f64]>,
    /// Samples by bucket, those above the last bound at the end.
    samples: Box<[AtomicU64]>,
    sum: Real,
}

impl HistogramCell {
    pub(super) fn new(bounds: Arc<[f64]>) -> Self {
        let samples = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self {
            bounds,
            samples,
            sum: Real::default(),
        }
    }

    pub(super) fn observe(&self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.samples[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.add(value);
    }

    pub(super) fn value(&self) -> Distribution {
        let mut count = 0_u64;
        let mut cumulate = |samples: &AtomicU64| {
            count = count.saturating_add(samples.load(Ordering::Relaxed));
            count
        };
        let bounds = self.bounds.iter().zip(&self.samples);
        let buckets = bounds
            .map(|(bound, samples)| (*bound, cumulate(samples)))
            .collect();
        // The count is that of the buckets, so that the two always agree.
        let count = cumulate(&self.samples[self.bounds.len()]);
        Distribution {
            buckets,
            count,
            sum: self.sum.get(),
        }
    }
}
