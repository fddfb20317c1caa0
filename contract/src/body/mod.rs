//! The one body type of requests and responses.

mod channel;
mod collect;
#[cfg(feature = "hyper")]
mod incoming;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};

pub use channel::{BodyClosed, BodySender};
pub use collect::{BodyLimitExceeded, CollectError, ReadTimeout};
#[cfg(feature = "hyper")]
pub use incoming::ReceiveMonitor;

use crate::BoxError;

type Erased = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>;

/// A request or response body.
///
/// Empty and full bodies need no box, nor does the body a server receives
/// (feature `hyper`); everything else is one boxed body. Dropping it cancels
/// its producer. Trailers pass through.
///
/// ```
/// use plumego_contract::Body;
///
/// let body = Body::from_bytes("hello");
/// assert_eq!(body.exact_len(), Some(5));
/// assert_eq!(Body::empty().exact_len(), Some(0));
/// ```
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    /// A binding took what was here; reads as empty.
    Taken,
    Full(Bytes),
    #[cfg(feature = "hyper")]
    Incoming(incoming::Incoming),
    Boxed(Erased),
}

impl Body {
    /// No bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// These bytes.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() {
            Self::empty()
        } else {
            Self(Kind::Full(bytes))
        }
    }

    /// Any body; boxed, unless it is a `Body` already.
    #[must_use]
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        if let Some(own) = (&mut body as &mut dyn std::any::Any).downcast_mut::<Option<Self>>() {
            return own.take().unwrap_or_default();
        }
        match body {
            Some(body) => Self(Kind::Boxed(Box::pin(ErrorInto { body }))),
            None => Self::empty(),
        }
    }

    /// A body that sends what a stream yields and fails when it fails.
    #[must_use]
    pub fn from_stream<S, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(Kind::Boxed(Box::pin(StreamBody { stream })))
    }

    /// A body fed by another task, at most `capacity` frames ahead (at least
    /// one).
    #[must_use]
    pub fn channel(capacity: usize) -> (BodySender, Self) {
        let (sender, receiver) = channel::channel(capacity);
        (sender, Self(Kind::Boxed(Box::pin(receiver))))
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// [`CollectError::TooLarge`] at byte `max + 1`, before anything is read
    /// when the declared length says so; otherwise what the body failed with.
    pub async fn collect_limited(self, max: u64) -> Result<Bytes, CollectError> {
        collect::collect(self, max).await
    }

    /// Takes the bytes of a body that is whole already, so that nobody has to
    /// poll for them; `None` for any other body, an empty one included.
    ///
    /// ```
    /// use plumego_contract::Body;
    ///
    /// let mut body = Body::from_bytes("hello");
    /// assert_eq!(body.take_full().unwrap(), "hello");
    /// assert!(body.take_full().is_none());
    /// ```
    #[inline]
    pub fn take_full(&mut self) -> Option<Bytes> {
        let Kind::Full(bytes) = &mut self.0 else {
            return None;
        };
        let bytes = std::mem::take(bytes);
        self.0 = Kind::Empty;
        Some(bytes)
    }

    /// Takes the body away for a binding; `None` when a binding took it before.
    pub(crate) fn take_for_binding(&mut self) -> Option<Self> {
        match std::mem::replace(self, Self(Kind::Taken)) {
            Self(Kind::Taken) => None,
            body => Some(body),
        }
    }

    /// The number of bytes, when it is known.
    #[must_use]
    pub fn exact_len(&self) -> Option<u64> {
        http_body::Body::size_hint(self).exact()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Empty | Kind::Taken => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            #[cfg(feature = "hyper")]
            Kind::Incoming(incoming) => incoming.poll_frame(cx),
            Kind::Boxed(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty | Kind::Taken => true,
            Kind::Full(_) => false,
            #[cfg(feature = "hyper")]
            Kind::Incoming(incoming) => incoming.is_end_stream(),
            Kind::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty | Kind::Taken => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            #[cfg(feature = "hyper")]
            Kind::Incoming(incoming) => incoming.size_hint(),
            Kind::Boxed(body) => body.size_hint(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::from_bytes(bytes)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Kind::Empty => "Empty",
            Kind::Taken => "Taken",
            Kind::Full(_) => "Full",
            #[cfg(feature = "hyper")]
            Kind::Incoming(_) => "Incoming",
            Kind::Boxed(_) => "Boxed",
        };
        f.debug_struct("Body")
            .field("kind", &kind)
            .field("exact_len", &self.exact_len())
            .finish()
    }
}

pin_project_lite::pin_project! {
    /// A foreign body with its error made ours.
    struct ErrorInto<B> { #[pin] body: B }
}

impl<B> http_body::Body for ErrorInto<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.project()
            .body
            .poll_frame(cx)
            .map(|frame| frame.map(|result| result.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pin_project_lite::pin_project! {
    struct StreamBody<S> { #[pin] stream: S }
}

impl<S, E> http_body::Body for StreamBody<S>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.project()
            .stream
            .poll_next(cx)
            .map(|item| item.map(|chunk| chunk.map(Frame::data).map_err(Into::into)))
    }
}
