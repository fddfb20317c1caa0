//! One event on its way to an output.

use std::{fmt, panic::Location, time::SystemTime};

use crate::{Fields, Level, Redactor};

/// Where in a source text a record was made.
///
/// Usually the call site in Rust code; a host language supplies positions of
/// its own files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallSite<'a> {
    /// File name, with or without directories; encoders show the last part.
    pub file: &'a str,
    /// Line, counted from 1.
    pub line: u32,
}

impl<'a> CallSite<'a> {
    /// A position in a file.
    #[must_use]
    pub const fn new(file: &'a str, line: u32) -> Self {
        Self { file, line }
    }

    /// The file name without directories.
    #[must_use]
    pub fn file_name(&self) -> &'a str {
        self.file.rsplit(['/', '\\']).next().unwrap_or(self.file)
    }
}

impl CallSite<'static> {
    /// The position of the caller.
    #[track_caller]
    #[must_use]
    pub fn caller() -> Self {
        Location::caller().into()
    }
}

impl From<&'static Location<'static>> for CallSite<'static> {
    fn from(location: &'static Location<'static>) -> Self {
        Self::new(location.file(), location.line())
    }
}

/// One event as it is handed to a [`Logger`](crate::Logger).
///
/// A record holds only what the call passed: no logger adds data from ambient
/// context to it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Record<'a> {
    /// Severity.
    pub level: Level,
    /// Name that filters match, usually the module path of the call site;
    /// empty when unknown.
    pub target: &'a str,
    /// Constant text; what varies belongs into fields.
    pub message: &'a str,
    /// Sets of fields; on equal names a later set wins.
    pub fields: &'a [&'a Fields],
    /// Call site, when known.
    pub location: Option<CallSite<'a>>,
    /// When the event happened.
    pub time: SystemTime,
}

impl<'a> Record<'a> {
    /// A record without target, fields and location.
    #[must_use]
    pub const fn new(level: Level, message: &'a str, time: SystemTime) -> Self {
        Self {
            level,
            target: "",
            message,
            fields: &[],
            location: None,
            time,
        }
    }

    /// Sets the name that filters match.
    #[must_use]
    pub const fn with_target(mut self, target: &'a str) -> Self {
        self.target = target;
        self
    }

    /// Sets the field sets.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'a [&'a Fields]) -> Self {
        self.fields = fields;
        self
    }

    /// Sets the call site.
    #[must_use]
    pub const fn with_location(mut self, location: Option<CallSite<'a>>) -> Self {
        self.location = location;
        self
    }
}

/// Shows message and fields as the standard [`Redactor`] lets them through.
impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("level", &self.level)
            .field("target", &self.target)
            .field("message", &Redactor::standard().text(self.message))
            .field("fields", &self.fields)
            .field("location", &self.location)
            .field("time", &self.time)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_site_shows_the_base_name() {
        assert_eq!(CallSite::new("src/net/app.rs", 42).file_name(), "app.rs");
        assert_eq!(CallSite::new("src\\app.rs", 1).file_name(), "app.rs");
        assert_eq!(CallSite::new("app.rs", 1).file_name(), "app.rs");
        assert_eq!(CallSite::caller().file_name(), "record.rs");
    }
}
