//! Taking the body of a request: once, bounded, and only when its declared
//! media type and length allow.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};

use crate::error::code::field as codes;
use crate::{Body, BodyLimitExceeded, CollectError, Error, ErrorKind, FieldPath, Request, code};

/// A handler bound the body of one request twice. Bind it once and keep the
/// value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyAlreadyBound;

impl fmt::Display for BodyAlreadyBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request body was bound a second time; bind it once and keep the value")
    }
}

impl std::error::Error for BodyAlreadyBound {}

/// Takes the body away, so that nothing can bind it again.
///
/// # Errors
/// `500 internal_error` when it is gone already; `413 payload_too_large` when
/// its declared length is above `max`.
pub(super) fn take(request: &mut Request, max: u64) -> Result<Body, Error> {
    let body = request.body_mut().take_for_binding();
    let body = body.ok_or_else(|| Error::internal(BodyAlreadyBound))?;
    if let Some(length) = declared_length(request.headers())
        && length > max
    {
        return Err(too_large(max));
    }
    Ok(body)
}

/// Reads a taken body.
pub(super) async fn read(body: Result<Body, Error>, max: u64) -> Result<Bytes, Error> {
    Ok(body?.collect_limited(max).await?)
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(super) fn too_large(max: u64) -> Error {
    BodyLimitExceeded::new(max, max).into()
}

/// Content codings are undone by a layer, never here.
pub(super) fn require_identity(headers: &HeaderMap) -> Result<(), Error> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if codings.all(identity) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::UnsupportedMediaType)
        .message("unsupported content encoding")
        .header(ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

/// A body that is not UTF-8.
pub(super) fn not_utf8() -> Error {
    Error::new(ErrorKind::Validation).field(
        FieldPath::root("body"),
        codes::INVALID_ENCODING,
        "not valid UTF-8",
    )
}

impl From<BodyLimitExceeded> for Error {
    /// `413 payload_too_large` with the limit in the details.
    fn from(limit: BodyLimitExceeded) -> Self {
        Self::new(ErrorKind::PayloadTooLarge).detail("max_bytes", limit.max_bytes)
    }
}

impl From<CollectError> for Error {
    /// 413 for a limit, `408 timeout` for a slow client, the error a layer gave
    /// the body, else `400 request_body_incomplete`.
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::TooLarge(limit) => limit.into(),
            CollectError::Timeout => Self::new(ErrorKind::Timeout),
            CollectError::Broken(cause) => match Self::find_in(cause.as_ref()) {
                Some(own) => own.clone(),
                None => Self::coded(&code::REQUEST_BODY_INCOMPLETE)
                    .message("the request body is incomplete")
                    .wrap(cause),
            },
        }
    }
}
