//! One run of the `git` program, bounded in time and input.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use fuse_check::package::GitError;

/// How long one operation may take.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// How often an operation on the network is tried.
const TRIES: u32 = 3;
/// What is waited before the second try; the third waits twice as long.
const BACK_OFF: Duration = Duration::from_millis(500);
/// Bytes of output that are kept.
const OUTPUT_MAX: u64 = 256 << 20;

pub(crate) struct Git {
    arguments: Vec<std::ffi::OsString>,
}

impl Git {
    pub(crate) fn new() -> Self {
        Self {
            arguments: Vec::new(),
        }
    }

    /// On a bare repository.
    pub(crate) fn in_store(store: &Path) -> Self {
        let mut git = Self::new();
        git.arguments.push("--git-dir".into());
        git.arguments.push(store.into());
        git
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command
            // No hook of the user or of a template runs.
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.askPass=",
                "-c",
                "gc.auto=0",
            ])
            .args(&self.arguments)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS", "")
            .env("GIT_ALLOW_PROTOCOL", "https:ssh:file")
            .env("GIT_TEMPLATE_DIR", "")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for inherited in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_NAMESPACE",
        ] {
            command.env_remove(inherited);
        }
        if std::env::var_os("GIT_SSH_COMMAND").is_none() && std::env::var_os("GIT_SSH").is_none() {
            command.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        }
        command
    }

    pub(crate) fn run(self) -> Result<String, GitError> {
        self.output(None)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// With bytes written to its standard input.
    pub(crate) fn run_with_input(self, input: Vec<u8>) -> Result<Vec<u8>, GitError> {
        self.output(Some(input))
    }

    /// Again after a failure that may pass.
    pub(crate) fn run_with_retries(self) -> Result<String, GitError> {
        let mut tries = 1;
        loop {
            match self.output(None) {
                Err(GitError::Command(_)) if tries < TRIES => thread::sleep(BACK_OFF * tries),
                other => return other.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            }
            tries += 1;
        }
    }

    fn output(&self, input: Option<Vec<u8>>) -> Result<Vec<u8>, GitError> {
        let mut command = self.command();
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command
            .spawn()
            .map_err(|problem| GitError::Start(super::reason(&problem)))?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            // Ends by itself: git reads its input or dies, and both end the write.
            thread::spawn(move || {
                let _ = std::io::Write::write_all(&mut stdin, &input);
            });
        }
        let (sender, receiver) = mpsc::channel();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        let errors = thread::spawn(move || read_all(stderr));
        thread::spawn(move || {
            // The receiver is gone after a timeout; then nobody wants the output.
            let _ = sender.send(read_all(stdout));
        });
        let Ok(output) = receiver.recv_timeout(TIME_LIMIT) else {
            stop(&mut child);
            return Err(GitError::Command(format!(
                "timed out after {} s",
                TIME_LIMIT.as_secs()
            )));
        };
        let status = child
            .wait()
            .map_err(|problem| GitError::Command(super::reason(&problem)))?;
        let errors = errors.join().unwrap_or_default();
        if status.success() {
            Ok(output)
        } else {
            Err(failure(&String::from_utf8_lossy(&errors)))
        }
    }
}

fn read_all(stream: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What could be read is what there is to say.
        let _ = stream.take(OUTPUT_MAX).read_to_end(&mut bytes);
    }
    bytes
}

fn stop(child: &mut Child) {
    // It may have ended meanwhile, which is as good.
    let _ = child.kill();
    let _ = child.wait();
}

/// What git says went wrong, on one line, without passwords.
fn failure(stderr: &str) -> GitError {
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let fatal = lines.iter().find_map(|line| line.strip_prefix("fatal: "));
    let said = fatal
        .or(lines.last().copied())
        .unwrap_or("git said nothing");
    if said.contains("not a git repository")
        || said.contains("does not appear to be a git repository")
    {
        return GitError::NotGit;
    }
    let words: Vec<String> = said
        .split(' ')
        .map(|word| {
            let quoted = word.trim_matches(['\'', '"', '`', ':', ',']);
            word.replace(quoted, &fuse_check::package::redact(quoted))
        })
        .collect();
    GitError::Command(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_why_is_kept_without_passwords() {
        let stderr = "warning: x\nfatal: unable to access 'https://me:secret@x.example/a/': could not resolve\n\n";
        let GitError::Command(text) = failure(stderr) else {
            panic!("another kind")
        };
        assert_eq!(
            text,
            "unable to access 'https://me:***@x.example/a/': could not resolve"
        );
        assert_eq!(
            failure(""),
            GitError::Command("git said nothing".to_owned())
        );
        assert_eq!(
            failure("fatal: '/x' does not appear to be a git repository\nmore"),
            GitError::NotGit
        );
    }
}
