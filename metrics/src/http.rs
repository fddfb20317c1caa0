//! The one shape of an HTTP measurement.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};

use crate::{Labels, MetricKind, MetricName, MetricRecord, Unit};

/// The name every HTTP request is measured under.
pub const METRIC_HTTP_REQUEST: MetricName = MetricName::from_static(HTTP_REQUEST);

pub(crate) const HTTP_REQUEST: &str = "http_request";

/// The label key of the method.
pub const LABEL_METHOD: &str = "method";
/// The label key of the route template.
pub const LABEL_PATH: &str = "path";
/// The label key of the status code.
pub const LABEL_STATUS: &str = "status";

/// The path label of requests that matched no route.
pub const ROUTE_UNMATCHED: &str = "__unmatched__";
/// The method label of methods that are not standard.
pub const METHOD_OTHER: &str = "OTHER";

/// What matched the path of a request.
#[derive(Copy, Clone, Debug, Eq, PartialEq, Hash)]
pub enum Route<'a> {
    /// The template of the route, such as `/users/{id}`; never the raw path.
    Template(&'a str),
    /// No route.
    Unmatched,
}

impl<'a> Route<'a> {
    /// The value of the path label.
    #[must_use]
    pub const fn label(self) -> &'a str {
        match self {
            Self::Template(template) => template,
            Self::Unmatched => ROUTE_UNMATCHED,
        }
    }
}

impl<'a> From<Option<&'a str>> for Route<'a> {
    fn from(template: Option<&'a str>) -> Self {
        template.map_or(Self::Unmatched, Self::Template)
    }
}

/// One finished request. Byte counts are measurements and never become labels.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub struct HttpObservation<'a> {
    /// The method of the request.
    pub method: &'a Method,
    /// What matched its path.
    pub route: Route<'a>,
    /// The status of the response; 499 when the client left before there was one.
    pub status: StatusCode,
    /// Bytes of the request body that were read.
    pub request_bytes: u64,
    /// Bytes of the response body that were sent.
    pub response_bytes: u64,
    /// From the first byte of the request head to the last of the response.
    pub duration: Duration,
}

/// The label value of a method: the standard ones in upper case (RFC 9110,
/// RFC 5789), `OTHER` for the rest, so that clients cannot create series.
#[must_use]
pub fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => METHOD_OTHER,
    }
}

/// The record of a finished request.
///
/// ```
/// use http::{Method, StatusCode};
/// use plumego_metrics::{http_record, HttpObservation, Route};
/// use std::time::{Duration, SystemTime};
///
/// let observation = HttpObservation {
///     method: &Method::GET,
///     route: Route::Template("/users/{id}"),
///     status: StatusCode::OK,
///     request_bytes: 0,
///     response_bytes: 512,
///     duration: Duration::from_millis(250),
/// };
/// let record = http_record(&observation, SystemTime::now());
/// assert_eq!(record.value, 0.25);
/// assert_eq!(
///     record.labels.iter().collect::<Vec<_>>(),
///     [("method", "GET"), ("path", "/users/{id}"), ("status", "200")],
/// );
/// ```
#[must_use]
pub fn http_record(observation: &HttpObservation<'_>, now: SystemTime) -> MetricRecord {
    let labels = Labels::trusted([
        (
            LABEL_METHOD,
            Cow::Borrowed(method_label(observation.method)),
        ),
        (LABEL_PATH, Cow::Owned(observation.route.label().to_owned())),
        (
            LABEL_STATUS,
            Cow::Owned(observation.status.as_str().to_owned()),
        ),
    ]);
    MetricRecord::new(
        METRIC_HTTP_REQUEST,
        MetricKind::Histogram,
        observation.duration.as_secs_f64(),
    )
    .with_unit(Unit::Seconds)
    .with_labels(labels)
    .with_duration(observation.duration)
    .with_timestamp(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_cannot_create_series() {
        let strange = Method::from_bytes(b"BREW").unwrap();
        let lower = Method::from_bytes(b"get").unwrap();
        let observation = |method| HttpObservation {
            method,
            route: Route::Unmatched,
            status: StatusCode::NOT_FOUND,
            request_bytes: u64::MAX,
            response_bytes: u64::MAX,
            duration: Duration::MAX,
        };
        for method in [&strange, &lower] {
            let record = http_record(&observation(method), SystemTime::UNIX_EPOCH);
            assert_eq!(record.labels.get("method"), Some("OTHER"));
            assert_eq!(record.labels.get("path"), Some("__unmatched__"));
            assert!(record.validate().is_ok());
        }
        assert_eq!(method_label(&Method::PATCH), "PATCH");
    }

    #[test]
    fn a_route_from_an_option() {
        assert_eq!(Route::from(Some("/a")), Route::Template("/a"));
        assert_eq!(Route::from(None), Route::Unmatched);
    }
}
