//! What can be wrong with a name, a label, a record, or a definition.

use std::borrow::Cow;
use std::fmt;

/// Why something was refused.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
#[non_exhaustive]
pub enum MetricsErrorKind {
    /// A metric name breaks the rule at this byte.
    Name {
        /// Offset of the first byte that may not stand there; the length of the
        /// name when it is empty or too long.
        position: usize,
    },
    /// A label key breaks the rule of keys.
    LabelKey,
    /// A label key names something secret, personal, or unbounded.
    LabelForbidden,
    /// A label key is given twice.
    LabelDuplicate,
    /// There are too many labels.
    LabelCount,
    /// A class of errors is not a short word.
    ErrorLabel,
    /// A value is not finite, or a counter would go down.
    Value,
    /// A bound is zero.
    Bound,
    /// A name is registered already, as something else.
    Conflict,
    /// There are too many instruments.
    Full,
    /// Histogram buckets are not increasing, not finite, too many, or missing.
    Buckets,
}

impl MetricsErrorKind {
    const fn remedy(self) -> &'static str {
        match self {
            Self::Name { .. } => "use 1 to 128 of [a-zA-Z0-9_:], not a digit first",
            Self::LabelKey => "use 1 to 64 of [a-zA-Z0-9_], not a digit or `__` first",
            Self::LabelForbidden => {
                "move it to the attributes of the record; identity is not a dimension"
            }
            Self::LabelDuplicate => "give each label key once",
            Self::LabelCount => "use at most 10 labels",
            Self::ErrorLabel => "use a class of 1 to 64 of [a-zA-Z0-9_.:-], never an error text",
            Self::Value => "values are finite, and counters never go down",
            Self::Bound => "use a bound of at least 1; there is no unbounded",
            Self::Conflict => "keep kind, unit, labels and buckets, or choose another name",
            Self::Full => "define instruments once, or raise the bound on names",
            Self::Buckets => "give 1 to 64 finite bounds, each above the one before",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Name { .. } => "invalid metric name",
            Self::LabelKey => "invalid label key",
            Self::LabelForbidden => "forbidden label key",
            Self::LabelDuplicate => "duplicate label key",
            Self::LabelCount => "too many labels",
            Self::ErrorLabel => "invalid error class",
            Self::Value => "invalid value",
            Self::Bound => "bound of zero",
            Self::Conflict => "conflicting registration",
            Self::Full => "too many instruments",
            Self::Buckets => "invalid histogram buckets",
        }
    }
}

/// Something this crate refused, with what to do about it.
///
/// The text may change between versions; [`kind`](Self::kind) may only grow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MetricsError {
    kind: MetricsErrorKind,
    subject: Option<Cow<'static, str>>,
}

impl MetricsError {
    /// An error of that kind; exporters use it to report conflicts.
    #[must_use]
    pub const fn new(kind: MetricsErrorKind) -> Self {
        Self {
            kind,
            subject: None,
        }
    }

    /// Names what the error is about: a metric, a key, or a bound.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<Cow<'static, str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// What kind of thing was wrong.
    #[must_use]
    pub const fn kind(&self) -> MetricsErrorKind {
        self.kind
    }

    /// Where in a metric name the first wrong byte is.
    #[must_use]
    pub const fn position(&self) -> Option<usize> {
        match self.kind {
            MetricsErrorKind::Name { position } => Some(position),
            _ => None,
        }
    }
}

impl fmt::Display for MetricsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.what())?;
        if let Some(subject) = &self.subject {
            write!(f, " `{}`", subject.escape_debug())?;
        }
        if let Some(position) = self.position() {
            write!(f, " at byte {position}")?;
        }
        write!(f, ": {}", self.kind.remedy())
    }
}

impl std::error::Error for MetricsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_where_and_what_to_do() {
        let error = MetricsError::new(MetricsErrorKind::Name { position: 3 }).with_subject("abc d");
        assert_eq!(
            error.to_string(),
            "invalid metric name `abc d` at byte 3: use 1 to 128 of [a-zA-Z0-9_:], not a digit first"
        );
        assert_eq!(error.position(), Some(3));
        assert_eq!(MetricsError::new(MetricsErrorKind::Bound).position(), None);
    }
}
