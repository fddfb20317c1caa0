use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderName, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode};
use http_body::{Frame, SizeHint};
use plumego_contract::{Body, BoxError, RequestScope, Response, X_REQUEST_ID};

use super::layer::X_COALESCED;
use crate::headers::replace_headers;
use crate::wire::{declared_length, has_cache_directive, is_upgrade, media_type};

/// What belongs to one request or connection and not to the response.
const OF_ONE_REQUEST: [HeaderName; 9] = [
    X_REQUEST_ID,
    HeaderName::from_static("x-span-id"),
    DATE,
    CONNECTION,
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
];

/// True when the head of a response allows to share it.
pub(super) fn may_be_shared(method: &Method, response: &Response, max_bytes: u64) -> bool {
    let headers = response.headers();
    let length = match response.body().exact_len() {
        None if method != Method::HEAD => declared_length(headers),
        length => length,
    };
    !response.status().is_informational()
        && !is_upgrade(method, response.status())
        && !headers.contains_key(SET_COOKIE)
        && !has_cache_directive(headers, "private")
        && !has_cache_directive(headers, "no-store")
        && !media_type(headers).eq_ignore_ascii_case("text/event-stream")
        && length.is_none_or(|length| length <= max_bytes)
}

/// The head of a response, as it was when the service gave it.
pub(super) struct HeadSnapshot {
    status: StatusCode,
    headers: HeaderMap,
    had_request_id: bool,
}

impl HeadSnapshot {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let mut kept = headers.clone();
        for name in OF_ONE_REQUEST {
            kept.remove(name);
        }
        Self {
            status,
            headers: kept,
            had_request_id: headers.contains_key(X_REQUEST_ID),
        }
    }
}

/// A whole response, to be given to those who waited.
pub(super) struct Replay {
    head: HeadSnapshot,
    body: WholeBody,
}

impl Replay {
    pub(super) fn new(head: HeadSnapshot, body: WholeBody) -> Self {
        Self { head, body }
    }

    /// The response for one of those who waited.
    pub(super) fn response(&self, method: &Method, scope: &RequestScope, mark: bool) -> Response {
        let head_only = method == Method::HEAD;
        let body = if head_only {
            Body::empty()
        } else {
            self.body.to_body()
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.head.status;
        let headers = response.headers_mut();
        replace_headers(headers, &self.head.headers);
        if head_only && !self.body.data.is_empty() {
            let length = HeaderValue::from(self.body.data.len());
            headers.entry(CONTENT_LENGTH).or_insert(length);
        }
        if self.head.had_request_id
            && let Some(id) = scope.request_id()
        {
            headers.insert(X_REQUEST_ID, id.to_header());
        }
        if mark {
            headers.insert(X_COALESCED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// All of a body. Clones share the bytes.
#[derive(Clone)]
pub(super) struct WholeBody {
    data: Bytes,
    trailers: Option<HeaderMap>,
}

impl WholeBody {
    pub(super) fn new(mut chunks: Vec<Bytes>, trailers: Option<HeaderMap>) -> Self {
        let data = match chunks.len() {
            0 => Bytes::new(),
            1 => chunks.remove(0),
            _ => {
                let length = chunks.iter().map(Bytes::len).sum();
                let mut whole = BytesMut::with_capacity(length);
                for chunk in &chunks {
                    whole.extend_from_slice(chunk);
                }
                whole.freeze()
            }
        };
        Self { data, trailers }
    }

    pub(super) fn to_body(&self) -> Body {
        match &self.trailers {
            None => Body::from_bytes(self.data.clone()),
            Some(trailers) => Body::new(WithTrailers {
                data: self.data.clone(),
                trailers: Some(trailers.clone()),
            }),
        }
    }
}

struct WithTrailers {
    data: Bytes,
    trailers: Option<HeaderMap>,
}

impl http_body::Body for WithTrailers {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let data = std::mem::take(&mut self.data);
        Poll::Ready(if data.is_empty() {
            self.trailers
                .take()
                .map(|trailers| Ok(Frame::trailers(trailers)))
        } else {
            Some(Ok(Frame::data(data)))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}
