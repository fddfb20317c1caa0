use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::Body as _;
use plumego_contract::{Body, Error, RequestScope, Response, ResponseFuture, code, write_error};
use tokio::time::{Instant, Sleep, sleep_until};

use super::body::IdleBody;

pin_project_lite::pin_project! {
    /// A call that ends at a deadline.
    pub(super) struct TimedCall {
        inner: Option<ResponseFuture>,
        deadline: Instant,
        // Made when the service has to be waited for.
        #[pin]
        sleep: Option<Sleep>,
        scope: RequestScope,
        body_idle: Option<Duration>,
    }
}

impl TimedCall {
    pub(super) fn new(
        inner: ResponseFuture,
        deadline: Instant,
        scope: RequestScope,
        body_idle: Option<Duration>,
    ) -> Self {
        Self {
            inner: Some(inner),
            deadline,
            sleep: None,
            scope,
            body_idle,
        }
    }
}

impl Future for TimedCall {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let mut this = self.project();
        // The service first: an answer that is there at the deadline counts.
        if let Some(inner) = this.inner
            && let Poll::Ready(response) = Pin::new(inner).poll(cx)
        {
            let watched = match this.body_idle {
                Some(idle) if !response.body().is_end_stream() => {
                    let scope = this.scope.clone();
                    response.map(|body| Body::new(IdleBody::new(body, *idle, scope)))
                }
                _ => response,
            };
            return Poll::Ready(watched);
        }
        if this.sleep.is_none() {
            this.sleep.set(Some(sleep_until(*this.deadline)));
        }
        let timer = this.sleep.as_pin_mut();
        if timer.is_none_or(|timer| timer.poll(cx).is_pending()) {
            return Poll::Pending;
        }
        // What the work still holds is released before its client hears of it.
        *this.inner = None;
        this.scope.cancel();
        Poll::Ready(expired(this.scope))
    }
}

/// The answer for a service that took too long.
pub(super) fn expired(scope: &RequestScope) -> Response {
    let error = Error::coded(&code::DEADLINE_EXCEEDED).message("request timed out");
    write_error(scope, &error)
}
