//! The body a server receives, without a box.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use super::{Body, Kind};
use crate::BoxError;

/// Watches a request body while it is received; the server's timers hang on
/// it. One monitor serves all requests of a connection.
pub trait ReceiveMonitor: Send + Sync + 'static {
    /// Called before each read. `Ready` makes the body fail with the error,
    /// for example [`ReadTimeout`](crate::ReadTimeout).
    fn poll_failure(&self, cx: &mut Context<'_>) -> Poll<BoxError>;

    /// Called once: when the body ended (`complete`), failed or was dropped.
    fn ended(&self, complete: bool);
}

pub(super) struct Incoming {
    body: hyper::body::Incoming,
    monitor: Option<Arc<dyn ReceiveMonitor>>,
}

impl Body {
    /// The body of a received request. A request without a body gets
    /// [`Body::empty`] and no monitor.
    #[doc(hidden)]
    #[must_use]
    pub fn from_incoming(
        body: hyper::body::Incoming,
        monitor: Option<Arc<dyn ReceiveMonitor>>,
    ) -> Self {
        if body.is_end_stream() {
            if let Some(monitor) = monitor {
                monitor.ended(true);
            }
            return Self::empty();
        }
        Self(Kind::Incoming(Incoming { body, monitor }))
    }
}

impl Incoming {
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Pending => self.poll_monitor(cx),
            Poll::Ready(Some(Ok(_))) => {
                if self.body.is_end_stream() {
                    self.finish(true);
                }
                frame.map_err(Into::into)
            }
            Poll::Ready(end) => {
                let complete = end.is_none();
                self.finish(complete);
                frame.map_err(Into::into)
            }
        }
    }

    fn poll_monitor(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(monitor) = &self.monitor else {
            return Poll::Pending;
        };
        match monitor.poll_failure(cx) {
            Poll::Ready(error) => {
                self.finish(false);
                Poll::Ready(Some(Err(error)))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn finish(&mut self, complete: bool) {
        if let Some(monitor) = self.monitor.take() {
            monitor.ended(complete);
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let complete = self.body.is_end_stream();
        self.finish(complete);
    }
}
