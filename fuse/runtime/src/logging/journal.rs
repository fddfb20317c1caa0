//! The last log lines, kept for when the process ends badly.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use plumego_log::{Level, Redactor};

/// Lines that are kept.
const LINES: usize = 64;

/// Bytes of a line that are kept.
const LINE_BYTES: usize = 1024;

/// The last lines that the program logged, of every level.
#[derive(Debug, Default)]
pub struct Journal(Mutex<VecDeque<String>>);

impl Journal {
    /// Keeps a line; secrets are masked as in the log.
    pub fn note(&self, level: Level, message: &str) {
        let message = &message[..message.floor_char_boundary(LINE_BYTES)];
        let message = Redactor::standard()
            .text(message)
            .replace(['\n', '\r'], " ");
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(format!("[{}] {message}", level.name()));
    }

    /// Writes `<directory>/<process id>.log`: the lines, and why the process ends.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, directory: &Path, reason: &str) -> std::io::Result<()> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for line in lines.iter() {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(reason);
        text.push('\n');
        std::fs::write(directory.join(format!("{}.log", std::process::id())), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_and_the_reason_are_written() {
        let journal = Journal::default();
        for number in 0..70 {
            journal.note(Level::Debug, &format!("line {number}\nmore"));
        }
        let directory = tempfile::tempdir().unwrap();
        journal.write(directory.path(), "fatal").unwrap();
        let file = directory.path().join(format!("{}.log", std::process::id()));
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            (lines.len(), lines[0], lines[64]),
            (65, "[DEBUG] line 6 more", "fatal")
        );
    }
}
