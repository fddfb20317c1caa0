//! How severe a record is.

use std::{fmt, str::FromStr};

/// Severity of a record, from the chattiest to the one that ends the process.
///
/// Levels are ordered; a record is written when its level is at least the
/// effective minimum of its target. The numeric values are stable.
#[derive(Clone, Copy, Debug, Default, Hash, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum Level {
    /// Steps inside one operation, value −2.
    Trace = -2,
    /// What helps to find a defect, value −1.
    Debug = -1,
    /// Normal events, value 0; the default minimum.
    #[default]
    Info = 0,
    /// Something an operator should look at in time, value 1.
    Warn = 1,
    /// An operation failed, value 2.
    Error = 2,
    /// The process cannot go on and ends after this record, value 3.
    Fatal = 3,
}

impl Level {
    /// Every level in ascending order.
    pub const ALL: [Self; 6] = [
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Fatal,
    ];

    /// The numeric value, −2 to 3.
    #[must_use]
    pub const fn value(self) -> i8 {
        self as i8
    }

    /// The upper-case name: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// The initial letter that opens a text line.
    #[must_use]
    pub const fn initial(self) -> char {
        match self {
            Self::Trace => 'T',
            Self::Debug => 'D',
            Self::Info => 'I',
            Self::Warn => 'W',
            Self::Error => 'E',
            Self::Fatal => 'F',
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A level name that is none of `trace`, `debug`, `info`, `warn`, `warning`,
/// `error` and `fatal`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown log level {name:?}: use one of trace, debug, info, warn, error or fatal")]
pub struct ParseLevelError {
    name: String,
}

impl ParseLevelError {
    /// The text that is not a level.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    /// Reads a level name in any letter case; surrounding blanks are an error.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        const NAMES: [(&str, Level); 7] = [
            ("trace", Level::Trace),
            ("debug", Level::Debug),
            ("info", Level::Info),
            ("warn", Level::Warn),
            ("warning", Level::Warn),
            ("error", Level::Error),
            ("fatal", Level::Fatal),
        ];
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, level)| level)
            .ok_or_else(|| ParseLevelError {
                name: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_order_agree() {
        let values: Vec<i8> = Level::ALL.iter().map(|level| level.value()).collect();
        assert_eq!(values, [-2, -1, 0, 1, 2, 3]);
        assert!(Level::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn names_parse_in_any_case() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(level));
            assert_eq!(level.name().to_lowercase().parse(), Ok(level));
            assert!(level.name().starts_with(level.initial()));
        }
        assert_eq!("Warning".parse(), Ok(Level::Warn));
    }

    #[test]
    fn an_unknown_name_is_named_in_the_error() {
        let error = "verbose".parse::<Level>().unwrap_err();
        assert_eq!(error.name(), "verbose");
        assert!(error.to_string().contains("\"verbose\""));
        assert!(" info".parse::<Level>().is_err());
    }
}
