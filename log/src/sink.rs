//! Where lines go.

pub(crate) mod file;
pub(crate) mod nonblocking;
pub(crate) mod outlet;
pub(crate) mod stream;

use std::io;

use file::FileSink;
use stream::StreamSink;

use crate::Level;

/// One line in a run of lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) level: Level,
    /// End of the line, its line end included, counted from the start of the run.
    pub(crate) end: usize,
}

/// Whole lines one behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'a> {
    /// Start of the first line in `bytes`.
    pub(crate) start: usize,
    pub(crate) bytes: &'a [u8],
    pub(crate) marks: &'a [Mark],
}

impl<'a> Lines<'a> {
    pub(crate) fn new(bytes: &'a [u8], marks: &'a [Mark]) -> Self {
        Self {
            start: 0,
            bytes,
            marks,
        }
    }

    /// Splits off the first `count` lines.
    pub(crate) fn split_at(self, count: usize) -> (Self, Self) {
        let (head, tail) = self.marks.split_at(count);
        let middle = head.last().map_or(self.start, |mark| mark.end);
        (
            Self {
                marks: head,
                ..self
            },
            Self {
                start: middle,
                marks: tail,
                ..self
            },
        )
    }

    pub(crate) fn text(&self) -> &'a [u8] {
        let end = self.marks.last().map_or(self.start, |mark| mark.end);
        &self.bytes[self.start..end]
    }
}

/// What became of lines.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) written: u64,
    pub(crate) write_errors: u64,
    pub(crate) dropped: u64,
    pub(crate) first_error: Option<io::Error>,
}

impl Outcome {
    pub(crate) fn failed(&mut self, error: io::Error) {
        self.write_errors += 1;
        self.first_error.get_or_insert(error);
    }
}

/// One destination.
pub(crate) enum Route {
    Stream(StreamSink),
    File(FileSink),
}

impl Route {
    fn write(&mut self, lines: Lines<'_>, outcome: &mut Outcome) {
        match self {
            Self::Stream(stream) => stream.write(lines, outcome),
            Self::File(file) => file.write(lines, outcome),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.flush(),
            // Lines go to the system at once; when to disk, the sink's policy says.
            Self::File(_) => Ok(()),
        }
    }
}

/// The destinations of a logger family.
pub(crate) struct Routes {
    pub(crate) main: Route,
    /// Takes `Error` and `Fatal` instead of `main`, when there is one.
    pub(crate) error: Option<Route>,
}

impl Routes {
    pub(crate) fn write(&mut self, lines: Lines<'_>, outcome: &mut Outcome) {
        let Some(error) = &mut self.error else {
            return self.main.write(lines, outcome);
        };
        let mut rest = lines;
        while let Some(first) = rest.marks.first() {
            let to_error = first.level >= Level::Error;
            let count = rest
                .marks
                .iter()
                .take_while(|mark| (mark.level >= Level::Error) == to_error)
                .count();
            let (run, later) = rest.split_at(count);
            if to_error {
                &mut *error
            } else {
                &mut self.main
            }
            .write(run, outcome);
            rest = later;
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let main = self.main.flush();
        let error = self.error.as_mut().map_or(Ok(()), Route::flush);
        main.and(error)
    }
}
