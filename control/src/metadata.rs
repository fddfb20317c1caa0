//! What `cargo metadata` says, cut down to what the rules ask for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::workspace::LoadError;

/// The answer of `cargo metadata --format-version 1`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    /// Every package of the resolved graph.
    pub packages: Vec<CargoPackage>,
    /// Ids of the packages of the workspace.
    pub workspace_members: Vec<String>,
    /// Root directory, absolute.
    pub workspace_root: PathBuf,
    /// Where cargo builds, absolute.
    pub target_directory: PathBuf,
}

/// A package.
#[derive(Debug, Clone, Deserialize)]
pub struct CargoPackage {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its `Cargo.toml`, absolute.
    pub manifest_path: PathBuf,
    /// Dependencies as declared, of all kinds, features and targets.
    pub dependencies: Vec<Dependency>,
    /// What it builds.
    pub targets: Vec<CargoTarget>,
    /// Features and what they switch on.
    pub features: BTreeMap<String, Vec<String>>,
}

/// A declared dependency.
#[derive(Debug, Clone, Deserialize)]
pub struct Dependency {
    /// Name of the package.
    pub name: String,
    /// `None` for normal, `dev` or `build`.
    pub kind: Option<DependencyKind>,
    /// Name it is used under, when that differs.
    pub rename: Option<String>,
    /// Whether a feature switches it on.
    pub optional: bool,
    /// Directory of a path dependency, absolute.
    pub path: Option<PathBuf>,
}

/// The kinds of dependency that have a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// For tests, benches and examples.
    Dev,
    /// For the build script.
    Build,
}

/// Something a package builds.
#[derive(Debug, Clone, Deserialize)]
pub struct CargoTarget {
    /// `lib`, `bin`, `test`, ...
    pub kind: Vec<String>,
    /// Its name; for a library with `-` written as `_`.
    pub name: String,
    /// Its root file, absolute.
    pub src_path: PathBuf,
}

impl CargoTarget {
    /// Whether it is the library of its package.
    #[must_use]
    pub fn is_library(&self) -> bool {
        const LIBRARY: [&str; 5] = ["lib", "rlib", "dylib", "cdylib", "staticlib"];
        self.kind
            .iter()
            .any(|kind| LIBRARY.contains(&kind.as_str()))
    }

    /// Whether it is what a user of the package gets: library, macro, program.
    #[must_use]
    pub fn is_product(&self) -> bool {
        self.is_library()
            || self
                .kind
                .iter()
                .any(|kind| kind == "bin" || kind == "proc-macro")
    }
}

/// Asks cargo about the workspace around `start`. The lock file is never
/// changed; the network is used only when something is not on this machine.
///
/// # Errors
///
/// When cargo is missing, fails, or answers in an unknown form.
pub(crate) fn read(start: &Path) -> Result<Metadata, LoadError> {
    let answer = ask(start, true).or_else(|_| ask(start, false))?;
    serde_json::from_slice(&answer).map_err(LoadError::MetadataForm)
}

fn ask(start: &Path, offline: bool) -> Result<Vec<u8>, LoadError> {
    let mut command = Command::new(cargo());
    command
        .current_dir(start)
        .args(["metadata", "--format-version", "1", "--locked"])
        .stdin(Stdio::null());
    if offline {
        command.arg("--offline");
    }
    let output = command.output().map_err(LoadError::CargoMissing)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(LoadError::MetadataFailed {
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// The cargo to call: the one that runs us, when one does.
pub(crate) fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
