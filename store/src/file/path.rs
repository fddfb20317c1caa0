//! Where an object is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;

use super::{FileError, FileErrorKind};

/// Longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 1_024;

/// Longest component of a path, in bytes.
pub const COMPONENT_BYTES_MAX: usize = 255;

/// What temporaries of backends begin with; no object does.
pub(crate) const RESERVED_PREFIX: &str = ".plumego-";

/// Names of devices on Windows, whatever their extension and case.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A path that means the same on every system and leads nowhere else.
///
/// Valid UTF-8 in NFC, 1 to 1 024 bytes, in components of 1 to 255 bytes that
/// `/` separates. No component is `.` or `..`, ends with a dot or a blank,
/// begins with a blank or `.plumego-`, or names a device of Windows; no
/// character is a control, a backslash, or one of `: < > " | ? *`. Nothing is
/// decoded or normalised: what is not right is refused.
///
/// ```
/// use plumego_store::file::ObjectPath;
///
/// let path = ObjectPath::parse("invoices/2024/17.pdf")?;
/// assert_eq!(path.extension(), Some("pdf"));
/// assert!(ObjectPath::parse("../secrets").is_err());
/// assert!(ObjectPath::parse("a..b").is_ok());
/// # Ok::<(), plumego_store::file::FileError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectPath(String);

/// The rule that a path breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PathRule {
    /// It has no bytes.
    #[error("a path cannot be empty")]
    Empty,
    /// It has more than 1 024 bytes.
    #[error("a path has at most {PATH_BYTES_MAX} bytes")]
    TooLong,
    /// It is not in NFC, so that one text would name two objects.
    #[error("a path is written in NFC")]
    NotNfc,
    /// It holds a control, a backslash, or one of `: < > " | ? *`.
    #[error("a path cannot hold this character")]
    Character,
    /// It begins or ends with `/`, or has two in a row.
    #[error("a component of a path cannot be empty")]
    EmptyComponent,
    /// It has a component `.` or `..`.
    #[error("a component of a path cannot be `.` or `..`")]
    DotComponent,
    /// It has a component of more than 255 bytes.
    #[error("a component of a path has at most {COMPONENT_BYTES_MAX} bytes")]
    ComponentTooLong,
    /// It has a component with a dot or blank at its end, or a blank at its
    /// beginning.
    #[error("a component of a path cannot end with a dot, or begin or end with a blank")]
    OuterDotOrBlank,
    /// It has a component that is a device of Windows.
    #[error("a component of a path cannot be the name of a device")]
    DeviceName,
    /// It has a component that begins with `.plumego-`.
    #[error("names that begin with `{RESERVED_PREFIX}` are reserved")]
    Reserved,
}

impl ObjectPath {
    /// Checks a path.
    ///
    /// # Errors
    ///
    /// `InvalidPath`, with the [`PathRule`] that it breaks behind it.
    pub fn parse(path: &str) -> Result<Self, FileError> {
        check(path).map_err(invalid)?;
        Ok(Self(path.to_owned()))
    }

    /// Checks a path that may not be UTF-8.
    ///
    /// # Errors
    ///
    /// `InvalidPath`.
    pub fn from_bytes(path: &[u8]) -> Result<Self, FileError> {
        let path = std::str::from_utf8(path).map_err(|error| {
            FileError::new("parse", FileErrorKind::InvalidPath).with_source(error)
        })?;
        Self::parse(path)
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its components.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Its last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// What stands behind the last dot of its last component, if there is
    /// something before it.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        let (name, extension) = self.file_name().rsplit_once('.')?;
        (!name.is_empty() && !extension.is_empty()).then_some(extension)
    }

    /// What stands before its last component; empty if that is all.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// Whether it is `prefix` or lies below it. Components count as a whole:
    /// `tenant-1` covers `tenant-1/a`, and not `tenant-10`.
    #[must_use]
    pub fn is_below(&self, prefix: &ListPrefix) -> bool {
        let prefix = prefix.as_str();
        prefix.is_empty()
            || self
                .0
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn invalid(rule: PathRule) -> FileError {
    FileError::new("parse", FileErrorKind::InvalidPath).with_source(rule)
}

/// The first rule that a path breaks.
fn check(path: &str) -> Result<(), PathRule> {
    if path.is_empty() {
        return Err(PathRule::Empty);
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(PathRule::TooLong);
    }
    let is_legal = |c: char| !c.is_control() && !"\\:<>\"|?*".contains(c);
    if !path.chars().all(is_legal) {
        return Err(PathRule::Character);
    }
    if !is_nfc(path) {
        return Err(PathRule::NotNfc);
    }
    path.split('/').try_for_each(check_component)
}

fn check_component(component: &str) -> Result<(), PathRule> {
    if component.is_empty() {
        return Err(PathRule::EmptyComponent);
    }
    if matches!(component, "." | "..") {
        return Err(PathRule::DotComponent);
    }
    if component.len() > COMPONENT_BYTES_MAX {
        return Err(PathRule::ComponentTooLong);
    }
    if component.starts_with(' ') || component.ends_with([' ', '.']) {
        return Err(PathRule::OuterDotOrBlank);
    }
    if is_device(component) {
        return Err(PathRule::DeviceName);
    }
    if component.starts_with(RESERVED_PREFIX) {
        return Err(PathRule::Reserved);
    }
    Ok(())
}

fn is_device(component: &str) -> bool {
    let name = component.split('.').next().unwrap_or_default();
    let name = name.trim_end_matches(' ').to_ascii_lowercase();
    if DEVICES.contains(&&*name) {
        return true;
    }
    let port = name
        .strip_prefix("com")
        .or_else(|| name.strip_prefix("lpt"));
    let mut number = port.unwrap_or_default().chars();
    // Windows reads superscript digits as digits.
    let digit = |c: char| c.is_ascii_digit() || matches!(c, '\u{b9}' | '\u{b2}' | '\u{b3}');
    number.next().is_some_and(digit) && number.next().is_none()
}

impl FromStr for ObjectPath {
    type Err = FileError;

    fn from_str(path: &str) -> Result<Self, FileError> {
        Self::parse(path)
    }
}

impl TryFrom<String> for ObjectPath {
    type Error = FileError;

    fn try_from(path: String) -> Result<Self, FileError> {
        check(&path).map_err(invalid)?;
        Ok(Self(path))
    }
}

impl From<ObjectPath> for String {
    fn from(path: ObjectPath) -> Self {
        path.0
    }
}

impl AsRef<str> for ObjectPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for ObjectPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What listed paths have in common: whole components.
///
/// Empty is everything; else it is a path, perhaps with one `/` behind it.
///
/// ```
/// use plumego_store::file::{ListPrefix, ObjectPath};
///
/// let prefix = ListPrefix::parse("tenant-1/")?;
/// assert!(ObjectPath::parse("tenant-1/a")?.is_below(&prefix));
/// assert!(!ObjectPath::parse("tenant-10/a")?.is_below(&prefix));
/// # Ok::<(), plumego_store::file::FileError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ListPrefix(String);

impl ListPrefix {
    /// Every path.
    #[must_use]
    pub const fn all() -> Self {
        Self(String::new())
    }

    /// Checks a prefix.
    ///
    /// # Errors
    ///
    /// `InvalidPath`.
    pub fn parse(prefix: &str) -> Result<Self, FileError> {
        let path = prefix.strip_suffix('/').unwrap_or(prefix);
        if !prefix.is_empty() {
            check(path).map_err(invalid)?;
        }
        Ok(Self(path.to_owned()))
    }

    /// The prefix, without a `/` behind it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Deserialize)]
    struct Vectors {
        accepted: Vec<String>,
        refused: Vec<Refused>,
        accepted_lengths: Vec<Vec<usize>>,
        refused_lengths: Vec<Vec<usize>>,
    }

    #[derive(Deserialize)]
    struct Refused {
        path: String,
        because: String,
    }

    fn of_lengths(lengths: &[usize]) -> String {
        let components: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
        components.join("/")
    }

    /// The vectors that `plumego-security` runs too.
    #[test]
    fn the_shared_vectors() {
        let vectors = include_str!("../../../testdata/path_safety.json");
        let vectors: Vectors = serde_json::from_str(vectors).unwrap();
        assert!(vectors.accepted.len() + vectors.refused.len() >= 150);
        for path in vectors.accepted {
            assert_eq!(ObjectPath::parse(&path).unwrap().as_str(), path);
        }
        for Refused { path, because } in vectors.refused {
            assert!(ObjectPath::parse(&path).is_err(), "{path:?}: {because}");
        }
        for lengths in vectors.accepted_lengths {
            assert!(
                ObjectPath::parse(&of_lengths(&lengths)).is_ok(),
                "{lengths:?}"
            );
        }
        for lengths in vectors.refused_lengths {
            assert!(
                ObjectPath::parse(&of_lengths(&lengths)).is_err(),
                "{lengths:?}"
            );
        }
        assert!(ObjectPath::from_bytes(b"a/\xff").is_err());
    }

    #[test]
    fn prefixes_cover_whole_components() {
        let below = |path: &str, prefix: &str| {
            let prefix = ListPrefix::parse(prefix).unwrap();
            ObjectPath::parse(path).unwrap().is_below(&prefix)
        };
        assert!(below("a/b", "") && below("a/b", "a") && below("a/b", "a/") && below("a/b", "a/b"));
        assert!(!below("a/bc", "a/b") && !below("ab", "a") && !below("a", "a/b"));
        for bad in ["/", "a//", "../", "a/..", "."] {
            assert!(ListPrefix::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_of_a_path() {
        let path = |text| ObjectPath::parse(text).unwrap();
        assert_eq!(path("a/b.tar.gz").extension(), Some("gz"));
        assert_eq!(path("a/.hidden").extension(), None);
        assert_eq!((path("a/b").parent(), path("a").parent()), ("a", ""));
        assert_eq!(path("a/b").file_name(), "b");
        assert_eq!(path("a/b").components().count(), 2);
    }

    proptest! {
        #[test]
        fn no_accepted_path_leads_out(text in "[a-z./\\\\ :~%]{0,24}") {
            if let Ok(path) = ObjectPath::parse(&text) {
                let joined = std::path::Path::new("/base").join(path.as_str());
                prop_assert!(joined.starts_with("/base"));
                prop_assert_eq!(path.components().count(), joined.components().count() - 2);
            }
        }
    }
}
