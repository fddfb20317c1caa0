//! Standard input, output and error.

use std::fmt;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Bytes kept back before output that is not a terminal is written.
const BUFFER: usize = 64 * 1024;

/// The three standard streams.
#[derive(Clone)]
pub struct Stdio(Arc<Inner>);

struct Inner {
    input: Mutex<Box<dyn BufRead + Send>>,
    output: Mutex<Output>,
    error: Mutex<Box<dyn Write + Send>>,
    closed: AtomicBool,
    terminal: Terminal,
    /// Told when output begins to gather.
    gathers: Notify,
}

struct Output {
    stream: Box<dyn Write + Send>,
    /// What is not written yet; always empty on a terminal.
    pending: Vec<u8>,
}

/// Which streams are terminals.
#[derive(Clone, Copy, Debug, Default)]
struct Terminal {
    input: bool,
    output: bool,
    error: bool,
}

impl fmt::Debug for Stdio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdio")
            .field("terminal", &self.0.terminal)
            .finish_non_exhaustive()
    }
}

/// What was written to a captured stream.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// The bytes so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        lock(&self.0).clone()
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stdio {
    /// The streams of the process.
    #[must_use]
    pub fn process() -> Self {
        let terminal = Terminal {
            input: io::stdin().is_terminal(),
            output: io::stdout().is_terminal(),
            error: io::stderr().is_terminal(),
        };
        let input = Box::new(io::BufReader::new(io::stdin()));
        Self::of(
            input,
            Box::new(io::stdout()),
            Box::new(io::stderr()),
            terminal,
        )
    }

    /// Streams that are not terminals.
    #[must_use]
    pub fn new(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
        error: impl Write + Send + 'static,
    ) -> Self {
        let input = Box::new(io::BufReader::new(input));
        Self::of(
            input,
            Box::new(output),
            Box::new(error),
            Terminal::default(),
        )
    }

    /// This text as input, and what is written as values to look at.
    #[must_use]
    pub fn captured(input: &str) -> (Self, Captured, Captured) {
        let (output, error) = (Captured::default(), Captured::default());
        let input = io::Cursor::new(input.as_bytes().to_vec());
        (
            Self::new(input, output.clone(), error.clone()),
            output,
            error,
        )
    }

    /// Says that the streams behave as on a terminal.
    #[must_use]
    pub fn as_terminal(self) -> Self {
        let terminal = Terminal {
            input: true,
            output: true,
            error: true,
        };
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self(Arc::new(Inner { terminal, ..inner })),
            // Streams in use stay what they are.
            Err(shared) => Self(shared),
        }
    }

    fn of(
        input: Box<dyn BufRead + Send>,
        output: Box<dyn Write + Send>,
        error: Box<dyn Write + Send>,
        terminal: Terminal,
    ) -> Self {
        Self(Arc::new(Inner {
            input: Mutex::new(input),
            output: Mutex::new(Output {
                stream: output,
                pending: Vec::new(),
            }),
            error: Mutex::new(error),
            closed: AtomicBool::new(false),
            terminal,
            gathers: Notify::new(),
        }))
    }

    /// Whether input comes from a terminal.
    #[must_use]
    pub fn input_is_terminal(&self) -> bool {
        self.0.terminal.input
    }

    /// Whether errors go to a terminal.
    #[must_use]
    pub fn error_is_terminal(&self) -> bool {
        self.0.terminal.error
    }

    /// Whether the reader of output has gone away; the program then ends without
    /// a word.
    #[must_use]
    pub fn output_is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Relaxed)
    }

    /// Writes to output: at once to a terminal, else when enough has gathered.
    ///
    /// # Errors
    ///
    /// What the stream says; a reader that has gone away is remembered.
    pub fn print(&self, bytes: &[u8]) -> io::Result<()> {
        let mut output = lock(&self.0.output);
        if output.pending.is_empty() {
            self.0.gathers.notify_one();
        }
        output.pending.extend_from_slice(bytes);
        if self.0.terminal.output || output.pending.len() >= BUFFER {
            return self.write_pending(&mut output);
        }
        Ok(())
    }

    /// Waits until output has begun to gather since this was asked last.
    pub(crate) async fn gathers(&self) {
        self.0.gathers.notified().await;
    }

    /// Writes what has gathered.
    ///
    /// # Errors
    ///
    /// As [`print`](Self::print).
    pub fn flush(&self) -> io::Result<()> {
        self.write_pending(&mut lock(&self.0.output))
    }

    fn write_pending(&self, output: &mut Output) -> io::Result<()> {
        let Output { stream, pending } = output;
        let result = stream.write_all(pending).and_then(|()| stream.flush());
        pending.clear();
        if let Err(error) = &result
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            self.0.closed.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Writes a line to error, after what output has gathered. Failures are
    /// ignored: there is nowhere left to report them.
    pub fn error_line(&self, line: &str) {
        let _ = self.flush();
        let mut error = lock(&self.0.error);
        let _ = error.write_all(format!("{line}\n").as_bytes());
        let _ = error.flush();
    }

    /// A writer to error, for the logger. Every call of `write` is one line.
    #[must_use]
    pub fn error_writer(&self) -> impl Write + Send + use<> {
        ErrorWriter(self.clone())
    }

    /// Reads one line without its end; `None` at the end of input.
    ///
    /// # Errors
    ///
    /// What the stream says; and `InvalidData` for a line of more than `max` bytes
    /// or one that is not text.
    pub fn read_line(&self, max: usize) -> io::Result<Option<String>> {
        let mut input = lock(&self.0.input);
        let mut line = Vec::new();
        let read = (&mut *input)
            .take(max as u64 + 2)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        if line.len() > max {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "line too long"));
        }
        String::from_utf8(line)
            .map(Some)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
    }
}

struct ErrorWriter(Stdio);

impl Write for ErrorWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0.0.error).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0.0.error).flush()
    }
}
