//! From logical lines to printed ones: blocks, blank lines, comments.

use super::imports::{Printed, sort};
use super::layout::Printer;
use super::roles;
use super::spacing::Source;
use crate::kind::SyntaxKind as K;
use crate::parse::Syntax;

/// An open block.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// The column of its lines in the text.
    column: usize,
    /// The column that they are printed at.
    indent: usize,
}

/// What stands between two logical lines.
#[derive(Debug, Default)]
struct Gap<'a> {
    /// A comment behind the line before.
    trailing: Option<&'a str>,
    /// Comments on lines of their own.
    comments: Vec<GapComment<'a>>,
    /// Blank lines before the next line.
    blank: usize,
}

#[derive(Debug)]
struct GapComment<'a> {
    text: &'a str,
    column: usize,
    /// Blank lines before it.
    blank: usize,
}

/// What kind of line was printed last, as far as blank lines depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Start,
    Requires,
    Import,
    Other,
}

struct Lines<'a, 's> {
    printer: Printer<'a, 's>,
    levels: Vec<Level>,
    /// The levels before the blocks that end here were left.
    left: Vec<Level>,
    last: Line,
    /// Whether the last line documents the next one.
    after_doc: bool,
    last_raw: Option<usize>,
    /// Whether a block starts with the next line.
    opened: bool,
    imports: Vec<Printed>,
    /// Where the text of the next import starts, when its comments are printed
    /// and it is not.
    import_start: Option<usize>,
}

/// Prints a file that has no syntax errors.
pub(super) fn print(syntax: &Syntax, text: &str, width: usize) -> String {
    let source = Source {
        text,
        syntax,
        roles: roles::roles(syntax, text),
        width,
    };
    let mut lines = Lines {
        printer: Printer::new(&source),
        levels: vec![Level {
            column: 0,
            indent: 0,
        }],
        left: Vec::new(),
        last: Line::Start,
        after_doc: false,
        last_raw: None,
        opened: false,
        imports: Vec::new(),
        import_start: None,
    };
    lines.run();
    lines.printer.out
}

impl<'s> Lines<'_, 's> {
    fn run(&mut self) {
        let mut token = 0;
        loop {
            match self.printer.source.kind(token) {
                K::Eof => break,
                K::Newline => token += 1,
                K::Indent => {
                    self.open_block(token);
                    token += 1;
                }
                K::Dedent => {
                    self.close_block();
                    token += 1;
                }
                _ => {
                    let mut end = token;
                    while !self.printer.source.kind(end).is_layout() {
                        end = self.printer.source.next(end);
                    }
                    self.line(token, end);
                    token = end;
                }
            }
        }
        self.finish();
    }

    fn open_block(&mut self, token: usize) {
        let column = self.column(self.printer.source.raw(token));
        self.levels.push(Level {
            column,
            indent: self.printer.line_indent + 2,
        });
        self.opened = true;
    }

    fn close_block(&mut self) {
        if self.left.is_empty() {
            self.left = self.levels.clone();
        }
        if self.levels.len() > 1 {
            self.levels.pop();
        }
    }

    /// The column at which a raw token stands.
    fn column(&self, raw: usize) -> usize {
        let source = self.printer.source;
        let start = source.syntax.tokens.start(raw) as usize;
        let line = source.text[..start].rfind('\n').map_or(0, |at| at + 1);
        source.text[line..start]
            .chars()
            .filter(|c| *c != '\u{feff}')
            .count()
    }

    fn level(&self) -> Level {
        self.levels.last().copied().unwrap_or(Level {
            column: 0,
            indent: 0,
        })
    }

    fn line(&mut self, first: usize, end: usize) {
        let source = self.printer.source;
        let kind = self.line_kind(first);
        let doc = source.kind(first) == K::Doc;
        let gap = self.gap(source.raw(first));
        self.between(gap, kind, source.kind(first) == K::ElseKw);
        if kind == Line::Import {
            let after_last = self.imports.last().map(|import| import.end);
            let start = after_last.unwrap_or(self.printer.attached_from);
            self.import_start.get_or_insert(start);
        } else {
            sort(&mut self.printer.out, &mut self.imports);
        }
        let indent = self.level().indent;
        self.printer.start_line(indent);
        if doc {
            let text = comment(source.token_text(first));
            self.printer.out.push_str(&text);
        } else if kind != Line::Import || !self.printer.import(first, end) {
            self.printer.logical_line(first, end, indent);
        }
        self.printer.out.push('\n');
        if !doc && let Some(start) = self.import_start.take() {
            let (path, name) = self.printer.import_key(first, end);
            let end = self.printer.out.len();
            self.imports.push(Printed {
                start,
                end,
                path,
                name,
            });
        }
        self.last = kind;
        self.after_doc = doc;
        self.last_raw = Some(self.last_raw_of(end));
        self.left.clear();
        self.opened = false;
    }

    /// The last raw token before the end of a line.
    fn last_raw_of(&self, end: usize) -> usize {
        self.printer.source.raw(end.saturating_sub(1))
    }

    /// What a line is, or what it documents.
    fn line_kind(&self, first: usize) -> Line {
        if self.after_doc {
            return self.last;
        }
        let source = self.printer.source;
        let mut first = first;
        while matches!(source.kind(first), K::Doc | K::Newline) {
            first += 1;
        }
        match source.kind(first) {
            K::ImportKw => Line::Import,
            K::Ident if self.levels.len() == 1 && source.token_text(first) == "requires" => {
                Line::Requires
            }
            _ => Line::Other,
        }
    }

    // What stands between lines.

    /// Takes apart what stands between the last line and the raw token at
    /// which the next one starts.
    fn gap(&self, to: usize) -> Gap<'s> {
        let source = self.printer.source;
        let from = self.last_raw.map_or(0, |raw| raw + 1);
        let mut gap = Gap::default();
        let mut line_ends = usize::from(self.last_raw.is_none());
        for raw in from..to {
            match source.syntax.tokens.kind(raw) {
                K::LineEnd => line_ends += 1,
                K::Comment | K::Doc => {
                    let text = source.raw_text(raw);
                    if line_ends == 0 {
                        gap.trailing = Some(text);
                    } else {
                        gap.comments.push(GapComment {
                            text,
                            column: self.column(raw),
                            blank: line_ends - 1,
                        });
                    }
                    line_ends = 0;
                }
                _ => {}
            }
        }
        gap.blank = line_ends.saturating_sub(1);
        gap
    }

    fn trailing(&mut self, gap: &Gap<'_>) {
        let Some(text) = gap.trailing else { return };
        let out = &mut self.printer.out;
        if out.ends_with('\n') {
            out.pop();
        }
        out.push_str("  ");
        out.push_str(&comment(text));
        out.push('\n');
        if let Some(import) = self.imports.last_mut()
            && self.last == Line::Import
        {
            import.end = self.printer.out.len();
        }
    }

    fn between(&mut self, gap: Gap<'_>, kind: Line, continues: bool) {
        self.trailing(&gap);
        let top = self.levels.len() == 1;
        let first_of_file = self.last == Line::Start;
        let apart = top && !first_of_file && !self.after_doc && !self.same_run(kind);
        let detached =
            kind == Line::Import && !self.after_doc && gap.blank > 0 && !gap.comments.is_empty();
        if detached {
            sort(&mut self.printer.out, &mut self.imports);
        }
        let any_blank = gap.blank > 0 || gap.comments.iter().any(|comment| comment.blank > 0);
        let mut first = true;
        for comment in &gap.comments {
            let run = self.same_run(kind) && !detached;
            let mut blank = self.blank_lines(comment.blank, top, first, run);
            if first && apart && !any_blank {
                blank = 1;
            }
            self.blank(blank);
            if blank > 0 || first {
                self.printer.attached_from = self.printer.out.len();
            }
            self.own_line(comment);
            first = false;
        }
        let run = self.same_run(kind) && !detached;
        let mut blank = self.blank_lines(gap.blank, top, first, run);
        if first && apart && blank == 0 {
            blank = 1;
        }
        if self.after_doc || continues || run {
            blank = 0;
        }
        self.blank(blank);
        if blank > 0 || first && !self.after_doc {
            self.printer.attached_from = self.printer.out.len();
        }
    }

    /// Lines of this kind stand together without blank lines.
    fn same_run(&self, kind: Line) -> bool {
        matches!(kind, Line::Requires | Line::Import) && self.last == kind
    }

    /// How many of the blank lines of the text are printed.
    fn blank_lines(&self, written: usize, top: bool, first: bool, run: bool) -> usize {
        if first && (self.opened || self.last == Line::Start) {
            return 0;
        }
        if run && first {
            return 0;
        }
        written.min(if top { 2 } else { 1 })
    }

    fn blank(&mut self, lines: usize) {
        for _ in 0..lines {
            self.printer.out.push('\n');
        }
    }

    fn own_line(&mut self, one: &GapComment<'_>) {
        let indent = self.comment_indent(one.column);
        // Comments after it are no deeper.
        self.left.retain(|level| level.indent <= indent);
        self.printer.start_line(indent);
        let text = comment(one.text);
        self.printer.out.push_str(&text);
        self.printer.out.push('\n');
    }

    /// A comment between blocks belongs to the innermost block that is no
    /// deeper than it.
    fn comment_indent(&self, column: usize) -> usize {
        let own = self.level().indent;
        let deeper = self.left.get(self.levels.len()..).unwrap_or_default();
        deeper
            .iter()
            .rev()
            .find(|level| level.column <= column)
            .map_or(own, |level| level.indent)
    }

    fn finish(&mut self) {
        let end = self.printer.source.syntax.tokens.len();
        let gap = self.gap(end);
        self.trailing(&gap);
        sort(&mut self.printer.out, &mut self.imports);
        let mut first = true;
        for comment in &gap.comments {
            let blank = self.blank_lines(comment.blank, true, first, false);
            self.blank(blank);
            self.own_line(comment);
            first = false;
        }
    }
}

/// A comment with a space behind its marks and none at its end.
pub(super) fn comment(text: &str) -> String {
    let text = text.trim_end();
    let marks = text.len() - text.trim_start_matches('#').len();
    let (marks, rest) = text.split_at(marks);
    if rest.is_empty() || rest.starts_with(char::is_whitespace) {
        return text.to_owned();
    }
    format!("{marks} {rest}")
}
