//! Writing responses: the two canonical writers and what builds on them.

pub(crate) mod encode;
mod length;
mod reply;
mod status;

use bytes::Bytes;
use http::StatusCode;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use serde::ser::{Serialize, SerializeMap, Serializer};

pub use encode::EncodeError;
pub(crate) use length::content_length;
pub(crate) use reply::location_value;
pub use reply::{InvalidLocation, Json, Reply};
pub use status::{InvalidResponseStatus, SuccessStatus};

use crate::envelope::{Envelope, EnvelopeView, ErrorFormat, FALLBACK, Problem};
use crate::scope::{RequestId, RequestScope, X_REQUEST_ID};
use crate::{Body, Error, Response};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Turns a value into a response, with the request's id and the server's
/// rendering settings at hand.
///
/// There is deliberately no implementation for text, tuples or bare statuses:
/// one obvious way to answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned from a handler",
    note = "return `Reply<T>`, `Json<T>`, `Error`, `Response`, `()`, or a `Result` of two of them",
    note = "wrap text in `Text` or `Html`, bytes in `Binary`"
)]
pub trait IntoResponse {
    /// Makes the response.
    fn into_response(self, scope: &RequestScope) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self, _: &RequestScope) -> Response {
        self
    }
}

impl IntoResponse for Error {
    fn into_response(self, scope: &RequestScope) -> Response {
        write_error(scope, &self)
    }
}

impl<A, E> IntoResponse for Result<A, E>
where
    A: IntoResponse,
    E: Into<Error>,
{
    fn into_response(self, scope: &RequestScope) -> Response {
        match self {
            Ok(value) => value.into_response(scope),
            Err(error) => write_error(scope, &error.into()),
        }
    }
}

/// 204.
impl IntoResponse for () {
    fn into_response(self, _: &RequestScope) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }
}

/// Writes a success envelope. Data given with 204 or 205 is not sent.
///
/// # Errors
/// [`EncodeError`] when data or meta cannot be encoded; nothing is written.
pub fn write_response<T: Serialize, M: Serialize>(
    scope: &RequestScope,
    status: SuccessStatus,
    data: Option<&T>,
    meta: Option<&M>,
) -> Result<Response, EncodeError> {
    write_parts(scope, status, data, meta)
}

fn write_parts<T: Serialize, M: Serialize>(
    scope: &RequestScope,
    status: SuccessStatus,
    data: Option<&T>,
    meta: Option<&M>,
) -> Result<Response, EncodeError> {
    if !status.has_body() {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status.get();
        return Ok(response);
    }
    let document = encode::to_bytes(&SuccessMembers {
        data,
        meta,
        request_id: scope.request_id(),
    })?;
    Ok(json_response(status.get(), document))
}

struct SuccessMembers<'a, T, M> {
    data: Option<&'a T>,
    meta: Option<&'a M>,
    request_id: Option<&'a RequestId>,
}

impl<T: Serialize, M: Serialize> Serialize for SuccessMembers<'_, T, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(data) = self.data {
            map.serialize_entry("data", data)?;
        }
        if let Some(meta) = self.meta {
            map.serialize_entry("meta", meta)?;
        }
        if let Some(id) = self.request_id {
            map.serialize_entry("request_id", id.as_str())?;
        }
        map.end()
    }
}

/// Writes a JSON document without an envelope, for foreign protocols and bare
/// values.
///
/// # Errors
/// [`EncodeError`] when the value cannot be encoded; nothing is written.
pub fn raw_json<T: Serialize + ?Sized>(
    status: StatusCode,
    document: &T,
) -> Result<Response, EncodeError> {
    Ok(json_response(status, encode::to_bytes(document)?))
}

fn json_response(status: StatusCode, document: Bytes) -> Response {
    let length = content_length(document.len());
    let mut response = Response::new(Body::from_bytes(document));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response
}

/// Writes an error in the server's format. Never fails and never sends a
/// cause; a 5xx error with a cause is reported to the server's log.
#[must_use]
pub fn write_error(scope: &RequestScope, error: &Error) -> Response {
    let rendering = &scope.settings().rendering;
    if error.status().is_server_error() && std::error::Error::source(error).is_some() {
        report(scope, error);
    }
    let exposed;
    let shown = if rendering.expose_internal && error.status().is_server_error() {
        exposed = with_causes(error);
        &exposed
    } else {
        error
    };
    let id = error.request_id_ref().or_else(|| scope.request_id());
    let as_problem = match rendering.format {
        ErrorFormat::Envelope => false,
        ErrorFormat::ProblemJson => true,
        ErrorFormat::Negotiate => scope.prefers_problem(),
    };
    let (encoded, content_type) = if as_problem {
        let problem = Problem {
            error: shown,
            type_base: &rendering.problem_type_base,
            request_id: id,
        };
        (encode::to_bytes(&problem), PROBLEM_JSON)
    } else {
        let envelope = Envelope {
            error: shown,
            view: EnvelopeView::Full,
            request_id: id,
        };
        (encode::to_bytes(&envelope), JSON)
    };
    // Only maps with text keys, numbers and text are written, so nothing can
    // fail.
    let document = encoded.unwrap_or(Bytes::from_static(FALLBACK));
    let mut response = error_response(error, document, content_type, id);
    if rendering.format == ErrorFormat::Negotiate {
        let headers = response.headers_mut();
        headers.append(VARY, HeaderValue::from_name(ACCEPT));
    }
    response
}

/// Tells the server's log of a failure.
pub(crate) fn report(scope: &RequestScope, error: &Error) {
    if let Some(report) = &scope.settings().rendering.report {
        report(error, scope);
    }
}

fn error_response(
    error: &Error,
    document: Bytes,
    content_type: HeaderValue,
    id: Option<&RequestId>,
) -> Response {
    let mut headers = HeaderMap::with_capacity(5 + error.headers().len());
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CONTENT_LENGTH, content_length(document.len()));
    for (name, value) in error.headers() {
        headers.append(name, value.clone());
    }
    set_default(&mut headers, X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    set_default(&mut headers, CACHE_CONTROL, NO_STORE);
    if let Some(id) = id {
        headers.insert(X_REQUEST_ID, id.to_header());
    }
    let mut response = Response::new(Body::from_bytes(document));
    *response.status_mut() = error.status();
    *response.headers_mut() = headers;
    response
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

/// The error with its chain of causes in the details, for development.
fn with_causes(error: &Error) -> Error {
    let mut chain = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(current) = cause {
        chain.push(serde_json::Value::from(current.to_string()));
        cause = current.source();
    }
    if chain.is_empty() {
        return error.clone();
    }
    error.clone().detail("cause", chain)
}
