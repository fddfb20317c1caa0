//! Why a command fails, when it is not a diagnostic at a place.

use std::fmt;
use std::io;
use std::path::Path;

use fuse_syntax::{Code, Diagnostic};

/// A message with a code, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// The commands failed, and what is to say about it has been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reported;

/// How a command ends that does not succeed.
#[derive(Debug)]
pub(crate) enum Ended {
    /// With a message still to print.
    Failed(Failure),
    /// With everything printed.
    Reported(Reported),
    /// With everything printed, a defect of the compiler among it.
    Defect,
}

impl Ended {
    /// How a command ends that has printed these diagnostics.
    pub(crate) fn after(diagnostics: &[Diagnostic]) -> Self {
        match diagnostics.iter().any(|one| one.code == Code::INTERNAL) {
            true => Self::Defect,
            false => Self::Reported(Reported),
        }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Reported> for Ended {
    fn from(reported: Reported) -> Self {
        Self::Reported(reported)
    }
}

/// Codes of messages that are about the command line and the machine.
pub(crate) mod code {
    pub(crate) const UNKNOWN_COMMAND: &str = "wrapper_unknown_command";
    pub(crate) const MISSING_SUBCOMMAND: &str = "wrapper_missing_subcommand";
    pub(crate) const UNKNOWN_SUBCOMMAND: &str = "wrapper_unknown_subcommand";
    pub(crate) const MANIFEST_MISSING: &str = "wrapper_manifest_missing";
    pub(crate) const MANIFEST_REQUIRED: &str = "wrapper_manifest_required";
    pub(crate) const CWD: &str = "wrapper_cwd";
    pub(crate) const FILE_READ: &str = "wrapper_file_read";
    pub(crate) const FILE_WRITE: &str = "wrapper_file_write";
    pub(crate) const FORMAT_ABORTED: &str = "wrapper_format_aborted";
    pub(crate) const INVALID_FLAG: &str = "wrapper_invalid_flag";
    pub(crate) const INTERNAL: &str = "wrapper_internal";
    pub(crate) const DEV: &str = "wrapper_dev_error";
    pub(crate) const OPENAPI: &str = "wrapper_openapi";
    pub(crate) const BACKEND: &str = "wrapper_backend";
    pub(crate) const APP: &str = "wrapper_app";
    pub(crate) const ENVIRONMENT: &str = "wrapper_environment";
    pub(crate) const LOCK_BUSY: &str = "wrapper_lock_busy";
    pub(crate) const ASSETS: &str = "wrapper_assets";
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// With a code of the diagnostics, for what has no place in a file.
    pub(crate) fn diagnostic(code: Code, message: impl Into<String>) -> Self {
        Self::new(code.as_str(), message)
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn read(path: &Path, problem: &io::Error) -> Self {
        Self::new(
            code::FILE_READ,
            format!("cannot read `{}`: {}", path.display(), reason(problem)),
        )
    }

    pub(crate) fn write(path: &Path, problem: &io::Error) -> Self {
        Self::new(
            code::FILE_WRITE,
            format!("cannot write `{}`: {}", path.display(), reason(problem)),
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, ". Hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// What the operating system says, without the number of the error.
pub(crate) fn reason(problem: &io::Error) -> String {
    match problem.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = problem.to_string();
            text.split(" (os error")
                .next()
                .unwrap_or_default()
                .to_lowercase()
        }
    }
}
