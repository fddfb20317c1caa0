//! From our contracts to the facade.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use metrics::{Key, Label, Level, Metadata};

use super::is_forwarding;
use crate::labels::LABELS_MAX;
use crate::{
    CardinalityPolicy, HttpObservation, HttpObserver, Labels, MetricKind, MetricName, MetricRecord,
    Outcome, Recorder, SeriesTable, http_record,
};

/// Describes where measurements come from, as the facade asks.
static METADATA: Metadata<'static> = Metadata::new("plumego", Level::INFO, None);

/// The label an error class is emitted under, if a record has no such label.
const LABEL_ERROR: &str = "error";

/// Sends measurements to whatever exporter the application installed behind the
/// `metrics` facade.
///
/// Counters become increments, gauges levels, histograms samples, and events
/// increments by one. The facade counts in whole numbers, so fractions of a
/// counter wait until they add up to one. The class of an error becomes the
/// label `error`.
///
/// ```
/// use plumego_metrics::{CardinalityPolicy, FacadeCollector, MetricName, MetricRecord, Recorder};
///
/// let collector = FacadeCollector::new(CardinalityPolicy::default());
/// // Without an exporter behind the facade this goes nowhere.
/// collector.record(&MetricRecord::counter(MetricName::from_static("jobs"), 1.0));
/// assert_eq!(collector.invalid(), 0);
/// ```
pub struct FacadeCollector {
    series: SeriesTable<Emitted>,
    invalid: AtomicU64,
}

/// One series as the facade knows it.
struct Emitted {
    key: Key,
    /// Bits of the part of a counter that is not yet one.
    rest: AtomicU64,
}

impl FacadeCollector {
    /// A collector that emits at most the series the policy allows.
    #[must_use]
    pub fn new(policy: CardinalityPolicy) -> Self {
        Self {
            series: SeriesTable::new(policy),
            invalid: AtomicU64::new(0),
        }
    }

    /// How many records were refused.
    #[must_use]
    pub fn invalid(&self) -> u64 {
        self.invalid.load(Ordering::Relaxed)
    }

    fn emit(&self, record: &MetricRecord) {
        let labels = with_error(record);
        let series = self
            .series
            .series(&record.name, &labels, Emitted::new)
            .value;
        metrics::with_recorder(|facade| match record.kind {
            MetricKind::Counter => {
                facade
                    .register_counter(&series.key, &METADATA)
                    .increment(series.whole(record.value));
            }
            MetricKind::Gauge => facade
                .register_gauge(&series.key, &METADATA)
                .set(record.value),
            MetricKind::Histogram => facade
                .register_histogram(&series.key, &METADATA)
                .record(record.value),
            MetricKind::Event => facade.register_counter(&series.key, &METADATA).increment(1),
        });
    }
}

/// The labels of a record and, of an error, its class.
fn with_error(record: &MetricRecord) -> Cow<'_, Labels> {
    match &record.outcome {
        Outcome::Error(class) if record.labels.len() < LABELS_MAX => {
            let labels = record
                .labels
                .clone()
                .with(LABEL_ERROR, class.as_str().to_owned());
            labels.map_or(Cow::Borrowed(&record.labels), Cow::Owned)
        }
        _ => Cow::Borrowed(&record.labels),
    }
}

impl Emitted {
    fn new(name: &MetricName, labels: &Labels) -> Self {
        let labels: Vec<Label> = labels
            .iter()
            .map(|(key, value)| Label::new(key.to_owned(), value.to_owned()))
            .collect();
        Self {
            key: Key::from_parts(name.as_str().to_owned(), labels),
            rest: AtomicU64::new(0_f64.to_bits()),
        }
    }

    /// The whole part of what has not been emitted yet.
    fn whole(&self, value: f64) -> u64 {
        let rest = |bits| Some((f64::from_bits(bits) + value).fract().to_bits());
        let before = self
            .rest
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest);
        // The closure always gives a value, so both arms hold the rest before.
        let (Ok(before) | Err(before)) = before;
        // Saturates where a counter of the facade ends.
        (f64::from_bits(before) + value).trunc() as u64
    }
}

impl Recorder for FacadeCollector {
    fn record(&self, record: &MetricRecord) {
        if is_forwarding() {
            return;
        }
        match record.validate() {
            Ok(()) => self.emit(record),
            Err(_) => {
                self.invalid.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl HttpObserver for FacadeCollector {
    fn observe_http(&self, observation: &HttpObservation<'_>) {
        self.record(&http_record(observation, SystemTime::now()));
    }
}

impl fmt::Debug for FacadeCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FacadeCollector")
            .field("series", &self.series)
            .field("invalid", &self.invalid)
            .finish()
    }
}
