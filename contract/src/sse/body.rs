use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep};

use super::{Event, Events, Receiving};
use crate::respond::report;
use crate::scope::{Cancelled, RequestScope};
use crate::{Body, BoxError, Error};

const FAILED: &[u8] = b"event: error\ndata: stream handler failed\n\n";
const SILENCE: &[u8] = b": keep-alive\n\n";

pub(super) enum Source {
    Channel(Body),
    Events(Events),
    Done,
}

pin_project_lite::pin_project! {
    /// Events with their error boxed.
    pub(super) struct Boxed<S> { #[pin] pub(super) events: S }
}

impl<S, E> futures_core::Stream for Boxed<S>
where
    S: futures_core::Stream<Item = Result<Event, E>>,
    E: Into<BoxError>,
{
    type Item = Result<Event, BoxError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = self.project().events.poll_next(cx);
        item.map(|item| item.map(|event| event.map_err(Into::into)))
    }
}

pub(super) struct EventBody {
    source: Source,
    keep_alive: Duration,
    /// Made at the first silence, so that a busy stream needs no timer.
    timer: Option<Pin<Box<Sleep>>>,
    draining: Cancelled,
    scope: RequestScope,
    _receiving: Option<Receiving>,
}

impl EventBody {
    pub(super) fn new(
        source: Source,
        keep_alive: Duration,
        scope: &RequestScope,
        receiving: Option<Receiving>,
    ) -> Self {
        Self {
            source,
            keep_alive,
            timer: None,
            draining: scope.draining(),
            scope: scope.clone(),
            _receiving: receiving,
        }
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &mut self.source {
            Source::Done => Poll::Ready(None),
            Source::Channel(body) => http_body::Body::poll_frame(Pin::new(body), cx)
                .map(|frame| frame?.ok()?.into_data().ok()),
            Source::Events(events) => match events.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(event))) => Poll::Ready(Some(event.to_bytes())),
                Poll::Ready(Some(Err(cause))) => {
                    report(&self.scope, &Error::internal(cause));
                    self.source = Source::Done;
                    Poll::Ready(Some(Bytes::from_static(FAILED)))
                }
                Poll::Ready(None) => Poll::Ready(None),
                // Only a sender can be told to end; a stream is ended where it
                // has nothing to say.
                Poll::Pending => Pin::new(&mut self.draining).poll(cx).map(|()| None),
            },
        }
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        if self.keep_alive.is_zero() {
            return Poll::Pending;
        }
        let after = self.keep_alive;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(after)));
        std::task::ready!(timer.as_mut().poll(cx));
        Poll::Ready(Bytes::from_static(SILENCE))
    }

    /// Something was sent: silence starts anew.
    fn restart_timer(&mut self) {
        if let Some(timer) = &mut self.timer {
            timer.as_mut().reset(Instant::now() + self.keep_alive);
        }
    }
}

impl http_body::Body for EventBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let bytes = match self.poll_source(cx) {
            Poll::Ready(Some(bytes)) => bytes,
            Poll::Ready(None) => {
                self.source = Source::Done;
                return Poll::Ready(None);
            }
            Poll::Pending => std::task::ready!(self.poll_silence(cx)),
        };
        self.restart_timer();
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
