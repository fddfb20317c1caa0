//! Tokens to a tree, without ever failing.
//!
//! The parser is recursive descent with precedence climbing. It writes a flat
//! list of finished nodes, children before parents ([`Event`]); from it the
//! AST is built in one pass, and the lossless tree when somebody asks.

mod expr;
mod html;
mod item;
mod pattern;
mod stmt;
mod types;

use std::borrow::Cow;

use hashbrown::HashSet;

use crate::ast::{self, ExprId};
use crate::build;
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::{KindSet, SyntaxKind};
use crate::lex::{Lexed, Logical, Tokens, lex, logical};
use crate::span::{FileId, Span, TextRange};

pub(crate) use expr::binary_op;

use SyntaxKind as K;

/// The largest file in bytes: 16 MiB.
pub const FILE_BYTES_MAX: usize = 16 << 20;

/// How deep brackets, blocks, expressions, types and patterns may nest, all
/// taken together.
pub const NESTING_MAX: u32 = 256;

/// A finished node. Its children are the nodes finished between `first_event`
/// and itself, and the tokens from `first_token` to `end_token` that are not
/// theirs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) kind: SyntaxKind,
    /// Which operator, for nodes that have one.
    pub(crate) detail: u8,
    pub(crate) first_event: u32,
    pub(crate) first_token: u32,
    pub(crate) end_token: u32,
}

/// What is known about a file after parsing.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The AST.
    pub module: ast::Module,
    /// The tokens.
    pub tokens: Tokens,
    /// What was wrong, by position.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether there is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// An expression parsed on its own.
#[derive(Clone, Debug)]
pub struct ParsedExpr {
    /// A module that holds the expression and nothing else.
    pub module: ast::Module,
    /// The expression.
    pub root: ExprId,
    /// What was wrong, by position.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a file. Any text gives a module; a text over
/// [`FILE_BYTES_MAX`] gives an empty one with `FUSE_IMPORT_MODULE_READ`.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parsed {
    if text.len() > FILE_BYTES_MAX {
        return refused(file, too_large(file));
    }
    let syntax = Syntax::parse(file, text);
    let mut module = ast::Module {
        file,
        ..ast::Module::default()
    };
    build::module(&syntax, text, &mut module);
    module.damaged = syntax.diagnostics.iter().any(Diagnostic::is_error);
    Parsed {
        module,
        tokens: syntax.tokens,
        diagnostics: syntax.diagnostics,
    }
}

/// Parses the bytes of a file. Bytes that are not UTF-8 give an empty module
/// with `FUSE_LEX_ENCODING` at the first bad one.
#[must_use]
pub fn parse_bytes(file: FileId, bytes: &[u8]) -> Parsed {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(file, text),
        Err(_) if bytes.len() > FILE_BYTES_MAX => refused(file, too_large(file)),
        Err(error) => {
            let at = error.valid_up_to() as u32;
            let span = Span::new(file, at, at + 1);
            let diagnostic = Diagnostic::new(Code::LEX_ENCODING, span, "file is not valid UTF-8")
                .hint("save the file as UTF-8");
            refused(file, diagnostic)
        }
    }
}

/// Parses text that is one expression.
#[must_use]
pub fn parse_expr(file: FileId, text: &str) -> ParsedExpr {
    let text = if text.len() > FILE_BYTES_MAX {
        ""
    } else {
        text
    };
    let syntax = Syntax::of(file, text, |parser| {
        parser.expr();
        parser.finish_line();
        parser.rest_of_file();
    });
    let mut module = ast::Module {
        file,
        ..ast::Module::default()
    };
    let root = build::expr(&syntax, text, &mut module);
    module.damaged = syntax.diagnostics.iter().any(Diagnostic::is_error);
    ParsedExpr {
        module,
        root,
        diagnostics: syntax.diagnostics,
    }
}

pub(crate) fn too_large(file: FileId) -> Diagnostic {
    let span = Span::new(file, 0, 0);
    let message = "cannot read module: file too large";
    Diagnostic::new(Code::IMPORT_MODULE_READ, span, message)
        .hint("a file holds at most 16 MiB; split the module")
}

fn refused(file: FileId, diagnostic: Diagnostic) -> Parsed {
    Parsed {
        module: ast::Module {
            file,
            damaged: true,
            ..ast::Module::default()
        },
        tokens: Tokens::default(),
        diagnostics: vec![diagnostic],
    }
}

/// The parse of a file before anything is made of it.
#[derive(Debug)]
pub(crate) struct Syntax {
    pub(crate) tokens: Tokens,
    pub(crate) logical: Logical,
    pub(crate) events: Vec<Event>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Syntax {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough in its lifetime"
    )]
    pub(crate) fn parse(file: FileId, text: &str) -> Self {
        Self::of(file, text, |parser| parser.module())
    }

    pub(crate) fn of(file: FileId, text: &str, entry: impl FnOnce(&mut Parser<'_>)) -> Self {
        let mut lexed = lex(file, text);
        let logical = logical(file, text, &mut lexed);
        let Lexed {
            tokens,
            diagnostics,
            ..
        } = lexed;
        let mut parser = Parser::new(file, text, &tokens, &logical, diagnostics);
        entry(&mut parser);
        let (events, mut diagnostics) = (parser.events, parser.diagnostics);
        diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        Self {
            tokens,
            logical,
            events,
            diagnostics,
        }
    }
}

/// Where a node starts that is finished later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    event: u32,
    token: u32,
}

/// A finished expression, as far as what follows it has to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    mark: Mark,
    kind: SyntaxKind,
    detail: u8,
    /// How many nodes the longest path below it has, itself included.
    height: u32,
}

pub(crate) struct Parser<'a> {
    file: FileId,
    text: &'a str,
    tokens: &'a Tokens,
    logical: &'a Logical,
    pos: usize,
    events: Vec<Event>,
    diagnostics: Vec<Diagnostic>,
    /// How many of the diagnostics are the lexer's.
    lexical: usize,
    /// Starts of the physical lines, from the first error on.
    line_starts: Vec<u32>,
    /// The lines with a syntax error.
    lines_with_error: HashSet<usize>,
    /// An error was found and its construct is not left yet.
    recovering: bool,
    depth: u32,
    /// Where the one integer may stand that only fits with a minus.
    negative_at: usize,
}

const OPENERS: KindSet = KindSet::new(&[K::LParen, K::LBracket, K::LBrace, K::InterpStart]);
const CLOSERS: KindSet = KindSet::new(&[K::RParen, K::RBracket, K::RBrace, K::InterpEnd]);
const LINE_ENDS: KindSet = KindSet::new(&[K::Newline, K::Indent, K::Dedent, K::Eof]);

impl<'a> Parser<'a> {
    fn new(
        file: FileId,
        text: &'a str,
        tokens: &'a Tokens,
        logical: &'a Logical,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        Self {
            file,
            text,
            tokens,
            logical,
            pos: 0,
            events: Vec::with_capacity(logical.kinds.len()),
            lexical: diagnostics.len(),
            diagnostics,
            line_starts: Vec::new(),
            lines_with_error: HashSet::new(),
            recovering: false,
            depth: 0,
            negative_at: usize::MAX,
        }
    }

    // Tokens.

    #[inline]
    fn kind(&self) -> SyntaxKind {
        self.nth(0)
    }

    #[inline]
    fn nth(&self, ahead: usize) -> SyntaxKind {
        let kinds = &self.logical.kinds;
        kinds.get(self.pos + ahead).copied().unwrap_or(K::Eof)
    }

    #[inline]
    fn at(&self, kind: SyntaxKind) -> bool {
        self.kind() == kind
    }

    #[inline]
    fn bump(&mut self) {
        // The last token is `Eof`, which is never passed.
        self.pos = (self.pos + 1).min(self.logical.kinds.len() - 1);
    }

    #[inline]
    fn eat(&mut self, kind: SyntaxKind) -> bool {
        let found = self.at(kind);
        if found {
            self.bump();
        }
        found
    }

    fn raw(&self, pos: usize) -> usize {
        let raw = self.logical.raw.get(pos).copied();
        raw.map_or(self.tokens.len(), |raw| raw as usize)
    }

    /// Whether the token `ahead` and the one before it touch.
    fn touches(&self, ahead: usize) -> bool {
        let pos = self.pos + ahead;
        pos > 0 && self.raw(pos) == self.raw(pos - 1) + 1
    }

    /// Where a token stands. Line ends and block ends stand behind the last
    /// token before them.
    fn token_range(&self, pos: usize) -> TextRange {
        let range = self.tokens.range(self.raw(pos));
        match self.logical.kinds.get(pos) {
            Some(K::Newline | K::Dedent) => TextRange::empty(range.end),
            Some(K::Indent) => TextRange::empty(range.start),
            _ => range,
        }
    }

    fn token_text(&self, pos: usize) -> &'a str {
        let range = self.token_range(pos);
        self.text.get(range.as_usize()).unwrap_or("")
    }

    fn at_word(&self, word: &str) -> bool {
        self.at(K::Ident) && self.token_text(self.pos) == word
    }

    fn span(&self, pos: usize) -> Span {
        self.token_range(pos).in_file(self.file)
    }

    /// From the first token at `mark` to the last one before here.
    fn span_from(&self, mark: Mark) -> Span {
        let start = self.token_range(mark.token as usize);
        if self.pos <= mark.token as usize {
            return TextRange::empty(start.start).in_file(self.file);
        }
        start.to(self.token_range(self.pos - 1)).in_file(self.file)
    }

    // Nodes.

    #[inline]
    fn mark(&self) -> Mark {
        Mark {
            event: self.events.len() as u32,
            token: self.pos as u32,
        }
    }

    #[inline]
    fn complete(&mut self, mark: Mark, kind: SyntaxKind) {
        self.complete_with(mark, kind, 0);
    }

    #[inline]
    fn complete_with(&mut self, mark: Mark, kind: SyntaxKind, detail: u8) {
        self.events.push(Event {
            kind,
            detail,
            first_event: mark.event,
            first_token: mark.token,
            end_token: self.pos as u32,
        });
    }

    // Errors.

    /// Reports an error unless its line has one already; what follows is not
    /// to be trusted until the construct is left.
    fn error(&mut self, diagnostic: Diagnostic) {
        self.recovering = true;
        self.report(diagnostic);
    }

    /// Reports an error unless its line has one already.
    fn report(&mut self, diagnostic: Diagnostic) {
        let (number, line) = self.line_around(diagnostic.span.start);
        if !self.lines_with_error.insert(number) {
            return;
        }
        let lexical = &self.diagnostics[..self.lexical];
        let after = lexical.partition_point(|one| one.span.start < line.start);
        let mut in_line = lexical[after..]
            .iter()
            .take_while(|one| one.span.start <= line.end);
        if in_line.any(Diagnostic::is_error) {
            return;
        }
        self.diagnostics.push(diagnostic);
    }

    fn warn(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The line that an offset stands on, by number and with its line end.
    fn line_around(&mut self, offset: u32) -> (usize, TextRange) {
        if self.line_starts.is_empty() {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            self.line_starts.push(0);
            self.line_starts.extend(ends.map(|at| at as u32 + 1));
        }
        let number = self.line_starts.partition_point(|start| *start <= offset) - 1;
        let next = self.line_starts.get(number + 1).map(|next| next - 1);
        let end = next.unwrap_or(self.text.len() as u32);
        (number, TextRange::new(self.line_starts[number], end))
    }

    /// How a token is called in messages.
    fn describe(&self, pos: usize) -> Cow<'static, str> {
        match self.logical.kinds.get(pos) {
            Some(K::Newline) => "end of line".into(),
            Some(K::Dedent) => "end of block".into(),
            Some(K::Indent) => "a deeper line".into(),
            None | Some(K::Eof) => "end of file".into(),
            Some(K::Doc) => "a doc comment".into(),
            Some(K::StringStart) => "a string with interpolation".into(),
            Some(_) => {
                let text = self.token_text(pos);
                let line = text.lines().next().unwrap_or("");
                if line.chars().count() > 40 || line.len() < text.len() {
                    let start: String = line.chars().take(36).collect();
                    format!("`{start}...`").into()
                } else {
                    format!("`{line}`").into()
                }
            }
        }
    }

    fn expected_at(&self, pos: usize, what: &str) -> Diagnostic {
        let message = format!("expected {what}, found {}", self.describe(pos));
        let diagnostic = Diagnostic::new(Code::PARSE_EXPECTED, self.span(pos), message);
        match self.logical.kinds.get(pos) {
            Some(K::BadQuote) => self.quote_advice(pos, diagnostic),
            _ => diagnostic,
        }
    }

    fn expected(&mut self, what: &str) {
        if self.recovering {
            return;
        }
        let diagnostic = self.expected_at(self.pos, what);
        self.error(diagnostic);
    }

    fn expected_hint(&mut self, what: &str, hint: &str) {
        if self.recovering {
            return;
        }
        let diagnostic = self.expected_at(self.pos, what).hint(hint);
        self.error(diagnostic);
    }

    /// Takes a token or reports that it is missing.
    fn expect(&mut self, kind: SyntaxKind) -> bool {
        if self.eat(kind) {
            return true;
        }
        let text = kind.text().unwrap_or("a token");
        self.expected(&format!("`{text}`"));
        false
    }

    fn quote_advice(&self, pos: usize, diagnostic: Diagnostic) -> Diagnostic {
        let text = self.token_text(pos);
        let inner: String = text.chars().skip(1).collect();
        let inner = inner
            .strip_suffix(['\'', '\u{2019}', '\u{201d}', '\u{bb}', '`'])
            .unwrap_or(&inner);
        let double = format!("\"{}\"", inner.replace("\\'", "'").replace('"', "\\\""));
        let fix = crate::Fix::replace("use double quotes", self.span(pos), double);
        diagnostic.hint("strings use double quotes").fix(fix)
    }

    // Names.

    /// A name that is declared or bound here. A reserved word is reported and
    /// taken for one.
    fn declared_name(&mut self, what: &str) -> bool {
        if self.eat(K::Ident) {
            return true;
        }
        if self.kind().is_reserved() && !self.recovering {
            let word = self.token_text(self.pos);
            let message = format!("`{word}` is a reserved word");
            let diagnostic = Diagnostic::new(Code::RESERVED_KEYWORD, self.span(self.pos), message)
                .hint(format!("use another name, such as `{word}_`"));
            self.report(diagnostic);
            self.bump();
            return true;
        }
        self.expected(what);
        false
    }

    /// A name after a dot, of a field, or of an argument: any word.
    fn any_name(&mut self, what: &str) -> bool {
        if self.kind().is_word() {
            self.bump();
            return true;
        }
        self.expected(what);
        false
    }

    /// `IDENT { "." IDENT }`.
    fn path(&mut self, what: &str) -> bool {
        let mark = self.mark();
        let found = self.eat(K::Ident);
        if !found {
            self.expected(what);
        }
        while found && self.at(K::Dot) && self.nth(1).is_word() {
            self.bump();
            self.bump();
        }
        self.complete(mark, K::Path);
        found
    }

    /// A type and nothing else.
    pub(crate) fn ty_alone(&mut self) {
        self.ty();
        self.finish_line();
        self.rest_of_file();
    }

    // Depth.

    /// Enters one level of nesting; when that is one too many, reports it and
    /// does not.
    fn enter(&mut self) -> bool {
        if self.depth >= NESTING_MAX {
            self.too_deep(self.pos);
            return false;
        }
        self.depth += 1;
        true
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn too_deep(&mut self, pos: usize) {
        if self.recovering {
            return;
        }
        let diagnostic = Diagnostic::new(Code::PARSE_NESTING, self.span(pos), "nesting too deep")
            .hint(format!(
                "at most {NESTING_MAX} levels; bind a part with `let` or move it to a function"
            ));
        self.error(diagnostic);
    }

    // Recovery.

    /// Skips to a token of `stops` outside of brackets that open on the way,
    /// or to the end of the line.
    fn skip_to(&mut self, stops: KindSet) {
        let mut open = 0u32;
        loop {
            let kind = self.kind();
            if LINE_ENDS.contains(kind) || open == 0 && stops.contains(kind) {
                return;
            }
            if OPENERS.contains(kind) {
                open += 1;
            } else if CLOSERS.contains(kind) {
                if open == 0 {
                    return;
                }
                open -= 1;
            }
            self.bump();
        }
    }

    /// Takes the end of a logical line. What stands before it is reported and
    /// skipped; after an error a block that belongs to the line is skipped as
    /// well.
    fn finish_line(&mut self) {
        if !self.at(K::Newline) {
            let follows_name =
                self.pos > 0 && self.logical.kinds.get(self.pos - 1) == Some(&K::Ident);
            if follows_name && expr::PRIMARY_START.contains(self.kind()) {
                self.expected_hint("end of line", "a call has parentheses: `f(x)`");
            } else {
                self.expected("end of line");
            }
            self.skip_line();
        }
        self.eat(K::Newline);
        if self.recovering {
            self.recovering = false;
            if self.at(K::Indent) {
                self.skip_block();
            }
        }
    }

    fn skip_line(&mut self) {
        while !LINE_ENDS.contains(self.kind()) {
            self.bump();
        }
    }

    /// Skips an indented block with everything in it.
    fn skip_block(&mut self) {
        let mut open = 0u32;
        loop {
            match self.kind() {
                K::Indent => open += 1,
                K::Dedent => open = open.saturating_sub(1),
                K::Eof => return,
                _ => {}
            }
            self.bump();
            if open == 0 {
                return;
            }
        }
    }

    fn rest_of_file(&mut self) {
        if !self.at(K::Eof) {
            self.expected("end of file");
        }
        while !self.at(K::Eof) {
            self.bump();
        }
    }

    /// A bracketed list whose opener is here: elements separated by commas,
    /// with one more comma at the end if wanted. An error in an element loses
    /// the rest of that element only.
    fn list(&mut self, closer: SyntaxKind, mut element: impl FnMut(&mut Self)) {
        self.bump();
        let stops = KindSet::new(&[K::Comma]);
        while !self.at(closer) && !LINE_ENDS.contains(self.kind()) {
            let before = self.pos;
            element(self);
            if !self.recovering && !self.at(K::Comma) && !self.at(closer) {
                let wanted = closer.text().unwrap_or_default();
                self.expected_in_list(&format!("`,` or `{wanted}`"));
            }
            if self.recovering {
                self.skip_to(stops);
                self.recovering = false;
            }
            if !self.eat(K::Comma) && !self.at(closer) && self.pos == before {
                self.bump();
            }
        }
        self.expect(closer);
    }

    /// Something else than a comma or the closer follows an element.
    fn expected_in_list(&mut self, what: &str) {
        if self.at(K::Colon) {
            let hint =
                "a construct with a block cannot stand in brackets; bind it with `let` first";
            self.expected_hint(what, hint);
        } else {
            self.expected(what);
        }
    }
}
