//! Why a registration was refused.

use std::error::Error as StdError;
use std::fmt;

/// What was wrong with a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegisterErrorKind {
    /// The method is not a token of RFC 9110.
    InvalidMethod,
    /// The path is not empty and does not begin with `/`.
    NotAbsolute,
    /// Two slashes in a row inside the path.
    EmptySegment,
    /// `{}` or `{*}`.
    EmptyParamName,
    /// A parameter name other than `[A-Za-z_][A-Za-z0-9_]*`.
    InvalidParamName,
    /// A wildcard before the end of the pattern, or in a group prefix.
    WildcardNotLast,
    /// One name twice in a full pattern, group prefixes included.
    DuplicateParam,
    /// A segment in the `:name` or `*name` spelling of other routers.
    UnbracedParam,
    /// A brace other than around a whole segment.
    BraceSyntax,
    /// `?`, `#`, a space, a control byte or a byte outside ASCII.
    InvalidCharacter,
    /// `%` without two hex digits, or an escape no request can match.
    InvalidEncoding,
    /// A segment that is, or decodes to, `.` or `..`.
    DotSegment,
    /// More than 16 parameters.
    TooManyParams,
    /// More than 64 segments.
    TooDeep,
    /// More than 2 048 bytes.
    TooLong,
    /// The method and pattern are registered already.
    DuplicateRoute,
    /// The method is registered for the same shape with other parameter names.
    ShapeConflict,
    /// A route name that is empty, longer than 128 bytes or not visible ASCII.
    InvalidName,
    /// A route name that another route has.
    DuplicateName,
    /// A static mount whose directory cannot be served.
    InvalidDirectory,
}

/// A refused registration. Nothing was changed by the attempt.
///
/// Rendered as `router add_route GET /users/{id}: <reason>`. The text may
/// change; match on [`kind`](Self::kind).
#[derive(Debug)]
pub struct RegisterError(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    kind: RegisterErrorKind,
    method: String,
    path: String,
    reason: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl RegisterError {
    pub(crate) fn new(
        kind: RegisterErrorKind,
        method: impl Into<String>,
        path: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self(Box::new(Refusal {
            kind,
            method: method.into(),
            path: path.into(),
            reason: reason.into(),
            source: None,
        }))
    }

    pub(crate) fn from_fault(fault: Fault, method: &str, path: &str) -> Self {
        Self::new(fault.kind, method, path, fault.reason)
    }

    #[cfg(feature = "static")]
    pub(crate) fn caused_by(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(cause));
        self
    }

    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> RegisterErrorKind {
        self.0.kind
    }

    /// The method as given; empty when a group prefix was refused.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// The full path as it would have been registered, or as given when it
    /// could not be joined with the prefixes of its groups.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The sentence after the colon of the rendered error.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal {
            method,
            path,
            reason,
            ..
        } = &*self.0;
        if method.is_empty() {
            write!(f, "router group {path}: {reason}")
        } else {
            write!(f, "router add_route {method} {path}: {reason}")
        }
    }
}

impl StdError for RegisterError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}

/// A fault in a pattern or name, before it is known which registration it
/// belongs to.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: RegisterErrorKind,
    pub(crate) reason: String,
}

impl Fault {
    pub(crate) fn new(kind: RegisterErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
        }
    }
}
