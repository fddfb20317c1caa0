use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use plumego_contract::{Body, BoxError};
use tokio::time::{Sleep, sleep};

/// Longest a response is held back for a body that does not end.
const HOLD_MAX: Duration = Duration::from_secs(1);

/// What reading a body up to a bound came to.
pub(super) enum Captured {
    Whole(Bytes),
    /// Longer than the bound, failed, with trailers, or too slow: to be sent
    /// as it is.
    Unread(Body),
}

/// Reads a body up to a bound, and no longer than a second.
pub(super) async fn capture(body: Body, max_bytes: usize) -> Captured {
    if body
        .exact_len()
        .is_some_and(|length| length > max_bytes as u64)
    {
        return Captured::Unread(body);
    }
    let mut read = Read {
        body,
        data: BytesMut::new(),
        last: None,
        patience: None,
    };
    if poll_fn(|cx| read.poll(cx, max_bytes)).await {
        Captured::Whole(read.data.freeze())
    } else {
        Captured::Unread(Body::new(Resumed {
            data: Some(read.data.freeze()).filter(|data| !data.is_empty()),
            last: read.last,
            rest: read.body,
        }))
    }
}

struct Read {
    body: Body,
    data: BytesMut,
    /// A frame that is not simply more data within the bound.
    last: Option<Result<Frame<Bytes>, BoxError>>,
    patience: Option<Pin<Box<Sleep>>>,
}

impl Read {
    /// Resolves to true at the end of the body.
    fn poll(&mut self, cx: &mut Context<'_>, max_bytes: usize) -> Poll<bool> {
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Ready(Some(frame)) => {
                    let fits = frame.as_ref().ok().and_then(Frame::data_ref);
                    match fits.filter(|data| data.len() <= max_bytes - self.data.len()) {
                        Some(data) => self.data.extend_from_slice(data),
                        None => {
                            self.last = Some(frame);
                            return Poll::Ready(false);
                        }
                    }
                }
            }
        }
        let patience = self
            .patience
            .get_or_insert_with(|| Box::pin(sleep(HOLD_MAX)));
        patience.as_mut().poll(cx).map(|()| false)
    }
}

/// A body whose start was read.
struct Resumed {
    data: Option<Bytes>,
    last: Option<Result<Frame<Bytes>, BoxError>>,
    rest: Body,
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(data) = this.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match this.last.take() {
            Some(frame) => Poll::Ready(Some(frame)),
            None => Pin::new(&mut this.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.last.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // The head keeps its declared length; a bound is all that is said here.
        let mut hint = SizeHint::new();
        hint.set_lower(self.data.as_ref().map_or(0, Bytes::len) as u64);
        hint
    }
}
