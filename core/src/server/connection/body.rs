//! The body of a response on its way out, and the timer of a request body on
//! its way in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use plumego_contract::{Body, BoxError, ConnectionInfo, RequestScope};

use super::guard::log_panic;
use super::service::ServiceContext;
use super::timers::ConnectionState;

/// What the requests of one connection share.
pub(crate) struct ConnectionShared {
    pub(crate) state: Arc<ConnectionState>,
    pub(crate) context: Arc<ServiceContext>,
    pub(crate) info: Arc<ConnectionInfo>,
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
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        this.got_room();
        if this.failed {
            return Poll::Ready(None);
        }
        let body = &mut this.body;
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx)));
        match polled {
            Ok(Poll::Ready(Some(Err(error)))) => {
                this.failed = true;
                Poll::Ready(Some(Err(error)))
            }
            Ok(Poll::Ready(None)) => {
                this.guard.complete = true;
                Poll::Ready(None)
            }
            Ok(Poll::Pending) => Poll::Pending,
            Ok(frame) => {
                this.wait_for_room();
                frame
            }
            Err(payload) => {
                this.failed = true;
                this.body = Body::empty();
                log_panic(
                    &*this.guard.shared.context.logger,
                    "panic in response body",
                    &this.guard.scope,
                    payload.as_ref(),
                );
                Poll::Ready(Some(Err("the response body panicked".into())))
            }
        }
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
