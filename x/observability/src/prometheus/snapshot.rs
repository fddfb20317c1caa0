//! All series at one moment, as an exposition shows them.

use std::time::SystemTime;

use super::cell::Value;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One series.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) labels: Vec<(String, String)>,
    /// When it began, if that is known.
    pub(super) created: Option<SystemTime>,
    pub(super) value: Value,
}

impl Sample {
    /// A number without labels.
    pub(super) fn plain(value: f64) -> Self {
        Self {
            labels: Vec::new(),
            created: None,
            value: Value::Number(value),
        }
    }
}

/// One metric with its series, sorted.
#[derive(Clone, Debug)]
pub(super) struct FamilySnapshot {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: Kind,
    pub(super) unit: Option<&'static str>,
    pub(super) samples: Vec<Sample>,
}

impl FamilySnapshot {
    /// A metric of one series without labels.
    pub(super) fn plain(name: impl Into<String>, help: &str, kind: Kind, value: f64) -> Self {
        Self {
            name: name.into(),
            help: help.to_owned(),
            kind,
            unit: None,
            samples: vec![Sample::plain(value)],
        }
    }

    pub(super) fn with_unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }
}
