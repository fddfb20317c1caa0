use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http_body::Frame;
use serde::Serialize;

use crate::respond::{IntoResponse, encode, report};
use crate::scope::RequestScope;
use crate::{Body, BoxError, Error, Response};

type Chunks = Pin<Box<dyn futures_core::Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// A response whose length is not known beforehand, status 200.
///
/// The producer is polled only when the connection can take data. An item that
/// is an error breaks the transfer off, since the head was sent already, and is
/// reported to the server's log.
///
/// ```
/// use plumego_contract::{BoxError, Stream};
///
/// let numbers = futures_util::stream::iter((1..=3).map(Ok::<u32, BoxError>));
/// let reply = Stream::json_lines(numbers);
/// # let _ = reply;
/// ```
#[must_use = "a reply does nothing unless it is returned"]
pub struct Stream {
    headers: HeaderMap,
    chunks: Chunks,
}

impl Stream {
    /// Sends the chunks as they come.
    pub fn bytes<S, E>(content_type: HeaderValue, chunks: S) -> Self
    where
        S: futures_core::Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self::new(
            content_type,
            Mapped {
                items: chunks,
                map: |chunk| Ok(chunk),
            },
        )
    }

    /// Sends one JSON value and a line feed per item
    /// (`application/x-ndjson`).
    pub fn json_lines<S, T, E>(values: S) -> Self
    where
        S: futures_core::Stream<Item = Result<T, E>> + Send + 'static,
        T: Serialize + 'static,
        E: Into<BoxError>,
    {
        let content_type = HeaderValue::from_static("application/x-ndjson");
        Self::new(
            content_type,
            Mapped {
                items: values,
                map: |value: T| encode::line(&value).map_err(Into::into),
            },
        )
    }

    fn new<C>(content_type: HeaderValue, chunks: C) -> Self
    where
        C: futures_core::Stream<Item = Result<Bytes, BoxError>> + Send + 'static,
    {
        Self {
            headers: HeaderMap::from_iter([
                (CONTENT_TYPE, content_type),
                (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            ]),
            chunks: Box::pin(chunks),
        }
    }

    /// Sets a response header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl IntoResponse for Stream {
    fn into_response(self, scope: &RequestScope) -> Response {
        let mut response = Response::new(Body::new(Reported {
            chunks: Some(self.chunks),
            scope: scope.clone(),
        }));
        *response.headers_mut() = self.headers;
        response
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    struct Mapped<S, T> {
        #[pin]
        items: S,
        map: fn(T) -> Result<Bytes, BoxError>,
    }
}

impl<S, T, E> futures_core::Stream for Mapped<S, T>
where
    S: futures_core::Stream<Item = Result<T, E>>,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let item = ready!(this.items.poll_next(cx));
        Poll::Ready(item.map(|item| item.map_err(Into::into).and_then(this.map)))
    }
}

/// Ends at the first error and reports it.
struct Reported {
    chunks: Option<Chunks>,
    scope: RequestScope,
}

impl http_body::Body for Reported {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(chunks) = &mut self.chunks else {
            return Poll::Ready(None);
        };
        match ready!(chunks.as_mut().poll_next(cx)) {
            Some(Ok(chunk)) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            Some(Err(cause)) => {
                self.chunks = None;
                report(&self.scope, &Error::internal(cause));
                Poll::Ready(Some(Err("the stream failed".into())))
            }
            None => {
                self.chunks = None;
                Poll::Ready(None)
            }
        }
    }
}
