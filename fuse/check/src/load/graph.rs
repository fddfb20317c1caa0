//! The modules of a program: what the checker reads.

use std::path::PathBuf;
use std::sync::Arc;

use fuse_syntax::ast::{Id, Import};
use fuse_syntax::{Diagnostic, FileId, Files, Parsed};

use super::json::JsonValue;
use crate::package::{PackageGraph, PackageId};

/// A module, by its number in a [`ModuleGraph`]: depth first in import order from the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

impl ModuleId {
    /// The number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An imported asset, by its number in a [`ModuleGraph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetId(pub u32);

impl AssetId {
    /// The number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The BLAKE3 hash of a file.
pub type ContentHash = [u8; 32];

/// Everything a program consists of.
#[derive(Debug)]
pub struct ModuleGraph {
    /// The modules, by [`ModuleId`].
    pub modules: Vec<LoadedModule>,
    /// The assets, by [`AssetId`].
    pub assets: Vec<Asset>,
    /// The packages that own them.
    pub packages: PackageGraph,
    /// Every text that a span can point into: manifests, modules and assets.
    pub files: Files,
    /// What is wrong with imports and assets, in the order found. Syntax errors
    /// are with their module, in [`LoadedModule::parsed`].
    pub diagnostics: Vec<Diagnostic>,
    /// Files that were looked for and are not there: imported ones, and
    /// manifests that would make a directory a package of its own. When one
    /// appears, the graph may change.
    pub missing: Vec<PathBuf>,
}

/// One module.
#[derive(Debug)]
pub struct LoadedModule {
    /// Its number.
    pub id: ModuleId,
    /// Its file in [`ModuleGraph::files`].
    pub file: FileId,
    /// Its canonical path.
    pub path: PathBuf,
    /// Its path relative to its package, with `/` and extension: `src/main.fuse`.
    pub relative: String,
    /// How messages call the file: relative to the working directory when inside it.
    pub display: String,
    /// The package it belongs to.
    pub package: PackageId,
    /// Its text.
    pub text: Arc<str>,
    /// The hash of its bytes.
    pub hash: ContentHash,
    /// Its syntax tree and syntax errors.
    pub parsed: Arc<Parsed>,
    /// Its imports, in the order written.
    pub imports: Vec<ResolvedImport>,
}

impl LoadedModule {
    /// The name of the module: its path in the package without extension, `src/main`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.relative.rsplit_once('.') {
            Some((name, extension)) if extension.eq_ignore_ascii_case("fuse") => name,
            _ => &self.relative,
        }
    }
}

/// An import and what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedImport {
    /// The declaration.
    pub import: Id<Import>,
    /// What it leads to.
    pub target: ImportTarget,
}

/// What an import leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportTarget {
    /// A module.
    Module(ModuleId),
    /// A Markdown or JSON file.
    Asset(AssetId),
    /// The built-in module `std.Error`.
    StdError,
    /// Nothing; already reported.
    Unresolved,
}

/// An imported Markdown or JSON file.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its number.
    pub id: AssetId,
    /// Its file in [`ModuleGraph::files`].
    pub file: FileId,
    /// Its canonical path.
    pub path: PathBuf,
    /// Its path relative to its package, with `/`.
    pub relative: String,
    /// The package it belongs to.
    pub package: PackageId,
    /// The hash of its bytes.
    pub hash: ContentHash,
    /// What it holds.
    pub content: AssetContent,
}

/// What an asset holds.
#[derive(Clone, Debug)]
pub enum AssetContent {
    /// Markdown: the exact text.
    Text(Arc<str>),
    /// JSON, decoded.
    Json(JsonValue),
    /// Something that is neither; already reported.
    Invalid,
}

impl ModuleGraph {
    /// The module with this number.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> &LoadedModule {
        &self.modules[id.index()]
    }

    /// The asset with this number.
    #[must_use]
    pub fn asset(&self, id: AssetId) -> &Asset {
        &self.assets[id.index()]
    }

    /// The module that the program starts with; nothing when its file cannot be read.
    #[must_use]
    pub fn entry(&self) -> Option<&LoadedModule> {
        self.modules.first()
    }

    /// Syntax errors and load errors together, in no particular order.
    pub fn all_diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        let syntax = self
            .modules
            .iter()
            .flat_map(|module| &module.parsed.diagnostics);
        syntax.chain(&self.diagnostics)
    }
}
