//! The one error envelope: encoder, decoder and rendering settings.

mod client;
mod negotiate;

use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

pub use client::{DecodeEnvelopeError, ErrorBody, ErrorEnvelope, FieldBody, SuccessEnvelope};
pub use negotiate::prefers_problem_json;

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

/// JSON Schema of the error envelope, for documents that describe an API.
pub const ERROR_ENVELOPE_SCHEMA: &str = include_str!("schema.json");

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
    encode(&Envelope {
        error,
        view,
        request_id,
    })
}

/// Encodes an error as an RFC 9457 problem document.
#[must_use]
pub fn encode_problem(error: &Error, type_base: &str, request_id: Option<&RequestId>) -> Vec<u8> {
    encode(&Problem {
        error,
        type_base,
        request_id,
    })
}

/// What is sent when an error cannot be encoded.
pub(crate) const FALLBACK: &[u8] =
    br#"{"error":{"code":"internal_error","message":"internal error","category":"server_error"}}"#;

fn encode(document: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    // Only maps with text keys, numbers and text are written, and a vector
    // takes every byte, so there is nothing that can fail.
    if serde_json::to_writer(&mut out, document).is_err() {
        out.clear();
        out.extend_from_slice(FALLBACK);
    }
    out
}

pub(crate) struct Envelope<'a> {
    pub(crate) error: &'a Error,
    pub(crate) view: EnvelopeView,
    pub(crate) request_id: Option<&'a RequestId>,
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

pub(crate) struct Problem<'a> {
    pub(crate) error: &'a Error,
    pub(crate) type_base: &'a str,
    pub(crate) request_id: Option<&'a RequestId>,
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
