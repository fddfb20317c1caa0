//! The text of a declaration without what formatting may change.

use fuse_syntax::{FileId, SyntaxKind, lex};

/// Tokens separated by single spaces, without comments and commas; one line
/// per logical line, indented by its depth. Strings are as they were written.
///
/// The text is only compared, never read back.
pub(super) fn normalized(text: &str) -> String {
    let tokens = lex(FileId(0), text).tokens;
    let mut out = Normalized::default();
    for index in 0..tokens.len() {
        let range = tokens.range(index);
        out.token(tokens.kind(index), &text[range.as_usize()]);
    }
    out.text
}

#[derive(Default)]
struct Normalized {
    text: String,
    /// Open brackets and interpolations.
    open: u32,
    /// Columns of the blocks around.
    indents: Vec<usize>,
    /// Where the physical line started that no token was written for yet.
    line: Option<usize>,
    /// Whether the token before needs more.
    unfinished: bool,
    in_string: bool,
}

impl Normalized {
    fn token(&mut self, kind: SyntaxKind, text: &str) {
        match kind {
            SyntaxKind::LineEnd => self.line = Some(0),
            SyntaxKind::Whitespace => {
                if let Some(column) = &mut self.line {
                    *column = text.len();
                }
            }
            // A comma may come or go between attributes and at ends of lists.
            SyntaxKind::Comment | SyntaxKind::Doc | SyntaxKind::Comma => {}
            _ => self.word(kind, text),
        }
    }

    fn word(&mut self, kind: SyntaxKind, text: &str) {
        let inside = self.in_string;
        match self.line.take() {
            Some(column) if self.open == 0 && !self.unfinished && !continues(kind) => {
                self.start_line(column);
            }
            _ if inside || self.text.is_empty() || self.text.ends_with(' ') => {}
            _ => self.text.push(' '),
        }
        self.text.push_str(text);
        self.in_string = matches!(kind, SyntaxKind::StringStart | SyntaxKind::StringText);
        self.unfinished = wants_more(kind);
        match kind {
            SyntaxKind::LParen
            | SyntaxKind::LBracket
            | SyntaxKind::LBrace
            | SyntaxKind::InterpStart => self.open += 1,
            SyntaxKind::RParen
            | SyntaxKind::RBracket
            | SyntaxKind::RBrace
            | SyntaxKind::InterpEnd => self.open = self.open.saturating_sub(1),
            _ => {}
        }
    }

    fn start_line(&mut self, column: usize) {
        while self.indents.last().is_some_and(|last| *last > column) {
            self.indents.pop();
        }
        if column > 0 && self.indents.last().is_none_or(|last| *last < column) {
            self.indents.push(column);
        }
        self.text.push('\n');
        for _ in &self.indents {
            self.text.push(' ');
        }
    }
}

/// Whether a line that begins with this belongs to the line before.
const fn continues(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::Dot
            | SyntaxKind::QuestionDot
            | SyntaxKind::Question
            | SyntaxKind::AndKw
            | SyntaxKind::OrKw
    )
}

/// Whether the line after one that ends in this belongs to it.
const fn wants_more(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::Plus
            | SyntaxKind::Minus
            | SyntaxKind::Star
            | SyntaxKind::Slash
            | SyntaxKind::Percent
            | SyntaxKind::Eq
            | SyntaxKind::NotEq
            | SyntaxKind::Less
            | SyntaxKind::LessEq
            | SyntaxKind::Greater
            | SyntaxKind::DotDot
            | SyntaxKind::DotDotLess
            | SyntaxKind::Question
            | SyntaxKind::AndKw
            | SyntaxKind::OrKw
            | SyntaxKind::Assign
            | SyntaxKind::PlusAssign
            | SyntaxKind::MinusAssign
            | SyntaxKind::StarAssign
            | SyntaxKind::SlashAssign
            | SyntaxKind::PercentAssign
            | SyntaxKind::FatArrow
    )
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn layout_makes_no_difference() {
        let one = "migration a:\n  db.exec(\"create  table t\",  [1])\n  if x:\n    y()\n";
        let two = "migration   a:\n\n      # why\n      db.exec(\n  \"create  table t\"\n  , [1,])\n      if x:\n          y()\n";
        assert_eq!(normalized(one), normalized(two));
        assert!(normalized(one).contains("\"create  table t\""));
    }

    #[test]
    fn what_is_said_makes_one() {
        let inside = "migration a:\n  if x:\n    y()\n    z()\n";
        let outside = "migration a:\n  if x:\n    y()\n  z()\n";
        assert_ne!(normalized(inside), normalized(outside));
        assert_ne!(normalized("a(\"x y\")"), normalized("a(\"x  y\")"));
        assert_ne!(normalized("a(\"${b} c\")"), normalized("a(\"${b}  c\")"));
    }
}
