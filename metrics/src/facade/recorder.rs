//! From the facade into a collector.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata,
    SharedString, Unit as FacadeUnit,
};

use super::forward;
use crate::{
    CardinalityPolicy, Labels, MetricKind, MetricName, MetricRecord, Recorder, SeriesTable, Unit,
};

/// What of the facade is let in.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FacadeOptions {
    /// A metric is let in when its name starts with one of these; none by
    /// default, so that nothing comes in that the application did not list.
    pub prefixes: Vec<String>,
    /// Bounds on what is let in.
    pub policy: CardinalityPolicy,
}

impl FacadeOptions {
    /// Lets in metrics whose name starts with `prefix`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefixes.push(prefix.into());
        self
    }

    /// Sets the bounds.
    #[must_use]
    pub fn with_policy(mut self, policy: CardinalityPolicy) -> Self {
        self.policy = policy;
        self
    }

    fn allows(&self, name: &str) -> bool {
        self.prefixes
            .iter()
            .any(|prefix| name.starts_with(prefix.as_str()))
    }
}

/// A recorder of the `metrics` facade that sends what third-party crates emit to
/// a collector.
///
/// Characters a name or label key may not have become `_`. Labels that are
/// refused make a measurement invalid. Times become seconds, sizes bytes,
/// percentages ratios, if the emitter described the unit before it measured. A
/// name belongs to the kind it was first used as; other uses are dropped.
///
/// The application installs it, globally with the facade's
/// `set_global_recorder`, or for one closure:
///
/// ```
/// use plumego_metrics::{BaseCollector, FacadeOptions, FacadeRecorder, StatsReader};
/// use std::sync::Arc;
///
/// let collector = Arc::new(BaseCollector::default());
/// let recorder = FacadeRecorder::new(collector.clone(), FacadeOptions::default().with_prefix("pool."));
/// metrics::with_local_recorder(&recorder, || {
///     metrics::counter!("pool.connections", "state" => "opened").increment(3);
///     metrics::counter!("other.things").increment(1);
/// });
/// assert_eq!(collector.stats().name_breakdown.keys().collect::<Vec<_>>(), ["pool_connections"]);
/// ```
pub struct FacadeRecorder {
    collector: Arc<dyn Recorder>,
    options: FacadeOptions,
    series: SeriesTable<Emitter>,
    units: RwLock<HashMap<String, FacadeUnit>>,
}

impl FacadeRecorder {
    /// A recorder in front of a collector.
    #[must_use]
    pub fn new(collector: Arc<dyn Recorder>, options: FacadeOptions) -> Self {
        let series = SeriesTable::new(options.policy);
        Self {
            collector,
            options,
            series,
            units: RwLock::default(),
        }
    }

    fn describe(&self, key: &KeyName, unit: Option<FacadeUnit>) {
        let Some(unit) = unit.filter(|_| self.options.allows(key.as_str())) else {
            return;
        };
        let mut units = self.units.write().unwrap_or_else(PoisonError::into_inner);
        if units.len() < self.options.policy.names() {
            units.insert(key.as_str().to_owned(), unit);
        }
    }

    /// Where measurements of that key go; `None` if nowhere.
    fn emitter(&self, key: &Key, kind: MetricKind) -> Option<Arc<Emitter>> {
        if !self.options.allows(key.name()) {
            return None;
        }
        let unit = self
            .units
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key.name())
            .copied();
        let pairs = key
            .labels()
            .map(|label| (written(label.key()), label.value().to_owned()));
        let emitter = match (MetricName::parse(&written(key.name())), Labels::new(pairs)) {
            (Ok(name), Ok(labels)) => {
                let make = |name: &MetricName, labels: &Labels| {
                    let template =
                        MetricRecord::new(name.clone(), kind, 0.0).with_labels(labels.clone());
                    Emitter::new(self.collector.clone(), template, unit)
                };
                self.series.series(&name, &labels, make).value
            }
            // Kept nowhere: the collector counts each measurement as invalid.
            _ => Arc::new(Emitter::new(
                self.collector.clone(),
                MetricRecord::named("", kind, 0.0),
                unit,
            )),
        };
        (emitter.template.kind == kind).then_some(emitter)
    }
}

/// A name of the facade as one of ours.
fn written(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut name: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// Our unit, and what to multiply values by.
fn unit_and_scale(unit: Option<FacadeUnit>) -> (Unit, f64) {
    match unit {
        Some(FacadeUnit::Seconds) => (Unit::Seconds, 1.0),
        Some(FacadeUnit::Milliseconds) => (Unit::Seconds, 1e-3),
        Some(FacadeUnit::Microseconds) => (Unit::Seconds, 1e-6),
        Some(FacadeUnit::Nanoseconds) => (Unit::Seconds, 1e-9),
        Some(FacadeUnit::Bytes) => (Unit::Bytes, 1.0),
        Some(FacadeUnit::Kibibytes) => (Unit::Bytes, 1024.0),
        Some(FacadeUnit::Mebibytes) => (Unit::Bytes, 1024.0 * 1024.0),
        Some(FacadeUnit::Gibibytes) => (Unit::Bytes, 1024.0 * 1024.0 * 1024.0),
        Some(FacadeUnit::Tebibytes) => (Unit::Bytes, 1024.0 * 1024.0 * 1024.0 * 1024.0),
        Some(FacadeUnit::Percent) => (Unit::Ratio, 0.01),
        Some(FacadeUnit::Count) => (Unit::Count, 1.0),
        _ => (Unit::None, 1.0),
    }
}

impl metrics::Recorder for FacadeRecorder {
    fn describe_counter(&self, key: KeyName, unit: Option<FacadeUnit>, _: SharedString) {
        self.describe(&key, unit);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<FacadeUnit>, _: SharedString) {
        self.describe(&key, unit);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<FacadeUnit>, _: SharedString) {
        self.describe(&key, unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.emitter(key, MetricKind::Counter)
            .map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.emitter(key, MetricKind::Gauge)
            .map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.emitter(key, MetricKind::Histogram)
            .map_or_else(Histogram::noop, Histogram::from_arc)
    }
}

impl fmt::Debug for FacadeRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FacadeRecorder")
            .field("options", &self.options)
            .field("series", &self.series)
            .finish_non_exhaustive()
    }
}

/// One series of the facade.
struct Emitter {
    collector: Arc<dyn Recorder>,
    template: MetricRecord,
    scale: f64,
    /// The sum of a counter, or the bits of the level of a gauge.
    state: AtomicU64,
}

impl Emitter {
    fn new(collector: Arc<dyn Recorder>, template: MetricRecord, unit: Option<FacadeUnit>) -> Self {
        let (unit, scale) = unit_and_scale(unit);
        Self {
            collector,
            template: template.with_unit(unit),
            scale,
            state: AtomicU64::new(0),
        }
    }

    fn send(&self, value: f64) {
        forward(|| {
            let mut record = self.template.clone();
            record.value = value * self.scale;
            self.collector.record(&record);
        });
    }

    fn move_level(&self, by: f64) {
        let moved = |bits| Some((f64::from_bits(bits) + by).to_bits());
        let before = self
            .state
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
        // The closure always gives a value, so both arms hold the level before.
        let (Ok(before) | Err(before)) = before;
        self.send(f64::from_bits(before) + by);
    }
}

impl CounterFn for Emitter {
    fn increment(&self, value: u64) {
        self.state.fetch_add(value, Ordering::Relaxed);
        self.send(value as f64);
    }

    fn absolute(&self, value: u64) {
        let before = self.state.fetch_max(value, Ordering::Relaxed);
        if value > before {
            self.send((value - before) as f64);
        }
    }
}

impl GaugeFn for Emitter {
    fn increment(&self, value: f64) {
        self.move_level(value);
    }

    fn decrement(&self, value: f64) {
        self.move_level(-value);
    }

    fn set(&self, value: f64) {
        self.state.store(value.to_bits(), Ordering::Relaxed);
        self.send(value);
    }
}

impl HistogramFn for Emitter {
    fn record(&self, value: f64) {
        self.send(value);
    }
}
