//! Following a request to its end, whatever the end is.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::StatusCode;
use plumego_contract::{BoxHttpService, Request, Response, ResponseFuture, X_REQUEST_ID};

use super::{Facts, Outcome, RequestSummary};
use crate::body_end::{BodyEnd, EndReason, on_body_end};
use crate::callback::guarded;

/// Told of one request. Both methods run inside a panic guard.
pub(crate) trait Observer: Send + 'static {
    /// May add headers to the response, before its body starts.
    fn head(&mut self, _response: &mut Response) {}

    /// The request is over. Called exactly once.
    fn end(self, summary: &RequestSummary<'_>);
}

/// Calls the service and tells the observer once how that ended: at the end of
/// the response body, when the client leaves, or when something panics. A
/// panic then goes on as if nobody had looked.
pub(crate) fn observe<O: Observer>(
    inner: &BoxHttpService,
    request: Request,
    facts: Facts,
    observer: O,
) -> ResponseFuture {
    let pending = Pending {
        watch: Some((facts, observer)),
    };
    match catch_unwind(AssertUnwindSafe(|| inner.handle(request))) {
        Ok(inner) => ResponseFuture::boxed(Observed { inner, pending }),
        Err(payload) => {
            pending.panicked();
            resume_unwind(payload)
        }
    }
}

struct Observed<O: Observer> {
    inner: ResponseFuture,
    pending: Pending<O>,
}

// Nothing in it is ever pinned.
impl<O: Observer> Unpin for Observed<O> {}

impl<O: Observer> Future for Observed<O> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = &mut *self;
        let inner = Pin::new(&mut this.inner);
        match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
            Ok(Poll::Ready(response)) => Poll::Ready(this.pending.answered(response)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => {
                this.pending
                    .finish(StatusCode::INTERNAL_SERVER_ERROR, 0, Outcome::Panicked);
                resume_unwind(payload)
            }
        }
    }
}

/// A request without a response head yet. Dropped in that state, the client is
/// gone.
struct Pending<O: Observer> {
    watch: Option<(Facts, O)>,
}

impl<O: Observer> Pending<O> {
    fn panicked(mut self) {
        self.finish(StatusCode::INTERNAL_SERVER_ERROR, 0, Outcome::Panicked);
    }

    fn answered(&mut self, mut response: Response) -> Response {
        let Some((mut facts, mut observer)) = self.watch.take() else {
            return response;
        };
        if let Some(id) = facts.take_stamped() {
            response.headers_mut().insert(X_REQUEST_ID, id.to_header());
        }
        guarded(|| observer.head(&mut response));
        let status = response.status();
        let method = facts.method().clone();
        on_body_end(&method, response, move |end| {
            report(&facts, observer, status, end);
        })
    }

    fn finish(&mut self, status: StatusCode, bytes_out: u64, outcome: Outcome) {
        if let Some((facts, observer)) = self.watch.take() {
            tell(&facts, observer, status, bytes_out, outcome);
        }
    }
}

impl<O: Observer> Drop for Pending<O> {
    fn drop(&mut self) {
        self.finish(client_closed_request(), 0, Outcome::ClientGone);
    }
}

fn report<O: Observer>(facts: &Facts, observer: O, status: StatusCode, end: BodyEnd) {
    let outcome = match end.reason {
        EndReason::Complete => Outcome::Completed,
        EndReason::Dropped => Outcome::ClientGone,
        EndReason::Failed => Outcome::Aborted,
        EndReason::Panicked => Outcome::Panicked,
    };
    tell(facts, observer, status, end.bytes, outcome);
}

fn tell<O: Observer>(
    facts: &Facts,
    observer: O,
    status: StatusCode,
    bytes_out: u64,
    outcome: Outcome,
) {
    // Inside the guard as well: the summary may ask a server's generator for
    // the id of the request.
    guarded(|| observer.end(&facts.summary(status, bytes_out, outcome)));
}

/// 499: the client closed the request before it was answered.
fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}
