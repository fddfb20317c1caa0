//! The body of a response on its way out, and the timer of a request body on
//! its way in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use plumego_contract::{Body, BoxError, RequestScope};

use super::guard::log_panic;
use super::service::ServiceContext;
use super::timers::ConnectionState;
use crate::client::ConnectionPeer;

/// What the requests of one connection share.
pub(crate) struct ConnectionShared {
    pub(crate) state: Arc<ConnectionState>,
    pub(crate) context: Arc<ServiceContext>,
    pub(crate) peer: ConnectionPeer,
}

/// Ends the books on a request when it is dropped.
pub(super) struct RequestGuard {
    pub(super) scope: RequestScope,
    pub(super) shared: Arc<ConnectionShared>,
    /// The request was HEAD: the answer has no body.
    pub(super) head: bool,
    /// Set once the answer was produced to its end; until then a drop means
    /// that the client left.
    pub(super) complete: bool,
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        if !self.complete {
            self.scope.cancel();
        }
        self.shared.state.request_finished();
    }
}

/// A response body that knows when it ends and survives a panic inside.
pub(crate) struct ResponseBody {
    body: Body,
    guard: RequestGuard,
    failed: bool,
    /// Counted among the bodies that wait for the peer to make room. On HTTP/1
    /// the socket itself tells.
    waiting: bool,
}

impl ResponseBody {
    #[inline(always)]
    pub(super) fn new(body: Body, guard: RequestGuard) -> Self {
        let mut response = Self {
            body,
            guard,
            failed: false,
            waiting: false,
        };
        response.wait_for_room();
        response
    }

    #[inline]
    fn wait_for_room(&mut self) {
        let connection = &self.guard.shared.state;
        if connection.is_multiplexed() && !self.failed && !self.body.is_end_stream() {
            connection.body_waits();
            self.waiting = true;
        }
    }

    fn got_room(&mut self) {
        if std::mem::take(&mut self.waiting) {
            self.guard.shared.state.body_goes_on();
        }
    }

    /// A frame of a body that runs code of the application.
    fn poll_guarded(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.got_room();
        if self.failed {
            return Poll::Ready(None);
        }
        let body = &mut self.body;
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx)));
        match polled {
            Ok(Poll::Ready(Some(Err(error)))) => {
                self.failed = true;
                Poll::Ready(Some(Err(error)))
            }
            Ok(Poll::Ready(None)) => {
                self.guard.complete = true;
                Poll::Ready(None)
            }
            Ok(Poll::Pending) => Poll::Pending,
            Ok(frame) => {
                self.wait_for_room();
                frame
            }
            Err(payload) => {
                self.failed = true;
                self.body = Body::empty();
                log_panic(
                    &*self.guard.shared.context.logger,
                    "panic in response body",
                    &self.guard.scope,
                    payload.as_ref(),
                );
                Poll::Ready(Some(Err("the response body panicked".into())))
            }
        }
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(bytes) = this.body.take_full() {
            // The usual body: one frame, and no code of the application.
            this.got_room();
            this.guard.complete = true;
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        this.poll_guarded(cx)
    }

    fn is_end_stream(&self) -> bool {
        !self.failed && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.got_room();
        if !self.failed && self.body.is_end_stream() {
            self.guard.complete = true;
        }
    }
}
