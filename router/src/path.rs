//! Request paths: percent-encoding, dot segments, slashes.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Longest path that is matched, in bytes; [`http::Uri`] holds no longer one.
pub(crate) const BYTES_MAX: usize = 65_534;

/// Everything outside unreserved characters and `! $ & ' ( ) * + , ; = : @`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Unreserved characters stay, so that every form decoder reads the same.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What a decoded slash inside a segment is called while matching, so that it
/// is not taken for the end of the segment. Never occurs in UTF-8.
const MARKED_SLASH: u8 = 0xF6;
/// What a decoded percent sign is called while matching, so that the raw text
/// of a request never equals it. Never occurs in UTF-8.
const MARKED_PERCENT: u8 = 0xF5;

/// The spelling of a decoded byte while matching.
pub(crate) const fn mark(byte: u8) -> u8 {
    match byte {
        b'/' => MARKED_SLASH,
        b'%' => MARKED_PERCENT,
        other => other,
    }
}

/// A path that no route may answer: broken escapes, invalid UTF-8, NUL, or a
/// dot segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadPath;

/// Percent-encodes `text` as one path segment.
pub(crate) fn escape(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, SEGMENT)
}

/// Percent-encodes `text` as a key or value of a query.
pub(crate) fn escape_query(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, QUERY)
}

pub(crate) fn is_dot_segment(segment: &[u8]) -> bool {
    matches!(segment, b"." | b"..")
}

/// Decodes one segment; escapes must be complete and the result UTF-8 without
/// NUL.
pub(crate) fn decode_segment(segment: &str) -> Result<String, BadPath> {
    if !escapes_are_complete(segment.as_bytes()) {
        return Err(BadPath);
    }
    let text = percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| BadPath)?;
    if text.contains('\0') {
        return Err(BadPath);
    }
    Ok(text.into_owned())
}

fn escapes_are_complete(text: &[u8]) -> bool {
    memchr::memchr_iter(b'%', text).all(|at| {
        let digits = text.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Whether a path without escapes must be refused.
pub(crate) fn is_bad_plain(path: &[u8]) -> bool {
    // Most paths have neither byte, and one pass says so.
    memchr::memchr2(0, b'.', path).is_some()
        && (path.contains(&0) || path.split(|byte| *byte == b'/').any(is_dot_segment))
}

/// A path with escapes, decoded segment by segment. Offsets are the same in
/// both spellings.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// What is matched: see [`mark`].
    pub(crate) marked: Vec<u8>,
    /// What handlers see.
    pub(crate) text: String,
}

pub(crate) fn decode(path: &str) -> Result<Decoded, BadPath> {
    let mut marked = Vec::with_capacity(path.len());
    let mut text = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            marked.push(b'/');
            text.push('/');
        }
        let decoded = decode_segment(segment)?;
        if is_dot_segment(decoded.as_bytes()) {
            return Err(BadPath);
        }
        marked.extend(decoded.bytes().map(mark));
        text.push_str(&decoded);
    }
    Ok(Decoded { marked, text })
}

/// Collapses leading slashes; the empty path is the root.
pub(crate) fn collapse_leading(path: &str) -> &str {
    if path.is_empty() {
        return "/";
    }
    let slashes = path.len() - path.trim_start_matches('/').len();
    &path[slashes.saturating_sub(1)..]
}

/// Removes trailing slashes, except from the root.
pub(crate) fn trim_trailing(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed }
}

/// A path as a list of decoded segments, for the places where speed is no
/// concern.
#[derive(Debug)]
pub(crate) struct Segments {
    pub(crate) segments: Vec<String>,
    pub(crate) trailing_slash: bool,
}

impl Segments {
    /// `None` when the path is not absolute or must be refused.
    pub(crate) fn of(path: &str, strict: bool) -> Option<Self> {
        let path = collapse_leading(path);
        let path: Cow<'_, str> = if strict {
            path.into()
        } else {
            trim_trailing(path).into()
        };
        let body = path.strip_prefix('/')?;
        let trailing_slash = body.ends_with('/');
        let body = body.strip_suffix('/').unwrap_or(body);
        let mut segments = Vec::new();
        if !body.is_empty() || trailing_slash {
            for segment in body.split('/') {
                let decoded = decode_segment(segment).ok()?;
                if is_dot_segment(decoded.as_bytes()) {
                    return None;
                }
                segments.push(decoded);
            }
        }
        Some(Self {
            segments,
            trailing_slash,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_decode_once_and_only_when_complete() {
        assert_eq!(decode_segment("a%2Fb"), Ok("a/b".to_owned()));
        assert_eq!(decode_segment("%2525"), Ok("%25".to_owned()));
        assert_eq!(decode_segment("%C3%A9"), Ok("é".to_owned()));
        for bad in ["%", "%4", "a%", "%zz", "%00", "%ff", "%C3", "%C0%AF"] {
            assert_eq!(decode_segment(bad), Err(BadPath), "{bad}");
        }
    }

    #[test]
    fn marked_text_keeps_slashes_of_segments_apart() {
        let decoded = decode("/a%2Fb/c%25").unwrap();
        assert_eq!(decoded.text, "/a/b/c%");
        assert_eq!(decoded.marked, b"/a\xF6b/c\xF5");
    }

    #[test]
    fn dot_segments_and_nul_make_a_plain_path_bad() {
        for bad in ["/.", "/..", "/a/./b", "/a/../b", "..", "/a\0b"] {
            assert!(is_bad_plain(bad.as_bytes()), "{bad}");
        }
        for good in [
            "/",
            "/a.b",
            "/...",
            "/.well-known",
            "/a..",
            "/safe..name.txt",
        ] {
            assert!(!is_bad_plain(good.as_bytes()), "{good}");
        }
    }
}
