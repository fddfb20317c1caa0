//! What the text of an import path means.

use crate::package::path;

/// What kind of file a path names, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Module,
    Markdown,
    Json,
}

impl FileKind {
    pub(crate) const fn is_asset(self) -> bool {
        !matches!(self, Self::Module)
    }
}

/// Where a path starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin<'t> {
    /// The importing file.
    Importer,
    /// The root of the importing module's package.
    Root,
    /// The root of a dependency.
    Dependency(&'t str),
}

/// A path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target<'t> {
    pub(crate) origin: Origin<'t>,
    /// Relative to the origin, with extension, not yet normalized.
    pub(crate) relative: String,
    pub(crate) kind: FileKind,
}

/// Why a path means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadPath {
    /// `root:` alone.
    Root,
    /// `dep:` without both parts.
    Dependency,
    /// Absolute, or on a drive or share.
    Escape,
    /// An extension that is no module and no asset, with its dot.
    Extension(String),
    /// Cannot name a file; the reason goes after "cannot read module".
    NoFile(&'static str),
}

/// Takes a written path apart.
pub(crate) fn classify(text: &str) -> Result<Target<'_>, BadPath> {
    let (origin, rest) = if let Some(rest) = text.strip_prefix("root:") {
        if rest.is_empty() {
            return Err(BadPath::Root);
        }
        (Origin::Root, rest)
    } else if let Some(rest) = text.strip_prefix("dep:") {
        match rest.split_once('/') {
            Some((name, inside)) if !name.is_empty() && !inside.is_empty() => {
                (Origin::Dependency(name), inside)
            }
            _ => return Err(BadPath::Dependency),
        }
    } else {
        (Origin::Importer, text)
    };
    if path::is_absolute(rest) {
        return Err(BadPath::Escape);
    }
    if rest.is_empty() {
        return Err(BadPath::NoFile("the path is empty"));
    }
    if rest.contains('\\') {
        return Err(BadPath::NoFile("directories are separated by `/`"));
    }
    if rest.chars().any(char::is_control) {
        return Err(BadPath::NoFile("the path holds a control character"));
    }
    let name = rest.rsplit('/').next().unwrap_or_default();
    if matches!(name, "" | "." | "..") {
        return Err(BadPath::NoFile("it is a directory"));
    }
    // A leading dot starts a name, not an extension.
    let extension = name.rfind('.').filter(|at| *at > 0).map(|at| &name[at..]);
    let (relative, kind) = match extension {
        None => (format!("{rest}.fuse"), FileKind::Module),
        Some(found) if found.eq_ignore_ascii_case(".fuse") => (rest.to_owned(), FileKind::Module),
        Some(".md") => (rest.to_owned(), FileKind::Markdown),
        Some(".json") => (rest.to_owned(), FileKind::Json),
        Some(other) => return Err(BadPath::Extension(other.to_owned())),
    };
    Ok(Target {
        origin,
        relative,
        kind,
    })
}
