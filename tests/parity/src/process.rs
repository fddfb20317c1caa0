//! Running a program to its end, or until it serves.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// How long a program may take for anything it is asked.
pub const WAIT_MAX: Duration = Duration::from_secs(25);

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// All of standard output.
    pub stdout: Vec<u8>,
    /// Standard error, line by line.
    pub stderr: Vec<String>,
    /// The exit status.
    pub terminal: Terminal,
}

/// The end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// It exited with this status.
    Exit(i32),
    /// A signal killed it.
    Signal(i32),
}

impl From<ExitStatus> for Terminal {
    fn from(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        status.code().map_or_else(
            || Self::Signal(status.signal().unwrap_or_default()),
            Self::Exit,
        )
    }
}

/// A program that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Started {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Started {
    /// Starts a program and writes its whole input.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn spawn(command: &mut Command, stdin: &[u8]) -> anyhow::Result<Self> {
        Self::spawn_read(command, stdin, usize::MAX)
    }

    /// Starts a program as [`spawn`](Self::spawn) does, and reads no more than
    /// some lines of its output before it closes the pipe.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn spawn_read(
        command: &mut Command,
        stdin: &[u8],
        lines_max: usize,
    ) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let mut input = child.stdin.take().context("no standard input")?;
        let output = child.stdout.take().context("no standard output")?;
        let errors = child.stderr.take().context("no standard error")?;
        let stdin = stdin.to_vec();
        // A program that does not read gets a broken pipe, which is its choice.
        std::thread::spawn(move || {
            let _ = input.write_all(&stdin);
        });
        let stdout = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut output = BufReader::new(output);
            if lines_max == usize::MAX {
                let _ = output.read_to_end(&mut bytes);
                return bytes;
            }
            for _ in 0..lines_max {
                let _ = output.read_until(b'\n', &mut bytes);
            }
            bytes
        });
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(errors);
            let mut line = Vec::new();
            while reader
                .read_until(b'\n', &mut line)
                .is_ok_and(|count| count > 0)
            {
                let text = String::from_utf8_lossy(&line);
                let _ = sender.send(text.strip_suffix('\n').unwrap_or(&text).to_owned());
                line.clear();
            }
        });
        Ok(Self {
            child,
            stdout: Some(stdout),
            lines,
            seen: Vec::new(),
        })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads lines of standard error until one fits.
    ///
    /// # Errors
    ///
    /// When the program ends or is silent for too long first; with what it
    /// said.
    pub fn wait_for_line<T>(&mut self, fits: impl Fn(&str) -> Option<T>) -> anyhow::Result<T> {
        let end = Instant::now() + WAIT_MAX;
        loop {
            match self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    let found = fits(&line);
                    self.seen.push(line);
                    if let Some(found) = found {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the program ended first; it said {:#?}", self.seen)
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("the program did not say so; it said {:#?}", self.seen)
                }
            }
        }
    }

    /// Sends a signal, by name.
    ///
    /// # Errors
    ///
    /// When `kill` fails.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let name = name.strip_prefix("SIG").unwrap_or(name);
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .context("cannot run kill")?;
        if !status.success() {
            bail!("kill -s {name} failed: {status}");
        }
        Ok(())
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// When it does not come in time; with what the program said.
    pub fn finish(mut self) -> anyhow::Result<Finished> {
        let end = Instant::now() + WAIT_MAX;
        // Standard error ends when the program does.
        loop {
            match self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    bail!("the program does not end; it said {:#?}", self.seen)
                }
            }
        }
        let terminal = self.child.wait()?.into();
        let stdout = self.stdout.take().map(JoinHandle::join);
        let Some(Ok(stdout)) = stdout else {
            bail!("standard output was lost")
        };
        Ok(Finished {
            stdout,
            stderr: std::mem::take(&mut self.seen),
            terminal,
        })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
