//! One metric with its series.

use std::sync::Arc;

use plumego_metrics::{InstrumentDef, MetricKind, Unit};

use super::cell::{Cell, Value};
use super::series::{Entry, Guard, SeriesMap, Shape};
use super::snapshot::{FamilySnapshot, Kind, Sample};

/// One series of a metric.
pub(super) type Series = Arc<Entry<Cell>>;

/// A metric.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) definition: InstrumentDef,
    buckets: Arc<[f64]>,
    shape: Shape,
    pub(super) series: SeriesMap<Cell>,
}

impl Family {
    pub(super) fn new(definition: InstrumentDef, shape: Shape, guard: &Arc<Guard>) -> Self {
        Self {
            series: SeriesMap::new(Arc::clone(guard), definition.name.as_str(), shape),
            buckets: definition.buckets.as_slice().into(),
            shape,
            definition,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.definition.name.as_str()
    }

    /// The series of these values, or of these pairs.
    pub(super) fn at<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Series {
        let make = |_: &[&str]| Cell::new(&self.definition, &self.buckets);
        self.series.get(texts, make)
    }

    /// Whether both define the same metric.
    pub(super) fn is_same(&self, definition: &InstrumentDef, shape: Shape) -> bool {
        self.shape == shape
            && self.definition.is_same_instrument(definition)
            && self.definition.help == definition.help
    }

    pub(super) fn snapshot(&self) -> FamilySnapshot {
        let samples = self.series.entries().into_iter().map(|entry| Sample {
            labels: self.labels(&entry.texts),
            created: Some(entry.created),
            value: entry.value.value(),
        });
        FamilySnapshot {
            name: self.name().to_owned(),
            help: self.definition.help.clone().into_owned(),
            kind: Kind::of(self.definition.kind),
            unit: unit_name(self.definition.unit),
            samples: samples.collect(),
        }
    }

    fn labels(&self, texts: &[Box<str>]) -> Vec<(String, String)> {
        let owned = |text: &str| text.to_owned();
        match self.shape {
            Shape::Values => {
                let names = self.definition.label_names.iter();
                let pairs = names.zip(texts);
                pairs
                    .map(|(name, value)| (owned(name), owned(value)))
                    .collect()
            }
            Shape::Pairs => {
                let pairs = texts.chunks_exact(2);
                pairs
                    .map(|pair| (owned(&pair[0]), owned(&pair[1])))
                    .collect()
            }
        }
    }
}

/// The unit as the end of a name says it.
pub(super) fn unit_name(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Seconds => Some("seconds"),
        Unit::Bytes => Some("bytes"),
        Unit::Ratio => Some("ratio"),
        _ => None,
    }
}

impl Kind {
    pub(super) fn of(kind: MetricKind) -> Self {
        match kind {
            MetricKind::Gauge => Self::Gauge,
            MetricKind::Histogram => Self::Histogram,
            _ => Self::Counter,
        }
    }
}

/// What a metric that is asked for its value when it is scraped says.
pub(super) type Ask = dyn Fn(&mut dyn FnMut(&[&str], f64)) + Send + Sync;

/// A metric whose value somebody else keeps.
pub(super) struct Asked {
    pub(super) definition: InstrumentDef,
    pub(super) ask: Box<Ask>,
}

impl Asked {
    pub(super) fn snapshot(&self) -> FamilySnapshot {
        let mut samples = Vec::new();
        let names = &self.definition.label_names;
        (self.ask)(&mut |values, value| {
            let pairs = names.iter().zip(values);
            samples.push(Sample {
                labels: pairs
                    .map(|(name, value)| (name.clone().into_owned(), (*value).to_owned()))
                    .collect(),
                created: None,
                value: Value::Number(value),
            });
        });
        samples.sort_by(|one: &Sample, two| one.labels.cmp(&two.labels));
        FamilySnapshot {
            name: self.definition.name.to_string(),
            help: self.definition.help.clone().into_owned(),
            kind: Kind::of(self.definition.kind),
            unit: unit_name(self.definition.unit),
            samples,
        }
    }
}
