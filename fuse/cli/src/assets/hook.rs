//! The shell command that a manifest runs before the assets are processed.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::failed;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals;

/// How long the command may take.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// How often the command is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Runs the command in the directory of the package; what it says is passed on
/// line by line.
pub(super) fn before_build(command: &str, root: &Path, output: &Output) -> Result<(), Failure> {
    run(command, root, LIMIT, |line| output.info(line)).map_err(|why| {
        let message = format!("asset hook error: before_build failed: {why}");
        failed(message).hint("the command is `[assets.hooks].before_build` of fuse.toml")
    })
}

fn run(
    command: &str,
    root: &Path,
    limit: Duration,
    mut said: impl FnMut(&str),
) -> Result<(), String> {
    let mut child = shell(command)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|problem| problem.to_string())?;
    let (send, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        follow(stdout, send.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        follow(stderr, send);
    }
    let end = Instant::now() + limit;
    let mut open = true;
    loop {
        let ended = child.try_wait().map_err(|problem| problem.to_string())?;
        match (ended, open) {
            (Some(status), _) => {
                // What it started may go on and keep the pipes.
                lines.try_iter().for_each(|line| said(&line));
                while let Ok(line) = lines.recv_timeout(POLL) {
                    said(&line);
                }
                return told(status);
            }
            (None, true) => match lines.recv_timeout(POLL) {
                Ok(line) => said(&line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => open = false,
            },
            (None, false) => thread::sleep(POLL),
        }
        if Instant::now() >= end {
            end_all(&mut child);
            return Err(format!("it did not end within {} s", limit.as_secs()));
        }
    }
}

fn told(status: ExitStatus) -> Result<(), String> {
    match status.success() {
        true => Ok(()),
        false => Err(status.to_string()),
    }
}

fn follow(stream: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|count| count > 0)
        {
            let text = String::from_utf8_lossy(&line);
            if lines.send(text.trim_end().to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
}

fn shell(command: &str) -> Command {
    let (shell, flag) = match cfg!(unix) {
        true => ("sh", "-c"),
        false => ("cmd", "/C"),
    };
    let mut shell = Command::new(shell);
    shell.arg(flag).arg(command);
    signals::own_group(&mut shell);
    shell
}

/// Ends the command and, where that is possible, what it started.
fn end_all(child: &mut Child) {
    #[cfg(unix)]
    {
        let group = i32::try_from(child.id()).ok();
        if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
            // Nobody has waited for it, so that the group is its own.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn lines(command: &str, limit: Duration) -> (Result<(), String>, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        let mut lines = Vec::new();
        let ended = run(command, directory.path(), limit, |line| {
            lines.push(line.to_owned());
        });
        lines.sort();
        (ended, lines)
    }

    #[test]
    fn what_it_says_is_passed_on() {
        let (ended, lines) = lines("echo one; echo two >&2; printf three", LIMIT);
        assert_eq!(ended, Ok(()));
        assert_eq!(lines, ["one", "three", "two"]);
    }

    #[test]
    fn its_status_is_told() {
        let (ended, _) = lines("exit 3", LIMIT);
        assert_eq!(ended, Err("exit status: 3".to_owned()));
        let (ended, _) = lines("kill -9 $$", LIMIT);
        assert_eq!(ended, Err("signal: 9 (SIGKILL)".to_owned()));
    }

    #[test]
    fn it_is_ended_with_what_it_started() {
        let began = Instant::now();
        let (ended, _) = lines("sleep 1000 & sleep 1000", Duration::from_millis(50));
        assert_eq!(ended, Err("it did not end within 0 s".to_owned()));
        assert!(began.elapsed() < LIMIT);
    }
}
