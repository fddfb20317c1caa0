//! Reads a multipart body as it arrives, holding no more than one chunk of it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http_body::Body as _;

use super::boundary::{Delimiter, Scan};
use super::head::{self, Head, HeadProblem};
use super::{MultipartOptions, part_path};
use crate::bind::body::too_large;
use crate::error::code::field as codes;
use crate::error::path::cut_echo;
use crate::{Body, CollectError, Error, ErrorKind, FieldPath, code};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first delimiter; what stands here means nothing.
    Preamble,
    Head,
    /// At the blank line after the head. It may also start the delimiter of a
    /// part without content.
    Start,
    Data,
    /// After the last delimiter; what stands here means nothing.
    Epilogue,
    /// Ended, or failed.
    Done,
}

pub(super) struct Reader {
    body: Body,
    unread: Bytes,
    delimiter: Delimiter,
    options: MultipartOptions,
    state: State,
    bytes: u64,
    parts: usize,
    part_bytes: u64,
    part_name: String,
}

impl Reader {
    pub(super) fn new(body: Body, boundary: &str, options: MultipartOptions) -> Self {
        Self {
            body,
            // The first delimiter may stand at the very start.
            unread: Bytes::from_static(b"\r\n"),
            delimiter: Delimiter::new(boundary),
            options,
            state: State::Preamble,
            bytes: 0,
            parts: 0,
            part_bytes: 0,
            part_name: String::new(),
        }
    }

    pub(super) fn options(&self) -> &MultipartOptions {
        &self.options
    }

    /// Passes over what is left of the current part and reads the head of the
    /// next one.
    pub(super) fn poll_next_part(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Head>, Error>> {
        loop {
            match self.state {
                State::Preamble | State::Start | State::Data => {
                    if let Err(error) = ready!(self.poll_data(cx)) {
                        return Poll::Ready(Err(error));
                    }
                }
                State::Head => {
                    let head = ready!(self.poll_head(cx));
                    return Poll::Ready(self.checked(head).map(Some));
                }
                State::Epilogue => {
                    self.unread = Bytes::new();
                    let more = ready!(self.poll_fill(cx));
                    if !self.checked(more)? {
                        self.state = State::Done;
                    }
                }
                State::Done => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// The next bytes of the current part; `None` at its end.
    pub(super) fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        if matches!(self.state, State::Head | State::Epilogue | State::Done) {
            return Poll::Ready(Ok(None));
        }
        loop {
            match self.delimiter.scan(&self.unread) {
                Scan::Data(_) if self.state == State::Start => {
                    self.unread.advance(BLANK_LINE.len());
                    self.state = State::Data;
                }
                Scan::Data(len) => {
                    let data = self.unread.split_to(len);
                    let counted = self.count(&data);
                    return Poll::Ready(self.checked(counted).map(|()| Some(data)));
                }
                Scan::Next(len) => {
                    self.unread.advance(len);
                    self.state = State::Head;
                    let started = self.start_part();
                    return Poll::Ready(self.checked(started).map(|()| None));
                }
                Scan::Last(len) => {
                    self.unread.advance(len);
                    self.state = State::Epilogue;
                    return Poll::Ready(Ok(None));
                }
                Scan::Unknown => {
                    let more = ready!(self.poll_more(cx));
                    self.checked(more)?;
                }
            }
        }
    }

    fn start_part(&mut self) -> Result<(), Error> {
        self.part_bytes = 0;
        self.part_name.clear();
        self.parts += 1;
        if self.parts > self.options.max_parts {
            let message = format!("at most {} parts", self.options.max_parts);
            return Err(problem(FieldPath::root("part"), codes::TOO_MANY, message));
        }
        Ok(())
    }

    fn count(&mut self, data: &Bytes) -> Result<(), Error> {
        if self.state != State::Data {
            return Ok(());
        }
        self.part_bytes += data.len() as u64;
        let max = self.options.max_part_bytes;
        if self.part_bytes > max {
            return Err(part_too_large(&self.part_name, max));
        }
        Ok(())
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Head, Error>> {
        loop {
            if let Some(len) = end_of_head(&self.unread) {
                self.check_head(&self.unread[..len])?;
                let lines = self.unread.split_to(len);
                let head = head::read(&lines).map_err(|reason| broken(reason, &lines))?;
                self.part_name.clone_from(&head.name);
                self.state = State::Start;
                return Poll::Ready(Ok(head));
            }
            // Half of the blank line may be here already.
            let lines = self.unread.strip_suffix(b"\r").unwrap_or(&self.unread);
            self.check_head(lines)?;
            ready!(self.poll_more(cx))?;
        }
    }

    fn check_head(&self, lines: &[u8]) -> Result<(), Error> {
        let path = || match head::name_in(lines) {
            Some(name) => part_path(&name),
            None => FieldPath::root("part"),
        };
        if lines.len() > self.options.max_header_bytes {
            let message = format!("at most {} bytes of headers", self.options.max_header_bytes);
            return Err(problem(path(), codes::TOO_LONG, message));
        }
        if memchr::memmem::find_iter(lines, b"\r\n").count() > self.options.max_headers {
            let message = format!("at most {} headers", self.options.max_headers);
            return Err(problem(path(), codes::TOO_MANY, message));
        }
        Ok(())
    }

    /// Reads more; the end of the body here comes too early.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let more = ready!(self.poll_fill(cx))?;
        if more {
            return Poll::Ready(Ok(()));
        }
        let error = Error::coded(&code::REQUEST_BODY_INCOMPLETE);
        Poll::Ready(Err(error.message("the request body is incomplete")))
    }

    /// Adds a chunk to the unread bytes; false at the end of the body.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => return Poll::Ready(Ok(false)),
                Some(Err(error)) => return Poll::Ready(Err(CollectError::from(error).into())),
                Some(Ok(frame)) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            self.bytes += data.len() as u64;
            if self.bytes > self.options.max_bytes {
                return Poll::Ready(Err(too_large(self.options.max_bytes)));
            }
            if !data.is_empty() {
                self.unread = if self.unread.is_empty() {
                    data
                } else {
                    joined(&self.unread, &data)
                };
                return Poll::Ready(Ok(true));
            }
        }
    }

    /// After a failure nothing more is read.
    fn checked<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.state = State::Done;
            self.unread = Bytes::new();
            self.body = Body::empty();
        }
        result
    }
}

const BLANK_LINE: &[u8] = b"\r\n";

/// Length of the header lines before the blank line that ends them.
fn end_of_head(unread: &[u8]) -> Option<usize> {
    if unread.starts_with(BLANK_LINE) {
        return Some(0);
    }
    memchr::memmem::find(unread, b"\r\n\r\n").map(|at| at + 2)
}

fn joined(front: &[u8], back: &[u8]) -> Bytes {
    let mut whole = BytesMut::with_capacity(front.len() + back.len());
    whole.extend_from_slice(front);
    whole.extend_from_slice(back);
    whole.freeze()
}

fn broken(reason: HeadProblem, lines: &[u8]) -> Error {
    let path = match head::name_in(lines) {
        Some(name) => part_path(&name),
        None => FieldPath::root("part"),
    };
    match reason {
        HeadProblem::Format => problem(path, codes::INVALID_FORMAT, "not a form part"),
        HeadProblem::Encoding => problem(path, codes::INVALID_ENCODING, "not valid UTF-8"),
    }
}

pub(super) fn problem(
    path: FieldPath,
    code: &'static str,
    message: impl Into<std::borrow::Cow<'static, str>>,
) -> Error {
    Error::new(ErrorKind::Validation).field(path, code, message)
}

pub(super) fn part_too_large(name: &str, max: u64) -> Error {
    Error::coded(&code::PART_TOO_LARGE)
        .detail("part", cut_echo(name))
        .detail("max_bytes", max)
}
