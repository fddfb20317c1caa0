//! String literals and the interpolations in them.

use super::Lexer;
use crate::diagnostic::{Code, Diagnostic, Fix, Severity};
use crate::kind::SyntaxKind;
use crate::span::TextRange;

/// Interpolations deeper than this are read as text, with an error.
const DEPTH_MAX: usize = crate::parse::NESTING_MAX as usize;

/// After so many interpolations that run to the end of the file, they are not
/// looked for any more, so that the time stays linear.
const RESTARTS_MAX: u32 = 4;

/// How a string starts and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quotes {
    triple: bool,
    /// Opened by `\"`, inside an interpolation.
    escaped: bool,
}

/// A string that is open because we are in an interpolation of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    quotes: Quotes,
    /// Whether the expression must end on its line.
    pub(super) one_line: bool,
    /// Braces open inside the interpolation.
    braces: u32,
    /// Where the string starts.
    string: usize,
    /// Where the `${` is.
    dollar: usize,
    /// How many tokens and diagnostics stood before the `${`.
    tokens: usize,
    diagnostics: usize,
}

/// Why a text ended.
enum Stop {
    Closed,
    Interpolation,
    /// At an interpolation that nests too deep.
    TooDeep,
    Unterminated,
}

impl Lexer<'_> {
    /// Lexes a string that starts at `start`; `pos` is at its quotes or at the
    /// backslash before them.
    pub(super) fn string(&mut self, start: usize, raw: bool, escaped: bool) {
        let rest = &self.bytes[self.pos..];
        let triple = !escaped && rest.starts_with(b"\"\"\"");
        let quotes = Quotes { triple, escaped };
        self.pos += if triple { 3 } else { 1 + usize::from(escaped) };
        if raw {
            self.raw_string(start, quotes);
        } else {
            let one_line = !triple || self.modes.last().is_some_and(|mode| mode.one_line);
            self.text(start, start, quotes, one_line);
        }
    }

    fn raw_string(&mut self, start: usize, quotes: Quotes) {
        let rest = &self.bytes[self.pos..];
        let inside_line = self.modes.last().is_some_and(|mode| mode.one_line);
        let end = if quotes.triple && !inside_line {
            memchr::memmem::find(rest, b"\"\"\"").map(|at| at + 3)
        } else {
            let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..line];
            if quotes.triple {
                memchr::memmem::find(line, b"\"\"\"").map(|at| at + 3)
            } else {
                memchr::memchr(b'"', line).map(|at| at + 1)
            }
        };
        match end {
            Some(length) => self.pos += length,
            None => {
                self.pos = self.unterminated_end(quotes.triple && !inside_line);
                self.unterminated(start, quotes);
            }
        }
        self.tokens.push(SyntaxKind::String, start);
    }

    /// Where a string that is never closed ends.
    fn unterminated_end(&self, to_end_of_file: bool) -> usize {
        if to_end_of_file {
            return self.bytes.len();
        }
        let rest = &self.bytes[self.pos..];
        let mut end = self.pos + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if end > self.pos && end < self.bytes.len() && self.bytes[end - 1] == b'\r' {
            end -= 1;
        }
        end
    }

    /// Reports a string that ends at `pos` without quotes; its last token is
    /// pushed next.
    fn unterminated(&mut self, start: usize, quotes: Quotes) {
        self.unterminated.push(self.tokens.len() as u32);
        let opening = if self.bytes[start] == b'r' {
            start + 1
        } else {
            start
        };
        let (end, hint) = if quotes.triple {
            (self.pos, "close it with `\"\"\"`")
        } else {
            let hint = "close it with `\"`, or use `\"\"\"` for text of several lines";
            (opening + 1 + usize::from(quotes.escaped), hint)
        };
        let code = Code::LEX_STRING_UNTERMINATED;
        let diagnostic = self.diagnostic(code, opening, end, "unterminated string");
        self.report(diagnostic.hint(hint));
    }

    /// Lexes text of a string that started at `string`, from `pos` on; the
    /// text began at `start`. When both are equal nothing was emitted yet.
    fn text(&mut self, string: usize, start: usize, quotes: Quotes, one_line: bool) {
        let first = string == start;
        let stop = self.scan(quotes, one_line);
        match stop {
            Stop::Interpolation => self.interpolation(string, start, quotes, one_line),
            Stop::TooDeep => self.too_deep(),
            Stop::Closed | Stop::Unterminated if first => {
                let closed = matches!(stop, Stop::Closed);
                if closed {
                    self.pos += quotes.len(self.peek(0));
                } else {
                    self.unterminated(string, quotes);
                }
                self.tokens.push(SyntaxKind::String, string);
            }
            Stop::Closed => {
                self.text_token(start);
                self.tokens.push(SyntaxKind::StringEnd, self.pos);
                self.pos += quotes.len(self.peek(0));
            }
            Stop::Unterminated => {
                self.text_token(start);
                self.unterminated(string, quotes);
                self.tokens.push(SyntaxKind::StringEnd, self.pos);
            }
        }
    }

    fn text_token(&mut self, start: usize) {
        if self.pos > start {
            self.tokens.push(SyntaxKind::StringText, start);
        }
    }

    /// `pos` is at a `${`.
    fn interpolation(&mut self, string: usize, start: usize, quotes: Quotes, one_line: bool) {
        if string == start {
            let opening = if quotes.triple {
                3
            } else {
                1 + usize::from(quotes.escaped)
            };
            self.tokens.push(SyntaxKind::StringStart, string);
            self.text_token(string + opening);
        } else {
            self.text_token(start);
        }
        self.modes.push(Mode {
            quotes,
            one_line,
            braces: 0,
            string,
            dollar: self.pos,
            tokens: self.tokens.len(),
            diagnostics: self.diagnostics.len(),
        });
        self.tokens.push(SyntaxKind::InterpStart, self.pos);
        self.pos += 2;
    }

    /// Moves `pos` to what ends the text.
    fn scan(&mut self, quotes: Quotes, one_line: bool) -> Stop {
        loop {
            let Some(&byte) = self.bytes.get(self.pos) else {
                return Stop::Unterminated;
            };
            match byte {
                b'"' if !quotes.triple => return Stop::Closed,
                b'"' if self.bytes[self.pos..].starts_with(b"\"\"\"") => return Stop::Closed,
                b'\\' if quotes.escaped && self.peek(1) == b'"' => return Stop::Closed,
                b'\\' => self.escape(),
                b'\n' if one_line => {
                    if self.pos > 0 && self.bytes[self.pos - 1] == b'\r' {
                        self.pos -= 1;
                    }
                    return Stop::Unterminated;
                }
                b'$' if self.peek(1) == b'{' && self.pos >= self.plain_until => {
                    return if self.modes.len() < DEPTH_MAX {
                        Stop::Interpolation
                    } else {
                        Stop::TooDeep
                    };
                }
                _ => self.pos += 1,
            }
        }
    }

    /// `pos` is at a backslash.
    fn escape(&mut self) {
        let at = self.pos;
        let Some(escaped) = self.text[at + 1..].chars().next() else {
            self.pos += 1;
            return;
        };
        match escaped {
            'n' | 't' | 'r' | '0' | '\\' | '"' | '$' | '{' | '}' => self.pos += 2,
            'u' => self.unicode_escape(),
            // The line end is what ends the string, or stays in it.
            '\n' | '\r' => self.pos += 1,
            other => {
                let message = format!("unknown escape `\\{other}`");
                let span = TextRange::new(at as u32, at as u32 + 1).in_file(self.file);
                let diagnostic = Diagnostic::new(Code::LEX_ESCAPE, span, message)
                    .hint(format!("write `\\\\{other}` for a backslash"))
                    .fix(Fix::replace("drop the backslash", span, ""))
                    .fix(Fix::replace("double the backslash", span, "\\\\").unsafe_to_apply());
                self.report(diagnostic);
                self.pos += 1 + other.len_utf8();
            }
        }
    }

    fn unicode_escape(&mut self) {
        let at = self.pos;
        let length = match unicode_escape(&self.text[at..]) {
            Ok((_, length)) => length,
            Err(length) => {
                let code = Code::LEX_ESCAPE;
                let diagnostic = self
                    .diagnostic(code, at, at + 1, "malformed unicode escape")
                    .severity(Severity::Error)
                    .hint("write `\\u{...}` with one to six hexadecimal digits of a character");
                self.report(diagnostic);
                length
            }
        };
        self.pos += length;
    }

    pub(super) fn open_brace(&mut self) {
        if let Some(mode) = self.modes.last_mut() {
            mode.braces += 1;
        }
        self.tokens.push(SyntaxKind::LBrace, self.pos);
        self.pos += 1;
    }

    pub(super) fn close_brace(&mut self) {
        let at = self.pos;
        self.pos += 1;
        match self.modes.last_mut() {
            Some(mode) if mode.braces == 0 => {
                let Mode {
                    quotes,
                    one_line,
                    string,
                    ..
                } = *mode;
                self.modes.pop();
                self.tokens.push(SyntaxKind::InterpEnd, at);
                self.text(string, self.pos, quotes, one_line);
            }
            Some(mode) => {
                mode.braces -= 1;
                self.tokens.push(SyntaxKind::RBrace, at);
            }
            None => self.tokens.push(SyntaxKind::RBrace, at),
        }
    }

    /// The line ended inside an interpolation that must end on it: one missing
    /// brace gives one error.
    pub(super) fn reopen(&mut self) {
        if let Some(index) = self.outermost_on_line() {
            let diagnostic = self.interpolation_unterminated(index);
            self.line_as_text(index, diagnostic);
        }
    }

    /// The file ended inside an interpolation.
    pub(super) fn reopen_at_end(&mut self) -> bool {
        if self.modes.is_empty() {
            return false;
        }
        if self.modes.iter().all(|mode| mode.one_line) {
            self.reopen();
        } else {
            let diagnostic = self.interpolation_unterminated(0);
            self.string_as_text(diagnostic);
        }
        true
    }

    /// `pos` is at an interpolation inside of too many others.
    fn too_deep(&mut self) {
        let code = Code::PARSE_NESTING;
        let diagnostic = self
            .diagnostic(code, self.pos, self.pos + 2, "nesting too deep")
            .hint(format!(
                "at most {DEPTH_MAX} levels; bind a part with `let`"
            ));
        match self.outermost_on_line() {
            Some(index) => self.line_as_text(index, diagnostic),
            None => self.string_as_text(diagnostic),
        }
    }

    fn outermost_on_line(&self) -> Option<usize> {
        self.modes.iter().position(|mode| mode.one_line)
    }

    fn interpolation_unterminated(&self, index: usize) -> Diagnostic {
        let dollar = self.modes[index].dollar;
        let code = Code::LEX_INTERP_UNTERMINATED;
        self.diagnostic(code, dollar, dollar + 2, "unterminated interpolation")
            .hint("close it with `}`")
    }

    /// Reads everything from the `${` of a mode to the last quote of the line
    /// as text.
    fn line_as_text(&mut self, index: usize, diagnostic: Diagnostic) {
        let mode = self.forget_from(index, diagnostic);
        let end = self.unterminated_end(false);
        let line = &self.bytes[mode.dollar..end];
        match memchr::memrchr(b'"', line) {
            Some(at) => {
                let first = usize::from(mode.quotes.triple) * 2;
                let start = mode.dollar + at.saturating_sub(first);
                self.pos = start.max(mode.dollar);
                self.text_token(mode.dollar);
                self.tokens.push(SyntaxKind::StringEnd, self.pos);
                self.pos = mode.dollar + at + 1;
            }
            None => {
                self.pos = end;
                self.text_token(mode.dollar);
                self.unterminated.push(self.tokens.len() as u32);
                self.tokens.push(SyntaxKind::StringEnd, self.pos);
            }
        }
    }

    /// Reads the rest of the outermost string as text, whatever it holds.
    fn string_as_text(&mut self, diagnostic: Diagnostic) {
        self.restarts += 1;
        if self.restarts > RESTARTS_MAX {
            self.plain_until = usize::MAX;
        }
        let mode = self.forget_from(0, diagnostic);
        let plain_until = self.plain_until;
        self.plain_until = usize::MAX;
        self.text(mode.string, mode.dollar, mode.quotes, mode.one_line);
        self.plain_until = plain_until;
    }

    /// Goes back to the `${` of a mode, and reports why.
    fn forget_from(&mut self, index: usize, diagnostic: Diagnostic) -> Mode {
        let mode = self.modes[index];
        self.modes.truncate(index);
        self.tokens.kinds.truncate(mode.tokens);
        self.tokens.starts.truncate(mode.tokens);
        self.diagnostics.truncate(mode.diagnostics);
        self.unterminated
            .retain(|token| (*token as usize) < mode.tokens);
        self.report(diagnostic);
        self.line_used = true;
        self.pos = mode.dollar + 2;
        mode
    }
}

impl Quotes {
    /// How many bytes close the string, whose first is `byte`.
    fn len(self, byte: u8) -> usize {
        if self.triple {
            3
        } else {
            1 + usize::from(byte == b'\\')
        }
    }
}

/// Reads `\u{...}` at the start of `text`: the character and its length, or
/// the length of what is not one.
pub(crate) fn unicode_escape(text: &str) -> Result<(char, usize), usize> {
    let Some(rest) = text.strip_prefix("\\u{") else {
        return Err(2);
    };
    let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    let closed = rest.as_bytes().get(digits) == Some(&b'}');
    let length = 3 + digits + usize::from(closed);
    if !closed || digits == 0 || digits > 6 {
        return Err(length);
    }
    let value = u32::from_str_radix(&rest[..digits], 16).map_err(|_| length)?;
    let character = char::from_u32(value).ok_or(length)?;
    Ok((character, length))
}

/// Appends what a string literal says, without its quotes.
pub(crate) fn decode(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'\\', b'\r', rest.as_bytes()) {
        into.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('\r') {
            if !after.starts_with('\n') {
                into.push('\r');
            }
            rest = after;
            continue;
        }
        let Some(escaped) = rest[1..].chars().next() else {
            into.push('\\');
            return;
        };
        let length = match escaped {
            'u' => match unicode_escape(rest) {
                Ok((character, length)) => {
                    into.push(character);
                    length
                }
                Err(length) => length,
            },
            '\r' => {
                into.push('\\');
                1
            }
            other => {
                into.push(match other {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    same => same,
                });
                1 + other.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    into.push_str(rest);
}

/// Appends what a [`String`](SyntaxKind::String) token says.
pub(crate) fn decode_token(token: &str, into: &mut String) {
    let (raw, text) = match token.strip_prefix('r') {
        Some(text) => (true, text),
        None => (false, token),
    };
    let inner = if let Some(inner) = text.strip_prefix("\"\"\"") {
        inner.strip_suffix("\"\"\"").unwrap_or(inner)
    } else if let Some(inner) = text.strip_prefix("\\\"") {
        let inner = inner.strip_suffix('"').unwrap_or(inner);
        inner.strip_suffix('\\').unwrap_or(inner)
    } else {
        let inner = text.strip_prefix('"').unwrap_or(text);
        // An unterminated string may end with an escaped quote.
        let escaped = !raw && ends_with_escape(inner);
        if escaped {
            inner
        } else {
            inner.strip_suffix('"').unwrap_or(inner)
        }
    };
    if raw {
        push_lines(inner, into);
    } else {
        decode(inner, into);
    }
}

/// Whether the last quote is escaped by the backslashes before it.
fn ends_with_escape(text: &str) -> bool {
    let Some(before) = text.strip_suffix('"') else {
        return false;
    };
    let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\');
    backslashes.count() % 2 == 1
}

/// Raw text, with CRLF read as LF.
fn push_lines(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"\r\n") {
        into.push_str(&rest[..at]);
        rest = &rest[at + 1..];
    }
    into.push_str(rest);
}
