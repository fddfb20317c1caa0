//! Diagnostics as text for people.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

use super::color::Style;
use super::fix::apply_edits;
use super::order::plural;
use super::{Diagnostic, Fix, Severity};
use crate::files::{Files, SourceFile};
use crate::span::Span;

/// How wide a tab is shown.
const TAB: usize = 4;

/// Longer source lines are shown in part.
const LINE_WIDTH_MAX: usize = 160;

/// How much of a long line is shown before what is pointed at.
const CONTEXT_BEFORE: usize = 40;

/// Writes diagnostics as text:
///
/// ```
/// use fuse_syntax::{Files, TextRenderer, parse};
///
/// let mut files = Files::new();
/// let text = "fn f() -> Int:\n  let x 1\n  return x\n";
/// let file = files.add("main.fuse", text);
/// let parsed = parse(file, text);
/// let shown = TextRenderer::default().render(&parsed.diagnostics[0], &files);
/// assert_eq!(
///     shown,
///     "error[FUSE_PARSE_EXPECTED]: expected `=`, found `1` (main.fuse:2:9)\n\
///      2 |   let x 1\n  \
///        |         ^\n"
/// );
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TextRenderer {
    /// Whether to colour.
    pub color: bool,
    /// Whether to show fixes, as differences.
    pub fixes: bool,
}

impl TextRenderer {
    /// One diagnostic, with a line end at its end.
    #[must_use]
    pub fn render(&self, diagnostic: &Diagnostic, files: &Files) -> String {
        let mut page = Page {
            out: String::new(),
            color: self.color,
            files,
        };
        page.diagnostic(diagnostic);
        if self.fixes {
            for fix in &diagnostic.fixes {
                page.fix(fix);
            }
        }
        page.out
    }

    /// All diagnostics, separated by blank lines, and a last line that counts
    /// them. Nothing when there are none.
    #[must_use]
    pub fn render_all(&self, diagnostics: &[Diagnostic], files: &Files) -> String {
        let mut out = String::new();
        for diagnostic in diagnostics {
            out.push_str(&self.render(diagnostic, files));
            out.push('\n');
        }
        if !diagnostics.is_empty() {
            out.push_str(&summary(diagnostics));
            out.push('\n');
        }
        out
    }
}

/// `N errors, M warnings`.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|one| one.is_error()).count();
    let warnings = diagnostics.len() - errors;
    format!(
        "{errors} error{}, {warnings} warning{}",
        plural(errors),
        plural(warnings)
    )
}

struct Page<'a> {
    out: String,
    color: bool,
    files: &'a Files,
}

/// A part of a line that is underlined.
struct Underline<'a> {
    mark: char,
    style: Style,
    label: Option<&'a str>,
}

impl Page<'_> {
    fn styled(&mut self, style: Style, text: &str) {
        if self.color && !text.is_empty() {
            self.out.push_str(style.start());
            self.out.push_str(text);
            self.out.push_str(Style::RESET);
        } else {
            self.out.push_str(text);
        }
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        let style = match diagnostic.severity {
            Severity::Error => Style::Error,
            Severity::Warning => Style::Warning,
        };
        let head = format!("{}[{}]", diagnostic.severity.as_str(), diagnostic.code);
        self.styled(style, &head);
        let message = format!(": {}", visible(&diagnostic.message));
        self.styled(Style::Strong, &message);
        self.place(diagnostic.span);
        self.out.push('\n');
        let underline = Underline {
            mark: '^',
            style,
            label: diagnostic.label.as_deref(),
        };
        self.source(diagnostic.span, &underline);
        for related in &diagnostic.related {
            self.styled(Style::Note, "note");
            let _ = write!(self.out, ": {}", visible(&related.message));
            self.place(related.span);
            self.out.push('\n');
            let underline = Underline {
                mark: '-',
                style: Style::Note,
                label: None,
            };
            self.source(related.span, &underline);
        }
        if let Some(hint) = &diagnostic.hint {
            self.styled(Style::Hint, "hint");
            let _ = writeln!(self.out, ": {}", visible(hint));
        }
    }

    fn place(&mut self, span: Span) {
        let Some(file) = self.files.get(span.file) else {
            return;
        };
        let at = file.position(span.start);
        let path = visible(file.path());
        let _ = write!(self.out, " ({path}:{}:{})", at.line, at.column);
    }

    /// The first and the last line of a span, underlined.
    fn source(&mut self, span: Span, underline: &Underline<'_>) {
        let Some(file) = self.files.get(span.file) else {
            return;
        };
        let first = file.line_index(span.start);
        // A span that ends with a line end does not reach into the next line.
        let last = file.line_index(span.end.saturating_sub(1).max(span.start));
        let gutter = (last + 1).to_string().len();
        if first == last {
            return self.line(file, first, span, gutter, underline);
        }
        let open = Underline {
            label: None,
            ..*underline
        };
        self.line(file, first, span, gutter, &open);
        if last > first + 1 {
            let _ = writeln!(self.out, "{:gutter$}...", "");
        }
        self.line(file, last, span, gutter, underline);
    }

    fn line(
        &mut self,
        file: &SourceFile,
        index: usize,
        span: Span,
        gutter: usize,
        underline: &Underline<'_>,
    ) {
        let range = file.line_range(index);
        let text = &file.text()[range.as_usize()];
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let base = range.end as usize - text.len();
        let indent = text.len() - text.trim_start().len();
        let from = (span.start as usize).saturating_sub(base);
        let continued = (span.start as usize) < base;
        let from = if continued {
            indent
        } else {
            from.min(text.len())
        };
        let to = (span.end as usize).saturating_sub(base).min(text.len());
        let cells = Cells::new(text, from, to);

        self.styled(Style::Faint, &format!("{:>gutter$} |", index + 1));
        let shown = cells.shown.trim_end();
        if !shown.is_empty() {
            self.out.push(' ');
            self.out.push_str(shown);
        }
        self.out.push('\n');
        self.styled(Style::Faint, &format!("{:gutter$} |", ""));
        let _ = write!(self.out, " {:width$}", "", width = cells.before);
        let mut marks: String = std::iter::repeat_n(underline.mark, cells.width).collect();
        if let Some(label) = underline.label {
            marks.push(' ');
            marks.push_str(&visible(label));
        }
        self.styled(underline.style, &marks);
        self.out.push('\n');
    }

    /// A fix as the lines it removes and adds.
    fn fix(&mut self, fix: &Fix) {
        self.styled(Style::Hint, "fix");
        let note = if fix.safe {
            ""
        } else {
            " (not applied by `--fix`)"
        };
        let _ = writeln!(self.out, ": {}{note}", visible(&fix.title));
        let Some((first, _)) = fix.edits.first() else {
            return;
        };
        let Some(file) = self.files.get(first.file) else {
            return;
        };
        let Some(after) = apply_edits(file.text(), first.file, &fix.edits) else {
            return;
        };
        for (removed, line) in difference(file.text(), &after) {
            let mark = if removed { '-' } else { '+' };
            let style = if removed {
                Style::Removed
            } else {
                Style::Added
            };
            let line = format!("{mark} {}", visible(line));
            self.styled(style, line.trim_end());
            self.out.push('\n');
        }
    }
}

/// The lines in which two texts differ, from the first to the last such line:
/// those of the first text, then those of the second.
fn difference<'a>(before: &'a str, after: &'a str) -> Vec<(bool, &'a str)> {
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    let same = |(one, other): &(&&str, &&str)| one == other;
    let head = old.iter().zip(&new).take_while(same).count();
    let tail = old[head..]
        .iter()
        .rev()
        .zip(new[head..].iter().rev())
        .take_while(same)
        .count();
    let removed = old[head..old.len() - tail].iter().map(|line| (true, *line));
    let added = new[head..new.len() - tail]
        .iter()
        .map(|line| (false, *line));
    removed.chain(added).collect()
}

/// A source line as cells of a terminal.
struct Cells {
    shown: String,
    /// Cells before the underlined part.
    before: usize,
    /// Cells of the underlined part; at least one.
    width: usize,
}

impl Cells {
    /// The line `text`, of which the bytes `from..to` are underlined.
    fn new(text: &str, from: usize, to: usize) -> Self {
        let cells: Vec<(usize, String, usize)> = text
            .char_indices()
            .map(|(at, character)| {
                let (shown, width) = cell(character);
                (at, shown, width)
            })
            .collect();
        let total: usize = cells.iter().map(|(.., width)| width).sum();
        let start: usize = cells
            .iter()
            .take_while(|(at, ..)| *at < from)
            .map(|(.., width)| width)
            .sum();
        let (mut skip, mut shown) = (0, String::new());
        if total > LINE_WIDTH_MAX && start > CONTEXT_BEFORE {
            skip = start - CONTEXT_BEFORE;
            shown.push_str("...");
        }
        let mut line = Self {
            before: shown.len(),
            shown,
            width: 0,
        };
        let (mut column, mut used) = (0, 0);
        for (at, text, width) in &cells {
            column += width;
            if column <= skip {
                continue;
            }
            if used + width > LINE_WIDTH_MAX {
                line.shown.push_str("...");
                break;
            }
            used += width;
            line.shown.push_str(text);
            if *at < from {
                line.before += width;
            } else if *at < to {
                line.width += width;
            }
        }
        line.width = line.width.max(1);
        line
    }
}

/// How a character is shown, and how many cells it takes. What would move the
/// cursor, or reorder text, is shown by its number.
fn cell(character: char) -> (String, usize) {
    if character == '\t' {
        return (" ".repeat(TAB), TAB);
    }
    match character.width() {
        Some(width) if !reorders(character) => (character.to_string(), width),
        _ => {
            let shown = format!("<U+{:04X}>", character as u32);
            let width = shown.len();
            (shown, width)
        }
    }
}

/// The invisible characters that change the direction of text.
fn reorders(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text of a message, without what would move the cursor.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || reorders(character) {
            out.push_str(&cell(character).0);
        } else {
            out.push(character);
        }
    }
    out
}
