//! A request body on its way in: its timer, and what becomes of a rest that
//! nobody wants.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use plumego_contract::{Body, BoxError, ReadTimeout, ReceiveMonitor};
use tokio::time::{Instant, Sleep};

/// Most bytes of an unwanted rest that are read so that the connection can be
/// used again.
const REST_BYTES_MAX: u64 = 64 * 1024;

/// How long the client may take to send such a rest.
const REST_LIMIT: Duration = Duration::from_secs(1);

/// Watches one request body.
pub(super) struct Receiving {
    /// When the body must be complete; none when it may take as long as it
    /// likes.
    deadline: Option<Instant>,
    /// The client waits to be asked for the body.
    expects_continue: bool,
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    /// Made only for a body that has to be waited for.
    timer: Option<Pin<Box<Sleep>>>,
    rest: Option<Body>,
    failed: bool,
}

impl Receiving {
    pub(super) fn new(deadline: Option<Instant>, expects_continue: bool) -> Arc<Self> {
        Arc::new(Self {
            deadline,
            expects_continue,
            slots: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do before an answer is sent, now that the handler is done.
    pub(super) fn after_answer(&self) -> Rest {
        let mut slots = self.lock();
        let Some(body) = slots.rest.take() else {
            return if slots.failed {
                Rest::Leave
            } else {
                Rest::Nothing
            };
        };
        let declared = http_body::Body::size_hint(&body).lower();
        if self.expects_continue || declared > REST_BYTES_MAX {
            return Rest::Leave;
        }
        Rest::Drain(Drain {
            body,
            left: REST_BYTES_MAX,
            limit: Box::pin(tokio::time::sleep(REST_LIMIT)),
        })
    }
}

/// The unwanted rest of a request body.
pub(super) enum Rest {
    /// There is none, or somebody still reads it.
    Nothing,
    /// It is not read: the connection ends after the answer, and says so.
    Leave,
    /// It is short enough to be read.
    Drain(Drain),
}

/// Reads a rest to its end and throws it away.
pub(super) struct Drain {
    body: Body,
    left: u64,
    limit: Pin<Box<Sleep>>,
}

impl Drain {
    /// True when the rest was read to its end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match http_body::Body::poll_frame(Pin::new(&mut self.body), cx) {
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(false),
                Poll::Ready(Some(Ok(frame))) => {
                    let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                    let Some(left) = self.left.checked_sub(length) else {
                        return Poll::Ready(false);
                    };
                    self.left = left;
                }
                Poll::Pending => return self.limit.as_mut().poll(cx).map(|()| false),
            }
        }
    }
}

impl ReceiveMonitor for Receiving {
    fn poll_failure(&self, cx: &mut Context<'_>) -> Poll<BoxError> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let mut slots = self.lock();
        let timer = slots
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        timer.as_mut().poll(cx).map(|()| ReadTimeout.into())
    }

    fn ended(&self, complete: bool) {
        let mut slots = self.lock();
        slots.timer = None;
        slots.failed = !complete;
    }

    fn abandoned(&self, rest: Body) {
        let mut slots = self.lock();
        slots.timer = None;
        slots.rest = Some(rest);
    }
}
