//! Counters, gauges and histograms as the measuring code holds them.

use std::fmt;
use std::sync::Arc;

use super::{BoundSeries, InstrumentId, InstrumentSink, LabelValues};

/// An instrument of a sink.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) sink: Arc<dyn InstrumentSink>,
    pub(super) id: InstrumentId,
}

macro_rules! instrument {
    ($(#[$doc:meta])* $name:ident, $(#[$bound_doc:meta])* $bound:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<const N: usize = 0>(Handle);

        impl<const N: usize> $name<N> {
            pub(super) fn new(handle: Handle) -> Self {
                Self(handle)
            }

            /// Finds the series of these label values once, for many updates.
            #[must_use]
            pub fn bind(&self, values: [&str; N]) -> $bound {
                $bound(self.0.sink.bind(self.0.id, &LabelValues::new(&values)))
            }
        }

        impl<const N: usize> fmt::Debug for $name<N> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0.id.get()).finish()
            }
        }

        $(#[$bound_doc])*
        #[derive(Clone)]
        pub struct $bound(Arc<dyn BoundSeries>);

        impl fmt::Debug for $bound {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($bound))
            }
        }
    };
}

instrument!(
    /// A sum that only grows, with `N` labels.
    Counter,
    /// One series of a counter.
    BoundCounter
);
instrument!(
    /// A level, with `N` labels.
    Gauge,
    /// One series of a gauge.
    BoundGauge
);
instrument!(
    /// A distribution, with `N` labels.
    Histogram,
    /// One series of a histogram.
    BoundHistogram
);

impl<const N: usize> Counter<N> {
    /// Adds one.
    pub fn inc(&self, values: [&str; N]) {
        self.add(values, 1.0);
    }

    /// Adds a value that is finite and not negative; another one is refused.
    pub fn add(&self, values: [&str; N], value: f64) {
        self.0
            .sink
            .add(self.0.id, &LabelValues::new(&values), value);
    }
}

impl BoundCounter {
    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.0.add(1.0);
    }

    /// Adds a value that is finite and not negative; another one is refused.
    #[inline]
    pub fn add(&self, value: f64) {
        self.0.add(value);
    }
}

impl<const N: usize> Gauge<N> {
    /// Sets the level.
    pub fn set(&self, values: [&str; N], level: f64) {
        self.0
            .sink
            .set(self.0.id, &LabelValues::new(&values), level);
    }

    /// Moves the level up, or down by a negative value.
    pub fn add(&self, values: [&str; N], by: f64) {
        self.0.sink.add(self.0.id, &LabelValues::new(&values), by);
    }
}

impl BoundGauge {
    /// Sets the level.
    #[inline]
    pub fn set(&self, level: f64) {
        self.0.set(level);
    }

    /// Moves the level up, or down by a negative value.
    #[inline]
    pub fn add(&self, by: f64) {
        self.0.add(by);
    }
}

impl<const N: usize> Histogram<N> {
    /// Takes one sample.
    pub fn observe(&self, values: [&str; N], sample: f64) {
        self.0
            .sink
            .observe(self.0.id, &LabelValues::new(&values), sample);
    }
}

impl BoundHistogram {
    /// Takes one sample.
    #[inline]
    pub fn observe(&self, sample: f64) {
        self.0.observe(sample);
    }
}
