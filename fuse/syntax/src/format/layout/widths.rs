//! How wide the tokens of a logical line are, and what of it fits.

use super::Printer;
use crate::format::spacing::columns;
use crate::kind::SyntaxKind as K;

/// Widths of the tokens of one logical line.
#[derive(Default)]
pub(super) struct LineWidths {
    pub(super) first: usize,
    pub(super) end: usize,
    /// Columns before each token, its space included, when all stand on one
    /// line.
    columns: Vec<usize>,
    /// The space before each token.
    spaces: Vec<usize>,
    /// Gaps before each token that must stay broken.
    forced: Vec<u32>,
    /// Tokens before each one that hold a line end.
    multiline: Vec<u32>,
    /// Where suites start that get lines of their own.
    suites: Vec<usize>,
}

impl Printer<'_, '_> {
    // Widths.

    pub(super) fn measure(&mut self, first: usize, end: usize) {
        let count = end - first;
        let mut line = LineWidths {
            first,
            end,
            columns: vec![0; count + 1],
            spaces: vec![0; count + 1],
            forced: vec![0; count + 1],
            multiline: vec![0; count + 1],
            suites: self.suites_of_line(first, end),
        };
        let (mut token, mut before, mut last) = (first, None, None);
        let (mut column, mut forced, mut multiline) = (0, 0, 0);
        while token < end {
            let at = token - first;
            if let Some(last) = last {
                forced += u32::from(self.source.gap_is_forced(last, token));
            }
            line.columns[at] = column;
            line.forced[at] = forced;
            line.multiline[at] = multiline;
            let next = self.source.next(token);
            if self.source.printed(token) {
                let mut text = String::new();
                self.source.one(&mut text, before, token);
                let bare = self.source.token_text(token);
                line.spaces[at] = columns(&text).saturating_sub(columns(bare));
                column += columns(&text);
                multiline += u32::from(text.contains('\n'));
                before = Some(token);
            }
            for inner in token + 1..next {
                let at = inner - first;
                line.columns[at] = column;
                line.forced[at] = forced;
                line.multiline[at] = multiline;
            }
            last = Some(token);
            token = next;
        }
        line.columns[count] = column;
        line.forced[count] = forced;
        line.multiline[count] = multiline;
        self.line = line;
    }

    fn at(&self, token: usize) -> usize {
        token.clamp(self.line.first, self.line.end) - self.line.first
    }

    /// The columns of tokens on one line, without a space before them.
    pub(super) fn width(&self, first: usize, end: usize) -> usize {
        if end <= first {
            return 0;
        }
        let (from, to) = (self.at(first), self.at(end));
        let whole = self.line.columns[to] - self.line.columns[from];
        whole.saturating_sub(self.line.spaces[from])
    }

    /// Whether a line break inside of these tokens must stay.
    pub(super) fn forced(&self, first: usize, end: usize) -> bool {
        if end <= first + 1 {
            return false;
        }
        let (from, to) = (self.at(first), self.at(end - 1));
        self.line.forced[to] > self.line.forced[from]
    }

    fn is_multiline(&self, first: usize, end: usize) -> bool {
        self.line.multiline[self.at(end)] > self.line.multiline[self.at(first)]
    }

    /// Whether tokens may be printed on one line from here, with `tail`
    /// columns behind them.
    pub(super) fn fits(&self, first: usize, end: usize, tail: usize) -> bool {
        if self.forced(first, end) {
            return false;
        }
        let start = self.column_of(first);
        if !self.is_multiline(first, end) {
            return start + self.width(first, end) + tail <= self.source.width;
        }
        // The lines inside of a string cannot be helped.
        let mut text = String::new();
        self.source.flat(&mut text, None, first, end);
        let head = text.split('\n').next().unwrap_or("");
        let last = text.rsplit('\n').next().unwrap_or("");
        start + columns(head) <= self.source.width && columns(last) + tail <= self.source.width
    }

    /// The columns of what stays behind a node on its line: the tokens from
    /// `from` to the next bracket that can be broken, to the next suite, or to
    /// `end` and then `tail` more.
    pub(super) fn rest(&self, from: usize, end: usize, tail: usize) -> usize {
        let mut token = from;
        while token < end {
            if self.line.suites.contains(&token) {
                return self.width_with_space(from, token);
            }
            if self.is_breakable(token) {
                return self.width_with_space(from, token + 1);
            }
            token = self.source.next(token);
        }
        self.width_with_space(from, end) + tail
    }

    fn width_with_space(&self, first: usize, end: usize) -> usize {
        if end <= first {
            return 0;
        }
        self.line.columns[self.at(end)] - self.line.columns[self.at(first)]
    }

    /// An opener that has something inside, a comment at least.
    pub(super) fn is_breakable(&self, token: usize) -> bool {
        let close = self.source.roles.partner(token);
        matches!(self.source.kind(token), K::LParen | K::LBracket | K::LBrace)
            && (close > token + 1 || self.forced(token, close + 1))
    }
}
