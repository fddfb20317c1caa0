//! The end of a response body, which is where a response ends.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use plumego_contract::{Body, BoxError, Response};

/// How a response body came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// All of it was taken by the connection, or there was none to send.
    Complete,
    /// The body failed.
    Failed,
    /// It was dropped before its end: the client is gone.
    Dropped,
    /// Reading it panicked.
    Panicked,
}

/// The end of a response body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyEnd {
    /// Bytes of data handed to the connection.
    pub(crate) bytes: u64,
    pub(crate) reason: EndReason,
}

/// A response body that panicked after its head was sent.
#[derive(Debug, thiserror::Error)]
#[error("the response body panicked")]
pub(crate) struct BodyPanicked;

/// Runs `on_end` exactly once: when the body of the response ends, fails, or
/// is dropped. A response that sends no body is at its end at once.
///
/// `on_end` runs on the task of the connection and must not panic; callbacks
/// of users go through [`guarded`](crate::callback::guarded).
pub(crate) fn on_body_end<F>(method: &Method, response: Response, on_end: F) -> Response
where
    F: FnOnce(BodyEnd) + Send + 'static,
{
    if sends_no_body(method, &response) {
        on_end(BodyEnd {
            bytes: 0,
            reason: EndReason::Complete,
        });
        return response;
    }
    let (parts, body) = response.into_parts();
    let expected = body.exact_len().or_else(|| declared_len(&parts.headers));
    let body = EndBody {
        body,
        bytes: 0,
        expected,
        on_end: Some(on_end),
    };
    Response::from_parts(parts, Body::new(body))
}

/// True when a connection sends the head alone (RFC 9110 sections 6.4.1, 9.3.2,
/// 9.3.6), or when the body is empty.
fn sends_no_body(method: &Method, response: &Response) -> bool {
    let status = response.status();
    status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
        || method == Method::HEAD
        || (method == Method::CONNECT && status.is_success())
        || response.body().is_end_stream()
}

fn declared_len(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

struct EndBody<F: FnOnce(BodyEnd)> {
    body: Body,
    bytes: u64,
    /// A connection stops asking after the last expected byte.
    expected: Option<u64>,
    on_end: Option<F>,
}

// The closure is only ever moved out, never polled.
impl<F: FnOnce(BodyEnd)> Unpin for EndBody<F> {}

impl<F: FnOnce(BodyEnd)> EndBody<F> {
    fn end(&mut self, reason: EndReason) {
        if let Some(on_end) = self.on_end.take() {
            on_end(BodyEnd {
                bytes: self.bytes,
                reason,
            });
        }
    }

    fn observe(&mut self, frame: Option<&Result<Frame<Bytes>, BoxError>>) {
        match frame {
            Some(Ok(frame)) => {
                self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            Some(Err(error)) if error.is::<BodyPanicked>() => self.end(EndReason::Panicked),
            Some(Err(_)) => self.end(EndReason::Failed),
            None => self.end(EndReason::Complete),
        }
    }
}

impl<F> http_body::Body for EndBody<F>
where
    F: FnOnce(BodyEnd) + Send + 'static,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let body = Pin::new(&mut this.body);
        match catch_unwind(AssertUnwindSafe(|| body.poll_frame(cx))) {
            Ok(Poll::Ready(frame)) => {
                this.observe(frame.as_ref());
                Poll::Ready(frame)
            }
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => {
                this.end(EndReason::Panicked);
                resume_unwind(payload)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<F: FnOnce(BodyEnd)> Drop for EndBody<F> {
    fn drop(&mut self) {
        if self.on_end.is_none() {
            return;
        }
        let whole = self.expected.is_some_and(|expected| self.bytes >= expected);
        self.end(if whole || self.body.is_end_stream() {
            EndReason::Complete
        } else {
            EndReason::Dropped
        });
    }
}
