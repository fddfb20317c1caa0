//! From physical lines to logical ones: indentation, joined lines, brackets.

use super::{ERRORS_PER_LINE_MAX, Lexed};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::kind::{KindSet, SyntaxKind};
use crate::span::{FileId, TextRange};

use SyntaxKind as K;

/// The tokens that the parser sees: without trivia, with layout. Each points
/// at the token of the file that it is; `Newline` and `Dedent` point at the
/// token that ends the line or block, `Indent` at the one that starts it.
#[derive(Debug, Default)]
pub(crate) struct Logical {
    pub(crate) kinds: Vec<SyntaxKind>,
    pub(crate) raw: Vec<u32>,
}

/// The last token of a line joins the next line to it.
const JOINS_NEXT: KindSet = KindSet::new(&[
    K::Plus,
    K::Minus,
    K::Star,
    K::Slash,
    K::Percent,
    K::Eq,
    K::NotEq,
    K::Less,
    K::LessEq,
    K::DotDot,
    K::DotDotLess,
    K::Assign,
    K::PlusAssign,
    K::MinusAssign,
    K::StarAssign,
    K::SlashAssign,
    K::PercentAssign,
    K::FatArrow,
    K::Comma,
]);

/// Words that only start statements.
const STATEMENT: KindSet = KindSet::new(&[
    K::LetKw,
    K::VarKw,
    K::ReturnKw,
    K::ForKw,
    K::WhileKw,
    K::BreakKw,
    K::ContinueKw,
]);

/// Words that start statements, and values with a block of their own.
const BLOCK_VALUE: KindSet = KindSet::new(&[K::IfKw, K::MatchKw, K::TransactionKw]);

const DECLARATION: KindSet =
    KindSet::new(&[K::FnKw, K::TypeKw, K::EnumKw, K::InterfaceKw, K::ImplKw]);

struct Bracket {
    kind: SyntaxKind,
    raw: u32,
    /// The indentation of the line it stands on.
    column: u32,
    /// The number of that line, counted by those that hold tokens.
    line: u32,
}

struct Layout<'a> {
    file: FileId,
    text: &'a str,
    lexed: &'a mut Lexed,
    out: Logical,
    indents: Vec<u32>,
    brackets: Vec<Bracket>,
    /// Interpolations among the brackets.
    interpolations: u32,
    pending: bool,
    /// The last token that is not trivia.
    last: Option<u32>,
    column: u32,
    line: u32,
    /// The line of the bracket reported last, and how many were on it.
    reported: (u32, u32),
}

/// Runs the layout over the tokens of a file; adds what it finds wrong to
/// their diagnostics.
pub(crate) fn logical(file: FileId, text: &str, lexed: &mut Lexed) -> Logical {
    let capacity = lexed.tokens.len() * 2 / 3 + 8;
    let mut layout = Layout {
        file,
        text,
        lexed,
        out: Logical {
            kinds: Vec::with_capacity(capacity),
            raw: Vec::with_capacity(capacity),
        },
        indents: vec![0],
        brackets: Vec::new(),
        interpolations: 0,
        pending: false,
        last: None,
        column: 0,
        line: 0,
        reported: (0, 0),
    };
    layout.run();
    let out = layout.out;
    lexed
        .diagnostics
        .sort_by_key(|diagnostic| diagnostic.span.start);
    out
}

impl Layout<'_> {
    fn run(&mut self) {
        let count = self.lexed.tokens.len();
        let mut at_line_start = true;
        let mut space = None;
        for index in 0..count {
            let kind = self.lexed.tokens.kinds[index];
            match kind {
                K::LineEnd => {
                    if !at_line_start {
                        self.end_line();
                    }
                    at_line_start = true;
                    space = None;
                    continue;
                }
                K::Whitespace if at_line_start => {
                    space = space.or(Some(index));
                    continue;
                }
                _ if kind.is_trivia() => continue,
                _ => {}
            }
            if at_line_start {
                at_line_start = false;
                if kind == K::Doc && self.doc_in_expression(index) {
                    at_line_start = true;
                    continue;
                }
                self.begin_line(index, space);
            }
            self.token(index, kind);
        }
        self.finish(count);
    }

    /// A doc comment inside brackets or between joined lines documents
    /// nothing.
    fn doc_in_expression(&mut self, index: usize) -> bool {
        if self.brackets.is_empty() && !(self.pending && self.joins_next()) {
            return false;
        }
        let range = self.lexed.tokens.range(index);
        let diagnostic = dangling_doc(range.in_file(self.file));
        self.lexed.diagnostics.push(diagnostic);
        true
    }

    /// A line that holds tokens ends. Brackets whose closers went into a
    /// string that was not closed are closed without a word.
    fn end_line(&mut self) {
        if self.last_is_unterminated() {
            while self
                .brackets
                .pop_if(|bracket| bracket.line == self.line && bracket.kind != K::InterpStart)
                .map(|bracket| self.push_after(bracket.kind.closer().unwrap_or(K::RParen)))
                .is_some()
            {}
        }
        if self.brackets.is_empty() {
            self.pending = true;
        }
    }

    fn last_is_unterminated(&self) -> bool {
        self.last
            .is_some_and(|last| self.lexed.unterminated.binary_search(&last).is_ok())
    }

    fn begin_line(&mut self, index: usize, space: Option<usize>) {
        let start = self.lexed.tokens.start(index);
        let blank = space.map_or(start, |space| self.lexed.tokens.start(space));
        let indentation = &self.text[blank as usize..start as usize];
        let column = if indentation.is_ascii() {
            start - blank
        } else {
            // A byte order mark is no column; any other space is one.
            let width = indentation.chars().filter(|c| *c != '\u{feff}').count();
            width as u32
        };
        if memchr::memchr(b'\t', indentation.as_bytes()).is_some() {
            self.tab(TextRange::new(blank, start));
        }
        self.column = column;
        self.line += 1;
        if self.brackets.is_empty() {
            self.logical_line(index, column);
        } else if self.brackets_forgotten(index, column) {
            self.close_all();
            self.flush();
            self.indentation(index, column);
        }
    }

    fn tab(&mut self, range: TextRange) {
        let span = range.in_file(self.file);
        let indentation = &self.text[range.as_usize()];
        let spaces = indentation.replace('\t', "  ");
        let message = "tabs are not allowed for indentation";
        let mut fix = Fix::replace("replace tabs with spaces", span, spaces);
        // Among spaces the width of a tab is a guess.
        fix.safe = !indentation.contains(' ');
        let diagnostic = Diagnostic::new(Code::LEX_TAB, span, message)
            .hint("indent with spaces, two for each level")
            .fix(fix);
        self.lexed.diagnostics.push(diagnostic);
    }

    /// A line starts outside of brackets: does it continue the line before,
    /// and which blocks start or end here?
    fn logical_line(&mut self, index: usize, column: u32) {
        if self.pending {
            let joined = self.continues_line(index)
                || self.joins_next() && !self.starts_statement(index, false);
            if joined {
                self.pending = false;
                return;
            }
            self.flush();
        }
        self.indentation(index, column);
    }

    fn indentation(&mut self, index: usize, column: u32) {
        let top = self.indents.last().copied().unwrap_or(0);
        if column > top {
            self.indents.push(column);
            self.push(K::Indent, index as u32);
        } else if column < top {
            self.dedent(index, column);
        }
    }

    fn dedent(&mut self, index: usize, column: u32) {
        let mut popped = 0;
        while self.indents.last().is_some_and(|&top| top > column) {
            popped = self.indents.pop().unwrap_or(0);
            self.push_after(K::Dedent);
        }
        if self.indents.last() == Some(&column) {
            return;
        }
        // The line still belongs to the block that was left last.
        self.indents.push(popped);
        self.out.kinds.pop();
        self.out.raw.pop();
        let span = self.lexed.tokens.range(index).in_file(self.file);
        let message = "indentation does not match any open block";
        let levels: Vec<String> = self.indents.iter().map(ToString::to_string).collect();
        let diagnostic = Diagnostic::new(Code::LEX_INDENT, span, message).hint(format!(
            "the open blocks are indented by {} spaces, this line by {column}",
            levels.join(" or ")
        ));
        self.lexed.diagnostics.push(diagnostic);
    }

    fn flush(&mut self) {
        self.pending = false;
        self.push_after(K::Newline);
    }

    fn push(&mut self, kind: SyntaxKind, raw: u32) {
        self.out.kinds.push(kind);
        self.out.raw.push(raw);
    }

    /// Pushes a token that stands at the end of the last one.
    fn push_after(&mut self, kind: SyntaxKind) {
        self.push(kind, self.last.unwrap_or(0));
    }

    fn token(&mut self, index: usize, kind: SyntaxKind) {
        let raw = index as u32;
        match kind {
            K::LParen | K::LBracket | K::LBrace | K::InterpStart => {
                self.interpolations += u32::from(kind == K::InterpStart);
                self.brackets.push(Bracket {
                    kind,
                    raw,
                    column: self.column,
                    line: self.line,
                });
                self.push(kind, raw);
            }
            K::RParen | K::RBracket | K::RBrace => self.closer(raw, kind),
            K::InterpEnd => self.close_interpolation(raw),
            _ => self.push(kind, raw),
        }
        self.last = Some(raw);
    }

    fn closer(&mut self, raw: u32, kind: SyntaxKind) {
        let opener = match self.brackets.last() {
            Some(bracket) if bracket.kind != K::InterpStart => bracket.kind,
            _ => return self.unmatched(raw, kind, None),
        };
        let wanted = opener.closer().unwrap_or(kind);
        if wanted != kind {
            self.unmatched(raw, kind, Some(wanted));
        }
        self.brackets.pop();
        self.push(wanted, raw);
        if wanted != kind && self.closes_two(raw, kind) {
            self.brackets.pop();
            self.push(kind, raw);
        }
    }

    /// Whether a closer that did not match the innermost bracket was meant for
    /// the one around it, as in `f(x[)`: nothing else on its line closes that.
    fn closes_two(&self, raw: u32, kind: SyntaxKind) -> bool {
        /// So that a line full of wrong closers takes no quadratic time.
        const LOOKAHEAD_MAX: usize = 256;
        let outer = self.brackets.last();
        if outer.is_none_or(|bracket| bracket.kind.closer() != Some(kind)) {
            return false;
        }
        let mut open = 0u32;
        for ahead in 1..LOOKAHEAD_MAX {
            match self.lexed.tokens.kind(raw as usize + ahead) {
                K::LParen | K::LBracket | K::LBrace => open += 1,
                K::RParen | K::RBracket | K::RBrace if open == 0 => return false,
                K::RParen | K::RBracket | K::RBrace => open -= 1,
                K::LineEnd | K::Eof => return true,
                _ => {}
            }
        }
        false
    }

    /// Whether one more error about brackets of this line says something.
    fn may_report(&mut self, line: u32) -> bool {
        if self.reported.0 != line {
            self.reported = (line, 0);
        }
        self.reported.1 += 1;
        self.reported.1 <= ERRORS_PER_LINE_MAX
    }

    fn unmatched(&mut self, raw: u32, kind: SyntaxKind, wanted: Option<SyntaxKind>) {
        if !self.may_report(self.line) {
            return;
        }
        let span = self.lexed.tokens.range(raw as usize).in_file(self.file);
        let text = kind.text().unwrap_or_default();
        let message = format!("unmatched `{text}`");
        let mut diagnostic = Diagnostic::new(Code::LEX_DELIM_UNMATCHED, span, message);
        diagnostic = match (wanted, self.brackets.last()) {
            (Some(wanted), Some(bracket)) => {
                let opener = self.lexed.tokens.range(bracket.raw as usize);
                let wanted = wanted.text().unwrap_or_default();
                diagnostic
                    .related(opener.in_file(self.file), "opened here")
                    .hint(format!("close the innermost bracket with `{wanted}` first"))
            }
            _ => diagnostic.hint("no bracket is open here; remove it"),
        };
        self.lexed.diagnostics.push(diagnostic);
    }

    fn close_interpolation(&mut self, raw: u32) {
        while let Some(bracket) = self.brackets.pop() {
            if bracket.kind == K::InterpStart {
                self.interpolations -= 1;
                break;
            }
            self.unclosed(&bracket);
            self.push_after(bracket.kind.closer().unwrap_or(K::RParen));
        }
        self.push(K::InterpEnd, raw);
    }

    fn unclosed(&mut self, bracket: &Bracket) {
        if !self.may_report(bracket.line) {
            return;
        }
        let span = self
            .lexed
            .tokens
            .range(bracket.raw as usize)
            .in_file(self.file);
        let text = bracket.kind.text().unwrap_or_default();
        let closer = bracket.kind.closer().and_then(K::text).unwrap_or_default();
        let diagnostic =
            Diagnostic::new(Code::LEX_DELIM_UNCLOSED, span, format!("unclosed `{text}`"))
                .hint(format!("close it with `{closer}`"));
        self.lexed.diagnostics.push(diagnostic);
    }

    /// Closes every open bracket, with a report for each.
    fn close_all(&mut self) {
        while let Some(bracket) = self.brackets.pop() {
            self.unclosed(&bracket);
            self.push_after(bracket.kind.closer().unwrap_or(K::RParen));
        }
        self.interpolations = 0;
    }

    /// A line inside brackets starts something that cannot stand there, no
    /// deeper than the bracket: the closer was forgotten.
    fn brackets_forgotten(&self, index: usize, column: u32) -> bool {
        self.interpolations == 0
            && self
                .brackets
                .last()
                .is_some_and(|bracket| column <= bracket.column)
            && self.starts_statement(index, true)
    }

    /// Whether the last token joins the next line to its own. `??` does when
    /// space stands before it; where it touches a type it belongs to that.
    fn joins_next(&self) -> bool {
        let Some(last) = self.last else {
            return false;
        };
        let before = |count: u32| {
            let index = last.checked_sub(count)?;
            Some(self.lexed.tokens.kind(index as usize))
        };
        match self.lexed.tokens.kind(last as usize) {
            K::Question => {
                before(1) == Some(K::Question) && before(2).is_some_and(SyntaxKind::is_trivia)
            }
            // Behind a dot it is a name.
            K::AndKw | K::OrKw => {
                let kinds = &self.out.kinds;
                let dot = kinds.len().checked_sub(2).map(|at| kinds[at]);
                !matches!(dot, Some(K::Dot | K::QuestionDot))
            }
            kind => JOINS_NEXT.contains(kind),
        }
    }

    fn continues_line(&self, index: usize) -> bool {
        match self.lexed.tokens.kind(index) {
            K::Dot | K::QuestionDot => true,
            // `or:` is a field.
            K::AndKw | K::OrKw => !matches!(self.following(index), K::Colon | K::Assign),
            K::Question => matches!(
                self.lexed.tokens.kind(index + 1),
                K::LBracket | K::Bang | K::Question
            ),
            _ => false,
        }
    }

    /// The next tokens after `index` that are not space.
    fn following(&self, index: usize) -> SyntaxKind {
        let mut next = index + 1;
        while self.lexed.tokens.kind(next) == K::Whitespace {
            next += 1;
        }
        self.lexed.tokens.kind(next)
    }

    /// Whether a line that starts here starts a declaration or a statement
    /// and nothing else. Words that also start values count only inside
    /// brackets, where no such value may stand.
    fn starts_statement(&self, index: usize, in_brackets: bool) -> bool {
        let kind = self.lexed.tokens.kind(index);
        let next = self.following(index);
        if matches!(next, K::Assign | K::Colon) && kind != K::TransactionKw {
            // A name of an argument or a field.
            return false;
        }
        if STATEMENT.contains(kind) {
            return true;
        }
        if DECLARATION.contains(kind) {
            return next.is_word();
        }
        match kind {
            K::ImportKw => next.is_word() || next == K::LBrace,
            K::Ident => {
                let word = &self.text[self.lexed.tokens.range(index).as_usize()];
                contextual_declaration(word, next)
            }
            _ => in_brackets && BLOCK_VALUE.contains(kind),
        }
    }

    fn finish(&mut self, count: usize) {
        // A string that runs to the end of the file hides all closers.
        let reported = self.lexed.diagnostics.len();
        let hidden = self.last_is_unterminated();
        self.close_all();
        if hidden {
            self.lexed.diagnostics.truncate(reported);
        }
        let open = self.out.kinds.last().is_some_and(|kind| !kind.is_layout());
        if open {
            self.flush();
        }
        while self.indents.len() > 1 {
            self.indents.pop();
            self.push_after(K::Dedent);
        }
        self.push(K::Eof, count as u32);
    }
}

/// Whether a contextual word, followed by this token, starts a declaration or
/// a route.
pub(crate) fn contextual_declaration(word: &str, next: SyntaxKind) -> bool {
    match word {
        "app" | "test" => matches!(next, K::String | K::StringStart),
        "get" | "post" | "put" | "patch" | "delete" => matches!(next, K::String | K::StringStart),
        "service" | "config" | "component" | "requires" => next.is_word(),
        "migration" => next.is_word() || matches!(next, K::String | K::StringStart | K::Int),
        _ => false,
    }
}

/// A doc comment that documents nothing.
pub(crate) fn dangling_doc(span: crate::span::Span) -> Diagnostic {
    let message = "doc comment is not attached to a declaration";
    let one = crate::span::Span::new(span.file, span.start, span.start + 1);
    Diagnostic::new(Code::DOC_DANGLING, span, message).fix(Fix::replace(
        "make it a plain comment",
        one,
        "",
    ))
}
