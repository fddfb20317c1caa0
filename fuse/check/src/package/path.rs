//! Paths as manifests, lock files and imports write them: relative, with `/`.

/// Why a written path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathProblem {
    /// Nothing is left of it.
    Empty,
    /// It starts at a root, a drive or a share.
    Absolute,
    /// It uses `\`.
    Backslash,
    /// It leaves the directory it starts from.
    Escape,
    /// It holds a control character.
    Control,
}

impl PathProblem {
    /// The rule that is broken, after the name of the key.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Empty => "must not be empty",
            Self::Absolute => "must be relative to the package",
            Self::Backslash => "must use `/` between directories",
            Self::Escape => "must stay inside the package",
            Self::Control => "must not hold control characters",
        }
    }
}

/// Whether a path starts at a root, a drive (`C:`) or a share (`\\host`).
#[must_use]
pub fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    path.starts_with('/') || path.starts_with('\\') || drive
}

/// Joins `base` and `path`, both relative with `/`, and resolves `.` and `..` in the text.
///
/// The result has no leading `./`; it is empty for the start directory itself.
/// `None` when the path leaves the start directory.
#[must_use]
pub fn join(base: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Checks a path that must stay inside the package and normalizes it.
///
/// # Errors
///
/// Says which rule the path breaks.
pub fn inside(path: &str) -> Result<String, PathProblem> {
    if path.trim().is_empty() {
        return Err(PathProblem::Empty);
    }
    if path.chars().any(char::is_control) {
        return Err(PathProblem::Control);
    }
    if is_absolute(path) {
        return Err(PathProblem::Absolute);
    }
    if path.contains('\\') {
        return Err(PathProblem::Backslash);
    }
    join("", path).ok_or(PathProblem::Escape)
}
