use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use plumego_contract::{Body, BoxError, RequestScope};
use tokio::time::{Instant, Sleep, sleep};

/// A response body was aborted because it produced nothing for too long: check
/// what feeds it, or allow more time with `with_body_idle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response body produced nothing for {} ms", idle.as_millis())]
#[non_exhaustive]
pub struct BodyIdle {
    /// The time that was allowed.
    pub idle: Duration,
}

pin_project_lite::pin_project! {
    /// A body that fails when it is asked for more and stays silent.
    pub(super) struct IdleBody {
        body: Body,
        idle: Duration,
        scope: RequestScope,
        // The timer of the silence that goes on; reused for the next one.
        #[pin]
        silence: Option<Sleep>,
        silent: bool,
    }
}

impl IdleBody {
    pub(super) fn new(body: Body, idle: Duration, scope: RequestScope) -> Self {
        Self {
            body,
            idle,
            scope,
            silence: None,
            silent: false,
        }
    }
}

impl http_body::Body for IdleBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut this = self.project();
        if let Poll::Ready(frame) = Pin::new(&mut *this.body).poll_frame(cx) {
            *this.silent = false;
            return Poll::Ready(frame);
        }
        if !*this.silent {
            *this.silent = true;
            match this.silence.as_mut().as_pin_mut() {
                Some(timer) => timer.reset(Instant::now() + *this.idle),
                None => this.silence.set(Some(sleep(*this.idle))),
            }
        }
        let timer = this.silence.as_mut().as_pin_mut();
        if !timer.is_some_and(|timer| timer.poll(cx).is_ready()) {
            return Poll::Pending;
        }
        *this.body = Body::empty();
        this.scope.cancel();
        Poll::Ready(Some(Err(BodyIdle { idle: *this.idle }.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
