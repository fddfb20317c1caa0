//! Where one part ends and the next begins (RFC 2046 section 5.1.1).

use memchr::memchr_iter;
use memchr::memmem::Finder;

/// Longest boundary, in characters.
const BOUNDARY_MAX: usize = 70;
/// Most blanks between a boundary and the end of its line; senders put none.
const PADDING_MAX: usize = 128;

/// The text that separates parts: a line break, two dashes and the boundary.
pub(super) struct Delimiter {
    finder: Finder<'static>,
}

/// What stands at the front of unread bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// So many bytes of data, then more to look at.
    Data(usize),
    /// A delimiter of so many bytes; another part follows.
    Next(usize),
    /// A delimiter of so many bytes; nothing follows.
    Last(usize),
    /// More bytes are needed to tell.
    Unknown,
}

/// True for 1 to 70 characters that may stand in a boundary, the last not a
/// space.
pub(super) fn is_boundary(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    (1..=BOUNDARY_MAX).contains(&text.len()) && text.bytes().all(legal) && !text.ends_with(' ')
}

impl Delimiter {
    pub(super) fn new(boundary: &str) -> Self {
        let text = format!("\r\n--{boundary}");
        Self {
            finder: Finder::new(text.as_bytes()).into_owned(),
        }
    }

    fn text(&self) -> &[u8] {
        self.finder.needle()
    }

    /// Looks at unread bytes. `Data` never covers what may turn out to be a
    /// delimiter.
    pub(super) fn scan(&self, unread: &[u8]) -> Scan {
        match self.finder.find(unread) {
            Some(0) => self.end_of_line(unread),
            Some(at) => Scan::Data(at),
            None => match unread.len() - self.suspect(unread) {
                0 => Scan::Unknown,
                data => Scan::Data(data),
            },
        }
    }

    /// A delimiter is one only when its line holds nothing else; text that
    /// merely starts like it is data.
    fn end_of_line(&self, unread: &[u8]) -> Scan {
        let len = self.text().len();
        let rest = &unread[len..];
        if rest.starts_with(b"--") {
            return Scan::Last(len + 2);
        }
        let blank = |b: &&u8| matches!(b, b' ' | b'\t');
        let padding = rest.iter().take_while(blank).count();
        match &rest[padding..] {
            [b'\r', b'\n', ..] => Scan::Next(len + padding + 2),
            [] | [b'\r'] if padding <= PADDING_MAX => Scan::Unknown,
            [b'-'] if padding == 0 => Scan::Unknown,
            _ => Scan::Data(1),
        }
    }

    /// Length of the longest end of `unread` that a delimiter starts with.
    fn suspect(&self, unread: &[u8]) -> usize {
        let tail = unread.len().saturating_sub(self.text().len() - 1);
        memchr_iter(b'\r', &unread[tail..])
            .map(|at| &unread[tail + at..])
            .find(|end| self.text().starts_with(end))
            .map_or(0, <[u8]>::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries() {
        for good in ["a", "----WebKitFormBoundary7MA4", "a b", &"x".repeat(70)] {
            assert!(is_boundary(good), "{good}");
        }
        for bad in ["", "a ", "a\"b", "a;b", "é", "a\nb", &"x".repeat(71)] {
            assert!(!is_boundary(bad), "{bad}");
        }
    }

    #[test]
    fn scanning() {
        let delimiter = Delimiter::new("ab");
        for (unread, expected) in [
            ("", Scan::Unknown),
            ("data", Scan::Data(4)),
            ("data\r", Scan::Data(4)),
            ("data\r\n--a", Scan::Data(4)),
            ("data\r\n--ax", Scan::Data(10)),
            ("\r\r\n-", Scan::Data(1)),
            ("\r\n--ab", Scan::Unknown),
            ("\r\n--ab-", Scan::Unknown),
            ("\r\n--ab\r", Scan::Unknown),
            ("\r\n--ab  \t", Scan::Unknown),
            ("\r\n--ab--", Scan::Last(8)),
            ("\r\n--ab\r\nx", Scan::Next(8)),
            ("\r\n--ab \r\n", Scan::Next(9)),
            ("\r\n--abc\r\n", Scan::Data(1)),
            ("\r\n--ab-x", Scan::Data(1)),
            ("\r\n--ab\rx", Scan::Data(1)),
            ("x\r\n--ab--", Scan::Data(1)),
        ] {
            assert_eq!(delimiter.scan(unread.as_bytes()), expected, "{unread:?}");
        }
        let padded = format!("\r\n--ab{}", " ".repeat(200));
        assert_eq!(delimiter.scan(padded.as_bytes()), Scan::Data(1));
    }
}
