//! What a rule reports: one problem, where it is, why it matters, what to do.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// How much a violation weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Fails the gate.
    Deny,
    /// Reported; fails only where warnings are asked to fail.
    Warn,
    /// Reported for information.
    Note,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Note => "note",
        })
    }
}

/// A place in a file of the workspace. Lines and columns start at 1 and count
/// characters; 0 stands for "the file as a whole".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// Path relative to the workspace root, separated by `/`.
    pub file: String,
    /// Line, or 0 for the whole file.
    pub line: u32,
    /// Column, or 0 when only the line is known.
    pub column: u32,
}

impl Location {
    /// A place in `file`.
    #[must_use]
    pub fn new(file: impl Into<String>, line: u32, column: u32) -> Self {
        Self {
            file: file.into(),
            line,
            column,
        }
    }

    /// The whole of `file`.
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self::new(file, 0, 0)
    }

    /// The place of byte `offset` of `text`, which is the content of `file`.
    #[must_use]
    pub fn of_offset(file: impl Into<String>, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self::new(
            file,
            as_number(before.matches('\n').count() + 1),
            as_number(before[line_start..].chars().count() + 1),
        )
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

pub(crate) fn as_number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Stable id, `check/rule`.
    pub rule: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// Module id, item path or file that breaks the rule.
    pub subject: String,
    /// One sentence that starts with the subject.
    pub message: String,
    /// Where it is broken; `None` when nothing in the workspace is the place.
    pub location: Option<Location>,
    /// Why the rule exists, in the words of the file that states it.
    pub because: Option<String>,
    /// What to do, as an imperative.
    pub fix: Option<String>,
    /// Where the rule is stated.
    pub rule_ref: Option<Location>,
}

impl Violation {
    /// A violation that fails its gate.
    #[must_use]
    pub fn deny(
        rule: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            level: Level::Deny,
            subject: subject.into(),
            message: message.into(),
            location: None,
            because: None,
            fix: None,
            rule_ref: None,
        }
    }

    /// A violation that is reported and passes.
    #[must_use]
    pub fn warn(
        rule: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            level: Level::Warn,
            ..Self::deny(rule, subject, message)
        }
    }

    /// Says where the rule is broken.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Says why the rule exists.
    #[must_use]
    pub fn because(mut self, reason: Option<String>) -> Self {
        self.because = reason;
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Says where the rule is stated.
    #[must_use]
    pub fn stated_at(mut self, location: Location) -> Self {
        self.rule_ref = Some(location);
        self
    }

    /// The check that owns the rule: the part of the id before the slash.
    #[must_use]
    pub fn check(&self) -> &'static str {
        self.rule.split('/').next().unwrap_or(self.rule)
    }

    /// Report order: file, line, column, rule, message.
    #[must_use]
    pub fn report_order(&self, other: &Self) -> Ordering {
        self.location
            .cmp(&other.location)
            .then_with(|| self.rule.cmp(other.rule))
            .then_with(|| self.message.cmp(&other.message))
    }
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Violation", 9)?;
        out.serialize_field("rule", self.rule)?;
        out.serialize_field("check", self.check())?;
        out.serialize_field("level", &self.level)?;
        out.serialize_field("message", &self.message)?;
        out.serialize_field("subject", &self.subject)?;
        out.serialize_field("location", &self.location)?;
        out.serialize_field("because", &self.because)?;
        out.serialize_field("fix", &self.fix)?;
        out.serialize_field("rule_ref", &self.rule_ref)?;
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_becomes_a_line_and_a_column_in_characters() {
        let text = "a\nbä = 1\n";
        let at = text.find('=').unwrap();
        assert_eq!(Location::of_offset("f", text, at), Location::new("f", 2, 4));
        assert_eq!(Location::of_offset("f", text, 0).to_string(), "f:1:1");
        assert_eq!(Location::file("f").to_string(), "f");
    }

    #[test]
    fn json_names_the_check_and_keeps_absent_parts_as_null() {
        let violation = Violation::deny("a-check/a-rule", "x", "x is wrong");
        let json = serde_json::to_value(&violation).unwrap();
        assert_eq!(json["check"], "a-check");
        assert_eq!(json["level"], "deny");
        assert!(json["fix"].is_null());
    }
}
