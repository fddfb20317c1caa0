//! The one error envelope: encoder, decoder and rendering settings.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::ACCEPT;
use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::error::details::Sorted;
use crate::error::{Error, ErrorCategory};
use crate::scope::{RequestId, RequestScope};

/// Which members an encoder writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EnvelopeView {
    /// Everything that belongs on HTTP.
    #[default]
    Full,
    /// `code`, `message` and `fields` only, for output that is not HTTP.
    Compact,
}

/// In which form errors are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ErrorFormat {
    /// The envelope.
    #[default]
    Envelope,
    /// An RFC 9457 problem document.
    ProblemJson,
    /// A problem document only for a client that ranks it strictly above
    /// `application/json`; every error then varies by `Accept`.
    Negotiate,
}

/// Told of failures that are answered but must not be lost.
pub type ErrorReport = Arc<dyn Fn(&Error, &RequestScope) + Send + Sync>;

/// How errors are rendered; set once per server.
#[derive(Clone)]
#[non_exhaustive]
pub struct ErrorRendering {
    /// Envelope, problem document, or by negotiation.
    pub format: ErrorFormat,
    /// Prefix of the problem type; `urn:plumego:error:` by default.
    pub problem_type_base: String,
    /// Adds `details.cause` with the chain of causes to 5xx errors. Development
    /// only: causes may hold addresses, statements and paths.
    pub expose_internal: bool,
    /// Called once for every rendered 5xx error that has a cause.
    pub report: Option<ErrorReport>,
}

impl Default for ErrorRendering {
    fn default() -> Self {
        Self {
            format: ErrorFormat::Envelope,
            problem_type_base: "urn:plumego:error:".to_owned(),
            expose_internal: false,
            report: None,
        }
    }
}

impl fmt::Debug for ErrorRendering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorRendering")
            .field("format", &self.format)
            .field("problem_type_base", &self.problem_type_base)
            .field("expose_internal", &self.expose_internal)
            .field("report", &self.report.is_some())
            .finish()
    }
}

impl ErrorRendering {
    /// Sets the format.
    #[must_use]
    pub fn with_format(mut self, format: ErrorFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets the prefix of problem types.
    #[must_use]
    pub fn with_problem_type_base(mut self, base: impl Into<String>) -> Self {
        self.problem_type_base = base.into();
        self
    }

    /// Sets whether causes are shown in 5xx errors.
    #[must_use]
    pub fn with_expose_internal(mut self, expose: bool) -> Self {
        self.expose_internal = expose;
        self
    }

    /// Sets who is told of failures.
    #[must_use]
    pub fn with_report(mut self, report: ErrorReport) -> Self {
        self.report = Some(report);
        self
    }
}

/// Encodes an error; members in the order of the contract.
///
/// ```
/// use plumego_contract::{EnvelopeView, Error, ErrorKind, encode_error};
///
/// let error = Error::new(ErrorKind::NotFound);
/// assert_eq!(
///     encode_error(&error, EnvelopeView::Full, None),
///     br#"{"error":{"code":"not_found","message":"not found","category":"client_error"}}"#
/// );
/// ```
#[must_use]
pub fn encode_error(error: &Error, view: EnvelopeView, request_id: Option<&RequestId>) -> Vec<u8> {
    let envelope = Envelope {
        error,
        view,
        request_id,
    };
    encode(&envelope)
}

/// Encodes an error as an RFC 9457 problem document.
#[must_use]
pub fn encode_problem(error: &Error, type_base: &str, request_id: Option<&RequestId>) -> Vec<u8> {
    let problem = Problem {
        error,
        type_base,
        request_id,
    };
    encode(&problem)
}

fn encode(document: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    // Only maps with text keys, numbers and text are written, and a vector
    // takes every byte, so there is nothing that can fail.
    if serde_json::to_writer(&mut out, document).is_err() {
        out.clear();
        out.extend_from_slice(br#"{"error":{"code":"internal_error","message":"internal error"}}"#);
    }
    out
}

struct Envelope<'a> {
    error: &'a Error,
    view: EnvelopeView,
    request_id: Option<&'a RequestId>,
}

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("error", &ErrorMembers(self.error, self.view))?;
        if self.view == EnvelopeView::Full
            && let Some(id) = self.request_id
        {
            map.serialize_entry("request_id", id.as_str())?;
        }
        map.end()
    }
}

struct ErrorMembers<'a>(&'a Error, EnvelopeView);

impl Serialize for ErrorMembers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(error, view) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", error.code_str())?;
        map.serialize_entry("message", error.message_str())?;
        if *view == EnvelopeView::Full {
            map.serialize_entry("category", error.category().as_str())?;
        }
        serialize_fields(&mut map, error)?;
        if *view == EnvelopeView::Full && !error.details_map().is_empty() {
            map.serialize_entry("details", &Sorted(error.details_map()))?;
        }
        map.end()
    }
}

fn serialize_fields<M: SerializeMap>(map: &mut M, error: &Error) -> Result<(), M::Error> {
    let validation = error.category() == ErrorCategory::Validation;
    if validation || !error.field_errors().is_empty() {
        map.serialize_entry("fields", error.field_errors())?;
    }
    Ok(())
}

struct Problem<'a> {
    error: &'a Error,
    type_base: &'a str,
    request_id: Option<&'a RequestId>,
}

impl Serialize for Problem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let error = self.error;
        let mut map = serializer.serialize_map(None)?;
        if error.kind().is_some() {
            map.serialize_entry(
                "type",
                &format_args!("{}{}", self.type_base, error.code_str()),
            )?;
        } else {
            map.serialize_entry("type", "about:blank")?;
        }
        map.serialize_entry("title", error.title())?;
        map.serialize_entry("status", &error.status().as_u16())?;
        map.serialize_entry("detail", error.message_str())?;
        if let Some(id) = self.request_id {
            map.serialize_entry("instance", &format_args!("urn:request:{id}"))?;
        }
        map.serialize_entry("code", error.code_str())?;
        map.serialize_entry("category", error.category().as_str())?;
        serialize_fields(&mut map, error)?;
        if !error.details_map().is_empty() {
            map.serialize_entry("details", &Sorted(error.details_map()))?;
        }
        if let Some(id) = self.request_id {
            map.serialize_entry("request_id", id.as_str())?;
        }
        map.end()
    }
}

/// An error document as a client reads it. Unknown members are ignored, order
/// does not matter, only `code` and `message` must be there.
#[derive(Clone, Debug, PartialEq, Deserialize, serde::Serialize)]
#[non_exhaustive]
pub struct ErrorEnvelope {
    /// The error.
    pub error: ErrorBody,
    /// Correlation id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The `error` member of an [`ErrorEnvelope`].
#[derive(Clone, Debug, PartialEq, Deserialize, serde::Serialize)]
#[non_exhaustive]
pub struct ErrorBody {
    /// Machine name.
    pub code: String,
    /// Text for humans.
    pub message: String,
    /// Category; absent in the compact view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Problems of inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldBody>>,
    /// Structured data.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

/// One entry of `fields[]` as a client reads it.
#[derive(Clone, Debug, PartialEq, Deserialize, serde::Serialize)]
#[non_exhaustive]
pub struct FieldBody {
    /// Where the problem is.
    pub path: String,
    /// What the problem is.
    pub code: String,
    /// Text for humans.
    pub message: String,
    /// RFC 6901 pointer into the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Parameters of the rule.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
}

impl ErrorEnvelope {
    /// Reads an error document.
    ///
    /// # Errors
    /// When the text is not JSON or lacks `error.code` or `error.message`.
    pub fn decode(document: &[u8]) -> Result<Self, DecodeEnvelopeError> {
        serde_json::from_slice(document).map_err(|e| DecodeEnvelopeError(e.to_string()))
    }

    /// The first problem at `path`.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&FieldBody> {
        self.error.fields.iter().flatten().find(|f| f.path == path)
    }
}

/// The document is no error envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeEnvelopeError(String);

impl fmt::Display for DecodeEnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an error envelope: {}", self.0)
    }
}

impl std::error::Error for DecodeEnvelopeError {}

/// True when `Accept` ranks `application/problem+json` strictly above
/// `application/json` (RFC 9110 section 12.5.1).
#[must_use]
pub fn prefers_problem_json(headers: &HeaderMap) -> bool {
    let quality = |subtype: &str| {
        let values = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|v| v.to_str().ok());
        let ranges = values.flat_map(|value| value.split(','));
        ranges
            .filter_map(|range| range_quality(range, subtype))
            .max_by_key(|(specificity, _)| *specificity)
            .map_or(0, |(_, quality)| quality)
    };
    quality("problem+json") > quality("json")
}

/// Specificity and quality in thousandths of a media range that covers
/// `application/<subtype>`.
fn range_quality(range: &str, subtype: &str) -> Option<(u8, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?.to_ascii_lowercase();
    let specificity = match media.as_str() {
        "*/*" => 0,
        "application/*" => 1,
        other => {
            if other.strip_prefix("application/")? != subtype {
                return None;
            }
            2
        }
    };
    let quality = parts
        .find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")))
        .map_or(Some(1.0), |text| text.parse::<f32>().ok())
        .filter(|q| (0.0..=1.0).contains(q))
        .unwrap_or(0.0);
    Some((specificity, (quality * 1000.0) as u16))
}
