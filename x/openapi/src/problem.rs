//! What is wrong with a document.

use std::fmt;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The document can be used; a reader may be misled.
    Warning,
    /// The document is wrong.
    Error,
}

/// One problem of a document, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecProblem {
    /// A JSON Pointer (RFC 6901) into the document.
    pub pointer: String,
    /// A stable name of the rule, such as `operation-id-duplicate`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what to do.
    pub message: String,
}

impl SpecProblem {
    pub(crate) fn error(rule: &'static str, pointer: String, message: String) -> Self {
        Self {
            pointer,
            rule,
            severity: Severity::Error,
            message,
        }
    }

    pub(crate) fn warning(rule: &'static str, pointer: String, message: String) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(rule, pointer, message)
        }
    }
}

impl fmt::Display for SpecProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(
            f,
            "{severity}[{}] at {}: {}",
            self.rule, self.pointer, self.message
        )
    }
}

/// Escapes one token of a JSON Pointer (RFC 6901 §3).
pub(crate) fn pointer_token(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}
