//! The choices a logger is built from, and what can be wrong with them.

use std::{fmt, io, str::FromStr, sync::Arc};

use crate::{Encoder, FilterError, limits};

/// How lines look.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum LogFormat {
    /// Lines for people, see [`TextEncoder`](crate::TextEncoder).
    #[default]
    Text,
    /// JSON objects, see [`JsonEncoder`](crate::JsonEncoder).
    Json,
    /// Nothing at all; no field is evaluated.
    Discard,
    /// Lines of a host's own format.
    Custom(Arc<dyn Encoder>),
}

impl fmt::Debug for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "Text",
            Self::Json => "Json",
            Self::Discard => "Discard",
            Self::Custom(_) => "Custom",
        })
    }
}

impl FromStr for LogFormat {
    type Err = LogConfigError;

    /// Reads `text`, `json` or `discard` in any letter case. Any other name is an
    /// error: a typo must not silence a service.
    fn from_str(name: &str) -> Result<Self, LogConfigError> {
        match name.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "discard" => Ok(Self::Discard),
            _ => Err(Problem::Format {
                name: name.to_owned(),
            }
            .into()),
        }
    }
}

/// Whether text lines are coloured.
///
/// This crate reads no environment: a caller that honours `NO_COLOR` passes
/// [`Color::Never`] when it is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Coloured when the default output is used and is a terminal.
    Auto,
    /// Always coloured.
    Always,
    /// Never coloured.
    #[default]
    Never,
}

/// When the caller's thread writes itself, and when it hands over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The caller writes, under a lock. Nothing is lost unless the output fails.
    #[default]
    Sync,
    /// A thread writes; callers only queue their lines.
    NonBlocking {
        /// Lines that may wait, at least 1. Waiting lines are also bounded to
        /// 64 MiB in total.
        capacity: usize,
        /// What happens to a line that finds no room.
        overflow: Overflow,
    },
}

impl Delivery {
    /// A queue of 65 536 lines that drops what finds no room.
    #[must_use]
    pub const fn non_blocking() -> Self {
        Self::NonBlocking {
            capacity: 65_536,
            overflow: Overflow::Drop,
        }
    }
}

/// What happens to a line that finds the queue full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It is dropped and counted, and a line `log records dropped` follows when
    /// there is room again. `Error` and `Fatal` wait up to 100 ms first.
    #[default]
    Drop,
    /// The caller waits for room.
    Block,
}

/// Why a logger cannot be built.
///
/// The kinds may grow; the text says what to change.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LogConfigError(#[from] Problem);

/// What is wrong with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LogConfigErrorKind {
    /// A filter directive does not parse.
    Filter,
    /// There is no format of this name.
    Format,
    /// The redaction rules would let secrets through.
    Redaction,
    /// A limit is too small to work with.
    Limit,
    /// The thread of a non-blocking output could not be started.
    Worker,
}

impl LogConfigError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> LogConfigErrorKind {
        match self.0 {
            Problem::Filter(_) => LogConfigErrorKind::Filter,
            Problem::Format { .. } => LogConfigErrorKind::Format,
            Problem::Redaction { .. } => LogConfigErrorKind::Redaction,
            Problem::LineLimit { .. } | Problem::NoQueue => LogConfigErrorKind::Limit,
            Problem::Worker(_) => LogConfigErrorKind::Worker,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error(transparent)]
    Filter(FilterError),
    #[error("unknown log format {name:?}: use text, json or discard")]
    Format { name: String },
    #[error("log redaction cannot be switched off: {weakness}")]
    Redaction { weakness: String },
    #[error(
        "a log line limit of {bytes} bytes is too small: allow at least {} bytes",
        limits::LINE_BYTES_MIN
    )]
    LineLimit { bytes: usize },
    #[error("a non-blocking log queue needs room for at least one line")]
    NoQueue,
    #[error("the thread that writes the log could not be started: check the thread limit")]
    Worker(#[source] io::Error),
}
