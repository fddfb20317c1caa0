//! The body a server receives, without a box.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use super::{Body, Kind};
use crate::BoxError;

/// Watches a request body while it is received; the server's timers hang on
/// it.
pub trait ReceiveMonitor: Send + Sync + 'static {
    /// Called when a read has to wait. `Ready` makes the body fail with the error,
    /// for example [`ReadTimeout`](crate::ReadTimeout).
    fn poll_failure(&self, cx: &mut Context<'_>) -> Poll<BoxError>;

    /// Called at most once: the body ended (`complete`) or failed.
    fn ended(&self, complete: bool);

    /// Called at most once, in place of [`ended`](Self::ended): nobody wants
    /// the rest of the body. What is done with it decides whether the
    /// connection can be used again.
    fn abandoned(&self, rest: Body);
}

pub(super) struct Incoming {
    /// Taken only when it is handed on, on the way out.
    body: Option<hyper::body::Incoming>,
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
        Self(Kind::Incoming(Incoming {
            body: Some(body),
            monitor,
        }))
    }
}

impl Incoming {
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(&mut *body).poll_frame(cx);
        match &frame {
            Poll::Pending => self.poll_monitor(cx),
            Poll::Ready(Some(Ok(_))) => {
                if body.is_end_stream() {
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
        self.body
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream)
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match &self.body {
            Some(body) => body.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(monitor) = self.monitor.take() {
            match self.body.take() {
                Some(body) if !body.is_end_stream() => {
                    monitor.abandoned(Body::from_incoming(body, None));
                }
                _ => monitor.ended(true),
            }
        }
    }
}
