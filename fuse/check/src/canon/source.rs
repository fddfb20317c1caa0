//! Where a part of the program stands in its source.

/// A half-open range of bytes. The file is that of the function around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }
}

/// A line and column, both counted from 1. Columns count Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A source file, without its text: what is needed to say where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The path as diagnostics and faults show it.
    pub path: String,
    /// Offset of the first byte of every line; the first is 0.
    pub line_starts: Vec<u32>,
    /// Offset of every character that is longer than one byte, with the number
    /// of bytes beyond the first. Ascending.
    pub wide: Vec<(u32, u8)>,
}

impl File {
    /// The line table of a text.
    #[must_use]
    pub fn of_text(path: impl Into<String>, text: &str) -> Self {
        let mut line_starts = vec![0];
        let mut wide = Vec::new();
        for (offset, character) in text.char_indices() {
            // Files are at most 16 MiB, so offsets and lengths fit.
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            if character == '\n' {
                line_starts.push(offset.saturating_add(1));
            }
            if let Some(more) = character.len_utf8().checked_sub(1).filter(|more| *more > 0) {
                wide.push((offset, u8::try_from(more).unwrap_or(3)));
            }
        }
        Self {
            path: path.into(),
            line_starts,
            wide,
        }
    }

    /// The line and column of a byte.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self
            .line_starts
            .get(line.wrapping_sub(1))
            .copied()
            .unwrap_or(0);
        let first = self.wide.partition_point(|(at, _)| *at < start);
        let last = self.wide.partition_point(|(at, _)| *at < offset);
        let more: u32 = self.wide[first..last]
            .iter()
            .map(|(_, more)| u32::from(*more))
            .sum();
        Position {
            line: u32::try_from(line.max(1)).unwrap_or(u32::MAX),
            column: offset.saturating_sub(start).saturating_sub(more) + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let file = File::of_text("a.fuse", "ab\né😀x\n\nlast");
        let at = |offset| {
            let position = file.position(offset);
            (position.line, position.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 3));
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(5), (2, 2));
        assert_eq!(at(9), (2, 3));
        assert_eq!(at(11), (3, 1));
        assert_eq!(at(12), (4, 1));
        assert_eq!(at(16), (4, 5));
    }

    #[test]
    fn a_file_without_text_has_a_first_line() {
        let file = File::of_text("a.fuse", "");
        assert_eq!(file.position(0), Position { line: 1, column: 1 });
    }
}
