//! The I/O of a connection: replay of sniffed bytes, timers, abort.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::HeadAnswers;
use super::framing::FramingScanner;
use super::timers::{ConnectionState, Phase};
use crate::server::registry::ConnectionGuard;

/// Most input that is thrown away for the sake of the last response.
const DISCARDED_MAX: usize = 1024 * 1024;

/// A socket that can be told to reset instead of closing.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the next close a reset, dropping what was not sent.
    fn reset_on_close(&self);
}

/// How much of HTTP/1 the wrapper looks at.
#[derive(Debug)]
enum Watch {
    Framing(FramingScanner),
    Nothing,
}

/// The I/O of one connection. Lives as long as the connection does, also after
/// an upgrade, and so holds the connection's place in the server.
#[derive(Debug)]
pub(crate) struct ConnectionIo<T: Transport> {
    transport: T,
    state: Arc<ConnectionState>,
    /// Bytes read while the protocol was being found out.
    replay: Bytes,
    watch: Watch,
    /// The answer to a head that took too long; sent in place of input.
    farewell: Option<Bytes>,
    /// The answer to a head that is too large; sent in place of hyper's, which
    /// says nothing but the status.
    too_large: Bytes,
    output_closed: bool,
    /// Input thrown away after the last response.
    discarded: usize,
    _guard: ConnectionGuard,
}

impl<T: Transport> ConnectionIo<T> {
    pub(crate) fn new(transport: T, state: Arc<ConnectionState>, guard: ConnectionGuard) -> Self {
        Self {
            transport,
            state,
            replay: Bytes::new(),
            watch: Watch::Nothing,
            farewell: None,
            too_large: Bytes::new(),
            output_closed: false,
            discarded: 0,
            _guard: guard,
        }
    }

    /// Puts bytes back in front of the input.
    pub(crate) fn with_replay(mut self, bytes: Bytes) -> Self {
        self.replay = bytes;
        self
    }

    /// Watches the framing of HTTP/1 requests, and answers heads that no
    /// request comes of.
    pub(crate) fn with_http1(mut self, answers: &HeadAnswers) -> Self {
        self.watch = Watch::Framing(FramingScanner::new());
        self.farewell = Some(answers.timeout.clone());
        self.too_large = answers.too_large.clone();
        self
    }

    #[inline]
    fn poll_input(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.replay.is_empty() {
            return Pin::new(&mut self.transport).poll_read(cx, buf);
        }
        self.replay(buf);
        Poll::Ready(Ok(()))
    }

    #[cold]
    fn replay(&mut self, buf: &mut ReadBuf<'_>) {
        let taken = self.replay.len().min(buf.remaining());
        buf.put_slice(&self.replay.split_to(taken));
    }

    #[inline]
    fn saw(&mut self, bytes: &[u8]) {
        if let Watch::Framing(scanner) = &mut self.watch
            && !bytes.is_empty()
        {
            self.state.head_bytes();
            scanner.feed(bytes, |ordinal| self.state.found_ambiguous(ordinal));
        }
    }

    /// A read after something happened to the connection.
    #[cold]
    fn poll_read_disturbed(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_disturbed(cx)?;
        if self.state.is_head_expired() {
            return self.poll_farewell(cx);
        }
        let before = buf.filled().len();
        ready!(self.poll_input(cx, buf))?;
        if self.state.phase() != Phase::Upgraded {
            self.saw(&buf.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the farewell and then reports the end of input.
    #[cold]
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.farewell.as_mut().filter(|rest| !rest.is_empty()) {
            let sent = ready!(Pin::new(&mut self.transport).poll_write(cx, rest))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            rest.advance(sent);
        }
        ready!(Pin::new(&mut self.transport).poll_flush(cx))?;
        Poll::Ready(Ok(()))
    }

    /// Whether hyper itself refuses a head for its size.
    #[inline]
    fn refuses_size(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(b"HTTP/1.1 431 ") && self.state.phase() == Phase::Head
    }

    /// Sends the whole answer to a head that is too large, and takes what hyper
    /// would have sent for written.
    #[cold]
    fn poll_too_large(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        while !self.too_large.is_empty() {
            let sent = ready!(Pin::new(&mut self.transport).poll_write(cx, &self.too_large))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.too_large.advance(sent);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    /// Throws input away until the client ends it or has sent too much of it.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = [0; 8 * 1024];
        while self.discarded < DISCARDED_MAX {
            let mut buffer = ReadBuf::new(&mut room);
            ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                break;
            }
            self.discarded += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }

    /// Fails when the connection was aborted; an upgraded one is woken for it.
    #[inline]
    fn check_aborted(&self, cx: &Context<'_>) -> io::Result<()> {
        if self.state.is_disturbed() {
            self.check_disturbed(cx)
        } else {
            Ok(())
        }
    }

    #[cold]
    fn check_disturbed(&self, cx: &Context<'_>) -> io::Result<()> {
        if self.state.phase() == Phase::Upgraded {
            self.state.set_upgraded_io(cx);
        }
        if self.state.is_aborted() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    fn note_write<R>(&self, result: &Poll<io::Result<R>>) {
        match result {
            Poll::Pending => self.state.write_stalled(),
            Poll::Ready(_) => {
                self.state.writing();
                self.state.write_progressed();
            }
        }
    }
}

impl<T: Transport> AsyncRead for ConnectionIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.is_disturbed() {
            return this.poll_read_disturbed(cx, buf);
        }
        let before = buf.filled().len();
        ready!(this.poll_input(cx, buf))?;
        this.saw(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<T: Transport> AsyncWrite for ConnectionIo<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_aborted(cx)?;
        let result = if this.refuses_size(bytes) {
            this.poll_too_large(cx, bytes)
        } else {
            Pin::new(&mut this.transport).poll_write(cx, bytes)
        };
        this.note_write(&result);
        result
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_aborted(cx)?;
        if let [only] = buffers
            && this.refuses_size(only)
        {
            let result = this.poll_too_large(cx, only);
            this.note_write(&result);
            return result;
        }
        let transport = Pin::new(&mut this.transport);
        let length: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let result = if length <= GATHERED_MAX {
            poll_write_gathered(transport, cx, buffers)
        } else {
            transport.poll_write_vectored(cx, buffers)
        };
        this.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_aborted(cx)?;
        let result = Pin::new(&mut this.transport).poll_flush(cx);
        match result {
            Poll::Pending => this.state.write_stalled(),
            Poll::Ready(_) => this.state.flushed(),
        }
        result
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.output_closed {
            ready!(Pin::new(&mut this.transport).poll_shutdown(cx))?;
            this.output_closed = true;
        }
        if !this.state.must_linger() {
            return Poll::Ready(Ok(()));
        }
        this.state.linger();
        this.poll_discard(cx)
    }
}

/// Largest write that is gathered.
const GATHERED_MAX: usize = 2 * 1024;

thread_local! {
    static GATHERED: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(GATHERED_MAX));
}

/// Writes a small head and body as one piece: copying them costs less than a
/// vectored system call, and makes one TLS record of them.
fn poll_write_gathered<T: Transport>(
    transport: Pin<&mut T>,
    cx: &mut Context<'_>,
    buffers: &[io::IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    GATHERED.with_borrow_mut(|gathered| {
        gathered.clear();
        for buffer in buffers {
            gathered.extend_from_slice(buffer);
        }
        transport.poll_write(cx, gathered)
    })
}

impl<T: Transport> Drop for ConnectionIo<T> {
    fn drop(&mut self) {
        self.state.close();
        if self.state.is_aborted() {
            self.transport.reset_on_close();
        }
    }
}
