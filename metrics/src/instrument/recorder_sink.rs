//! Any recorder as a sink of instruments.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    BoundSeries, InstrumentDef, InstrumentId, InstrumentRegistry, InstrumentSink, LabelValues,
};
use crate::{
    CardinalityPolicy, MetricKind, MetricRecord, MetricsError, Recorder, SeriesTable, Unit,
};

/// Turns what instruments measure into records.
///
/// A record carries one measurement: the increment of a counter, the new level
/// of a gauge, one sample of a histogram. Levels are kept here, bounded, since
/// a recorder knows no level to add to. A bound series saves building the
/// labels; whether an update is one atomic operation is up to the recorder.
///
/// ```
/// use plumego_metrics::{
///     BaseCollector, CardinalityPolicy, CounterDef, Meter, MetricName, RecorderSink, StatsReader,
/// };
/// use std::sync::Arc;
///
/// let collector = Arc::new(BaseCollector::default());
/// let sink = RecorderSink::new(collector.clone(), CardinalityPolicy::default());
/// let meter = Meter::new(Arc::new(sink), "jobs");
/// let jobs = meter.counter(CounterDef::new(MetricName::from_static("jobs")).with_labels(["queue"]))?;
/// jobs.inc(["mail"]);
/// assert_eq!(collector.stats().name_breakdown["jobs"], 1);
/// # Ok::<(), plumego_metrics::MetricsError>(())
/// ```
pub struct RecorderSink {
    recorder: Arc<dyn Recorder>,
    registry: InstrumentRegistry,
    levels: SeriesTable<AtomicU64>,
}

impl RecorderSink {
    /// A sink in front of a recorder.
    #[must_use]
    pub fn new(recorder: Arc<dyn Recorder>, policy: CardinalityPolicy) -> Self {
        Self {
            recorder,
            registry: InstrumentRegistry::new(policy),
            levels: SeriesTable::new(policy),
        }
    }

    fn find(&self, id: InstrumentId, labels: &LabelValues<'_>) -> Found {
        let Some(definition) = self.registry.definition(id) else {
            // An id of another sink: the recorder counts the record as invalid.
            let template = MetricRecord::named("", MetricKind::Event, 0.0);
            return Found {
                recorder: self.recorder.clone(),
                template,
                level: Arc::default(),
            };
        };
        let labels = labels.to_labels(&definition);
        let level = if definition.kind == MetricKind::Gauge {
            self.levels
                .series(&definition.name, &labels, |_, _| {
                    AtomicU64::new(0_f64.to_bits())
                })
                .value
        } else {
            Arc::default()
        };
        let template = MetricRecord::new(definition.name.clone(), definition.kind, 0.0)
            .with_unit(definition.unit)
            .with_labels(labels);
        Found {
            recorder: self.recorder.clone(),
            template,
            level,
        }
    }
}

impl InstrumentSink for RecorderSink {
    fn register(&self, definition: &InstrumentDef) -> Result<InstrumentId, MetricsError> {
        self.registry.register(definition)
    }

    fn add(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        self.find(id, labels).add(value);
    }

    fn set(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        self.find(id, labels).set(value);
    }

    fn observe(&self, id: InstrumentId, labels: &LabelValues<'_>, value: f64) {
        self.find(id, labels).observe(value);
    }

    fn bind(&self, id: InstrumentId, labels: &LabelValues<'_>) -> Arc<dyn BoundSeries> {
        Arc::new(self.find(id, labels))
    }
}

impl fmt::Debug for RecorderSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderSink")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

/// One series on its way to the recorder.
struct Found {
    recorder: Arc<dyn Recorder>,
    template: MetricRecord,
    /// Bits of the level of a gauge.
    level: Arc<AtomicU64>,
}

impl Found {
    fn send(&self, value: f64) {
        let mut record = self.template.clone();
        record.value = value;
        if record.unit == Unit::Seconds && value >= 0.0 {
            record.duration = std::time::Duration::try_from_secs_f64(value).ok();
        }
        self.recorder.record(&record);
    }

    /// A call that does not fit the kind makes a record that counts as invalid.
    fn send_if(&self, fits: bool, value: f64) {
        self.send(if fits { value } else { f64::NAN });
    }
}

impl BoundSeries for Found {
    fn add(&self, value: f64) {
        if self.template.kind == MetricKind::Gauge && value.is_finite() {
            let moved = |bits| Some((f64::from_bits(bits) + value).to_bits());
            let before = self
                .level
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
            // The closure always gives a value, so both arms hold the level before.
            let (Ok(before) | Err(before)) = before;
            return self.send(f64::from_bits(before) + value);
        }
        self.send_if(self.template.kind == MetricKind::Counter, value);
    }

    fn set(&self, value: f64) {
        let fits = self.template.kind == MetricKind::Gauge;
        if fits && value.is_finite() {
            self.level.store(value.to_bits(), Ordering::Relaxed);
        }
        self.send_if(fits, value);
    }

    fn observe(&self, value: f64) {
        self.send_if(self.template.kind == MetricKind::Histogram, value);
    }
}
