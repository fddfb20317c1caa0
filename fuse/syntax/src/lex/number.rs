//! Number literals.

use super::{CLASS, Class, Lexer, continues_word};
use crate::diagnostic::Code;
use crate::kind::SyntaxKind;

impl Lexer<'_> {
    pub(super) fn number(&mut self) {
        let start = self.pos;
        let kind = match (self.peek(0), self.peek(1)) {
            (b'0', b'x' | b'o' | b'b') => self.prefixed(),
            _ => self.decimal(),
        };
        let kind = match kind {
            Some(kind) if !continues_word(self.peek(0)) => kind,
            kind => {
                while continues_word(self.peek(0)) {
                    self.pos += 1;
                }
                self.malformed(start);
                kind.unwrap_or(SyntaxKind::Int)
            }
        };
        if kind == SyntaxKind::Float && float(&self.text[start..self.pos]).is_infinite() {
            let diagnostic = self
                .diagnostic(Code::LEX_NUMBER, start, self.pos, "malformed number")
                .hint("it is too large for a `Float`");
            self.report(diagnostic);
        }
        self.tokens.push(kind, start);
    }

    fn malformed(&mut self, start: usize) {
        let text = &self.text[start..self.pos];
        let hint = if text.contains('_') {
            "`_` stands only between two digits"
        } else if text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b") {
            "a prefix is followed by digits of its base"
        } else {
            "separate a number from a name that follows it"
        };
        let diagnostic = self
            .diagnostic(Code::LEX_NUMBER, start, self.pos, "malformed number")
            .hint(hint);
        self.report(diagnostic);
    }

    fn prefixed(&mut self) -> Option<SyntaxKind> {
        let digit: fn(u8) -> bool = match self.peek(1) {
            b'x' => |byte| byte.is_ascii_hexdigit(),
            b'o' => |byte| (b'0'..=b'7').contains(&byte),
            _ => |byte| byte == b'0' || byte == b'1',
        };
        self.pos += 2;
        self.digits(digit).then_some(SyntaxKind::Int)
    }

    fn decimal(&mut self) -> Option<SyntaxKind> {
        let is_digit = |byte: u8| CLASS[byte as usize] == Class::Digit;
        let mut kind = SyntaxKind::Int;
        if !self.digits(is_digit) {
            return None;
        }
        if self.peek(0) == b'.' && is_digit(self.peek(1)) {
            kind = SyntaxKind::Float;
            self.pos += 1;
            if !self.digits(is_digit) {
                return None;
            }
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if is_digit(self.peek(1 + sign)) {
                kind = SyntaxKind::Float;
                self.pos += 1 + sign;
                if !self.digits(is_digit) {
                    return None;
                }
            }
        }
        Some(kind)
    }

    /// Digits with single underscores between them; whether that is what
    /// stands here.
    fn digits(&mut self, digit: impl Fn(u8) -> bool) -> bool {
        let mut after_digit = false;
        loop {
            match self.peek(0) {
                b'_' if after_digit && digit(self.peek(1)) => after_digit = false,
                byte if digit(byte) => after_digit = true,
                _ => return after_digit,
            }
            self.pos += 1;
        }
    }
}

/// The value of a float literal.
pub(crate) fn float(text: &str) -> f64 {
    if text.contains('_') {
        let digits: String = text.chars().filter(|c| *c != '_').collect();
        return digits.parse().unwrap_or(0.0);
    }
    text.parse().unwrap_or(0.0)
}

/// The value of an integer literal; nothing when it does not fit 64 bits
/// without a sign.
pub(crate) fn int(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let (radix, digits) = match bytes {
        [b'0', b'x', ..] => (16, &bytes[2..]),
        [b'0', b'o', ..] => (8, &bytes[2..]),
        [b'0', b'b', ..] => (2, &bytes[2..]),
        _ => (10, bytes),
    };
    let mut value: u64 = 0;
    for &byte in digits {
        // Malformed literals were reported; whatever they mean will do.
        let Some(digit) = char::from(byte).to_digit(radix) else {
            continue;
        };
        value = value
            .checked_mul(u64::from(radix))?
            .checked_add(u64::from(digit))?;
    }
    Some(value)
}
