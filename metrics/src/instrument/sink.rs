//! What instruments write to.

use std::borrow::Cow;
use std::sync::Arc;

use super::{InstrumentDef, InstrumentId};
use crate::Labels;

/// Takes what instruments measure. Exporters implement it; a
/// [`Recorder`](crate::Recorder) is one through [`RecorderSink`](crate::RecorderSink).
///
/// An id the sink never gave out, and a value it cannot count, are ignored or
/// counted as invalid; nothing here panics or blocks.
pub trait InstrumentSink: Send + Sync + 'static {
    /// Makes an instrument known. The same definition again gives the same id.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::Conflict`](crate::MetricsErrorKind::Conflict) when
    /// the name is another instrument already, or what is wrong with the
    /// definition.
    fn register(&self, definition: &InstrumentDef) -> Result<InstrumentId, crate::MetricsError>;

    /// Adds to a counter (not below 0) or a gauge.
    fn add(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64);

    /// Sets a gauge.
    fn set(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64);

    /// Takes one sample of a histogram.
    fn observe(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64);

    /// Finds one series once, for many updates.
    fn bind(&self, id: InstrumentId, labels: &LabelValues<'_>) -> Arc<dyn BoundSeries>;
}

/// One series, found.
pub trait BoundSeries: Send + Sync + 'static {
    /// Adds to a counter (not below 0) or a gauge.
    fn add(&self, value: f64);

    /// Sets a gauge.
    fn set(&self, value: f64);

    /// Takes one sample of a histogram.
    fn observe(&self, value: f64);
}

/// The values of an instrument's labels, in the order of its label names.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct LabelValues<'a>(&'a [&'a str]);

impl<'a> LabelValues<'a> {
    /// The values as given.
    #[must_use]
    pub const fn new(values: &'a [&'a str]) -> Self {
        Self(values)
    }

    /// The values.
    #[must_use]
    pub const fn as_slice(&self) -> &'a [&'a str] {
        self.0
    }

    /// The labels of a series of that instrument: names and values in pairs,
    /// values cut to their limit. Names beyond the values, and values beyond
    /// the names, are left out.
    #[must_use]
    pub fn to_labels(&self, definition: &InstrumentDef) -> Labels {
        let pairs = definition.label_names.iter().zip(self.0);
        Labels::of_definition(
            pairs.map(|(name, value)| (name.clone(), Cow::Owned((*value).to_owned()))),
        )
    }
}
