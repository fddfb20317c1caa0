use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};

use crate::respond::IntoResponse;
use crate::scope::RequestScope;
use crate::{Body, Response};

/// `text/plain` in UTF-8, status 200.
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing unless it is returned"]
pub struct Text(Cow<'static, str>);

impl Text {
    /// This text.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}

impl IntoResponse for Text {
    fn into_response(self, _: &RequestScope) -> Response {
        let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
        whole(content_type, into_bytes(self.0))
    }
}

/// `text/html` in UTF-8, status 200. What it interpolates must be escaped, for
/// example by [`html::escape`](crate::html::escape).
///
/// ```
/// use plumego_contract::{Html, html};
///
/// let name = "<b>Ann</b>";
/// let page = Html::new(format!("<p>Hello {}</p>", html::escape(name)));
/// # let _ = page;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing unless it is returned"]
pub struct Html(Cow<'static, str>);

impl Html {
    /// This document.
    pub fn new(document: impl Into<Cow<'static, str>>) -> Self {
        Self(document.into())
    }
}

impl IntoResponse for Html {
    fn into_response(self, _: &RequestScope) -> Response {
        let content_type = HeaderValue::from_static("text/html; charset=utf-8");
        whole(content_type, into_bytes(self.0))
    }
}

/// Bytes with their content type, status 200.
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing unless it is returned"]
pub struct Binary {
    content_type: HeaderValue,
    content: Bytes,
}

impl Binary {
    /// These bytes.
    pub fn new(content_type: HeaderValue, content: impl Into<Bytes>) -> Self {
        Self {
            content_type,
            content: content.into(),
        }
    }
}

impl IntoResponse for Binary {
    fn into_response(self, _: &RequestScope) -> Response {
        whole(self.content_type, self.content)
    }
}

fn into_bytes(text: Cow<'static, str>) -> Bytes {
    match text {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => text.into(),
    }
}

fn whole(content_type: HeaderValue, content: Bytes) -> Response {
    // The body knows its length; the server writes it.
    let mut response = Response::new(Body::from_bytes(content));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
