use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use plumego_contract::{Body, BodyLimitExceeded, BoxError};

use super::refusal::Refusal;

/// What the body and the layer know about an overrun of the limit.
pub(super) struct Overrun {
    refusal: Refusal,
    state: Mutex<State>,
}

enum State {
    /// The service has not answered, and the limit was not hit.
    Open,
    /// The limit was hit before the service answered.
    Hit(BodyLimitExceeded, Body),
    /// The response is on its way; an overrun can only cut the request.
    Closed,
}

impl Overrun {
    pub(super) fn new(refusal: Refusal) -> Arc<Self> {
        Arc::new(Self {
            refusal,
            state: Mutex::new(State::Open),
        })
    }

    pub(super) fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    fn hit(&self, exceeded: BodyLimitExceeded, rest: Body) {
        self.refusal.report(exceeded);
        let mut state = self.lock();
        if matches!(*state, State::Open) {
            *state = State::Hit(exceeded, rest);
        }
    }

    /// The service answered: the overrun and the rest of the body, if the
    /// limit was hit before.
    pub(super) fn close(&self) -> Option<(BodyLimitExceeded, Body)> {
        match std::mem::replace(&mut *self.lock(), State::Closed) {
            State::Hit(exceeded, rest) => Some((exceeded, rest)),
            State::Open | State::Closed => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that fails at the first byte above a limit.
pub(super) struct LimitedBody {
    body: Body,
    max_bytes: u64,
    seen_bytes: u64,
    overrun: Arc<Overrun>,
    failed: bool,
}

impl LimitedBody {
    pub(super) fn new(body: Body, max_bytes: u64, overrun: Arc<Overrun>) -> Self {
        Self {
            body,
            max_bytes,
            seen_bytes: 0,
            overrun,
            failed: false,
        }
    }

    fn exceed(&mut self) -> BodyLimitExceeded {
        let exceeded = BodyLimitExceeded::new(self.max_bytes, self.seen_bytes);
        let rest = std::mem::take(&mut self.body);
        self.failed = true;
        self.overrun.hit(exceeded, rest);
        exceeded
    }
}

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
            this.seen_bytes = this.seen_bytes.saturating_add(bytes);
            if this.seen_bytes > this.max_bytes {
                return Poll::Ready(Some(Err(this.exceed().into())));
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        !self.failed && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
