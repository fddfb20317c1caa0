//! How a run ended.

use std::any::Any;

use crate::display::escape_controls;
use crate::error::{Failure, compact, of_fields};
use crate::fault::{Fault, FieldProblem, MESSAGE_MAX};
use crate::meta::ProgramMeta;

/// How a run ended.
#[derive(Clone, Debug)]
pub enum Exit {
    /// It did what it should; or the reader of its output went away.
    Success,
    /// `main` answered with this status, 0 to 125.
    Status(u8),
    /// The arguments, or what `main` made of them, are not what they have to be: the
    /// envelope, as one line.
    Invalid(String),
    /// It failed.
    Failure(Failure),
    /// The runtime has a defect.
    Panic(PanicReport),
}

/// A panic of the runtime or of what embeds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicReport {
    /// `panic_static_str`, `panic_string` or `panic_non_string`.
    pub kind: &'static str,
    /// What it said.
    pub message: String,
}

/// What a panic carries: its kind and text.
#[must_use]
pub fn panic_kind(panic: &(dyn Any + Send)) -> (&'static str, String) {
    if let Some(text) = panic.downcast_ref::<&'static str>() {
        return ("panic_static_str", (*text).to_owned());
    }
    match panic.downcast_ref::<String>() {
        Some(text) => ("panic_string", text.clone()),
        None => ("panic_non_string", String::new()),
    }
}

impl PanicReport {
    /// The report of a panic that was caught.
    #[must_use]
    pub fn new(panic: &(dyn Any + Send)) -> Self {
        let (kind, message) = panic_kind(panic);
        Self { kind, message }
    }
}

impl Exit {
    /// The exit status of the process.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Status(status) => *status,
            Self::Invalid(_) => 2,
            Self::Failure(_) => 1,
            Self::Panic(_) => 101,
        }
    }

    /// What the command says on standard error in text mode; with the calls that led
    /// to a failure if `backtrace`.
    #[must_use]
    pub fn text(&self, meta: &ProgramMeta, backtrace: bool) -> Option<String> {
        match self {
            Self::Success | Self::Status(_) => None,
            Self::Invalid(line) => Some(line.clone()),
            Self::Panic(report) => Some(format!(
                "run error: panic_kind={} {}",
                report.kind, report.message
            )),
            Self::Failure(failure) => {
                let mut text = format!("run error: {}", failure.text());
                if let Failure::Fault(fault) = failure
                    && backtrace
                {
                    for line in trace(meta, fault) {
                        text.push('\n');
                        text.push_str(&line);
                    }
                }
                Some(text)
            }
        }
    }

    /// What the command says on standard error in JSON mode: one line.
    #[must_use]
    pub fn json(&self) -> Option<String> {
        match self {
            Self::Success | Self::Status(_) => None,
            Self::Invalid(line) => Some(line.clone()),
            Self::Panic(report) => Some(program_envelope("runtime_internal", &report.message)),
            Self::Failure(failure) => {
                let message = match failure {
                    Failure::Fault(fault) => fault.message().to_owned(),
                    Failure::Error(_) => failure.text(),
                };
                Some(program_envelope(&failure.code(), &message))
            }
        }
    }
}

/// The compact envelope of a validation with one field, `program`.
fn program_envelope(code: &str, message: &str) -> String {
    compact(&of_fields(
        vec![FieldProblem {
            path: "program".to_owned(),
            code: code.to_owned().into(),
            message: message.to_owned(),
        }],
        0,
    ))
}

/// The calls that led to a fault, innermost first: `function at path:line:column`.
#[must_use]
pub fn trace(meta: &ProgramMeta, fault: &Fault) -> Vec<String> {
    let mut lines = Vec::with_capacity(fault.trace().len() + 1);
    if fault.trace().is_empty() {
        lines.extend(
            fault
                .span()
                .map(|span| format!("  at {}", meta.place(span))),
        );
    }
    for frame in fault.trace() {
        lines.push(format!(
            "  {} at {}",
            frame.function,
            meta.place(frame.span)
        ));
    }
    lines
}

/// Text on one line: line ends and other control characters are escaped, and what
/// exceeds 8 KiB is cut.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = Vec::new();
    escape_controls(&text[..text.floor_char_boundary(MESSAGE_MAX)], &mut line);
    String::from_utf8_lossy(&line).into_owned()
}
