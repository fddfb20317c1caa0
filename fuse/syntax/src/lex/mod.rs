//! Source text to tokens, losslessly: every byte belongs to one token.
//!
//! The lexer never stops. What it cannot read it reports, and goes on behind
//! it.

mod layout;
mod number;
mod string;

use crate::diagnostic::{Code, Diagnostic};
use crate::kind::SyntaxKind;
use crate::span::{FileId, TextRange};

pub(crate) use layout::{Logical, contextual_declaration, dangling_doc, logical};
pub(crate) use number::{float, int};
pub(crate) use string::{decode, decode_token};

use string::Mode;

/// The tokens of a file, trivia included. A token ends where the next one
/// starts.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    kinds: Vec<SyntaxKind>,
    starts: Vec<u32>,
    end: u32,
}

impl Tokens {
    fn push(&mut self, kind: SyntaxKind, start: usize) {
        self.kinds.push(kind);
        // A file is at most 16 MiB; what is longer is not lexed.
        self.starts.push(start as u32);
    }

    /// How many tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The kind of a token; past the end, [`SyntaxKind::Eof`].
    #[must_use]
    pub fn kind(&self, index: usize) -> SyntaxKind {
        self.kinds.get(index).copied().unwrap_or(SyntaxKind::Eof)
    }

    /// Where a token starts; past the end, the end of the file.
    #[must_use]
    pub fn start(&self, index: usize) -> u32 {
        self.starts.get(index).copied().unwrap_or(self.end)
    }

    /// Where a token ends.
    #[must_use]
    pub fn end(&self, index: usize) -> u32 {
        self.start(index + 1)
    }

    /// The bytes of a token.
    #[must_use]
    pub fn range(&self, index: usize) -> TextRange {
        TextRange::new(self.start(index), self.end(index))
    }

    /// The index of the token that holds a byte; at the end of the file, the
    /// number of tokens.
    #[must_use]
    pub fn at(&self, offset: u32) -> usize {
        if offset >= self.end {
            return self.len();
        }
        self.starts
            .partition_point(|&start| start <= offset)
            .saturating_sub(1)
    }
}

/// What the lexer makes of a file.
#[derive(Clone, Debug, Default)]
pub struct Lexed {
    /// The tokens.
    pub tokens: Tokens,
    /// What was wrong, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// The last tokens of strings that were not closed.
    pub(crate) unterminated: Vec<u32>,
}

/// Takes text apart into tokens.
///
/// ```
/// use fuse_syntax::{FileId, SyntaxKind, lex};
///
/// let lexed = lex(FileId(0), "1..3 # all\n");
/// let kinds: Vec<SyntaxKind> = (0..lexed.tokens.len()).map(|i| lexed.tokens.kind(i)).collect();
/// use SyntaxKind::{Comment, DotDot, Int, LineEnd, Whitespace};
/// assert_eq!(kinds, [Int, DotDot, Int, Whitespace, Comment, LineEnd]);
/// ```
#[must_use]
pub fn lex(file: FileId, text: &str) -> Lexed {
    let mut lexer = Lexer::new(file, text);
    lexer.run();
    Lexed {
        tokens: lexer.tokens,
        diagnostics: lexer.diagnostics,
        unterminated: lexer.unterminated,
    }
}

/// Classes of the first byte of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    Bad,
    Space,
    Word,
    Digit,
    Quote,
    LineFeed,
    Return,
    Hash,
    Single,
    Punctuation,
}

static CLASS: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Bad; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' => Class::Space,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Class::Word,
            b'0'..=b'9' => Class::Digit,
            b'"' => Class::Quote,
            b'\n' => Class::LineFeed,
            b'\r' => Class::Return,
            b'#' => Class::Hash,
            b'\'' => Class::Single,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b':' | b'.' | b'-' | b'=' | b'!'
            | b'<' | b'>' | b'+' | b'*' | b'/' | b'%' | b'?' => Class::Punctuation,
            _ => Class::Bad,
        };
        byte += 1;
    }
    table
}

const fn continues_word(byte: u8) -> bool {
    matches!(CLASS[byte as usize], Class::Word | Class::Digit)
}

/// How many errors of the lexer are reported for one line. More say nothing
/// new, and a line may be a mebibyte long.
pub(crate) const ERRORS_PER_LINE_MAX: u32 = 16;

/// How far the end of a run in wrong quotes is looked for, in bytes.
const QUOTED_MAX: usize = 1_024;

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    file: FileId,
    pos: usize,
    tokens: Tokens,
    diagnostics: Vec<Diagnostic>,
    /// Strings with interpolation that are open, outermost first.
    modes: Vec<Mode>,
    /// Whether a token other than space stands on this line before `pos`.
    line_used: bool,
    /// The last tokens of strings that were not closed.
    unterminated: Vec<u32>,
    /// Up to here strings are read without interpolation, because one that
    /// never ends was found.
    plain_until: usize,
    /// How often the file was read to its end in search of a brace.
    restarts: u32,
    /// Errors reported on this line.
    errors_on_line: u32,
}

impl<'a> Lexer<'a> {
    fn new(file: FileId, text: &'a str) -> Self {
        let mut tokens = Tokens {
            kinds: Vec::with_capacity(text.len() / 3 + 4),
            starts: Vec::with_capacity(text.len() / 3 + 4),
            end: text.len() as u32,
        };
        let mut pos = 0;
        if text.starts_with('\u{feff}') {
            tokens.push(SyntaxKind::Whitespace, 0);
            pos = 3;
        }
        Self {
            text,
            bytes: text.as_bytes(),
            file,
            pos,
            tokens,
            diagnostics: Vec::new(),
            modes: Vec::new(),
            line_used: false,
            unterminated: Vec::new(),
            plain_until: 0,
            restarts: 0,
            errors_on_line: 0,
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.errors_on_line += 1;
        if self.errors_on_line <= ERRORS_PER_LINE_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    fn diagnostic(&self, code: Code, start: usize, end: usize, message: &str) -> Diagnostic {
        let range = TextRange::new(start as u32, end as u32);
        Diagnostic::new(code, range.in_file(self.file), message)
    }

    fn run(&mut self) {
        loop {
            while let Some(&byte) = self.bytes.get(self.pos) {
                self.token(byte);
            }
            if !self.reopen_at_end() {
                return;
            }
        }
    }

    fn token(&mut self, byte: u8) {
        let start = self.pos;
        match CLASS[byte as usize] {
            Class::Word => return self.word(),
            Class::Space => {
                self.pos += 1;
                while matches!(self.peek(0), b' ' | b'\t') {
                    self.pos += 1;
                }
                return self.tokens.push(SyntaxKind::Whitespace, start);
            }
            Class::Punctuation => self.punctuation(byte),
            Class::LineFeed => return self.line_end(1),
            Class::Digit => self.number(),
            Class::Quote => self.string(start, false, false),
            Class::Hash => return self.comment(),
            Class::Return if self.peek(1) == b'\n' => return self.line_end(2),
            Class::Single => self.single_quoted(),
            Class::Return | Class::Bad => return self.bad(),
        }
        self.line_used = true;
    }

    fn line_end(&mut self, length: usize) {
        if self.modes.last().is_some_and(|mode| mode.one_line) {
            return self.reopen();
        }
        self.tokens.push(SyntaxKind::LineEnd, self.pos);
        self.pos += length;
        self.line_used = false;
        self.errors_on_line = 0;
    }

    fn word(&mut self) {
        let start = self.pos;
        self.pos += 1;
        while continues_word(self.peek(0)) {
            self.pos += 1;
        }
        self.line_used = true;
        if self.peek(0) >= 0x80 {
            return self.foreign_word(start);
        }
        let word = &self.bytes[start..self.pos];
        if word == b"r" && self.peek(0) == b'"' {
            return self.string(start, true, false);
        }
        self.tokens.push(SyntaxKind::of_word(word), start);
    }

    /// A word with letters outside ASCII: reported once, and one name.
    fn foreign_word(&mut self, start: usize) {
        let rest = &self.text[self.pos..];
        let length = rest
            .find(|c: char| !(c == '_' || c.is_alphanumeric()))
            .unwrap_or(rest.len());
        if length == 0 {
            let word = &self.bytes[start..self.pos];
            return self.tokens.push(SyntaxKind::of_word(word), start);
        }
        if let Some(letter) = rest.chars().find(|c| !c.is_ascii()) {
            let at = self.pos + rest.find(letter).unwrap_or(0);
            self.bad_character(at, letter);
        }
        self.pos += length;
        self.tokens.push(SyntaxKind::Ident, start);
    }

    fn comment(&mut self) {
        let start = self.pos;
        let rest = &self.bytes[start..];
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let mut end = start + length;
        if end > start && self.bytes[end - 1] == b'\r' && end < self.bytes.len() {
            end -= 1;
        }
        let kind = if !self.line_used && is_doc(&self.bytes[start..end]) && self.modes.is_empty() {
            SyntaxKind::Doc
        } else {
            SyntaxKind::Comment
        };
        if let Some(at) = memchr::memchr(b'\r', &self.bytes[start..end]) {
            self.bad_character(start + at, '\r');
        }
        self.tokens.push(kind, start);
        self.pos = end;
    }

    fn punctuation(&mut self, byte: u8) {
        use SyntaxKind as K;
        let (next, third) = (self.peek(1), self.peek(2));
        let (kind, length) = match (byte, next) {
            (b'(', _) => (K::LParen, 1),
            (b')', _) => (K::RParen, 1),
            (b'[', _) => (K::LBracket, 1),
            (b']', _) => (K::RBracket, 1),
            (b'{', _) => return self.open_brace(),
            (b'}', _) => return self.close_brace(),
            (b',', _) => (K::Comma, 1),
            (b':', _) => (K::Colon, 1),
            (b'.', b'.') if third == b'<' => (K::DotDotLess, 3),
            (b'.', b'.') => (K::DotDot, 2),
            (b'.', _) => (K::Dot, 1),
            (b'-', b'>') => (K::Arrow, 2),
            (b'-', b'=') => (K::MinusAssign, 2),
            (b'-', _) => (K::Minus, 1),
            (b'=', b'=') => (K::Eq, 2),
            (b'=', b'>') => (K::FatArrow, 2),
            (b'=', _) => (K::Assign, 1),
            (b'!', b'=') => (K::NotEq, 2),
            (b'!', _) => (K::Bang, 1),
            (b'<', b'=') => (K::LessEq, 2),
            (b'<', _) => (K::Less, 1),
            (b'>', _) => (K::Greater, 1),
            (b'+', b'=') => (K::PlusAssign, 2),
            (b'+', _) => (K::Plus, 1),
            (b'*', b'=') => (K::StarAssign, 2),
            (b'*', _) => (K::Star, 1),
            (b'/', b'=') => (K::SlashAssign, 2),
            (b'/', _) => (K::Slash, 1),
            (b'%', b'=') => (K::PercentAssign, 2),
            (b'%', _) => (K::Percent, 1),
            (b'?', b'.') if third != b'.' => (K::QuestionDot, 2),
            _ => (K::Question, 1),
        };
        self.tokens.push(kind, self.pos);
        self.pos += length;
    }

    /// A run in single quotes is one token, which the parser reports.
    fn single_quoted(&mut self) {
        let start = self.pos;
        let line = start_of_line(&self.text[start + 1..]);
        // Without a second quote only the word behind it is meant.
        let word = line.find(|c: char| !(c == '_' || c.is_alphanumeric()));
        let length = match line.find('\'') {
            Some(at) => at + 1,
            None => word.unwrap_or(line.len()),
        };
        self.pos = start + 1 + length;
        self.tokens.push(SyntaxKind::BadQuote, start);
    }

    fn bad(&mut self) {
        let start = self.pos;
        if self.bytes[start] == b'\\' && self.peek(1) == b'"' && !self.modes.is_empty() {
            self.line_used = true;
            return self.string(start, false, true);
        }
        let Some(first) = self.text[start..].chars().next() else {
            return;
        };
        self.bad_character(start, first);
        if let Some(closing) = closing_quote(first) {
            let line = start_of_line(&self.text[start + first.len_utf8()..]);
            if let Some(at) = line.find(closing) {
                self.pos = start + first.len_utf8() + at + closing.len_utf8();
                self.line_used = true;
                return self.tokens.push(SyntaxKind::BadQuote, start);
            }
        }
        self.pos += first.len_utf8();
        if first.is_alphabetic() {
            let rest = &self.text[self.pos..];
            self.pos += rest
                .find(|c: char| !(c == '_' || c.is_alphanumeric()))
                .unwrap_or(rest.len());
            self.line_used = true;
            return self.tokens.push(SyntaxKind::Ident, start);
        }
        let kind = if is_space(first) {
            SyntaxKind::Whitespace
        } else {
            SyntaxKind::Bad
        };
        self.tokens.push(kind, start);
    }

    fn bad_character(&mut self, at: usize, character: char) {
        let shown: String = if character.is_control() || is_space(character) {
            format!("U+{:04X}", character as u32)
        } else {
            character.to_string()
        };
        let end = at + character.len_utf8();
        let message = format!("unexpected character `{shown}`");
        let diagnostic = self.diagnostic(Code::LEX_CHAR, at, end, &message);
        self.report(diagnostic.hint(character_hint(character)));
    }
}

/// The start of a text, up to the line end.
fn start_of_line(text: &str) -> &str {
    let mut end = text.len().min(QUOTED_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let end = memchr::memchr2(b'\n', b'\r', text.as_bytes()).unwrap_or(end);
    &text[..end]
}

fn is_doc(comment: &[u8]) -> bool {
    comment.starts_with(b"##") && comment.get(2) != Some(&b'#')
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}' | '\u{feff}')
}

fn closing_quote(opening: char) -> Option<char> {
    match opening {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => Some('\u{201d}'),
        '\u{2018}' | '\u{2019}' | '\u{201a}' => Some('\u{2019}'),
        '\u{ab}' => Some('\u{bb}'),
        '`' => Some('`'),
        _ => None,
    }
}

fn character_hint(character: char) -> String {
    let name = match character {
        '\u{a0}' => "a no-break space; use an ordinary one",
        '\u{202f}' => "a narrow no-break space; use an ordinary one",
        '\u{200b}' => "a zero-width space; remove it",
        '\u{feff}' => "a byte order mark in the middle of the file; remove it",
        '\u{201c}' => "a left double quotation mark; strings use `\"`",
        '\u{201d}' => "a right double quotation mark; strings use `\"`",
        '\u{201e}' => "a low double quotation mark; strings use `\"`",
        '\u{2018}' => "a left single quotation mark; strings use `\"`",
        '\u{2019}' => "a right single quotation mark; strings use `\"`",
        '\u{ab}' | '\u{bb}' => "a guillemet; strings use `\"`",
        '`' => "a back-quote; strings use `\"`",
        '\u{2013}' => "an en dash; minus is `-`",
        '\u{2014}' => "an em dash; minus is `-`",
        '\u{2212}' => "a minus sign of mathematics; use `-`",
        '\u{d7}' => "a multiplication sign; use `*`",
        '\u{2026}' => "an ellipsis; a range is `..`",
        '\r' => "a carriage return on its own; lines end with LF or CRLF",
        ';' => "statements end at the line end; remove it",
        '&' => "`and` joins conditions",
        '|' => "`or` joins conditions",
        '^' => "there is no `^` operator",
        '~' => "there is no `~` operator",
        '@' => "there are no annotations",
        '$' => "`${...}` is only read inside strings",
        '\\' => "lines continue after an operator or inside brackets, without `\\`",
        other if other.is_alphabetic() => "names are written in ASCII letters",
        other if is_space(other) => "only ordinary spaces separate tokens",
        _ => "only ASCII has a meaning outside of strings and comments",
    };
    if character.is_ascii() && !character.is_control() || character.is_alphabetic() {
        name.to_owned()
    } else if name.starts_with("a ") || name.starts_with("an ") {
        format!("this is {name}")
    } else {
        name.to_owned()
    }
}
