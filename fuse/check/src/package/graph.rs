//! The packages of a program and the names they know each other by.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fuse_syntax::{FileId, Files};

use super::manifest::Manifest;

/// A package, by its number in a [`PackageGraph`]; the root package is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(pub u32);

impl PackageId {
    /// The package that the program starts in.
    pub const ROOT: Self = Self(0);

    /// The number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One package.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name in the manifest.
    pub name: Option<String>,
    /// Its directory, canonical.
    pub root: PathBuf,
    /// Its manifest; `None` for a file outside every package.
    pub manifest: Option<Manifest>,
    /// The dependencies it declares, by the name its modules use.
    pub dependencies: BTreeMap<String, PackageId>,
}

impl Package {
    /// How messages name the package: its name, else its directory.
    #[must_use]
    pub fn display_name(&self) -> String {
        let directory = || {
            self.root
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        self.name
            .clone()
            .or_else(directory)
            .unwrap_or_else(|| "package".to_owned())
    }
}

/// Every package of a program, resolved before any module is loaded.
#[derive(Clone, Debug)]
pub struct PackageGraph {
    packages: Vec<Package>,
    base: PathBuf,
    files: Vec<(String, Arc<str>)>,
}

impl PackageGraph {
    /// A graph of resolved packages, the root first. `base` is the directory
    /// that messages show paths relative to; `files` are the texts that the
    /// spans of the manifests point into, by number.
    #[must_use]
    pub fn new(packages: Vec<Package>, base: &Path, files: Vec<(String, Arc<str>)>) -> Self {
        Self {
            packages,
            base: base.to_owned(),
            files,
        }
    }

    /// The graph of a file outside every package: its directory is the root.
    #[must_use]
    pub fn anonymous(root: &Path, base: &Path) -> Self {
        let package = Package {
            name: None,
            root: root.to_owned(),
            manifest: None,
            dependencies: BTreeMap::new(),
        };
        Self::new(vec![package], base, Vec::new())
    }

    /// The package that the program starts in.
    #[must_use]
    pub fn root(&self) -> &Package {
        &self.packages[0]
    }

    /// The package with this number.
    #[must_use]
    pub fn package(&self, id: PackageId) -> &Package {
        &self.packages[id.index()]
    }

    /// Every package with its number, the root first.
    pub fn iter(&self) -> impl Iterator<Item = (PackageId, &Package)> {
        let numbers = (0u32..).map(PackageId);
        numbers.zip(&self.packages)
    }

    /// How many packages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Never: the root is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// The package whose directory is exactly `root`.
    #[must_use]
    pub fn find(&self, root: &Path) -> Option<PackageId> {
        self.iter()
            .find(|(_, package)| package.root == root)
            .map(|(id, _)| id)
    }

    /// How messages call a file: relative to the base directory with `/` when
    /// inside it, as it is otherwise.
    #[must_use]
    pub fn display_path(&self, path: &Path) -> String {
        display_path(&self.base, path)
    }

    /// The files that the spans of manifests and lock file point into, with the same numbers.
    #[must_use]
    pub fn files(&self) -> Files {
        let mut files = Files::new();
        for (path, text) in &self.files {
            files.add(path.clone(), Arc::clone(text));
        }
        files
    }

    /// The file whose path messages show as `path`, if it is a manifest or lock file.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<FileId> {
        let index = self.files.iter().position(|(known, _)| known == path)?;
        u32::try_from(index).ok().map(FileId)
    }
}

/// `path` relative to `base` with `/` when inside it, as it is otherwise.
pub(crate) fn display_path(base: &Path, path: &Path) -> String {
    let shown = path
        .strip_prefix(base)
        .ok()
        .filter(|inside| !inside.as_os_str().is_empty())
        .unwrap_or(path);
    let text = shown.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}
