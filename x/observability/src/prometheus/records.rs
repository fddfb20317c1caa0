//! Records of the metrics root as metrics.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use hashbrown::HashMap;
use plumego_metrics::{
    InstrumentDef, LABEL_METHOD, LABEL_PATH, LABEL_STATUS, METHOD_OTHER, METRIC_HTTP_REQUEST,
    MetricKind, MetricName, MetricRecord, Outcome, Unit,
};
use smallvec::SmallVec;

use super::family::Family;
use super::http::Finished;
use super::registry::Registry;
use super::series::Shape;

/// Upper bounds of the buckets of what has no unit.
const COUNT_BUCKETS: [f64; 10] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0,
];

/// The label that says how what is measured ended.
const LABEL_OUTCOME: &str = "outcome";
/// Its value when there was no error.
const OUTCOME_OK: &str = "ok";
/// The label that names what a feature did.
const LABEL_OPERATION: &str = "operation";

/// The metric that a name of records is, decided by the first one.
#[derive(Clone)]
enum Recorded {
    /// Operations of a feature: how many, and how long.
    Feature(Arc<Family>, Arc<Family>),
    Plain(MetricKind, Arc<Family>),
}

/// Records by name.
pub(super) struct Records {
    namespace: String,
    registry: Registry,
    seconds: Arc<[f64]>,
    bytes: Arc<[f64]>,
    known: RwLock<HashMap<MetricName, Recorded>>,
    /// Records that no metric could be made for.
    misfits: Option<Arc<Family>>,
}

impl Records {
    pub(super) fn new(
        namespace: &str,
        registry: Registry,
        seconds: Arc<[f64]>,
        bytes: Arc<[f64]>,
    ) -> Self {
        Self {
            namespace: namespace.to_owned(),
            registry,
            seconds,
            bytes,
            known: RwLock::default(),
            misfits: None,
        }
    }

    /// Makes the metric for records that no other can be made for.
    #[must_use]
    pub(super) fn with_misfits(mut self) -> Self {
        let misfits = self.define(
            "telemetry_records_misfit_total",
            "Records of a name, kind or number of names that found no metric of their own.",
            MetricKind::Counter,
            Unit::Count,
        );
        self.misfits = misfits;
        self
    }

    /// Keeps a valid record.
    pub(super) fn keep(&self, record: &MetricRecord) {
        let labels = self.labels(record);
        let labels = || labels.iter().copied();
        match self.recorded(record) {
            Some(Recorded::Feature(operations, durations)) => {
                operations.at(labels()).value.add(1.0);
                if let Some(duration) = record.duration {
                    durations.at(labels()).value.observe(duration.as_secs_f64());
                }
            }
            Some(Recorded::Plain(kind, family)) if kind == record.kind => {
                let series = family.at(labels());
                match kind {
                    MetricKind::Gauge => series.value.set(record.value),
                    MetricKind::Histogram => series.value.observe(record.value),
                    MetricKind::Counter => series.value.add(record.value),
                    _ => series.value.add(1.0),
                }
            }
            _ => {
                if let Some(misfits) = &self.misfits {
                    misfits.at([]).value.add(1.0);
                }
            }
        }
    }

    /// Pairs of the labels, with how it ended.
    fn labels<'a>(&self, record: &'a MetricRecord) -> SmallVec<[&'a str; 24]> {
        let mut pairs = SmallVec::new();
        for (name, value) in record.labels.iter() {
            // A name twice would make the whole scrape unreadable.
            if name != "le" && self.registry.constant_labels().get(name).is_none() {
                pairs.extend([name, value]);
            }
        }
        if record.kind != MetricKind::Gauge && record.labels.get(LABEL_OUTCOME).is_none() {
            let outcome = match &record.outcome {
                Outcome::Ok => OUTCOME_OK,
                Outcome::Error(class) => class.as_str(),
            };
            pairs.extend([LABEL_OUTCOME, outcome]);
        }
        pairs
    }

    fn recorded(&self, record: &MetricRecord) -> Option<Recorded> {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(recorded) = known.get(&record.name) {
                return Some(recorded.clone());
            }
        }
        let recorded = self.make(record)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Bounded: what is new here is new in the registry, or shares with what
        // is there; the names of both are so many and no more.
        if known.len() < self.registry.names_max() {
            known.insert(record.name.clone(), recorded.clone());
        }
        Some(recorded)
    }

    /// The metric for the first record of a name.
    fn make(&self, record: &MetricRecord) -> Option<Recorded> {
        let name = record.name.as_str();
        let operation = record.labels.get(LABEL_OPERATION);
        if let (Some(operation), Some(_)) = (operation, record.duration)
            && let Some(feature) = name.strip_suffix(operation)
            && let Some(feature) = feature.strip_suffix('_')
        {
            let counted = self.define(
                &format!("{feature}_operations_total"),
                "Operations that are over.",
                MetricKind::Counter,
                Unit::Count,
            )?;
            let timed = self.define(
                &format!("{feature}_operation_duration_seconds"),
                "Time that operations took.",
                MetricKind::Histogram,
                Unit::Seconds,
            )?;
            return Some(Recorded::Feature(counted, timed));
        }
        let end = match (record.kind, record.unit) {
            (MetricKind::Gauge, _) => "",
            (MetricKind::Histogram, Unit::Seconds) => "_seconds",
            (MetricKind::Histogram, Unit::Bytes) => "_bytes",
            (MetricKind::Histogram, _) => "",
            _ => "_total",
        };
        let name = name.strip_suffix(end).unwrap_or(name);
        let help = "Recorded under this name by a part of the service.";
        let family = self.define(&format!("{name}{end}"), help, record.kind, record.unit)?;
        Some(Recorded::Plain(record.kind, family))
    }

    fn define(
        &self,
        name: &str,
        help: &'static str,
        kind: MetricKind,
        unit: Unit,
    ) -> Option<Arc<Family>> {
        let name = MetricName::parse(&format!("{}_{name}", self.namespace)).ok()?;
        let mut definition = InstrumentDef::new(name, kind, unit);
        definition.help = Cow::Borrowed(help);
        if kind == MetricKind::Histogram {
            definition.buckets = match unit {
                Unit::Seconds => self.seconds.to_vec(),
                Unit::Bytes => self.bytes.to_vec(),
                _ => COUNT_BUCKETS.to_vec(),
            };
        }
        self.registry.keep(definition, Shape::Pairs).ok()
    }
}

/// The request that a record tells of, if it is one that a middleware would tell.
pub(super) fn request(record: &MetricRecord) -> Option<Finished<'_>> {
    if record.name != METRIC_HTTP_REQUEST {
        return None;
    }
    let text = |name| record.labels.get(name).filter(|text| !text.is_empty());
    let status = text(LABEL_STATUS)?;
    status.parse::<u16>().ok().filter(|status| *status != 0)?;
    let method = http::Method::from_bytes(text(LABEL_METHOD)?.as_bytes());
    let method = method
        .as_ref()
        .map_or(METHOD_OTHER, plumego_metrics::method_label);
    let of_value = || std::time::Duration::try_from_secs_f64(record.value).ok();
    Some(Finished {
        method,
        path: text(LABEL_PATH)?,
        status,
        duration: record.duration.or_else(of_value).unwrap_or_default(),
        bytes: None,
    })
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
