//! How far a request to another server has come.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// The name is looked up, and the connection made.
    Connect,
    Tls,
    Write,
    Read,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Connect, Self::Tls, Self::Write, Self::Read];

    /// The words in messages.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "TLS handshake",
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

tokio::task_local! {
    /// The progress of the request that this task makes: connections are made
    /// within it, out of reach of any argument.
    pub(super) static PROGRESS: Progress;
}

/// The progress of one request. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<State>);

#[derive(Debug)]
struct State {
    phase: AtomicU8,
    has_body: bool,
}

impl Progress {
    pub(super) fn new(has_body: bool) -> Self {
        let progress = Self(Arc::new(State {
            phase: AtomicU8::new(Phase::Connect as u8),
            has_body,
        }));
        progress.connected();
        progress
    }

    /// The progress of the request that is made, if this belongs to one.
    pub(super) fn current() -> Option<Self> {
        PROGRESS.try_with(Self::clone).ok()
    }

    pub(super) fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.0.phase.load(Ordering::Relaxed)) % Phase::ALL.len()]
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.0.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// A connection is being made.
    pub(super) fn dial(&self) {
        self.enter(Phase::Connect);
    }

    /// Whether both are of one request.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// There is a connection to send the request on.
    pub(super) fn connected(&self) {
        self.enter(if self.0.has_body {
            Phase::Write
        } else {
            Phase::Read
        });
    }
}

/// The body of a request, which tells when it was taken.
#[derive(Debug)]
pub(super) struct Outbound {
    bytes: Option<Bytes>,
    progress: Progress,
}

impl Outbound {
    pub(super) fn new(bytes: Bytes, progress: Progress) -> Self {
        Self {
            bytes: Some(bytes).filter(|bytes| !bytes.is_empty()),
            progress,
        }
    }
}

impl Body for Outbound {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let bytes = self.bytes.take();
        if bytes.is_none() {
            self.progress.enter(Phase::Read);
        }
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
