//! Finds secrets inside strings, in time linear in the input.
//!
//! One automaton stops at every place where a secret may begin; a small matcher
//! then decides how far it reaches. What a matcher has looked at without success
//! is never looked at again by the same matcher, which keeps the search linear.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input};
use memchr::memmem;

use super::keys::KeyRules;
use crate::limits;

/// What the automaton stops at; the position in this list is the pattern id.
const TRIGGERS: [&str; 6] = ["bearer", "basic", "eyj", "-----begin ", "//", "="];

/// Rounds after the first until nothing is left to find.
const ROUNDS_MAX: usize = 4;

/// Longest parameter name that is looked up.
const NAME_BYTES_MAX: usize = 256;

/// Words in front of a credential that is separated by a blank.
const SCHEMES: [&str; 7] = [
    "bearer",
    "basic",
    "digest",
    "token",
    "apikey",
    "negotiate",
    "hmac",
];

static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(TRIGGERS)
        .expect("six short patterns are far below every limit of the automaton")
});

/// The text without its secrets; `None` when it holds none and need not be cut.
pub(super) fn scan(keys: &KeyRules, text: &str) -> Option<String> {
    if text.len() <= limits::SCAN_BYTES_MAX {
        return if may_hold_secret(text.as_bytes()) {
            masked(keys, text, false)
        } else {
            None
        };
    }
    let kept = limits::prefix(text, limits::SCAN_BYTES_MAX - limits::ELLIPSIS.len());
    let mut shown = masked(keys, kept, true).unwrap_or_else(|| kept.to_owned());
    shown.push_str(limits::ELLIPSIS);
    Some(shown)
}

/// Every secret needs one of these: a blank behind a scheme or in a key's first
/// line, the `J` of a web token, the `=` of a parameter, or two slashes.
fn may_hold_secret(bytes: &[u8]) -> bool {
    memchr::memchr3(b'=', b' ', b'J', bytes).is_some()
        || memchr::memchr2(b'/', b'\t', bytes)
            .is_some_and(|at| bytes[at] == b'\t' || memmem::find(&bytes[at..], b"//").is_some())
        || memchr::memchr(b'\t', bytes).is_some()
}

/// A mask can stand for a delimiter that kept its neighbours apart, so the search
/// is repeated until it finds nothing. Text made to need many rounds is masked
/// as a whole, which keeps the search linear.
fn masked(keys: &KeyRules, text: &str, cut: bool) -> Option<String> {
    let mut shown = Scan::new(keys, text, cut).run()?;
    for _ in 0..ROUNDS_MAX {
        match Scan::new(keys, &shown, cut).run() {
            Some(next) => shown = next,
            None => return Some(shown),
        }
    }
    Some(limits::MASK.to_owned())
}

/// End of `user:password` in front of an `@`, in a URL that has no `//`.
pub(super) fn bare_user_info(url: &str) -> Option<usize> {
    let authority = url.split(['/', '?', '#']).next().unwrap_or(url);
    let end = authority.rfind('@')?;
    authority[..end].contains(':').then_some(end)
}

struct Scan<'a> {
    keys: &'a KeyRules,
    text: &'a str,
    bytes: &'a [u8],
    /// The text goes on after `bytes`, so a secret may be cut in two.
    cut: bool,
    shown: String,
    /// Input up to here is in `shown`.
    copied: usize,
    /// No web token begins before this position.
    no_token_before: usize,
}

impl<'a> Scan<'a> {
    fn new(keys: &'a KeyRules, text: &'a str, cut: bool) -> Self {
        Self {
            keys,
            text,
            bytes: text.as_bytes(),
            cut,
            shown: String::new(),
            copied: 0,
            no_token_before: 0,
        }
    }

    fn run(mut self) -> Option<String> {
        let mut from = 0;
        while let Some(hit) = AUTOMATON.find(Input::new(self.text).range(from..)) {
            from = match self.secret(hit.pattern().as_usize(), hit.range()) {
                Some(secret) => self.mask(secret),
                None => hit.start() + 1,
            };
        }
        if self.copied == 0 {
            return None;
        }
        self.shown.push_str(&self.text[self.copied..]);
        Some(self.shown)
    }

    /// Replaces a range and gives the position to go on from.
    fn mask(&mut self, secret: Range<usize>) -> usize {
        if &self.text[secret.clone()] != limits::MASK {
            self.shown.push_str(&self.text[self.copied..secret.start]);
            self.shown.push_str(limits::MASK);
            self.copied = secret.end;
        }
        secret.end
    }

    /// The range to replace when a secret begins at this trigger.
    fn secret(&mut self, trigger: usize, at: Range<usize>) -> Option<Range<usize>> {
        match trigger {
            0 | 1 => self.credential(at),
            2 => self.web_token(at.start),
            3 => self.private_key(at),
            4 => self.user_info(at.end),
            _ => self.parameter(at.start),
        }
    }

    /// `Bearer <token>` and `Basic <token>`: the token.
    fn credential(&self, scheme: Range<usize>) -> Option<Range<usize>> {
        if scheme.start > 0 && self.bytes[scheme.start - 1].is_ascii_alphanumeric() {
            return None;
        }
        let start = self.skip(scheme.end, |byte| matches!(byte, b' ' | b'\t'));
        let end = self.skip(start, is_value_byte);
        (start > scheme.end && end > start).then_some(start..end)
    }

    /// `eyJ….….…`: base64url parts joined by dots, at least three.
    fn web_token(&mut self, start: usize) -> Option<Range<usize>> {
        if start < self.no_token_before || self.bytes.get(start..start + 3) != Some(b"eyJ") {
            return None;
        }
        let header_end = self.skip(start, is_base64url);
        let payload_end = match self.bytes.get(header_end) {
            Some(b'.') => self.skip(header_end + 1, is_base64url),
            _ => header_end,
        };
        let whole = payload_end > header_end + 1
            && (self.bytes.get(payload_end) == Some(&b'.')
                || self.cut && payload_end == self.bytes.len());
        if !whole {
            // Every later start inside these parts would end at the same place.
            self.no_token_before = payload_end;
            return None;
        }
        Some(start..self.skip(payload_end, |byte| byte == b'.' || is_base64url(byte)))
    }

    /// `-----BEGIN … PRIVATE KEY-----` to its end line, or to the end of the text.
    fn private_key(&self, begin: Range<usize>) -> Option<Range<usize>> {
        let rest = &self.bytes[begin.end..];
        let label = &rest[..memmem::find(rest, b"-----").unwrap_or(rest.len()).min(64)];
        let may_be_one = label.to_ascii_uppercase().ends_with(b"PRIVATE KEY")
            || self.cut && label.len() == rest.len();
        if !may_be_one {
            return None;
        }
        let body = begin.end + label.len();
        let end = memmem::find(&self.bytes[body..], b"-----END ")
            .or_else(|| memmem::find(&self.bytes[body..], b"-----end "))
            .map_or(self.bytes.len(), |found| {
                let label = body + found + "-----END ".len();
                memmem::find(&self.bytes[label..], b"-----")
                    .map_or(self.bytes.len(), |closing| label + closing + "-----".len())
            });
        Some(begin.start..end)
    }

    /// `//user:password@`: everything up to the last `@` of the authority.
    fn user_info(&self, start: usize) -> Option<Range<usize>> {
        let end = self.skip(start, |byte| {
            !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'<' | b'>') && !byte.is_ascii_whitespace()
        });
        let authority = &self.bytes[start..end];
        match memchr::memrchr(b'@', authority) {
            Some(0) => None,
            Some(at) => Some(start..start + at),
            None if self.cut && end == self.bytes.len() && authority.contains(&b':') => {
                Some(start..end)
            }
            None => None,
        }
    }

    /// `name=value` with a secret name: the value.
    fn parameter(&self, equals: usize) -> Option<Range<usize>> {
        let floor = equals.saturating_sub(NAME_BYTES_MAX);
        let name_len = self.bytes[floor..equals]
            .iter()
            .rev()
            .take_while(|&&byte| is_name_byte(byte))
            .count();
        let name = &self.text[equals - name_len..equals];
        if !self.is_secret_name(name) {
            return None;
        }
        let value = self.parameter_value(equals + 1);
        (!value.is_empty()).then_some(value)
    }

    fn is_secret_name(&self, name: &str) -> bool {
        if name.is_empty() {
            return false;
        }
        self.keys.matches(name) || name.contains('%') && self.keys.matches(&percent_decoded(name))
    }

    fn parameter_value(&self, start: usize) -> Range<usize> {
        match self.bytes.get(start..) {
            Some([b'\\', quote @ (b'"' | b'\''), ..]) => {
                let inner = start + 2;
                let closing = memmem::find(&self.bytes[inner..], &[b'\\', *quote]);
                inner..closing.map_or(self.bytes.len(), |at| inner + at)
            }
            Some([quote @ (b'"' | b'\''), ..]) => start + 1..self.closing_quote(start + 1, *quote),
            _ => start..self.bare_value_end(start),
        }
    }

    fn closing_quote(&self, start: usize, quote: u8) -> usize {
        let mut at = start;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 2,
                byte if byte == quote => return at,
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    /// A value may go on after a blank: behind an authentication scheme, and
    /// behind the semicolon between two cookies.
    fn bare_value_end(&self, start: usize) -> usize {
        let mut from = start;
        loop {
            let end = self.skip(from, is_value_byte);
            let word = &self.text[from..end];
            let goes_on = word.ends_with(';')
                || from == start
                    && SCHEMES
                        .iter()
                        .any(|scheme| word.eq_ignore_ascii_case(scheme));
            let next = self.skip(end, |byte| matches!(byte, b' ' | b'\t'));
            if !goes_on || next == end || self.skip(next, is_value_byte) == next {
                return end;
            }
            from = next;
        }
    }

    /// The first position at or after `from` whose byte does not fit.
    fn skip(&self, from: usize, fits: impl Fn(u8) -> bool) -> usize {
        self.bytes[from..]
            .iter()
            .position(|&byte| !fits(byte))
            .map_or(self.bytes.len(), |count| from + count)
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%' | b'[' | b']' | b'+')
}

fn is_value_byte(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !matches!(byte, b'&' | b'#' | b'"' | b'\'' | b'<' | b'>')
}

fn percent_decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let decoded = match (first, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match decoded {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
