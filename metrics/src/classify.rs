//! Which records are errors; the same rule on every path.

use http::StatusCode;

use crate::http::{HTTP_REQUEST, LABEL_STATUS};
use crate::{MetricRecord, Outcome};

/// How a record counts towards errors.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// Not an error.
    None,
    /// A request the client got wrong: 400 to 499.
    Client,
    /// A request the server failed: 500 to 599.
    Server,
    /// An error that is neither, such as the explicit one of any other record.
    Other,
}

impl ErrorClass {
    /// The class of a status code.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        Self::of_number(u64::from(status.as_u16()))
    }

    /// The class of a record.
    ///
    /// An HTTP record counts by its `status` label, which is no error if it is
    /// not a number; any record counts when its outcome is an error.
    #[must_use]
    pub fn of_record(record: &MetricRecord) -> Self {
        let by_status = if record.name.as_str() == HTTP_REQUEST {
            record
                .labels
                .get(LABEL_STATUS)
                .and_then(status_number)
                .map_or(Self::None, Self::of_number)
        } else {
            Self::None
        };
        match (by_status, &record.outcome) {
            (Self::None, Outcome::Error(_)) => Self::Other,
            (class, _) => class,
        }
    }

    const fn of_number(status: u64) -> Self {
        match status {
            0..=399 => Self::None,
            400..=499 => Self::Client,
            500..=599 => Self::Server,
            _ => Self::Other,
        }
    }

    /// Whether this is an error.
    #[must_use]
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::None)
    }
}

/// The number a label value is; one too large to hold is the largest.
fn status_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorLabel, Labels, METRIC_HTTP_REQUEST, MetricKind, MetricName};

    fn of_text(status: &'static str) -> ErrorClass {
        let labels = Labels::new([("status", status)]).unwrap();
        let record =
            MetricRecord::new(METRIC_HTTP_REQUEST, MetricKind::Histogram, 0.1).with_labels(labels);
        ErrorClass::of_record(&record)
    }

    #[test]
    fn by_status() {
        for status in ["200", "301", "399", "0"] {
            assert_eq!(of_text(status), ErrorClass::None, "{status}");
        }
        for (status, class) in [
            ("400", ErrorClass::Client),
            ("404", ErrorClass::Client),
            ("499", ErrorClass::Client),
            ("500", ErrorClass::Server),
            ("599", ErrorClass::Server),
            ("600", ErrorClass::Other),
            ("99999999999999999999999", ErrorClass::Other),
        ] {
            assert_eq!(of_text(status), class, "{status}");
        }
        for status in ["", "abc", "-500", "+500", "4 04", "404.0", "5xx"] {
            assert_eq!(of_text(status), ErrorClass::None, "{status}");
        }
    }

    #[test]
    fn both_paths_agree_on_every_status() {
        for code in 100..1000 {
            let status = StatusCode::from_u16(code).unwrap();
            let labels = Labels::new([("status", code.to_string())]).unwrap();
            let record = MetricRecord::new(METRIC_HTTP_REQUEST, MetricKind::Histogram, 0.1)
                .with_labels(labels);
            assert_eq!(
                ErrorClass::of_record(&record),
                ErrorClass::of_status(status),
                "{code}"
            );
        }
    }

    #[test]
    fn an_explicit_error_counts_under_any_name() {
        let record = MetricRecord::counter(MetricName::from_static("jobs"), 1.0)
            .with_error(ErrorLabel::OTHER);
        assert_eq!(ErrorClass::of_record(&record), ErrorClass::Other);
        let status_elsewhere =
            MetricRecord::counter(MetricName::from_static("jobs"), 1.0).with_label("status", "500");
        assert_eq!(ErrorClass::of_record(&status_elsewhere), ErrorClass::None);
    }
}
