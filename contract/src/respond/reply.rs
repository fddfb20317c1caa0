use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use serde::Serialize;
use serde_json::{Map, Value};

use super::status::SuccessStatus;
use super::{IntoResponse, raw_json, write_error, write_parts};
use crate::cookie::SetCookie;
use crate::scope::RequestScope;
use crate::{Error, Response};

/// The success envelope: `{"data", "meta"?, "request_id"?}`.
///
/// ```
/// use plumego_contract::Reply;
///
/// let reply = Reply::ok(vec!["a", "b"]).meta("total", 2);
/// # let _ = reply;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing unless it is returned"]
pub struct Reply<T = ()> {
    status: SuccessStatus,
    data: Option<T>,
    meta: Map<String, Value>,
    headers: HeaderMap,
    /// Why a part could not be taken over; answered as a failure.
    failure: Option<String>,
}

impl<T: Serialize> Reply<T> {
    /// 200 with data.
    pub fn ok(data: T) -> Self {
        Self::with_status(SuccessStatus::OK, data)
    }

    /// 201 with data.
    pub fn created(data: T) -> Self {
        Self::with_status(SuccessStatus::CREATED, data)
    }

    /// 201 with data and `Location`.
    ///
    /// # Errors
    /// [`InvalidLocation`] when the text is not a legal header value.
    pub fn created_at(location: &str, data: T) -> Result<Self, InvalidLocation> {
        let value = location_value(location)?;
        Ok(Self::created(data).header(LOCATION, value))
    }

    /// 202 with data.
    pub fn accepted(data: T) -> Self {
        Self::with_status(SuccessStatus::ACCEPTED, data)
    }

    /// Any success status with data. Data given with 204 or 205 is not sent.
    pub fn with_status(status: SuccessStatus, data: T) -> Self {
        debug_assert!(status.has_body(), "{} carries no data", status.get());
        Self::assemble(status, Some(data))
    }
}

impl Reply<()> {
    /// 204, no body.
    pub fn no_content() -> Self {
        Self::empty(SuccessStatus::NO_CONTENT)
    }

    /// Any success status without data.
    pub fn empty(status: SuccessStatus) -> Self {
        Self::assemble(status, None)
    }
}

impl<T> Reply<T> {
    fn assemble(status: SuccessStatus, data: Option<T>) -> Self {
        Self {
            status,
            data,
            meta: Map::new(),
            headers: HeaderMap::new(),
            failure: None,
        }
    }

    /// Adds a member of `meta`, such as `total`.
    pub fn meta(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.meta.insert(key.to_owned(), value.into());
        self
    }

    /// Adds every member of an object to `meta`. A value that is no object
    /// makes the reply a `500 internal_error`.
    pub fn meta_object<M: Serialize>(mut self, meta: M) -> Self {
        match serde_json::to_value(meta) {
            Ok(Value::Object(members)) => self.meta.extend(members),
            Ok(_) => self.failure = Some("meta is not an object".to_owned()),
            Err(error) => self.failure = Some(error.to_string()),
        }
        self
    }

    /// Adds a response header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets a cookie. A cookie that cannot be built makes the reply a `500
    /// internal_error`.
    pub fn cookie(mut self, cookie: SetCookie) -> Self {
        if let Err(error) = cookie.append_to(&mut self.headers) {
            self.failure = Some(error.to_string());
        }
        self
    }
}

/// The text is not a legal `Location`: empty, or with bytes a header cannot
/// carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidLocation;

impl fmt::Display for InvalidLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a location is non-empty visible ASCII; percent-encode the rest")
    }
}

impl std::error::Error for InvalidLocation {}

/// A failure of this service: it named a target it cannot send.
impl From<InvalidLocation> for Error {
    fn from(error: InvalidLocation) -> Self {
        Self::internal(error)
    }
}

pub(crate) fn location_value(location: &str) -> Result<HeaderValue, InvalidLocation> {
    if location.is_empty() || !location.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(InvalidLocation);
    }
    HeaderValue::from_str(location).map_err(|_| InvalidLocation)
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self, scope: &RequestScope) -> Response {
        if let Some(failure) = self.failure {
            return write_error(scope, &Error::internal(failure));
        }
        let meta = (!self.meta.is_empty()).then_some(&self.meta);
        match write_parts(scope, self.status, self.data.as_ref(), meta) {
            Ok(mut response) => {
                for (name, value) in &self.headers {
                    response.headers_mut().append(name, value.clone());
                }
                response
            }
            Err(cause) => write_error(scope, &cause.into()),
        }
    }
}

/// The bare value with status 200, without an envelope.
#[derive(Clone, Copy, Debug)]
#[must_use = "a reply does nothing unless it is returned"]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self, scope: &RequestScope) -> Response {
        raw_json(SuccessStatus::OK.get(), &self.0)
            .unwrap_or_else(|cause| write_error(scope, &cause.into()))
    }
}
