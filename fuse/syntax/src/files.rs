//! The source files that diagnostics point into.

use std::sync::{Arc, OnceLock};

use crate::span::{FileId, Span, TextRange};

/// A position as people count: both parts from one, columns in Unicode scalar
/// values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// The line, from one.
    pub line: u32,
    /// The column, from one.
    pub column: u32,
}

/// One source file: how it is called in messages, and its text.
#[derive(Debug)]
pub struct SourceFile {
    path: String,
    text: Arc<str>,
    lines: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// How messages call the file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it holds.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Offsets of the starts of its lines. Computed once, when first asked for.
    #[must_use]
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let after = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
            std::iter::once(0)
                .chain(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(after))
                .collect()
        })
    }

    /// The line, from zero, that holds `offset`.
    #[must_use]
    pub fn line_index(&self, offset: u32) -> usize {
        self.line_starts()
            .partition_point(|&start| start <= offset)
            .saturating_sub(1)
    }

    /// The bytes of a line, from zero, without its line end.
    #[must_use]
    pub fn line_range(&self, line: usize) -> TextRange {
        let starts = self.line_starts();
        let length = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let start = starts.get(line).copied().unwrap_or(length);
        let end = starts.get(line + 1).map_or(length, |next| next - 1);
        let text = self.text.get(start as usize..end as usize).unwrap_or("");
        let end = if text.ends_with('\r') { end - 1 } else { end };
        TextRange::new(start, end)
    }

    /// The position of `offset`; past the end, the position of the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_index(offset);
        let start = self.line_starts()[line] as usize;
        let mut end = (offset as usize).clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &self.text[start..end];
        // A byte order mark takes no column.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let one_based = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Position {
            line: one_based(line),
            column: one_based(text.chars().count()),
        }
    }
}

/// A set of source files, numbered in the order they were added.
///
/// ```
/// use fuse_syntax::{Files, Position};
///
/// let mut files = Files::new();
/// let main = files.add("main.fuse", "app \"é\":\n  print(1)\n");
/// let call = files.get(main).unwrap().position(12);
/// assert_eq!(call, Position { line: 2, column: 3 });
/// ```
#[derive(Debug, Default)]
pub struct Files {
    files: Vec<SourceFile>,
}

impl Files {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; `path` is what messages call it.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile {
            path: path.into(),
            text: text.into(),
            lines: OnceLock::new(),
        });
        id
    }

    /// The file with this number.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// Every file with its number, in the order added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        let numbers = (0u32..).map(FileId);
        numbers.zip(&self.files)
    }

    /// What stands at `span`; nothing when the file is unknown or the span
    /// does not fall on characters.
    #[must_use]
    pub fn text_at(&self, span: Span) -> Option<&str> {
        self.get(span.file)?.text().get(span.range().as_usize())
    }

    /// Where `span` starts.
    #[must_use]
    pub fn position(&self, span: Span) -> Option<Position> {
        Some(self.get(span.file)?.position(span.start))
    }
}
