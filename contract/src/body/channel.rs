//! A bounded channel between a producer task and a body.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use crate::BoxError;

/// The reader of a body channel is gone: the client left or the response was
/// dropped. Stop producing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyClosed;

impl fmt::Display for BodyClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the body any more")
    }
}

impl std::error::Error for BodyClosed {}

/// The producing end of [`Body::channel`](crate::Body::channel). Dropping it
/// ends the body.
pub struct BodySender(Arc<Mutex<Shared>>);

pub(super) struct Receiver(Arc<Mutex<Shared>>);

struct Shared {
    frames: VecDeque<Result<Frame<Bytes>, BoxError>>,
    capacity: usize,
    sender_gone: bool,
    receiver_gone: bool,
    sender_waker: Option<Waker>,
    receiver_waker: Option<Waker>,
}

pub(super) fn channel(capacity: usize) -> (BodySender, Receiver) {
    let shared = Arc::new(Mutex::new(Shared {
        frames: VecDeque::new(),
        capacity: capacity.max(1),
        sender_gone: false,
        receiver_gone: false,
        sender_waker: None,
        receiver_waker: None,
    }));
    (BodySender(Arc::clone(&shared)), Receiver(shared))
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BodySender {
    /// Sends data, waiting for room.
    ///
    /// # Errors
    /// [`BodyClosed`] when nobody reads any more.
    pub async fn send(&mut self, data: impl Into<Bytes>) -> Result<(), BodyClosed> {
        self.send_frame(Frame::data(data.into())).await
    }

    /// Sends trailers, waiting for room. Nothing may follow them.
    ///
    /// # Errors
    /// [`BodyClosed`] when nobody reads any more.
    pub async fn send_trailers(&mut self, trailers: HeaderMap) -> Result<(), BodyClosed> {
        self.send_frame(Frame::trailers(trailers)).await
    }

    async fn send_frame(&mut self, frame: Frame<Bytes>) -> Result<(), BodyClosed> {
        let mut frame = Some(frame);
        poll_fn(|cx| {
            let mut shared = lock(&self.0);
            if shared.receiver_gone {
                return Poll::Ready(Err(BodyClosed));
            }
            if shared.frames.len() >= shared.capacity {
                shared.sender_waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if let Some(frame) = frame.take() {
                shared.push(Ok(frame));
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Sends data if there is room now.
    ///
    /// # Errors
    /// The data, when the channel is full or nobody reads any more; tell them
    /// apart with [`is_closed`](Self::is_closed).
    pub fn try_send(&mut self, data: impl Into<Bytes>) -> Result<(), Bytes> {
        let data = data.into();
        let mut shared = lock(&self.0);
        if shared.receiver_gone || shared.frames.len() >= shared.capacity {
            return Err(data);
        }
        shared.push(Ok(Frame::data(data)));
        Ok(())
    }

    /// Ends the body with an error: the client sees a broken transfer, never a
    /// short but valid one.
    pub fn abort(self, error: impl Into<BoxError>) {
        lock(&self.0).push(Err(error.into()));
    }

    /// True when nobody reads any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.0).receiver_gone
    }

    /// Waits until nobody reads any more.
    pub async fn closed(&mut self) {
        poll_fn(|cx| {
            let mut shared = lock(&self.0);
            if shared.receiver_gone {
                return Poll::Ready(());
            }
            shared.sender_waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Shared {
    fn push(&mut self, frame: Result<Frame<Bytes>, BoxError>) {
        self.frames.push_back(frame);
        if let Some(waker) = self.receiver_waker.take() {
            waker.wake();
        }
    }
}

impl Drop for BodySender {
    fn drop(&mut self) {
        let mut shared = lock(&self.0);
        shared.sender_gone = true;
        if let Some(waker) = shared.receiver_waker.take() {
            waker.wake();
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut shared = lock(&self.0);
        shared.receiver_gone = true;
        let unread = std::mem::take(&mut shared.frames);
        if let Some(waker) = shared.sender_waker.take() {
            waker.wake();
        }
        drop(shared);
        drop(unread);
    }
}

impl http_body::Body for Receiver {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut shared = lock(&self.0);
        if let Some(frame) = shared.frames.pop_front() {
            if let Some(waker) = shared.sender_waker.take() {
                waker.wake();
            }
            return Poll::Ready(Some(frame));
        }
        if shared.sender_gone {
            return Poll::Ready(None);
        }
        shared.receiver_waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        let shared = lock(&self.0);
        shared.sender_gone && shared.frames.is_empty()
    }
}

impl fmt::Debug for BodySender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySender")
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
