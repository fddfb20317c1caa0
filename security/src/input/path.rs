use std::fmt;

use unicode_normalization::is_nfc;

use super::{InputError, Kind};

const KIND: Kind = Kind("path");

/// Longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 1024;
/// Longest component of a path, in bytes.
pub const PATH_COMPONENT_BYTES_MAX: usize = 255;

/// Names of devices on Windows, whatever their extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Temporary files of the toolkit begin so.
const RESERVED_PREFIX: &str = ".plumego-";

/// A path below some directory that means the same on every system: relative,
/// in components, without anything that leads out or that some system reads
/// otherwise. The rules are those of object paths in `plumego-store`.
///
/// Nothing is decoded: decode once, then check.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelativePath(String);

impl RelativePath {
    /// Checks a path.
    ///
    /// # Errors
    /// [`InputError`] of kind `path`.
    pub fn parse(raw: impl AsRef<[u8]>) -> Result<Self, InputError> {
        let text = std::str::from_utf8(raw.as_ref())
            .map_err(|error| KIND.error_at("invalid_utf8", error.valid_up_to()))?;
        if text.is_empty() {
            return Err(KIND.error("empty"));
        }
        if text.len() > PATH_BYTES_MAX {
            return Err(KIND.error("too_long"));
        }
        let is_legal = |c: char| !c.is_control() && !"\\:<>\"|?*".contains(c);
        if let Some((at, _)) = text.char_indices().find(|(_, c)| !is_legal(*c)) {
            return Err(KIND.error_at("invalid_character", at));
        }
        if !is_nfc(text) {
            return Err(KIND.error("not_nfc"));
        }
        let mut start = 0;
        for component in text.split('/') {
            check_component(component).map_err(|code| KIND.error_at(code, start))?;
            start += component.len() + 1;
        }
        Ok(Self(text.to_owned()))
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
}

impl AsRef<std::path::Path> for RelativePath {
    fn as_ref(&self) -> &std::path::Path {
        self.0.as_ref()
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether [`RelativePath::parse`] accepts it.
#[must_use]
pub fn is_relative_path(raw: impl AsRef<[u8]>) -> bool {
    RelativePath::parse(raw).is_ok()
}

fn check_component(component: &str) -> Result<(), &'static str> {
    if component.is_empty() {
        // At the front this is an absolute path.
        return Err("empty_component");
    }
    if matches!(component, "." | "..") {
        return Err("dot_component");
    }
    if component.len() > PATH_COMPONENT_BYTES_MAX {
        return Err("component_too_long");
    }
    if component.ends_with('.') || component.starts_with(' ') || component.ends_with(' ') {
        return Err("outer_dot_or_blank");
    }
    if is_device(component) {
        return Err("device_name");
    }
    if component.starts_with(RESERVED_PREFIX) {
        return Err("reserved_name");
    }
    Ok(())
}

fn is_device(component: &str) -> bool {
    let name = component.split('.').next().unwrap_or_default();
    let name = name.trim_end_matches(' ').to_ascii_lowercase();
    let port = name
        .strip_prefix("com")
        .or_else(|| name.strip_prefix("lpt"));
    // Windows reads the superscript digits as digits.
    let is_port = |text: &str| {
        let mut characters = text.chars();
        let digit = characters.next();
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³');
        digit.is_some_and(is_digit) && characters.next().is_none()
    };
    DEVICES.contains(&&*name) || port.is_some_and(is_port)
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    /// The vectors that `plumego-store` runs too.
    const VECTORS: &str = include_str!("../../../testdata/path_safety.json");

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

    /// A path with components of these lengths.
    fn of_lengths(lengths: &[usize]) -> String {
        let components: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
        components.join("/")
    }

    #[test]
    fn the_shared_vectors() {
        let vectors: Vectors = serde_json::from_str(VECTORS).unwrap();
        for path in vectors.accepted {
            assert_eq!(RelativePath::parse(&path).unwrap().as_str(), path);
        }
        for Refused { path, because } in vectors.refused {
            assert!(!is_relative_path(&path), "{path:?}: {because}");
        }
        for lengths in vectors.accepted_lengths {
            assert!(is_relative_path(of_lengths(&lengths)), "{lengths:?}");
        }
        for lengths in vectors.refused_lengths {
            assert!(!is_relative_path(of_lengths(&lengths)), "{lengths:?}");
        }
        assert!(!is_relative_path(b"a/\xff"));
    }

    #[test]
    fn errors_say_where() {
        for (path, code, position) in [
            ("a/b\\c", "invalid_character", Some(3)),
            ("a/../b", "dot_component", Some(2)),
            ("a//b", "empty_component", Some(2)),
            ("a/nul.txt", "device_name", Some(2)),
        ] {
            let error = RelativePath::parse(path).unwrap_err();
            assert_eq!((error.code, error.position), (code, position), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_accepted_path_leads_out(text in "[a-z./\\\\ :~%]{0,24}") {
            if let Ok(path) = RelativePath::parse(&text) {
                let joined = Path::new("/base").join(&path);
                prop_assert!(joined.starts_with("/base"));
                let is_plain = |c: Component<'_>| matches!(c, Component::Normal(_));
                prop_assert!(Path::new(path.as_str()).components().all(is_plain));
                prop_assert_eq!(path.components().count(), joined.components().count() - 2);
            }
        }
    }
}
