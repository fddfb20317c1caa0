//! The program as a process.

use std::ffi::OsString;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{self, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::Event;
use crate::signals;

/// How long the program may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// Which start of the program something is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Start(pub(super) u64);

/// A program that was started. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) start: Start,
    process: Arc<Mutex<process::Child>>,
    /// Where it listens, once it has said so.
    address: Arc<OnceLock<SocketAddr>>,
    ended: Receiver<()>,
}

impl Child {
    /// Starts the program; what becomes of it is told to `events`.
    ///
    /// # Errors
    ///
    /// When the process cannot be started.
    pub(super) fn spawn(
        start: Start,
        arguments: &[OsString],
        variables: &[(String, OsString)],
        events: Sender<Event>,
    ) -> io::Result<Self> {
        // Standard error is where the program says that it serves, so nothing
        // else may begin a line that way.
        let mark = format!("fuse-dev-{:016x}", RandomState::new().hash_one(start.0));
        let mut command = process::Command::new(std::env::current_exe()?);
        command
            .args(arguments)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("FUSE_DEV_READY", &mark)
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        signals::own_group(&mut command);
        let mut process = command.spawn()?;
        let stderr = process.stderr.take();
        let process = Arc::new(Mutex::new(process));
        let waiting = Arc::clone(&process);
        let address = Arc::new(OnceLock::new());
        let told = Arc::clone(&address);
        let (tell, ended) = mpsc::channel();
        let follow = move || {
            if let Some(stderr) = stderr {
                pass_on(BufReader::new(stderr), &mark, |address| {
                    let _ = told.set(address);
                    let _ = events.send(Event::Serving(start, address));
                });
            }
            // The program closes its standard error by ending.
            let status = lock(&waiting).wait();
            let _ = tell.send(());
            let _ = events.send(Event::Exited(start, status.ok()));
        };
        let following = thread::Builder::new()
            .name("program".to_owned())
            .spawn(follow);
        if let Err(problem) = following {
            let _ = lock(&process).kill();
            return Err(problem);
        }
        Ok(Self {
            start,
            process,
            address,
            ended,
        })
    }

    /// Where it listens. After it was stopped this is all that it ever said,
    /// whether its event was read or not.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.address.get().copied()
    }

    /// Asks the program to end as a terminal or an operator would, and ends it
    /// when it does not.
    pub(super) fn stop(&self, signal: i32) -> Option<ExitStatus> {
        self.ask(signal);
        if self.ended.recv_timeout(GRACE).is_err() {
            let _ = lock(&self.process).kill();
            let _ = self.ended.recv_timeout(GRACE);
        }
        lock(&self.process).try_wait().ok().flatten()
    }

    /// Sends a signal, unless the program has ended.
    #[cfg(unix)]
    fn ask(&self, signal: i32) {
        let mut process = lock(&self.process);
        let Ok(None) = process.try_wait() else {
            return;
        };
        let id = i32::try_from(process.id()).ok();
        let id = id.and_then(rustix::process::Pid::from_raw);
        let signal = rustix::process::Signal::from_named_raw(signal);
        if let (Some(id), Some(signal)) = (id, signal) {
            // Nobody has waited for the process, so that the id is its own.
            let _ = rustix::process::kill_process(id, signal);
        }
    }

    /// There is no way to ask.
    #[cfg(not(unix))]
    fn ask(&self, _: i32) {
        let _ = lock(&self.process).kill();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has mostly been stopped.
        let _ = lock(&self.process).kill();
    }
}

fn lock(process: &Mutex<process::Child>) -> std::sync::MutexGuard<'_, process::Child> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what the program says to standard error, and tells where it listens.
fn pass_on(mut lines: impl io::BufRead, mark: &str, serving: impl Fn(SocketAddr)) {
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .is_ok_and(|count| count > 0)
    {
        match listening(&line, mark) {
            // Only this process is told that way.
            Some(address) => serving(address),
            None => {
                // A reader of ours that is gone is no reason to stop the program.
                let _ = io::stderr().lock().write_all(&line);
            }
        }
        line.clear();
    }
}

/// The address in the line that says that the program serves.
fn listening(line: &[u8], mark: &str) -> Option<SocketAddr> {
    let rest = line.strip_prefix(mark.as_bytes())?.strip_prefix(b" ")?;
    str::from_utf8(rest).ok()?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_with_the_mark_says_an_address() {
        for (line, address) in [
            ("mark 127.0.0.1:3000\n", Some("127.0.0.1:3000")),
            ("mark [::1]:3000\r\n", Some("[::1]:3000")),
            ("mark 127.0.0.1\n", None),
            ("[INFO] serve: runtime=ast addr=127.0.0.1:3000\n", None),
            ("say mark 127.0.0.1:3000\n", None),
            ("marked 127.0.0.1:3000\n", None),
        ] {
            let expected = address.map(|address| address.parse().unwrap());
            assert_eq!(listening(line.as_bytes(), "mark"), expected, "{line}");
        }
    }
}
