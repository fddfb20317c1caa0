//! One measurement.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use smallvec::SmallVec;

use crate::labels::cut;
use crate::{Labels, MetricName, MetricsError, MetricsErrorKind};

/// Longest class of an error, in bytes.
pub const ERROR_LABEL_BYTES_MAX: usize = 64;
/// Most attributes one record may have.
pub const ATTRIBUTES_MAX: usize = 8;
/// Longest attribute value, in bytes; longer ones are cut between characters.
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 256;

/// Stands in for a name that could not be parsed; such a record is invalid and
/// reaches no backend.
const NAMELESS: MetricName = MetricName::from_static("__invalid__");

/// How values of a metric add up.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, Hash)]
#[non_exhaustive]
pub enum MetricKind {
    /// A sum that only grows; the value is the increment.
    Counter,
    /// A level; the value is the new level.
    Gauge,
    /// A distribution; the value is one sample.
    Histogram,
    /// Something happened; how values add up is not stated.
    #[default]
    Event,
}

/// What a value counts. Times are always in seconds.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Not stated.
    #[default]
    None,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A part of one.
    Ratio,
    /// A number of things.
    Count,
}

/// A class of errors: 1 to 64 bytes of `[a-zA-Z0-9_.:-]`, such as `timeout` or
/// `unique_violation`. The form leaves no room for an error text, so that none
/// becomes a label.
///
/// ```
/// use plumego_metrics::ErrorLabel;
///
/// const TIMEOUT: ErrorLabel = ErrorLabel::from_static("timeout");
/// assert_eq!(TIMEOUT.as_str(), "timeout");
/// assert!(ErrorLabel::parse("connection to 10.0.0.7 refused").is_err());
/// ```
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct ErrorLabel(Cow<'static, str>);

impl ErrorLabel {
    /// The class of errors nobody has given a class.
    pub const OTHER: Self = Self::from_static("other");

    /// A class known when the program is written; checked at compile time in a
    /// `const`.
    ///
    /// # Panics
    ///
    /// Outside a constant, if the class breaks the rule.
    #[must_use]
    pub const fn from_static(class: &'static str) -> Self {
        assert!(
            is_error_label(class),
            "an error class is 1 to 64 bytes of [a-zA-Z0-9_.:-]"
        );
        Self(Cow::Borrowed(class))
    }

    /// A class known only when the program runs.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::ErrorLabel`]; the refused text is not repeated.
    pub fn parse(class: &str) -> Result<Self, MetricsError> {
        if is_error_label(class) {
            Ok(Self(Cow::Owned(class.to_owned())))
        } else {
            Err(MetricsError::new(MetricsErrorKind::ErrorLabel))
        }
    }

    /// The text of the class.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_text(self) -> Cow<'static, str> {
        self.0
    }
}

impl fmt::Display for ErrorLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

const fn is_error_label(class: &str) -> bool {
    let bytes = class.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let allowed =
            bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'_' | b'.' | b':' | b'-');
        if !allowed {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty() && bytes.len() <= ERROR_LABEL_BYTES_MAX
}

/// How what was measured ended.
#[derive(Clone, Debug, Default, Eq, PartialEq, Hash)]
pub enum Outcome {
    /// Well, as far as the record knows.
    #[default]
    Ok,
    /// With an error of this class.
    Error(ErrorLabel),
}

impl Outcome {
    /// Whether this is an error.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

/// Data about a measurement that must not become a dimension: a key, an
/// address, the fingerprint of a statement.
///
/// At most 8 pairs; further ones are left out. Values are cut to 256 bytes and
/// must be redacted by whoever sets them. Collectors and exporters ignore
/// attributes; record buffers may keep them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes(SmallVec<[(Cow<'static, str>, Cow<'static, str>); 1]>);

impl Attributes {
    /// Adds a pair, or replaces the value of that key.
    #[must_use]
    pub fn with<K, V>(mut self, key: K, value: V) -> Self
    where
        K: Into<Cow<'static, str>>,
        V: Into<Cow<'static, str>>,
    {
        let (key, value) = (key.into(), cut(value.into(), ATTRIBUTE_VALUE_BYTES_MAX));
        if let Some(held) = self.0.iter_mut().find(|(held, _)| *held == key) {
            held.1 = value;
        } else if self.0.len() < ATTRIBUTES_MAX {
            self.0.push((key, value));
        }
        self
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find(|(held, _)| *held == key)
            .map(|(_, value)| value)
    }

    /// Keys and values, in the order they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// One measurement, owned by whoever made it.
///
/// Building never fails. What is wrong with a name or a label is remembered,
/// and [`validate`](Self::validate), which every collector calls first, tells;
/// such a record counts as invalid and nothing else.
///
/// ```
/// use plumego_metrics::{BaseCollector, MetricName, MetricRecord, Recorder, StatsReader};
///
/// const SENT: MetricName = MetricName::from_static("mails_sent");
/// let collector = BaseCollector::default();
/// collector.record(&MetricRecord::counter(SENT, 1.0).with_label("relay", "eu"));
/// collector.record(&MetricRecord::counter(SENT, f64::NAN));
/// assert_eq!(collector.stats().total_records, 1);
/// assert_eq!(collector.stats().invalid_records, 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MetricRecord {
    /// What is measured.
    pub name: MetricName,
    /// How values add up.
    pub kind: MetricKind,
    /// The measured value, in `unit`; finite, and not negative for a counter.
    pub value: f64,
    /// What the value counts.
    pub unit: Unit,
    /// The dimensions.
    pub labels: Labels,
    /// When; collectors that keep records fill it in.
    pub timestamp: Option<SystemTime>,
    /// How long what was measured took, if that has a meaning.
    pub duration: Option<Duration>,
    /// How it ended.
    pub outcome: Outcome,
    /// Data that is not a dimension.
    pub attributes: Attributes,
    defect: Option<MetricsErrorKind>,
}

impl MetricRecord {
    /// A record without unit, labels and moment.
    #[must_use]
    pub fn new(name: MetricName, kind: MetricKind, value: f64) -> Self {
        Self {
            name,
            kind,
            value,
            unit: Unit::None,
            labels: Labels::empty(),
            timestamp: None,
            duration: None,
            outcome: Outcome::Ok,
            attributes: Attributes::default(),
            defect: None,
        }
    }

    /// A record whose name is known only when the program runs. A name that
    /// breaks the rule makes the record invalid.
    #[must_use]
    pub fn named(name: &str, kind: MetricKind, value: f64) -> Self {
        match MetricName::parse(name) {
            Ok(name) => Self::new(name, kind, value),
            Err(error) => Self {
                defect: Some(error.kind()),
                ..Self::new(NAMELESS, kind, value)
            },
        }
    }

    /// An increment of a counter, in things.
    #[must_use]
    pub fn counter(name: MetricName, increment: f64) -> Self {
        Self::new(name, MetricKind::Counter, increment).with_unit(Unit::Count)
    }

    /// A new level of a gauge.
    #[must_use]
    pub fn gauge(name: MetricName, level: f64) -> Self {
        Self::new(name, MetricKind::Gauge, level)
    }

    /// One sample of a distribution.
    #[must_use]
    pub fn histogram(name: MetricName, sample: f64) -> Self {
        Self::new(name, MetricKind::Histogram, sample)
    }

    /// How long something took, as a sample in seconds.
    #[must_use]
    pub fn timing(name: MetricName, duration: Duration) -> Self {
        Self::histogram(name, duration.as_secs_f64())
            .with_unit(Unit::Seconds)
            .with_duration(duration)
    }

    /// Sets the unit.
    #[must_use]
    pub fn with_unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// Replaces the labels.
    #[must_use]
    pub fn with_labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// Adds a label. A label that is refused makes the record invalid.
    #[must_use]
    pub fn with_label<K, V>(mut self, key: K, value: V) -> Self
    where
        K: Into<Cow<'static, str>>,
        V: Into<Cow<'static, str>>,
    {
        if let Err(error) = self.labels.insert(key.into(), value.into()) {
            self.defect.get_or_insert(error.kind());
        }
        self
    }

    /// Sets the moment.
    #[must_use]
    pub fn with_timestamp(mut self, timestamp: SystemTime) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// Sets how long it took.
    #[must_use]
    pub fn with_duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// Makes this the record of an error of that class.
    #[must_use]
    pub fn with_error(mut self, class: ErrorLabel) -> Self {
        self.outcome = Outcome::Error(class);
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with_attribute<K, V>(mut self, key: K, value: V) -> Self
    where
        K: Into<Cow<'static, str>>,
        V: Into<Cow<'static, str>>,
    {
        self.attributes = self.attributes.with(key, value);
        self
    }

    /// Whether a collector may count this record.
    ///
    /// # Errors
    ///
    /// What is wrong with the name, a label, or the value.
    pub fn validate(&self) -> Result<(), MetricsError> {
        if let Some(kind) = self.defect {
            return Err(MetricsError::new(kind));
        }
        let goes_down = self.kind == MetricKind::Counter && self.value < 0.0;
        if !self.value.is_finite() || goes_down {
            return Err(
                MetricsError::new(MetricsErrorKind::Value).with_subject(self.name.to_string())
            );
        }
        self.labels.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: MetricName = MetricName::from_static("jobs");

    #[test]
    fn what_cannot_be_counted_is_invalid() {
        let kind = |record: MetricRecord| record.validate().unwrap_err().kind();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(
                kind(MetricRecord::gauge(NAME, value)),
                MetricsErrorKind::Value
            );
        }
        assert_eq!(
            kind(MetricRecord::counter(NAME, -1.0)),
            MetricsErrorKind::Value
        );
        assert_eq!(
            kind(MetricRecord::named("a b", MetricKind::Event, 1.0)),
            MetricsErrorKind::Name { position: 1 }
        );
        let forbidden = MetricRecord::counter(NAME, 1.0).with_label("email", "x");
        assert_eq!(kind(forbidden), MetricsErrorKind::LabelForbidden);
        let unchecked = Labels::new_unchecked([("__x", "1")]);
        assert_eq!(
            kind(MetricRecord::gauge(NAME, 1.0).with_labels(unchecked)),
            MetricsErrorKind::LabelKey
        );
        assert!(MetricRecord::gauge(NAME, -1.0).validate().is_ok());
        assert!(MetricRecord::counter(NAME, -0.0).validate().is_ok());
    }

    #[test]
    fn attributes_are_few_and_short() {
        let mut attributes = Attributes::default();
        for index in 0..10 {
            attributes = attributes.with(format!("k{index}"), "v".repeat(300));
        }
        assert_eq!(attributes.len(), ATTRIBUTES_MAX);
        assert_eq!(
            attributes.get("k0").unwrap().len(),
            ATTRIBUTE_VALUE_BYTES_MAX
        );
        assert_eq!(attributes.with("k0", "new").get("k0"), Some("new"));
    }

    #[test]
    fn durations_are_seconds() {
        let record = MetricRecord::timing(NAME, Duration::from_millis(1500));
        assert_eq!((record.value, record.unit), (1.5, Unit::Seconds));
        assert!(MetricRecord::timing(NAME, Duration::MAX).validate().is_ok());
    }

    #[test]
    fn error_classes_are_words() {
        for class in ["", "two words", "caf\u{e9}", "a@b", &*"x".repeat(65)] {
            let error = ErrorLabel::parse(class).unwrap_err();
            assert_eq!(error.kind(), MetricsErrorKind::ErrorLabel);
            assert!(class.is_empty() || !error.to_string().contains(class));
        }
        assert!(ErrorLabel::parse("db.unique_violation").is_ok());
    }
}
