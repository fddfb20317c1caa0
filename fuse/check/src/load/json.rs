//! JSON assets: decoded at check time by the rules of the runtime's `json.decode`.

use indexmap::IndexMap;
use indexmap::map::Entry;

/// Nesting a JSON text may have.
const DEPTH_MAX: u32 = 128;

/// A decoded JSON text; objects keep the order of the document.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    String(String),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Map(IndexMap<String, Self>),
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct JsonError {
    /// What is wrong.
    pub reason: String,
    /// The offending bytes.
    pub start: usize,
    /// Where they end; at least one byte after `start`, unless the text ends.
    pub end: usize,
}

/// Decodes a JSON text by RFC 8259: one value, no duplicate keys, at most 128
/// levels deep. A leading byte order mark is skipped.
///
/// # Errors
///
/// The first byte that is wrong, and why.
pub fn decode_json(text: &str) -> Result<JsonValue, JsonError> {
    let start = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let mut reader = Reader {
        text,
        at: start,
        depth: 0,
    };
    let value = reader.value()?;
    reader.blank();
    if reader.at < text.len() {
        return Err(reader.error_here("trailing characters"));
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error(&self, reason: &str, start: usize, end: usize) -> JsonError {
        JsonError {
            reason: reason.to_owned(),
            start,
            end: end.min(self.text.len()),
        }
    }

    /// The character here is wrong, or the text should not end.
    fn error_here(&self, reason: &str) -> JsonError {
        match self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
        {
            Some(found) => self.error(reason, self.at, self.at + found.len_utf8()),
            None => self.error("unexpected end of input", self.at, self.at),
        }
    }

    fn value(&mut self) -> Result<JsonValue, JsonError> {
        self.blank();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => self.string().map(JsonValue::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<JsonValue, JsonError> {
        let words = [
            ("null", JsonValue::Null),
            ("true", JsonValue::Bool(true)),
            ("false", JsonValue::Bool(false)),
        ];
        for (word, value) in words {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.error_here("unexpected character"))
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<JsonValue, JsonError>,
    ) -> Result<JsonValue, JsonError> {
        if self.depth == DEPTH_MAX {
            return Err(self.error_here("nesting too deep"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// After an element: `,` goes on, `close` ends.
    fn goes_on(&mut self, close: u8) -> Result<bool, JsonError> {
        self.blank();
        let more = match self.peek() {
            Some(b',') => true,
            Some(found) if found == close => false,
            _ => return Err(self.error_here("unexpected character")),
        };
        self.at += 1;
        Ok(more)
    }

    fn closes(&mut self, close: u8) -> bool {
        self.blank();
        let closes = self.peek() == Some(close);
        self.at += usize::from(closes);
        closes
    }

    fn list(&mut self) -> Result<JsonValue, JsonError> {
        let mut items = Vec::new();
        let mut more = !self.closes(b']');
        while more {
            items.push(self.value()?);
            more = self.goes_on(b']')?;
        }
        Ok(JsonValue::List(items))
    }

    fn object(&mut self) -> Result<JsonValue, JsonError> {
        let mut map = IndexMap::new();
        let mut more = !self.closes(b'}');
        while more {
            self.blank();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.error_here("unexpected character"));
            }
            let key = self.string()?;
            let end = self.at;
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.error_here("unexpected character"));
            }
            self.at += 1;
            match map.entry(key) {
                Entry::Occupied(known) => {
                    return Err(self.error(
                        &format!("duplicate key \"{}\"", known.key()),
                        start,
                        end,
                    ));
                }
                Entry::Vacant(free) => free.insert(self.value()?),
            };
            more = self.goes_on(b'}')?;
        }
        Ok(JsonValue::Map(map))
    }

    fn number(&mut self) -> Result<JsonValue, JsonError> {
        let start = self.at;
        let part = |c: u8| c.is_ascii_digit() || matches!(c, b'+' | b'-' | b'.' | b'e' | b'E');
        while self.peek().is_some_and(part) {
            self.at += 1;
        }
        let token = &self.text[start..self.at];
        let invalid = || self.error("invalid number", start, self.at);
        if !is_number(token) {
            return Err(invalid());
        }
        if let Ok(int) = token.parse::<i64>() {
            return Ok(JsonValue::Int(int));
        }
        match token.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(JsonValue::Float(float)),
            _ => Err(invalid()),
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let plain = self.text[self.at..]
                .bytes()
                .position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20)
                .unwrap_or(self.text.len() - self.at);
            string.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err(self.error_here("control character in string")),
                None => return Err(self.error_here("unexpected end of input")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.at;
        let kind = self.text.as_bytes().get(start + 1).copied();
        self.at += 2;
        Ok(match kind {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start),
            Some(_) => {
                let after = self.text[start + 1..]
                    .chars()
                    .next()
                    .map_or(1, char::len_utf8);
                return Err(self.error("invalid escape", start, start + 1 + after));
            }
            None => {
                self.at = self.text.len();
                return Err(self.error_here("unexpected end of input"));
            }
        })
    }

    fn unicode_escape(&mut self, start: usize) -> Result<char, JsonError> {
        let first = self.hex4(start)?;
        let lone = |end: usize| self.error("lone surrogate", start, end);
        let code = match first {
            0xd800..=0xdbff => {
                if !self.text[self.at..].starts_with("\\u") {
                    return Err(lone(self.at));
                }
                let low_start = self.at;
                self.at += 2;
                let low = self.hex4(low_start)?;
                if !(0xdc00..=0xdfff).contains(&low) {
                    return Err(self.error("lone surrogate", start, low_start));
                }
                0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00)
            }
            0xdc00..=0xdfff => return Err(lone(self.at)),
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.error("invalid escape", start, self.at))
    }

    /// The four digits of the escape that starts at `start`.
    fn hex4(&mut self, start: usize) -> Result<u32, JsonError> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        let end = start + 2;
        code.ok_or_else(|| self.error("invalid escape", start, end))
    }
}

/// Whether a token of number characters is one number of RFC 8259.
fn is_number(token: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = token.strip_prefix('-').unwrap_or(token);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let whole_fits = digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let exponent_fits = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    whole_fits && fraction.is_none_or(digits) && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(text: &str) -> (String, usize, usize) {
        let error = decode_json(text).unwrap_err();
        (error.reason, error.start, error.end)
    }

    #[test]
    fn values_keep_their_kind_and_order() {
        let value = decode_json(
            "\u{feff} {\"b\": [1, 2.0, -0, 1e2, 9223372036854775808], \"a\": {\"x\": null}} ",
        )
        .unwrap();
        let JsonValue::Map(map) = &value else {
            panic!("not a map")
        };
        assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "a"]);
        let numbers = [
            JsonValue::Int(1),
            JsonValue::Float(2.0),
            JsonValue::Int(0),
            JsonValue::Float(100.0),
            JsonValue::Float(9_223_372_036_854_775_808.0),
        ];
        assert_eq!(map["b"], JsonValue::List(numbers.to_vec()));
    }

    #[test]
    fn strings_are_decoded() {
        let text = r#""a\"\\\/\b\f\n\r\t\u0041\ud83d\ude00é""#;
        assert_eq!(
            decode_json(text),
            Ok(JsonValue::String("a\"\\/\u{8}\u{c}\n\r\tA😀é".to_owned()))
        );
    }

    #[test]
    fn mistakes_are_found_where_they_are() {
        let cases = [
            ("", "unexpected end of input", 0, 0),
            ("{\"a\": 1", "unexpected end of input", 7, 7),
            ("[1,]", "unexpected character", 3, 4),
            ("[1 2]", "unexpected character", 3, 4),
            ("{a: 1}", "unexpected character", 1, 2),
            ("[01]", "invalid number", 1, 3),
            ("[1.]", "invalid number", 1, 3),
            ("[-]", "invalid number", 1, 2),
            ("1e999", "invalid number", 0, 5),
            ("nul", "unexpected character", 0, 1),
            ("1 1", "trailing characters", 2, 3),
            ("\"\\x\"", "invalid escape", 1, 3),
            ("\"\\u12g4\"", "invalid escape", 1, 3),
            ("\"\\ud800\"", "lone surrogate", 1, 7),
            ("\"\\ud800\\u0041\"", "lone surrogate", 1, 7),
            ("\"a\u{1}\"", "control character in string", 2, 3),
            ("\"abc", "unexpected end of input", 4, 4),
            ("\"abc\\", "unexpected end of input", 5, 5),
            (
                "{\"k\\n\": 1, \"k\\n\": 2}",
                "duplicate key \"k\n\"",
                11,
                16,
            ),
            ("[é]", "unexpected character", 1, 3),
        ];
        for (text, reason, start, end) in cases {
            assert_eq!(failure(text), (reason.to_owned(), start, end), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(decode_json(&nested(128)).is_ok());
        assert_eq!(failure(&nested(129)).0, "nesting too deep");
        assert_eq!(failure(&"[".repeat(1_000_000)).0, "nesting too deep");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered(text in "[\\[\\]{}\",:0-9eE.+\\-\\\\u a-fé\u{1}]{0,40}") {
            if let Err(error) = decode_json(&text) {
                assert!(error.start <= error.end && error.end <= text.len());
                assert!(text.is_char_boundary(error.start) && text.is_char_boundary(error.end));
            }
        }

        #[test]
        fn what_serde_accepts_is_accepted(text in "(\\[|\\{\"a\":)?-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9])?[\\]}]?") {
            let other = serde_json::from_str::<serde_json::Value>(&text);
            assert_eq!(decode_json(&text).is_ok(), other.is_ok(), "{text}");
        }
    }
}
