//! What is known about a request when it is over.
//!
//! The access log, the metrics and the tracing layer each compute one
//! [`RequestSummary`] when the response body ends, fails or is dropped, and
//! hand it to their sink.

mod facts;
mod observe;
mod request_bytes;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::{Method, StatusCode};
use plumego_contract::{RequestId, SpanId, TraceId};

pub(crate) use facts::{Detail, Facts};
pub(crate) use observe::{Observer, observe};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The whole response was handed to the connection.
    Completed,
    /// The client left before that.
    ClientGone,
    /// The response body failed after its head was sent.
    Aborted,
    /// The service or the response body panicked.
    Panicked,
}

impl Outcome {
    /// The name in logs: `completed`, `client_gone`, `aborted`, `panicked`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::ClientGone => "client_gone",
            Self::Aborted => "aborted",
            Self::Panicked => "panicked",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request that is over.
///
/// It borrows from the request, so making one costs nothing; a sink copies
/// what it keeps. Query, headers and bodies are not part of it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestSummary<'a> {
    /// Method of the request.
    pub method: &'a Method,
    /// Path of the request target, without the query.
    pub path: &'a str,
    /// Pattern of the route that matched, such as `/users/{id}`.
    pub route: Option<&'a str>,
    /// Name of the route that matched.
    pub route_name: Option<&'a str>,
    /// Status of the response head; 499 when the client left before it, 500
    /// when the service panicked before it.
    pub status: StatusCode,
    /// Bytes of the request body that were read.
    pub bytes_in: u64,
    /// Bytes of the response body that were handed to the connection.
    pub bytes_out: u64,
    /// From the start of the request to the end of the response body.
    pub duration: Duration,
    /// Correlation id.
    pub request_id: Option<&'a RequestId>,
    /// Trace the request belongs to.
    pub trace_id: Option<TraceId>,
    /// Span of the request.
    pub span_id: Option<SpanId>,
    /// Address of the client after the evaluation of trusted proxies.
    pub client_ip: Option<IpAddr>,
    /// `User-Agent`, as far as it is UTF-8, cut at 256 bytes.
    pub user_agent: Option<&'a str>,
    /// Protocol of the request, such as `HTTP/1.1`.
    pub protocol: &'static str,
    /// How the request ended.
    pub outcome: Outcome,
}

impl<'a> RequestSummary<'a> {
    /// A completed HTTP/1.1 request about which nothing else is known, for
    /// tests of sinks; set the fields that matter.
    ///
    /// ```
    /// use http::{Method, StatusCode};
    /// use plumego_middleware::telemetry::RequestSummary;
    ///
    /// let mut summary = RequestSummary::new(&Method::GET, "/users/17", StatusCode::OK);
    /// summary.route = Some("/users/{id}");
    /// assert_eq!(summary.outcome.as_str(), "completed");
    /// ```
    #[must_use]
    pub fn new(method: &'a Method, path: &'a str, status: StatusCode) -> Self {
        Self {
            method,
            path,
            route: None,
            route_name: None,
            status,
            bytes_in: 0,
            bytes_out: 0,
            duration: Duration::ZERO,
            request_id: None,
            trace_id: None,
            span_id: None,
            client_ip: None,
            user_agent: None,
            protocol: "HTTP/1.1",
            outcome: Outcome::Completed,
        }
    }
}
