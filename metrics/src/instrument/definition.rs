//! What an instrument is: name, kind, unit, label names, buckets.

use std::borrow::Cow;

use crate::labels::{LABELS_MAX, check_label_key};
use crate::{MetricKind, MetricName, MetricsError, MetricsErrorKind, Unit};

/// Most buckets of one histogram.
pub const BUCKETS_MAX: usize = 64;

/// Upper bounds of the buckets of a histogram of seconds, unless it has its own.
pub const SECONDS_BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// An instrument as a sink sees it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InstrumentDef {
    /// The name, which is its identity.
    pub name: MetricName,
    /// Counter, gauge or histogram.
    pub kind: MetricKind,
    /// What values count.
    pub unit: Unit,
    /// The keys of its labels, in the order values are given.
    pub label_names: Vec<Cow<'static, str>>,
    /// Upper bounds of the buckets of a histogram; empty for other kinds.
    pub buckets: Vec<f64>,
    /// One sentence for people.
    pub help: Cow<'static, str>,
    /// The part of the system that measures, for people.
    pub scope: Cow<'static, str>,
}

impl InstrumentDef {
    /// A definition without labels, help and scope. A histogram of seconds gets
    /// [`SECONDS_BUCKETS`].
    #[must_use]
    pub fn new(name: MetricName, kind: MetricKind, unit: Unit) -> Self {
        let default_buckets = kind == MetricKind::Histogram && unit == Unit::Seconds;
        Self {
            name,
            kind,
            unit,
            label_names: Vec::new(),
            buckets: if default_buckets {
                SECONDS_BUCKETS.to_vec()
            } else {
                Vec::new()
            },
            help: Cow::Borrowed(""),
            scope: Cow::Borrowed(""),
        }
    }

    /// Whether both define the same instrument: all but help and scope.
    #[must_use]
    pub fn is_same_instrument(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.unit == other.unit
            && self.label_names == other.label_names
            && self.buckets == other.buckets
    }

    /// Whether a sink may register this.
    ///
    /// # Errors
    ///
    /// What is wrong with the label names or the buckets.
    pub fn validate(&self) -> Result<(), MetricsError> {
        if self.label_names.len() > LABELS_MAX {
            return Err(
                MetricsError::new(MetricsErrorKind::LabelCount).with_subject(self.name.to_string())
            );
        }
        for (index, key) in self.label_names.iter().enumerate() {
            check_label_key(key)?;
            if self.label_names[..index].contains(key) {
                return Err(
                    MetricsError::new(MetricsErrorKind::LabelDuplicate).with_subject(key.clone())
                );
            }
        }
        if self.kind == MetricKind::Histogram && !are_buckets(&self.buckets) {
            return Err(
                MetricsError::new(MetricsErrorKind::Buckets).with_subject(self.name.to_string())
            );
        }
        Ok(())
    }
}

fn are_buckets(bounds: &[f64]) -> bool {
    !bounds.is_empty()
        && bounds.len() <= BUCKETS_MAX
        && bounds.iter().all(|bound| bound.is_finite())
        && bounds.is_sorted_by(|one, two| one < two)
}

macro_rules! definition {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $unit:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<const N: usize = 0> {
            name: MetricName,
            labels: [&'static str; N],
            unit: Unit,
            help: &'static str,
            buckets: Option<Cow<'static, [f64]>>,
        }

        impl $name<0> {
            /// A definition without labels.
            #[must_use]
            pub const fn new(name: MetricName) -> Self {
                Self { name, labels: [], unit: $unit, help: "", buckets: None }
            }

            /// Sets the keys of the labels; values are given in this order.
            #[must_use]
            pub fn with_labels<const M: usize>(self, labels: [&'static str; M]) -> $name<M> {
                $name { name: self.name, labels, unit: self.unit, help: self.help, buckets: self.buckets }
            }
        }

        impl<const N: usize> $name<N> {
            /// Sets what values count.
            #[must_use]
            pub fn with_unit(mut self, unit: Unit) -> Self {
                self.unit = unit;
                self
            }

            /// Sets one sentence for people.
            #[must_use]
            pub fn with_help(mut self, help: &'static str) -> Self {
                self.help = help;
                self
            }

            pub(super) fn erase(self, scope: Cow<'static, str>) -> InstrumentDef {
                let mut definition = InstrumentDef::new(self.name, $kind, self.unit);
                definition.label_names = self.labels.into_iter().map(Cow::Borrowed).collect();
                definition.help = Cow::Borrowed(self.help);
                definition.scope = scope;
                if let Some(buckets) = self.buckets {
                    definition.buckets = buckets.into_owned();
                }
                definition
            }
        }
    };
}

definition!(
    /// Defines a counter with `N` labels; of things unless told otherwise.
    CounterDef,
    MetricKind::Counter,
    Unit::Count
);
definition!(
    /// Defines a gauge with `N` labels.
    GaugeDef,
    MetricKind::Gauge,
    Unit::None
);
definition!(
    /// Defines a histogram with `N` labels; of seconds unless told otherwise.
    HistogramDef,
    MetricKind::Histogram,
    Unit::Seconds
);

impl<const N: usize> HistogramDef<N> {
    /// Sets the upper bounds of the buckets: 1 to 64, finite, each above the one
    /// before. A histogram that is not of seconds has no others.
    #[must_use]
    pub fn with_buckets(mut self, bounds: impl Into<Cow<'static, [f64]>>) -> Self {
        self.buckets = Some(bounds.into());
        self
    }
}
