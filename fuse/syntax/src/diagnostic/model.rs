//! A diagnostic as a value.

use serde::Serialize;

use super::Code;
use crate::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program is not accepted.
    Error,
    /// The program is accepted, but probably not meant.
    Warning,
}

impl Severity {
    /// How it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One message of the compiler. Code and span are a contract; the wording is
/// not.
///
/// ```
/// use fuse_syntax::{Code, Diagnostic, FileId, Severity, Span};
///
/// let span = Span::new(FileId(0), 24, 31);
/// let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, span, "expected `Int`, found `String`")
///     .label("this is a `String`")
///     .hint("convert it with `.to_int()`");
/// assert_eq!(diagnostic.severity, Severity::Error);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The stable code.
    pub code: Code,
    /// One sentence: lower-case start, no full stop, names in back-quotes.
    pub message: String,
    /// What it points at.
    pub span: Span,
    /// What stands beside the carets.
    pub label: Option<String>,
    /// Other places that explain it.
    pub related: Vec<Related>,
    /// What to do.
    pub hint: Option<String>,
    /// Edits that mend it.
    pub fixes: Vec<Fix>,
}

/// Another place that explains a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub span: Span,
    /// What it has to do with it.
    pub message: String,
}

/// Edits that mend what a diagnostic reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a command.
    pub title: String,
    /// Replacements, which do not overlap.
    pub edits: Vec<(Span, String)>,
    /// Whether it keeps the meaning or is certainly meant, so that it may be
    /// applied without asking.
    pub safe: bool,
}

impl Fix {
    /// A fix with one edit.
    pub fn replace(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            edits: vec![(span, text.into())],
            safe: true,
        }
    }

    /// The same fix, to be applied only when asked for.
    #[must_use]
    pub fn unsafe_to_apply(mut self) -> Self {
        self.safe = false;
        self
    }
}

impl Diagnostic {
    /// A message with the default severity of its code.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: code.severity(),
            code,
            message: message.into(),
            span,
            label: None,
            related: Vec::new(),
            hint: None,
            fixes: Vec::new(),
        }
    }

    /// With this severity instead of the default one.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With a label beside the carets.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With another place.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related {
            span,
            message: message.into(),
        });
        self
    }

    /// With a fix.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
