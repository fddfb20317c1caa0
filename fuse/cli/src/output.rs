//! Everything that is printed, in one of two forms.
//!
//! Results go to standard output; what the command says about them goes to
//! standard error, as text or as JSON Lines.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::OnceLock;

use fuse_syntax::diagnostic::summary;
use fuse_syntax::{ColorPolicy, Diagnostic, Files, TextRenderer, json_line};
use serde::Serialize;

use crate::arguments::{Format, Global};
use crate::failure::{Failure, code};
use crate::terminal::Environment;

/// The exit status of usage errors, diagnostics and failed work.
pub(crate) const FAILED: u8 = 1;

/// The exit status of a defect of the compiler.
pub(crate) const DEFECT: u8 = 70;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// Where a command prints to.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) verbosity: Verbosity,
    /// Whether standard error is coloured.
    color: bool,
    /// The command whose steps are marked.
    command: OnceLock<&'static str>,
}

/// A line of standard error for programs.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    CommandStep {
        command: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<&'a str>,
    },
    CliMessage {
        level: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
    },
}

impl Output {
    pub(crate) fn new(global: &Global, environment: &Environment) -> Self {
        let from_environment = match environment.diagnostics.as_deref() {
            Some("json") => Format::Json,
            _ => Format::Text,
        };
        let policy = ColorPolicy {
            flag: global.color.map(Into::into),
            fuse_color: environment.fuse_color.as_deref(),
            no_color: environment.no_color.as_deref(),
            force_terminal: environment.force_terminal.as_deref(),
            terminal: environment.stderr_is_terminal,
        };
        let verbosity = match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        Self {
            format: global.diagnostics.unwrap_or(from_environment),
            verbosity,
            color: policy.colored(),
            command: OnceLock::new(),
        }
    }

    /// Names the command that the following steps belong to.
    pub(crate) fn set_command(&self, command: &'static str) {
        // Set once per process; a second call would change nothing.
        let _ = self.command.set(command);
    }

    fn command(&self) -> &'static str {
        self.command.get().copied().unwrap_or("")
    }

    /// Prints to standard output. A reader that has gone away ends the process
    /// quietly, as it ends others in a pipe.
    pub(crate) fn result(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let _ = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
    }

    fn error_text(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes());
    }

    fn json(&self, line: &Line<'_>) {
        // Texts always serialize.
        let mut text = serde_json::to_string(line).unwrap_or_default();
        text.push('\n');
        self.error_text(&text);
    }

    /// Marks a step: `[check] start`.
    pub(crate) fn step(&self, message: &str) {
        let command = self.command();
        match self.format {
            Format::Json => self.json(&Line::CommandStep {
                command,
                message,
                path: None,
            }),
            Format::Text if self.verbosity > Verbosity::Quiet => {
                self.error_text(&format!("[{command}] {message}\n"));
            }
            Format::Text => {}
        }
    }

    /// An outcome that programs see as a step and people as a sentence.
    pub(crate) fn outcome(&self, message: &str, path: Option<&str>, sentence: &str) {
        match self.format {
            Format::Json => self.json(&Line::CommandStep {
                command: self.command(),
                message,
                path,
            }),
            Format::Text if self.verbosity > Verbosity::Quiet => {
                self.error_text(&format!("{sentence}\n"));
            }
            Format::Text => {}
        }
    }

    /// A line of information.
    pub(crate) fn info(&self, message: &str) {
        match self.format {
            Format::Json => self.json(&Line::CliMessage {
                level: "info",
                message,
                code: None,
                hint: None,
            }),
            Format::Text if self.verbosity > Verbosity::Quiet => {
                self.error_text(&format!("{message}\n"));
            }
            Format::Text => {}
        }
    }

    /// Says which repository is being fetched.
    pub(crate) fn fetching(&self, url: &str) {
        self.info(&format!("[deps] fetching {url}"));
    }

    /// A line of information for those who asked for more.
    pub(crate) fn detail(&self, message: &str) {
        if self.verbosity == Verbosity::Verbose {
            self.info(message);
        }
    }

    /// Makes a panic of the command a message like any other. The process ends
    /// with the status of a panic, 101.
    pub(crate) fn report_panics(&self) {
        let (format, color) = (self.format, self.color);
        std::panic::set_hook(Box::new(move |panic| {
            let output = Self {
                format,
                color,
                verbosity: Verbosity::Normal,
                command: OnceLock::new(),
            };
            output.failure(&defect(&panic.to_string()));
        }));
    }

    /// Why the command fails.
    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        let Failure {
            code,
            message,
            hint,
        } = failure;
        match self.format {
            Format::Json => {
                self.json(&Line::CliMessage {
                    level: "error",
                    message,
                    code: Some(code),
                    hint: hint.as_deref(),
                });
            }
            Format::Text => {
                let (start, end) = if self.color {
                    ("\x1b[31;1m", "\x1b[0m")
                } else {
                    ("", "")
                };
                self.error_text(&format!("{start}[{code}]{end} {failure}\n"));
            }
        }
        ExitCode::from(FAILED)
    }

    /// Prints diagnostics, which are in order, and how many there are.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic], files: &Files) {
        if diagnostics.is_empty() {
            return;
        }
        let text = match self.format {
            Format::Json => {
                let lines = diagnostics.iter().map(|one| json_line(one, files) + "\n");
                lines.collect()
            }
            Format::Text => {
                let renderer = TextRenderer {
                    color: self.color,
                    fixes: self.verbosity == Verbosity::Verbose,
                };
                let mut text = renderer.render_all(diagnostics, files);
                if self.verbosity == Verbosity::Quiet
                    && let Some(at) = text.rfind(&summary(diagnostics))
                {
                    text.truncate(at);
                }
                text
            }
        };
        self.error_text(&text);
    }
}

/// What is said about a panic.
fn defect(panic: &str) -> Failure {
    let lines: Vec<&str> = panic.lines().map(str::trim).collect();
    Failure::new(code::INTERNAL, format!("fuse {}", lines.join(" "))).hint(
        "this is a defect of fuse; please report it, with the command and the file if you can",
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::Cli;

    /// Set in the process that is to panic.
    const PANICS: &str = "FUSE_TEST_PANICS";

    /// Runs this test again in a process of its own, where it panics as a
    /// command would.
    #[test]
    fn a_panic_is_told_like_a_failure_and_ends_with_its_status() {
        if let Some(arguments) = std::env::var_os(PANICS) {
            let arguments = arguments.into_string().unwrap();
            let cli = Cli::try_parse_from(arguments.split(' ')).unwrap();
            Output::new(&cli.global, &Environment::read()).report_panics();
            let nothing: [u8; 0] = [];
            assert_eq!(nothing[arguments.len()], 0);
        }
        for (arguments, said) in [
            ("fuse doctor", "[wrapper_internal] fuse panicked at "),
            (
                "fuse doctor --diagnostics json",
                "{\"kind\":\"cli_message\",\"level\":\"error\",\"message\":\"fuse panicked at ",
            ),
        ] {
            let output = std::process::Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "output::tests::a_panic_is_told_like_a_failure_and_ends_with_its_status",
                    "--nocapture",
                ])
                .env(PANICS, arguments)
                .env_remove("FUSE_DIAGNOSTICS")
                .output()
                .unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(101), "{stderr}");
            assert!(stderr.contains(said), "{stderr}");
            assert!(stderr.contains("please report"), "{stderr}");
        }
    }

    #[test]
    fn a_panic_is_one_line_with_a_hint() {
        let failure = defect("panicked at src/x.rs:1:2:\nindex out of bounds");
        assert_eq!(failure.code, "wrapper_internal");
        assert_eq!(
            failure.message,
            "fuse panicked at src/x.rs:1:2: index out of bounds"
        );
        assert!(failure.hint.is_some_and(|hint| hint.contains("report")));
    }
}
