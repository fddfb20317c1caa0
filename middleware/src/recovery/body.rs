use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use plumego_contract::{Body, BoxError, Response};
use plumego_log::names::messages;

use super::report::Origin;
use crate::body_end::BodyPanicked;
use crate::callback::discard;

/// Makes a panic of the response body an error of the body, which resets the
/// stream and leaves other streams of the connection alone.
pub(super) fn guard_body(response: Response, origin: Origin) -> Response {
    if response.body().is_end_stream() {
        return response;
    }
    response.map(|body| Body::new(GuardedBody { body, origin }))
}

struct GuardedBody {
    body: Body,
    origin: Origin,
}

impl http_body::Body for GuardedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let body = Pin::new(&mut self.body);
        match catch_unwind(AssertUnwindSafe(|| body.poll_frame(cx))) {
            Ok(frame) => frame,
            Err(payload) => {
                self.origin
                    .report(messages::PANIC_IN_RESPONSE_BODY, payload);
                discard(std::mem::take(&mut self.body));
                Poll::Ready(Some(Err(BodyPanicked.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
