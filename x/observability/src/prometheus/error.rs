//! What is wrong with a configuration or a definition.

use plumego_metrics::{MetricsError, MetricsErrorKind};

/// A collector that cannot be made as it was described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The namespace would make metric names that nobody can read.
    #[error("invalid metrics namespace {0:?}: use [a-zA-Z0-9_:], not a digit first")]
    Namespace(String),
    /// A bound is zero; there is no unbounded.
    #[error("{0} is zero: give a bound of at least 1")]
    Bound(&'static str),
    /// A constant label is refused, or given twice.
    #[error("constant label {name:?}: {source}")]
    Label {
        /// Its key.
        name: String,
        /// What is wrong with it.
        source: MetricsError,
    },
    /// The buckets of a histogram are not increasing, not finite, too many, or
    /// missing.
    #[error("buckets of {0}: give 1 to 64 finite bounds, each above the one before")]
    Buckets(&'static str),
}

/// A metric that cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The name is registered already with another type, help, labels or buckets.
    #[error(
        "metric {0} is registered as something else: keep its definition, or choose another name"
    )]
    Conflict(String),
    /// A label of the metric is one that every metric of the collector has, or
    /// the one that names the buckets of a histogram.
    #[error("label {label:?} of metric {metric} is taken: choose another key")]
    LabelTaken {
        /// The metric.
        metric: String,
        /// The key.
        label: String,
    },
    /// There are as many metrics as there may be.
    #[error("metric {0} is one too many: register metrics once, or raise the bound on names")]
    Full(String),
    /// The name, the labels or the buckets are refused.
    #[error(transparent)]
    Definition(#[from] MetricsError),
}

impl From<RegistryError> for MetricsError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Conflict(name) => {
                Self::new(MetricsErrorKind::Conflict).with_subject(name)
            }
            RegistryError::Full(name) => Self::new(MetricsErrorKind::Full).with_subject(name),
            RegistryError::LabelTaken { label, .. } => {
                Self::new(MetricsErrorKind::LabelDuplicate).with_subject(label)
            }
            RegistryError::Definition(error) => error,
        }
    }
}
