//! The structured error: kinds, codes, fields and the value itself.

pub(crate) mod category;
pub mod code;
pub(crate) mod details;
pub(crate) mod field;
pub(crate) mod kind;
pub(crate) mod path;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

pub use category::ErrorCategory;
pub use code::ErrorCode;
pub use field::{FieldError, FieldErrors};
pub use kind::{ErrorKind, ErrorKindMeta, UnknownErrorKind};
pub use path::FieldPath;

use crate::BoxError;
use crate::scope::RequestId;

/// Longest message on the wire, in bytes; longer text is cut and ends in `…`.
const MESSAGE_BYTES_MAX: usize = 1024;
/// Most entries of `fields[]`; the surplus is counted in the details.
const FIELDS_MAX: usize = 100;

/// An error that can be answered: status, category and code always agree, and
/// the cause stays inside the process.
///
/// One pointer wide and cheap to clone.
///
/// ```
/// use plumego_contract::{Error, ErrorKind};
///
/// let missing = Error::new(ErrorKind::NotFound)
///     .message("item not found")
///     .detail("id", "17");
/// assert_eq!(missing.status(), 404);
/// assert_eq!(missing.code_str(), "not_found");
/// assert_eq!(missing.to_string(), "item not found");
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    category: ErrorCategory,
    kind: Option<ErrorKind>,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    details: Map<String, Value>,
    headers: HeaderMap,
    request_id: Option<RequestId>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this kind, with its title as message.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        let meta = kind.meta();
        Self::assemble(
            meta.status,
            meta.category,
            Some(kind),
            meta.code,
            meta.title,
        )
    }

    /// An error with a declared refinement code.
    #[must_use]
    pub fn coded(code: &ErrorCode) -> Self {
        let mut error = Self::new(code.kind);
        error.edit().code = Cow::Borrowed(code.code);
        error
    }

    /// An error from a bare status. A status with exactly one kind gets that
    /// kind; any other 4xx and 5xx gets the generic code of its class; a status
    /// that is no error becomes 500.
    #[must_use]
    pub fn from_status(status: u16) -> Self {
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|s| s.is_client_error() || s.is_server_error())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(kind) = ErrorKind::only_with_status(status) {
            return Self::new(kind);
        }
        let (category, code) = match status.as_u16() {
            400 => (ErrorCategory::Client, "bad_request"),
            401 => (ErrorCategory::Auth, "unauthorized"),
            409 => (ErrorCategory::Client, "conflict"),
            503 => (ErrorCategory::Server, "service_unavailable"),
            402..=499 => (ErrorCategory::Client, "invalid_request"),
            _ => (ErrorCategory::Server, "internal_error"),
        };
        let message = reason_phrase(status);
        Self::assemble(status, category, None, code, message)
    }

    /// A failure of this service: kind [`ErrorKind::Internal`] with a cause
    /// that is logged and never sent.
    #[must_use]
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::new(ErrorKind::Internal).wrap(cause)
    }

    fn assemble(
        status: StatusCode,
        category: ErrorCategory,
        kind: Option<ErrorKind>,
        code: &'static str,
        message: &'static str,
    ) -> Self {
        Self(Arc::new(Inner {
            status,
            category,
            kind,
            code: Cow::Borrowed(code),
            message: Cow::Borrowed(message),
            fields: Vec::new(),
            details: Map::new(),
            headers: HeaderMap::new(),
            request_id: None,
            cause: None,
        }))
    }

    fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    /// Sets the text for humans; it is safe to show. Blank text is ignored,
    /// text over 1 024 bytes is cut.
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        if !message.trim().is_empty() {
            self.edit().message = cut_message(message);
        }
        self
    }

    /// Refines the code; status and category stay. A code that does not fit the
    /// grammar, or any code on a validation kind, is ignored.
    #[must_use]
    pub fn code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        let code = code.into();
        let legal = code::is_code(&code) && self.0.category != ErrorCategory::Validation;
        debug_assert!(legal, "`{code}` cannot refine {:?}", self.0.kind);
        if legal {
            self.edit().code = code;
        }
        self
    }

    /// Adds structured data. An empty key is dropped; a value nested deeper
    /// than 16 levels or larger than 16 KiB in total is replaced by
    /// `"<truncated>"`.
    #[must_use]
    pub fn detail(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        details::insert(
            &mut self.edit().details,
            key.into().into_owned(),
            value.into(),
        );
        self
    }

    /// Adds several details under the rules of [`Error::detail`].
    #[must_use]
    pub fn details<I, K, V>(self, details: I) -> Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<Cow<'static, str>>,
        V: Into<Value>,
    {
        details
            .into_iter()
            .fold(self, |error, (key, value)| error.detail(key, value))
    }

    /// Adds one problem of an input.
    #[must_use]
    pub fn field(
        self,
        path: impl Into<FieldPath>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.fields([FieldError::new(path, code, message)])
    }

    /// Adds problems of inputs, in order. At most 100 are kept, the surplus is
    /// counted in `details.truncated_fields`.
    #[must_use]
    pub fn fields(mut self, problems: impl IntoIterator<Item = FieldError>) -> Self {
        let inner = self.edit();
        let mut surplus = 0_u64;
        for problem in problems {
            if inner.fields.len() < FIELDS_MAX {
                inner.fields.push(problem);
            } else {
                surplus += 1;
            }
        }
        if surplus > 0 {
            let earlier = inner
                .details
                .get("truncated_fields")
                .and_then(Value::as_u64);
            let total = surplus + earlier.unwrap_or(0);
            details::insert(
                &mut inner.details,
                "truncated_fields".to_owned(),
                total.into(),
            );
        }
        self
    }

    /// Adds a response header that belongs to the error, such as `Allow`.
    /// Headers that frame the message are refused.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        let framing = matches!(
            name,
            header::CONTENT_TYPE
                | header::CONTENT_LENGTH
                | header::TRANSFER_ENCODING
                | header::CONNECTION
        );
        debug_assert!(
            !framing,
            "`{name}` frames the message and cannot be attached"
        );
        if !framing {
            self.edit().headers.append(name, value);
        }
        self
    }

    /// Adds `Retry-After` in whole seconds, rounded up, at least 1.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let rounded = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let value = HeaderValue::from(rounded.max(1));
        self.edit().headers.insert(header::RETRY_AFTER, value);
        self
    }

    /// Sets the correlation id; otherwise the id of the request is used.
    #[must_use]
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.edit().request_id = Some(id);
        self
    }

    /// Keeps a diagnostic cause, reachable through
    /// [`source`](std::error::Error::source) and never sent.
    #[must_use]
    pub fn wrap(mut self, cause: impl Into<BoxError>) -> Self {
        self.edit().cause = Some(Arc::from(cause.into()));
        self
    }

    /// Response status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Category on the wire.
    #[must_use]
    pub fn category(&self) -> ErrorCategory {
        self.0.category
    }

    /// The kind; `None` for an error from a bare status that several kinds or
    /// none share.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        self.0.kind
    }

    /// Code on the wire.
    #[must_use]
    pub fn code_str(&self) -> &str {
        &self.0.code
    }

    /// Text for humans.
    #[must_use]
    pub fn message_str(&self) -> &str {
        &self.0.message
    }

    /// Problems of inputs.
    #[must_use]
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// Structured data.
    #[must_use]
    pub fn details_map(&self) -> &Map<String, Value> {
        &self.0.details
    }

    /// Headers that travel with the error.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The id set on the error itself.
    #[must_use]
    pub fn request_id_ref(&self) -> Option<&RequestId> {
        self.0.request_id.as_ref()
    }

    /// The title of a problem document: that of the kind (of `Validation` for
    /// the whole category), else the reason phrase.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.0.kind {
            Some(kind) if kind.is_validation() => ErrorKind::Validation.meta().title,
            Some(kind) => kind.meta().title,
            None => reason_phrase(self.0.status),
        }
    }

    /// The first `Error` in a chain of causes, the error itself included.
    #[must_use]
    pub fn find_in<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut current = Some(error);
        while let Some(error) = current {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            current = error.source();
        }
        None
    }
}

fn reason_phrase(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("error")
}

fn cut_message(message: Cow<'static, str>) -> Cow<'static, str> {
    if message.len() <= MESSAGE_BYTES_MAX {
        return message;
    }
    let end = message.floor_char_boundary(MESSAGE_BYTES_MAX - '…'.len_utf8());
    Cow::Owned(format!("{}…", &message[..end]))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.0.status.as_u16())
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("fields", &self.0.fields)
            .field("details", &self.0.details)
            .field("cause", &self.0.cause)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pointer_wide() {
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn bare_statuses() {
        for (given, status, code, kind) in [
            (400, 400, "bad_request", None),
            (401, 401, "unauthorized", None),
            (404, 404, "not_found", Some(ErrorKind::NotFound)),
            (409, 409, "conflict", None),
            (418, 418, "invalid_request", None),
            (422, 422, "invalid_request", Some(ErrorKind::InvalidRequest)),
            (503, 503, "service_unavailable", None),
            (504, 504, "gateway_timeout", Some(ErrorKind::GatewayTimeout)),
            (508, 508, "internal_error", None),
            (0, 500, "internal_error", Some(ErrorKind::Internal)),
            (200, 500, "internal_error", Some(ErrorKind::Internal)),
            (700, 500, "internal_error", Some(ErrorKind::Internal)),
        ] {
            let error = Error::from_status(given);
            assert_eq!(error.status().as_u16(), status, "{given}");
            assert_eq!(error.code_str(), code, "{given}");
            assert_eq!(error.kind(), kind, "{given}");
        }
        assert_eq!(
            Error::from_status(200).code("own_code").code_str(),
            "own_code"
        );
        assert_eq!(Error::from_status(418).message_str(), "I'm a teapot");
    }

    #[test]
    fn refinement_keeps_status_and_category() {
        let error = Error::new(ErrorKind::Unavailable).code("circuit_open");
        assert_eq!(error.status(), 503);
        assert_eq!(error.category(), ErrorCategory::Server);
        assert_eq!(error.code_str(), "circuit_open");
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let error = Error::new(ErrorKind::Conflict).message("é".repeat(2000));
        assert!(error.message_str().len() <= 1024);
        assert!(error.message_str().ends_with("é…"));
        assert_eq!(
            Error::new(ErrorKind::Conflict).message(" ").message_str(),
            "conflict"
        );
    }

    #[test]
    fn surplus_fields_are_counted() {
        let problem = |i: usize| FieldError::new(FieldPath::root("body").index(i), "too_long", "x");
        let error = Error::new(ErrorKind::Validation)
            .fields((0..99).map(problem))
            .fields((0..5).map(problem))
            .fields((0..2).map(problem));
        assert_eq!(error.field_errors().len(), 100);
        assert_eq!(error.details_map()["truncated_fields"], 6);
    }

    #[test]
    fn causes_are_reachable_at_any_depth() {
        #[derive(Debug)]
        struct Wrap(Box<dyn std::error::Error + Send + Sync>);
        impl fmt::Display for Wrap {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("wrap")
            }
        }
        impl std::error::Error for Wrap {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(self.0.as_ref())
            }
        }
        let inner = Error::new(ErrorKind::Gone);
        let outer = Wrap(Box::new(Wrap(Box::new(Wrap(Box::new(inner))))));
        assert_eq!(
            Error::find_in(&outer).map(Error::status),
            Some(StatusCode::GONE)
        );
        assert!(Error::find_in(&fmt::Error).is_none());
    }

    #[test]
    fn retry_after_rounds_up() {
        let value =
            |d| Error::new(ErrorKind::RateLimited).retry_after(d).headers()["retry-after"].clone();
        assert_eq!(value(Duration::ZERO), "1");
        assert_eq!(value(Duration::from_millis(1001)), "2");
        assert_eq!(value(Duration::from_secs(7)), "7");
    }
}
