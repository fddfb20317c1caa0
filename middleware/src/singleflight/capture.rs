use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame};
use plumego_contract::{Body, BoxError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::replay::WholeBody;
use crate::panic_site::{self, PanicSite};

/// A panic on its way from the task of a flight to the request that leads it.
pub(super) struct CarriedPanic {
    payload: Box<dyn Any + Send>,
    site: Option<PanicSite>,
}

impl CarriedPanic {
    /// A panic that was just caught on this thread.
    pub(super) fn new(payload: Box<dyn Any + Send>) -> Self {
        let site = panic_site::take_last();
        Self { payload, site }
    }

    /// Goes on with the panic as if it had happened here.
    pub(super) fn resume(self) -> ! {
        panic_site::carry_over(self.site);
        std::panic::resume_unwind(self.payload)
    }
}

/// What the client that leads gets of a body.
pub(super) enum Piece {
    Frame(Frame<Bytes>),
    End,
    Failed(BoxError),
    Panicked(CarriedPanic),
    /// The body is not shared; the rest is read by the client itself.
    Rest(Body),
}

/// Why capturing a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Captured {
    Whole,
    TooLong,
    Failed,
    Panicked,
}

/// Reads a body, keeps a bounded copy and passes everything on.
pub(super) struct Capture {
    body: Body,
    max_bytes: u64,
    bytes: u64,
    chunks: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    pieces: Pieces,
}

/// Pieces are held until it is known whether the body has to be waited for.
/// What is queued is bounded: its bytes are those of the copy.
enum Pieces {
    Held(Vec<Piece>),
    Sent(UnboundedSender<Piece>),
}

impl Pieces {
    fn push(&mut self, piece: Piece) {
        match self {
            Self::Held(pieces) => pieces.push(piece),
            // The client may be gone; others wait for the copy.
            Self::Sent(sender) => drop(sender.send(piece)),
        }
    }
}

impl Capture {
    pub(super) fn new(body: Body, max_bytes: u64) -> Self {
        Self {
            body,
            max_bytes,
            bytes: 0,
            chunks: Vec::new(),
            trailers: None,
            pieces: Pieces::Held(Vec::new()),
        }
    }

    /// From here on pieces are sent, those that were held first.
    pub(super) fn stream(&mut self) -> UnboundedReceiver<Piece> {
        let (sender, receiver) = unbounded_channel();
        let sent = Pieces::Sent(sender);
        if let Pieces::Held(held) = std::mem::replace(&mut self.pieces, sent) {
            held.into_iter().for_each(|piece| self.pieces.push(piece));
        }
        receiver
    }

    /// The copy of a body that was captured whole.
    pub(super) fn into_whole(self) -> WholeBody {
        WholeBody::new(self.chunks, self.trailers)
    }

    /// Reads on; ready when there is nothing more to capture.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Captured> {
        loop {
            let body = Pin::new(&mut self.body);
            let polled = catch_unwind(AssertUnwindSafe(|| body.poll_frame(cx)));
            let ended = match polled {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Some(Ok(frame)))) => self.take(frame),
                Ok(Poll::Ready(None)) => Some((Piece::End, Captured::Whole)),
                Ok(Poll::Ready(Some(Err(error)))) => Some((Piece::Failed(error), Captured::Failed)),
                Err(payload) => {
                    let panic = CarriedPanic::new(payload);
                    Some((Piece::Panicked(panic), Captured::Panicked))
                }
            };
            if let Some((piece, captured)) = ended {
                self.pieces.push(piece);
                return Poll::Ready(captured);
            }
        }
    }

    fn take(&mut self, frame: Frame<Bytes>) -> Option<(Piece, Captured)> {
        if let Some(data) = frame.data_ref() {
            self.bytes = self.bytes.saturating_add(data.len() as u64);
            self.chunks.push(data.clone());
        } else if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
        }
        self.pieces.push(Piece::Frame(frame));
        if self.bytes <= self.max_bytes {
            return None;
        }
        self.chunks = Vec::new();
        let rest = std::mem::take(&mut self.body);
        Some((Piece::Rest(rest), Captured::TooLong))
    }
}
