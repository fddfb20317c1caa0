//! Lines to any writer.

use std::{
    io::{self, ErrorKind, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{Lines, Outcome};

/// Writes whole lines and survives whatever the writer does.
pub(crate) struct StreamSink {
    writer: Box<dyn Write + Send>,
    /// Stop for good when the reader has gone away.
    stops_on_closed_pipe: bool,
    stopped: bool,
    /// The last line was written in part, so the next one needs a fresh start.
    torn: bool,
}

impl StreamSink {
    pub(crate) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self {
            writer,
            stops_on_closed_pipe: false,
            stopped: false,
            torn: false,
        }
    }

    /// For standard output and error: nobody will read again what has been closed.
    pub(crate) fn standard(writer: Box<dyn Write + Send>) -> Self {
        Self {
            stops_on_closed_pipe: true,
            ..Self::new(writer)
        }
    }

    pub(crate) fn write(&mut self, lines: Lines<'_>, outcome: &mut Outcome) {
        let mut rest = lines;
        while !rest.marks.is_empty() {
            if self.stopped {
                outcome.dropped += rest.marks.len() as u64;
                return;
            }
            let (count, failure) = self.write_run(rest);
            outcome.written += count as u64;
            let Some(error) = failure else { return };
            self.stopped |= self.stops_on_closed_pipe && error.kind() == ErrorKind::BrokenPipe;
            outcome.failed(error);
            // The line that failed is lost; those behind it are still tried.
            rest = rest.split_at(count + 1).1;
        }
    }

    /// Writes lines in one go; gives the number of whole lines written.
    fn write_run(&mut self, lines: Lines<'_>) -> (usize, Option<io::Error>) {
        if self.torn {
            match write_all(&mut *self.writer, b"\n") {
                (_, Some(error)) => return (0, Some(error)),
                (_, None) => self.torn = false,
            }
        }
        let (bytes, failure) = write_all(&mut *self.writer, lines.text());
        let reached = lines.start + bytes;
        let whole = lines.marks.partition_point(|mark| mark.end <= reached);
        let line_start = whole
            .checked_sub(1)
            .map_or(lines.start, |last| lines.marks[last].end);
        self.torn = reached > line_start;
        (whole, failure)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.stopped {
            return Ok(());
        }
        guarded(|| self.writer.flush())
    }
}

/// Writes until all is written or the writer fails; gives the bytes written.
fn write_all(writer: &mut dyn Write, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while written < bytes.len() {
        match guarded(|| writer.write(&bytes[written..])) {
            Ok(0) => return (written, Some(ErrorKind::WriteZero.into())),
            Ok(count) => written = (written + count).min(bytes.len()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}

fn guarded<T>(write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(write))
        .unwrap_or_else(|_| Err(io::Error::other("the writer panicked")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;
    use crate::{Level, sink::Mark};

    /// Does what the script says, one step per call, then writes everything.
    struct Scripted {
        steps: Vec<Step>,
        seen: Arc<Mutex<Vec<u8>>>,
    }

    enum Step {
        Take(usize),
        Fail(ErrorKind),
        Panic,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let step = if self.steps.is_empty() {
                Step::Take(bytes.len())
            } else {
                self.steps.remove(0)
            };
            match step {
                Step::Take(count) => {
                    self.seen.lock().extend_from_slice(&bytes[..count]);
                    Ok(count)
                }
                Step::Fail(kind) => Err(kind.into()),
                Step::Panic => std::panic::resume_unwind(Box::new("writer")),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(steps: Vec<Step>, standard: bool) -> (String, Outcome) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writer = Box::new(Scripted {
            steps,
            seen: Arc::clone(&seen),
        });
        let mut sink = if standard {
            StreamSink::standard(writer)
        } else {
            StreamSink::new(writer)
        };
        let marks = [4, 8, 12].map(|end| Mark {
            level: Level::Info,
            end,
        });
        let mut outcome = Outcome::default();
        sink.write(Lines::new(b"aaa\nbbb\nccc\n", &marks), &mut outcome);
        let text = String::from_utf8(seen.lock().clone()).unwrap();
        (text, outcome)
    }

    #[test]
    fn short_writes_are_continued() {
        let (text, outcome) = written(
            vec![
                Step::Take(1),
                Step::Take(5),
                Step::Fail(ErrorKind::Interrupted),
            ],
            false,
        );
        assert_eq!(text, "aaa\nbbb\nccc\n");
        assert_eq!((outcome.written, outcome.write_errors), (3, 0));
    }

    #[test]
    fn a_torn_line_is_ended_before_the_next() {
        let (text, outcome) = written(vec![Step::Take(6), Step::Fail(ErrorKind::Other)], false);
        assert_eq!(text, "aaa\nbb\nccc\n");
        assert_eq!((outcome.written, outcome.write_errors), (2, 1));
    }

    #[test]
    fn errors_zero_writes_and_panics_cost_one_line_each() {
        let (text, outcome) = written(vec![Step::Panic, Step::Take(0)], false);
        assert_eq!(text, "ccc\n");
        assert_eq!((outcome.written, outcome.write_errors), (1, 2));
        assert_eq!(
            outcome.first_error.unwrap().to_string(),
            "the writer panicked"
        );
    }

    #[test]
    fn a_closed_pipe_stops_a_standard_stream_only() {
        let (text, outcome) = written(vec![Step::Fail(ErrorKind::BrokenPipe)], true);
        assert_eq!(
            (text.as_str(), outcome.write_errors, outcome.dropped),
            ("", 1, 2)
        );
        let (text, outcome) = written(vec![Step::Fail(ErrorKind::BrokenPipe)], false);
        assert_eq!(
            (text.as_str(), outcome.write_errors, outcome.dropped),
            ("bbb\nccc\n", 1, 0)
        );
    }
}
