//! From everything that was found to what is shown: levels, order, limit.

use std::cmp::Ordering;

use hashbrown::HashMap;

use super::{Code, Diagnostic, Level, Severity};
use crate::files::Files;
use crate::span::{FileId, Span};

/// How codes are reported in one package: what its manifest says in `[lint]`.
///
/// ```
/// use fuse_syntax::{Code, Level, LintLevel, LintLevels};
///
/// let mut levels = LintLevels::default();
/// levels.set(Code::UNUSED_IMPORT, LintLevel::Deny)?;
/// assert_eq!(levels.level(Code::UNUSED_IMPORT), LintLevel::Deny);
/// assert!(levels.set(Code::TYPE_MISMATCH, LintLevel::Allow).is_err());
/// # Ok::<(), fuse_syntax::NotALint>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LintLevels {
    levels: HashMap<Code, LintLevel>,
}

/// What a manifest may say about a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LintLevel {
    /// `"allow"`: say nothing.
    Allow,
    /// `"warn"`: report a warning.
    Warn,
    /// `"deny"`: report an error.
    Deny,
}

impl LintLevel {
    /// The level written like this.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        match text {
            "allow" => Some(Self::Allow),
            "warn" => Some(Self::Warn),
            "deny" => Some(Self::Deny),
            _ => None,
        }
    }
}

/// The level of an error cannot be set: it is not a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALint(pub Code);

impl std::fmt::Display for NotALint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{}` is an error; only the level of a warning can be set",
            self.0
        )
    }
}

impl std::error::Error for NotALint {}

impl LintLevels {
    /// Sets the level of a warning.
    ///
    /// # Errors
    ///
    /// When the code is an error by default.
    pub fn set(&mut self, code: Code, level: LintLevel) -> Result<(), NotALint> {
        if code.default_level() == Level::Error {
            return Err(NotALint(code));
        }
        self.levels.insert(code, level);
        Ok(())
    }

    /// How a code is reported.
    #[must_use]
    pub fn level(&self, code: Code) -> LintLevel {
        let default = || match code.default_level() {
            Level::Error => LintLevel::Deny,
            Level::Warn => LintLevel::Warn,
            Level::Allow => LintLevel::Allow,
        };
        self.levels.get(&code).copied().unwrap_or_else(default)
    }

    /// Drops what is allowed, and makes errors of what is denied. An error
    /// whose code is a warning by default stays an error.
    pub fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain_mut(|diagnostic| {
            if diagnostic.severity == Severity::Error {
                return true;
            }
            match self.level(diagnostic.code) {
                LintLevel::Allow => return false,
                LintLevel::Warn => {}
                LintLevel::Deny => diagnostic.severity = Severity::Error,
            }
            true
        });
    }
}

/// How many errors are shown before the rest is only counted.
pub const ERRORS_SHOWN: u32 = 100;

/// Puts diagnostics in order of path, line, column and code, and removes exact
/// duplicates.
pub fn sort(diagnostics: &mut Vec<Diagnostic>, files: &Files) {
    // Offsets order lines and columns.
    diagnostics.sort_by(|one, other| {
        compare_files(files, one.span.file, other.span.file)
            .then_with(|| one.span.start.cmp(&other.span.start))
            .then_with(|| one.code.cmp(&other.code))
            .then_with(|| one.span.end.cmp(&other.span.end))
            .then_with(|| one.message.cmp(&other.message))
    });
    diagnostics.dedup();
}

fn compare_files(files: &Files, one: FileId, other: FileId) -> Ordering {
    if one == other {
        return Ordering::Equal;
    }
    let path = |id| files.get(id).map(crate::SourceFile::path);
    path(one).cmp(&path(other)).then(one.cmp(&other))
}

/// Cuts sorted diagnostics off behind the error number `max_errors`, and says
/// how many errors were dropped. Zero is no limit.
pub fn limit(diagnostics: &mut Vec<Diagnostic>, files: &Files, max_errors: u32) {
    let max = max_errors as usize;
    let errors = diagnostics.iter().filter(|one| one.is_error()).count();
    if max == 0 || errors <= max {
        return;
    }
    let last = diagnostics
        .iter()
        .enumerate()
        .filter(|(_, one)| one.is_error())
        .nth(max - 1)
        .map_or(0, |(index, _)| index);
    diagnostics.truncate(last + 1);
    let dropped = errors - max;
    let message = format!("{dropped} more error{} not shown", plural(dropped));
    diagnostics.push(Diagnostic::new(
        Code::TOO_MANY_ERRORS,
        end_of_last_file(files),
        message,
    ));
}

/// The end of the file whose path is last in order.
fn end_of_last_file(files: &Files) -> Span {
    let last = files
        .iter()
        .max_by(|(one, _), (other, _)| compare_files(files, *one, *other));
    last.map_or_else(Span::default, |(id, file)| {
        let end = u32::try_from(file.text().len()).unwrap_or(u32::MAX);
        Span::new(id, end, end)
    })
}

pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
