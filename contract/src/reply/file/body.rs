//! Sends parts of a reader. Reads happen on the runtime's blocking threads, one
//! chunk at a time, and only when the connection can take data.

use std::collections::VecDeque;
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::task::JoinHandle;

use super::{CHUNK_BYTES, ReadSeek};
use crate::scope::RequestScope;
use crate::{BoxError, Error};

/// What a body is made of.
pub(super) enum Segment {
    /// Text between parts.
    Text(Bytes),
    /// These bytes of the file.
    File(Range<u64>),
}

impl Segment {
    fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::File(range) => range.end - range.start,
        }
    }
}

type Reader = Box<dyn ReadSeek>;

enum State {
    Idle(Reader),
    Reading(JoinHandle<(Reader, io::Result<Vec<u8>>)>),
    /// Failed, or moving between the two above.
    Gone,
}

pub(super) struct FileBody {
    state: State,
    segments: VecDeque<Segment>,
    /// Where the reader stands.
    position: Option<u64>,
    remaining: u64,
    scope: RequestScope,
}

pub(super) fn total(segments: &[Segment]) -> u64 {
    segments.iter().map(Segment::len).sum()
}

impl FileBody {
    pub(super) fn new(reader: Reader, segments: Vec<Segment>, scope: RequestScope) -> Self {
        Self {
            state: State::Idle(reader),
            remaining: total(&segments),
            segments: segments.into(),
            position: None,
            scope,
        }
    }

    /// The next piece of text, or the read that gives the next piece of file.
    fn advance(&mut self) -> Option<Bytes> {
        match self.segments.front_mut()? {
            Segment::Text(text) => {
                let text = std::mem::take(text);
                self.segments.pop_front();
                Some(text)
            }
            Segment::File(range) => {
                let start = range.start;
                let end = range.end.min(start + CHUNK_BYTES as u64);
                range.start = end;
                if range.is_empty() {
                    self.segments.pop_front();
                }
                self.read(start..end);
                None
            }
        }
    }

    fn read(&mut self, range: Range<u64>) {
        let State::Idle(mut reader) = std::mem::replace(&mut self.state, State::Gone) else {
            return;
        };
        let seek = (self.position != Some(range.start)).then_some(range.start);
        self.position = Some(range.end);
        let task = tokio::task::spawn_blocking(move || {
            let chunk = read_chunk(reader.as_mut(), seek, (range.end - range.start) as usize);
            (reader, chunk)
        });
        self.state = State::Reading(task);
    }

    fn fail(&mut self, cause: BoxError) -> BoxError {
        self.state = State::Gone;
        self.segments.clear();
        crate::respond::report(&self.scope, &Error::internal(cause));
        "the file could not be sent to its end".into()
    }
}

/// Reads exactly `len` bytes; a file that became shorter is an error, so that
/// the transfer breaks off instead of being padded.
pub(super) fn read_chunk(
    reader: &mut dyn ReadSeek,
    seek: Option<u64>,
    len: usize,
) -> io::Result<Vec<u8>> {
    if let Some(start) = seek {
        reader.seek(SeekFrom::Start(start))?;
    }
    let mut chunk = vec![0; len];
    reader.read_exact(&mut chunk)?;
    Ok(chunk)
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            match &mut this.state {
                State::Gone => return Poll::Ready(None),
                State::Idle(_) if this.segments.is_empty() => return Poll::Ready(None),
                State::Idle(_) => {
                    if let Some(text) = this.advance() {
                        this.remaining -= text.len() as u64;
                        return Poll::Ready(Some(Ok(Frame::data(text))));
                    }
                }
                State::Reading(task) => {
                    let chunk = match std::task::ready!(Pin::new(task).poll(cx)) {
                        Ok((reader, Ok(chunk))) => {
                            this.state = State::Idle(reader);
                            chunk
                        }
                        Ok((_, Err(error))) => {
                            return Poll::Ready(Some(Err(this.fail(error.into()))));
                        }
                        Err(error) => return Poll::Ready(Some(Err(this.fail(error.into())))),
                    };
                    this.remaining -= chunk.len() as u64;
                    return Poll::Ready(Some(Ok(Frame::data(chunk.into()))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
