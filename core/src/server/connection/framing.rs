//! Watches the framing of HTTP/1 requests as they come in.
//!
//! A request with both `Content-Length` and `Transfer-Encoding` is refused
//! (RFC 9112 section 6.3 names it as a sign of request smuggling), but the
//! protocol library drops one of the two before a service sees the head. The
//! scanner follows message boundaries on its own: it reads heads line by line
//! and skips bodies, so that pipelined requests are told apart.

use memchr::memchr;

/// Longest part of a line that matters: `transfer-encoding:` and a length,
/// without the blanks and zeros that may stand before the length.
const KEPT_LINE_MAX: usize = 64;

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";

#[derive(Debug)]
enum Position {
    /// Before or in a head; `lines` counts those with content.
    Head,
    /// In a body of known length.
    Sized(u64),
    /// On the line that gives the size of a chunk.
    ChunkSize,
    /// In a chunk, its trailing line break included.
    Chunk(u64),
    /// After the last chunk.
    Trailers,
    /// Something that the protocol library will refuse; nothing more to see.
    Lost,
}

/// Follows the requests of one connection.
#[derive(Debug)]
pub(crate) struct FramingScanner {
    position: Position,
    line: Vec<u8>,
    request_line_seen: bool,
    content_length: Option<u64>,
    has_length: bool,
    has_coding: bool,
    /// Heads completed.
    heads: u64,
}

impl FramingScanner {
    pub(crate) fn new() -> Self {
        Self {
            position: Position::Head,
            line: Vec::new(),
            request_line_seen: false,
            content_length: None,
            has_length: false,
            has_coding: false,
            heads: 0,
        }
    }

    /// Takes in bytes; calls `ambiguous` with the ordinal (from 1) of each
    /// request whose length is given twice.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut ambiguous: impl FnMut(u64)) {
        while !bytes.is_empty() {
            match &mut self.position {
                Position::Lost => return,
                Position::Sized(left) | Position::Chunk(left) => {
                    let skipped = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    *left -= skipped as u64;
                    bytes = &bytes[skipped..];
                    if *left == 0 {
                        self.body_part_ended();
                    }
                }
                Position::Head if self.line.is_empty() => {
                    bytes = self.skip_plain_lines(bytes);
                    if !bytes.is_empty() {
                        bytes = self.take_line(bytes, &mut ambiguous);
                    }
                }
                Position::Head | Position::ChunkSize | Position::Trailers => {
                    bytes = self.take_line(bytes, &mut ambiguous);
                }
            }
        }
    }

    /// Skips whole lines of heads that say nothing about the length of a body,
    /// the usual kind, and the ends of heads without one that does.
    #[inline]
    fn skip_plain_lines<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        while let [first, rest @ ..] = bytes {
            match first {
                b'\r' if self.ends_plain_head() && rest.first() == Some(&b'\n') => {
                    self.heads += 1;
                    self.request_line_seen = false;
                    bytes = &rest[1..];
                }
                b'\r' | b'\n' => break,
                b'c' | b'C' | b't' | b'T' if self.request_line_seen => break,
                _ => match memchr(b'\n', rest) {
                    Some(end) => {
                        self.request_line_seen = true;
                        bytes = &rest[end + 1..];
                    }
                    None => break,
                },
            }
        }
        bytes
    }

    /// Whether an empty line here ends a head that has no body.
    fn ends_plain_head(&self) -> bool {
        self.request_line_seen && !self.has_length && !self.has_coding
    }

    fn body_part_ended(&mut self) {
        self.position = match self.position {
            Position::Chunk(_) => Position::ChunkSize,
            _ => Position::Head,
        };
    }

    /// Consumes up to and including a line feed.
    fn take_line<'b>(&mut self, bytes: &'b [u8], ambiguous: &mut impl FnMut(u64)) -> &'b [u8] {
        let Some(end) = memchr(b'\n', bytes) else {
            self.keep(bytes);
            return &[];
        };
        let rest = &bytes[end + 1..];
        // A long line is shortened, whether it arrived at once or not.
        if self.line.is_empty() && end <= KEPT_LINE_MAX {
            self.read_line(&bytes[..end], ambiguous);
        } else {
            self.keep(&bytes[..end]);
            let line = std::mem::take(&mut self.line);
            self.read_line(&line, ambiguous);
            self.line = line;
            self.line.clear();
        }
        rest
    }

    /// Adds to the line as much as fits.
    fn keep(&mut self, mut part: &[u8]) {
        while !part.is_empty() {
            let room = KEPT_LINE_MAX - self.line.len();
            let (kept, rest) = part.split_at(part.len().min(room));
            self.line.extend_from_slice(kept);
            part = rest;
            if !part.is_empty() && !self.shorten() {
                return;
            }
        }
    }

    /// Makes room in a full line. A length may stand behind any number of
    /// blanks and zeros, which must not push it out of what is kept.
    fn shorten(&mut self) -> bool {
        let start = match self.position {
            Position::ChunkSize => 0,
            _ if header(&self.line, CONTENT_LENGTH).is_some() => CONTENT_LENGTH.len(),
            _ => return false,
        };
        let value = &self.line[start..];
        let blanks = value.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let zeros = value[blanks..].iter().take_while(|b| **b == b'0').count();
        // One zero is the number itself, unless digits follow.
        let surplus = blanks + zeros.saturating_sub(1);
        self.line.drain(start..start + surplus);
        surplus > 0
    }

    fn read_line(&mut self, line: &[u8], ambiguous: &mut impl FnMut(u64)) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.position {
            Position::Head if line.is_empty() && self.request_line_seen => {
                self.head_ended(ambiguous);
            }
            // Blank lines before a request line are skipped (RFC 9112 2.2).
            Position::Head if line.is_empty() => {}
            Position::Head => self.read_head_line(line),
            Position::ChunkSize => self.read_chunk_size(line),
            Position::Trailers if line.is_empty() => self.position = Position::Head,
            _ => {}
        }
    }

    fn read_head_line(&mut self, line: &[u8]) {
        if !self.request_line_seen {
            self.request_line_seen = true;
            return;
        }
        match line[0] {
            b'c' | b'C' => {
                if let Some(value) = header(line, CONTENT_LENGTH) {
                    self.has_length = true;
                    self.content_length = parse_decimal(value);
                }
            }
            b't' | b'T' => {
                self.has_coding |= header(line, TRANSFER_ENCODING).is_some();
            }
            _ => {}
        }
    }

    fn head_ended(&mut self, ambiguous: &mut impl FnMut(u64)) {
        self.heads += 1;
        if self.has_length && self.has_coding {
            ambiguous(self.heads);
        }
        self.position = match (self.has_coding, self.has_length, self.content_length) {
            (true, _, _) => Position::ChunkSize,
            (false, true, None) => Position::Lost,
            (false, _, Some(length)) if length > 0 => Position::Sized(length),
            _ => Position::Head,
        };
        self.request_line_seen = false;
        self.has_length = false;
        self.has_coding = false;
        self.content_length = None;
    }

    fn read_chunk_size(&mut self, line: &[u8]) {
        let digits = line.split(|b| *b == b';').next().unwrap_or_default();
        let size = std::str::from_utf8(digits.trim_ascii())
            .ok()
            .and_then(|text| u64::from_str_radix(text, 16).ok());
        self.position = match size {
            Some(0) => Position::Trailers,
            Some(size) => Position::Chunk(size.saturating_add(2)),
            None => Position::Lost,
        };
    }
}

/// Ordinals of the requests in a stream that state their length twice.
pub(crate) fn ambiguous_requests(pieces: &[&[u8]]) -> Vec<u64> {
    let mut scanner = FramingScanner::new();
    let mut found = Vec::new();
    for piece in pieces {
        scanner.feed(piece, |ordinal| found.push(ordinal));
    }
    found
}

fn header<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(value)
}

fn parse_decimal(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\
        \r\nPOST /b HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\n\r\n\
        3;e=1\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n\
        POST /c HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
        GET /d HTTP/1.1\r\n\r\n\
        POST /e HTTP/1.1\nTRANSFER-ENCODING: chunked\nCONTENT-LENGTH: 1\n\n";

    #[test]
    fn pipelined_requests_are_told_apart() {
        assert_eq!(ambiguous_requests(&[STREAM.as_bytes()]), [3, 5]);
    }

    /// A length behind padding counts, so that it cannot hide the request that
    /// follows from the scanner.
    #[test]
    fn padding_before_a_length_does_not_hide_it() {
        let second = "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for padding in [
            " ".repeat(300),
            "0".repeat(300),
            format!("{:\t>99}{:0>99}", "", ""),
        ] {
            let sized = format!("POST / HTTP/1.1\r\nContent-Length:{padding}3\r\n\r\nabc");
            let zeros = padding.replace([' ', '\t'], "0");
            let chunked = format!(
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
                 {zeros}3\r\na\nb\r\n{zeros}\r\n\r\n"
            );
            for first in [sized, chunked] {
                let stream = first + second;
                let bytes: Vec<_> = stream.as_bytes().chunks(1).collect();
                assert_eq!(ambiguous_requests(&bytes), [2], "byte by byte");
                assert_eq!(ambiguous_requests(&[stream.as_bytes()]), [2], "at once");
            }
        }
    }

    proptest! {
        #[test]
        fn the_result_does_not_depend_on_how_bytes_arrive(cuts in proptest::collection::vec(0usize..STREAM.len(), 0..12)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&STREAM.as_bytes()[from..cut]);
                from = cut;
            }
            pieces.push(&STREAM.as_bytes()[from..]);
            prop_assert_eq!(ambiguous_requests(&pieces), [3, 5]);
        }

        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            ambiguous_requests(&[&bytes]);
        }
    }
}
