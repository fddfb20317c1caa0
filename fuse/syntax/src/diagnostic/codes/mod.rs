//! The one table of diagnostic codes: default level, title, explanation, a
//! wrong and a right example. The enumeration of codes, `fuse explain` and
//! the pages of the book are made from it.

mod effects;
mod flow;
mod interfaces;
mod lexing;
mod modules;
mod names;
mod packages;
mod results;
mod web;

use std::fmt;
use std::sync::LazyLock;

use hashbrown::HashMap;
use serde::{Serialize, Serializer};

use super::Severity;

/// A stable diagnostic code, such as `FUSE_TYPE_MISMATCH`. Ordered by its
/// text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// How it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The code written like this, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        ALL.get(name).map(|entry| entry.code)
    }

    /// Every code, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        entries().map(|entry| entry.code)
    }

    /// What the table says about it.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        // Every code is a constant of the table.
        ALL.get(self.0).copied().unwrap_or(&lexing::ENTRIES[0])
    }

    /// How it is reported unless a manifest says otherwise.
    #[must_use]
    pub fn default_level(self) -> Level {
        self.entry().level
    }

    /// The severity that belongs to its default level; a code that is allowed
    /// by default is a warning where it is asked for.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self.default_level() {
            Level::Error => Severity::Error,
            Level::Warn | Level::Allow => Severity::Warning,
        }
    }

    /// What it is about, in one line.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.entry().title
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// How a code is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// An error; cannot be changed.
    Error,
    /// A warning, unless the manifest allows or denies it.
    Warn,
    /// Silent, unless the manifest warns about or denies it.
    Allow,
}

/// What the table says about a code.
///
/// ```
/// use fuse_syntax::Code;
///
/// let entry = Code::LEX_TAB.entry();
/// assert_eq!(entry.title, "tab in indentation");
/// assert!(entry.bad.contains('\t') && !entry.good.contains('\t'));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code.
    pub code: Code,
    /// How it is reported by default.
    pub level: Level,
    /// What it is about, in one line.
    pub title: &'static str,
    /// Why it is reported and what to do, in sentences.
    pub explanation: &'static str,
    /// A program that is reported. A line `@file NAME` starts each file when
    /// there are several, or when it is no module. Where no program can show
    /// it, it is told with commands, and starts with `$ `.
    pub bad: &'static str,
    /// The program, mended.
    pub good: &'static str,
}

static ALL: LazyLock<HashMap<&'static str, &'static Entry>> =
    LazyLock::new(|| entries().map(|entry| (entry.code.0, entry)).collect());

fn entries() -> impl Iterator<Item = &'static Entry> {
    let areas = [
        lexing::ENTRIES,
        modules::ENTRIES,
        packages::ENTRIES,
        names::ENTRIES,
        flow::ENTRIES,
        results::ENTRIES,
        interfaces::ENTRIES,
        effects::ENTRIES,
        web::ENTRIES,
    ];
    areas.into_iter().flatten()
}

macro_rules! codes {
    ($($name:ident: $level:ident, $title:literal, $why:literal, bad $bad:literal, good $good:literal;)*) => {
        impl super::Code {
            $(
                #[doc = $title]
                pub const $name: Self = Self(concat!("FUSE_", stringify!($name)));
            )*
        }

        pub(super) static ENTRIES: &[super::Entry] = &[
            $(super::Entry {
                code: super::Code::$name,
                level: super::Level::$level,
                title: $title,
                explanation: $why,
                bad: $bad,
                good: $good,
            },)*
        ];
    };
}
use codes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_listed_once() {
        assert_eq!(ALL.len(), entries().count());
        assert_eq!(Code::from_name("FUSE_LEX_TAB"), Some(Code::LEX_TAB));
        assert_eq!(Code::from_name("FUSE_LEX_TABS"), None);
    }
}
