//! Scanning of JSON text, token by token, without a tree.

use std::borrow::Cow;
use std::fmt;

/// Why text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The text ends too early.
    End,
    /// Something else has to stand here.
    Character,
    /// Not how numbers are written.
    Number,
    /// Not how characters are escaped.
    Escape,
    /// Half of a pair of escapes.
    Surrogate,
    /// Octets that are no text.
    Encoding,
    /// A control character that is not escaped.
    Control,
    /// A key that the object has already.
    Duplicate(String),
    /// Containers nested too deep.
    Depth,
    /// Something after the value.
    Trailing,
    /// More text than is read.
    Size,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::End => "unexpected end of input",
            Self::Character => "unexpected character",
            Self::Number => "invalid number",
            Self::Escape => "invalid escape",
            Self::Surrogate => "lone surrogate",
            Self::Encoding => "invalid UTF-8",
            Self::Control => "control character in string",
            Self::Duplicate(key) => return write!(f, "duplicate key \"{key}\""),
            Self::Depth => "nesting too deep",
            Self::Trailing => "trailing characters",
            Self::Size => "text too large",
        })
    }
}

/// Where text is not JSON, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Why.
    pub reason: Reason,
    /// The offending byte, from 0; of numbers and escapes the first one.
    pub offset: usize,
}

impl SyntaxError {
    /// Line and column of the offending byte, from 1; at the end of the text those
    /// of its last byte.
    #[must_use]
    pub fn line_column(&self, text: &[u8]) -> (usize, usize) {
        let offset = self.offset.min(text.len().saturating_sub(1));
        let before = &text[..offset];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        (line, offset - start + 1)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for SyntaxError {}

/// The beginning of a value, or the whole of one without parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Token<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as written.
    Number(&'a str),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// `[`; items follow by [`Scanner::next_item`].
    List,
    /// `{`; keys follow by [`Scanner::next_key`].
    Map,
}

/// Reads one JSON text.
///
/// Clones are positions to come back to.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
    depth_max: usize,
    /// Whether the innermost container has had a part already.
    begun: bool,
}

type Scanned<T> = Result<T, SyntaxError>;

impl<'a> Scanner<'a> {
    /// Reads `text`; a byte order mark at its start is skipped.
    #[must_use]
    pub fn new(text: &'a str, depth_max: usize) -> Self {
        Self {
            text,
            position: if text.starts_with('\u{feff}') {
                '\u{feff}'.len_utf8()
            } else {
                0
            },
            depth: 0,
            depth_max,
            begun: false,
        }
    }

    /// Reads `bytes`, which have to be text.
    ///
    /// # Errors
    ///
    /// They are not.
    pub fn of_bytes(bytes: &'a [u8], depth_max: usize) -> Scanned<Self> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(text, depth_max)),
            Err(error) => Err(SyntaxError {
                reason: Reason::Encoding,
                offset: error.valid_up_to(),
            }),
        }
    }

    fn error<T>(&self, reason: Reason, offset: usize) -> Scanned<T> {
        Err(SyntaxError { reason, offset })
    }

    /// An error at the current byte: what is there, or that nothing is.
    fn unexpected<T>(&self) -> Scanned<T> {
        let reason = if self.peek().is_none() {
            Reason::End
        } else {
            Reason::Character
        };
        self.error(reason, self.position)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    /// The next byte that is not white space.
    #[must_use]
    pub fn position(&mut self) -> usize {
        self.skip_space();
        self.position
    }

    /// Begins the next value.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn value(&mut self) -> Scanned<Token<'a>> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => self.string().map(Token::String),
            Some(b'{') => self.open().map(|()| Token::Map),
            Some(b'[') => self.open().map(|()| Token::List),
            Some(b'-' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(b't') => self.word("true").map(|()| Token::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Token::Bool(false)),
            Some(b'n') => self.word("null").map(|()| Token::Null),
            _ => self.unexpected(),
        }
    }

    fn open(&mut self) -> Scanned<()> {
        if self.depth == self.depth_max {
            return self.error(Reason::Depth, self.position);
        }
        self.depth += 1;
        self.position += 1;
        self.begun = false;
        Ok(())
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.position += 1;
        // The container around has a part: the one that ends here.
        self.begun = true;
    }

    fn word(&mut self, word: &str) -> Scanned<()> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return self.unexpected();
            }
            self.position += 1;
        }
        Ok(())
    }

    /// Whether a list has another item, which [`value`](Self::value) then begins;
    /// consumes the end of the list otherwise.
    ///
    /// # Errors
    ///
    /// Neither an item nor the end follows.
    pub fn next_item(&mut self) -> Scanned<bool> {
        self.skip_space();
        match self.peek() {
            Some(b']') => {
                self.close();
                return Ok(false);
            }
            Some(b',') if self.begun => {
                self.position += 1;
                self.skip_space();
                if self.peek() == Some(b']') {
                    return self.unexpected();
                }
            }
            Some(_) if !self.begun => {}
            _ => return self.unexpected(),
        }
        self.begun = true;
        Ok(true)
    }

    /// The next key of an object, whose value [`value`](Self::value) then begins;
    /// consumes the end of the object otherwise.
    ///
    /// # Errors
    ///
    /// Neither a key with a colon nor the end follows.
    pub fn next_key(&mut self) -> Scanned<Option<Cow<'a, str>>> {
        self.skip_space();
        match self.peek() {
            Some(b'}') => {
                self.close();
                return Ok(None);
            }
            Some(b',') if self.begun => {
                self.position += 1;
                self.skip_space();
            }
            _ if !self.begun => {}
            _ => return self.unexpected(),
        }
        if self.peek() != Some(b'"') {
            return self.unexpected();
        }
        let key = self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return self.unexpected();
        }
        self.position += 1;
        self.begun = true;
        Ok(Some(key))
    }

    /// Where the next key of an object begins, if there is one.
    pub(crate) fn next_key_position(&self) -> usize {
        let mut ahead = self.clone();
        if ahead.position() < ahead.text.len() && ahead.peek() == Some(b',') {
            ahead.position += 1;
        }
        ahead.position()
    }

    /// Reads the rest of a value that has begun.
    ///
    /// # Errors
    ///
    /// It is not JSON.
    pub fn skip(&mut self, begun: &Token<'_>) -> Scanned<()> {
        match begun {
            Token::List => {
                while self.next_item()? {
                    let item = self.value()?;
                    self.skip(&item)?;
                }
            }
            Token::Map => {
                while self.next_key()?.is_some() {
                    let value = self.value()?;
                    self.skip(&value)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads to the end of the text.
    ///
    /// # Errors
    ///
    /// Something else follows.
    pub fn end(&mut self) -> Scanned<()> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.error(Reason::Trailing, self.position),
        }
    }

    fn number(&mut self) -> Scanned<&'a str> {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        let first = self.peek();
        if self.digits() == 0 {
            return self.bad_number(start);
        }
        let leading_zero = first == Some(b'0') && self.position > start + 1;
        let negative = self.text.as_bytes()[start] == b'-';
        if leading_zero && self.position - start > 1 + usize::from(negative) {
            return self.error(Reason::Number, start);
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            if self.digits() == 0 {
                return self.bad_number(start);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            if self.digits() == 0 {
                return self.bad_number(start);
            }
        }
        Ok(&self.text[start..self.position])
    }

    fn bad_number<T>(&self, start: usize) -> Scanned<T> {
        match self.peek() {
            None => self.error(Reason::End, self.position),
            Some(_) => self.error(Reason::Number, start),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.position;
        while let Some(b'0'..=b'9') = self.peek() {
            self.position += 1;
        }
        self.position - start
    }

    fn string(&mut self) -> Scanned<Cow<'a, str>> {
        self.position += 1;
        let start = self.position;
        self.plain();
        if self.peek() == Some(b'"') {
            let text = &self.text[start..self.position];
            self.position += 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut text = self.text[start..self.position].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(0..0x20) => return self.error(Reason::Control, self.position),
                Some(_) => {
                    let start = self.position;
                    self.plain();
                    text.push_str(&self.text[start..self.position]);
                }
                None => return self.unexpected(),
            }
        }
    }

    /// Passes over what stands for itself.
    fn plain(&mut self) {
        let rest = &self.text.as_bytes()[self.position..];
        let len = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        self.position += len.unwrap_or(rest.len());
    }

    fn escape(&mut self) -> Scanned<char> {
        let start = self.position;
        self.position += 1;
        let Some(kind) = self.peek() else {
            return self.unexpected();
        };
        self.position += 1;
        Ok(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(start),
            _ => return self.error(Reason::Escape, start),
        })
    }

    fn code_point(&mut self, start: usize) -> Scanned<char> {
        let unit = self.unit(start)?;
        if !(0xd800..0xe000).contains(&unit) {
            return match char::from_u32(unit) {
                Some(letter) => Ok(letter),
                None => self.error(Reason::Escape, start),
            };
        }
        // A first half is only good before a second one.
        let rest = self
            .text
            .as_bytes()
            .get(self.position..)
            .unwrap_or_default();
        if unit < 0xdc00 && rest.starts_with(b"\\u") {
            let second_start = self.position;
            self.position += 2;
            let second = self.unit(second_start)?;
            if (0xdc00..0xe000).contains(&second) {
                let letter = 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
                return match char::from_u32(letter) {
                    Some(letter) => Ok(letter),
                    None => self.error(Reason::Escape, start),
                };
            }
        }
        self.error(Reason::Surrogate, start)
    }

    /// Four hexadecimal digits.
    fn unit(&mut self, start: usize) -> Scanned<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek() else {
                return self.unexpected();
            };
            let Some(digit) = char::from(byte).to_digit(16) else {
                return self.error(Reason::Escape, start);
            };
            unit = unit * 16 + digit;
            self.position += 1;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        let mut scanner = Scanner::new(text, 4);
        let result = scanner
            .value()
            .and_then(|token| scanner.skip(&token))
            .and_then(|()| scanner.end());
        result.map_or_else(|error| error.to_string(), |()| "ok".to_owned())
    }

    #[test]
    fn reasons_name_the_offending_byte() {
        for (text, expected) in [
            ("", "unexpected end of input at byte 0"),
            (" \n", "unexpected end of input at byte 2"),
            ("{\"id\":", "unexpected end of input at byte 6"),
            ("{\"id\":1,}", "unexpected character at byte 8"),
            ("[1,]", "unexpected character at byte 3"),
            ("[,1]", "unexpected character at byte 1"),
            ("[1 2]", "unexpected character at byte 3"),
            ("{\"a\" 1}", "unexpected character at byte 5"),
            ("{1:2}", "unexpected character at byte 1"),
            ("{\"id\":01}", "invalid number at byte 6"),
            ("-01", "invalid number at byte 0"),
            ("1.x", "invalid number at byte 0"),
            ("1.", "unexpected end of input at byte 2"),
            ("+1", "unexpected character at byte 0"),
            (".5", "unexpected character at byte 0"),
            ("NaN", "unexpected character at byte 0"),
            ("trux", "unexpected character at byte 3"),
            ("tru", "unexpected end of input at byte 3"),
            ("\"a\\x\"", "invalid escape at byte 2"),
            ("\"\\u12g4\"", "invalid escape at byte 1"),
            ("\"\\ud83d\"", "lone surrogate at byte 1"),
            ("\"\\udc00\"", "lone surrogate at byte 1"),
            ("\"\\ud83d\\u0041\"", "lone surrogate at byte 1"),
            ("\"a\nb\"", "control character in string at byte 2"),
            ("\"abc", "unexpected end of input at byte 4"),
            ("[[[[[1]]]]]", "nesting too deep at byte 4"),
            ("1 x", "trailing characters at byte 2"),
            ("[1]]", "trailing characters at byte 3"),
            ("\u{feff}x", "unexpected character at byte 3"),
        ] {
            assert_eq!(check(text), expected, "{text:?}");
        }
    }

    #[test]
    fn json_is_accepted() {
        for text in [
            "0",
            "-0",
            "-1.5e+3",
            "1E2",
            "null",
            "true",
            "false",
            "[]",
            "{}",
            "[[],{}]",
            " { \"a\" : [ 1 , {\"b\":null} ] , \"c\" : \"\\u0041\\ud83d\\ude00\\/\" } ",
            "\u{feff}[1]",
        ] {
            assert_eq!(check(text), "ok", "{text:?}");
        }
    }

    #[test]
    fn strings_are_unescaped() {
        let text = "\"\\u00e9\\ud83d\\ude00\\n\\\"é\"";
        let token = Scanner::new(text, 1).value().unwrap();
        assert_eq!(token, Token::String("é😀\n\"é".into()));
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        let error = |offset| SyntaxError {
            reason: Reason::End,
            offset,
        };
        assert_eq!(error(6).line_column(b"{\"id\":"), (1, 6));
        assert_eq!(error(3).line_column(b"{\n x}"), (2, 2));
        assert_eq!(error(0).line_column(b""), (1, 1));
        let error = Scanner::of_bytes(b"[\"\xff\"]", 9).unwrap_err();
        assert_eq!(error.to_string(), "invalid UTF-8 at byte 2");
    }
}
