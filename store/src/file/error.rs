//! What can go wrong with files.

use std::fmt;

use super::ObjectPath;
use crate::BoxError;

/// Why a file operation failed.
///
/// The text is `file: <op> <path>: <cause>`, without what is not known. It
/// names objects by their path, never by where a backend keeps them.
pub struct FileError(Box<Parts>);

struct Parts {
    op: &'static str,
    path: Option<ObjectPath>,
    kind: FileErrorKind,
    source: Option<BoxError>,
}

/// The class of a [`FileError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileErrorKind {
    /// There is no such object.
    NotFound,
    /// There is one already, and it was not to be replaced.
    AlreadyExists,
    /// The path, or where it leads, is not allowed.
    InvalidPath,
    /// A size is not what was said, or is beyond a limit.
    InvalidSize,
    /// The form of the content is not supported.
    UnsupportedFormat,
    /// The medium cannot be reached, or has no room.
    StorageUnavailable,
    /// The content is not what its checksum says.
    ChecksumMismatch,
    /// The object is not the version that was asked for.
    PreconditionFailed,
    /// The object has no bytes in the range.
    RangeNotSatisfiable,
    /// The medium, or whoever sends the content, failed.
    Io,
}

impl FileErrorKind {
    /// The kind in snake case, for logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::InvalidPath => "invalid_path",
            Self::InvalidSize => "invalid_size",
            Self::UnsupportedFormat => "unsupported_format",
            Self::StorageUnavailable => "storage_unavailable",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::PreconditionFailed => "precondition_failed",
            Self::RangeNotSatisfiable => "range_not_satisfiable",
            Self::Io => "io",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "there is no such object",
            Self::AlreadyExists => "there is an object already",
            Self::InvalidPath => "the path is not allowed",
            Self::InvalidSize => "the size is not allowed, or not what was said",
            Self::UnsupportedFormat => "the format is not supported",
            Self::StorageUnavailable => "the storage is not available",
            Self::ChecksumMismatch => "the content does not match its checksum",
            Self::PreconditionFailed => "the object has changed",
            Self::RangeNotSatisfiable => "the object has no such range",
            Self::Io => "reading or writing failed",
        }
    }
}

impl FileError {
    /// An error of an operation such as `put`.
    #[must_use]
    pub fn new(op: &'static str, kind: FileErrorKind) -> Self {
        Self(Box::new(Parts {
            op,
            path: None,
            kind,
            source: None,
        }))
    }

    /// Says which object it is about.
    #[must_use]
    pub fn at(mut self, path: &ObjectPath) -> Self {
        self.0.path = Some(path.clone());
        self
    }

    /// Says which operation it is of.
    #[must_use]
    pub fn during(mut self, op: &'static str) -> Self {
        self.0.op = op;
        self
    }

    /// Adds what caused it. Its text must not name places of the backend.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Its class.
    #[must_use]
    pub fn kind(&self) -> FileErrorKind {
        self.0.kind
    }

    /// The operation.
    #[must_use]
    pub fn op(&self) -> &'static str {
        self.0.op
    }

    /// The object, where one was named.
    #[must_use]
    pub fn path(&self) -> Option<&ObjectPath> {
        self.0.path.as_ref()
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { op, path, kind, .. } = &*self.0;
        write!(f, "file: {op}")?;
        if let Some(path) = path {
            write!(f, " {path}")?;
        }
        write!(f, ": {}", kind.text())
    }
}

impl fmt::Debug for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileError")
            .field("op", &self.0.op)
            .field("path", &self.0.path)
            .field("kind", &self.0.kind)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}
