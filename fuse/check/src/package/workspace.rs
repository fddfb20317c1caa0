//! The packages under a directory.

use std::io;
use std::path::{Path, PathBuf};

use super::graph::display_path;
use super::manifest::{Located, Manifest, WorkspaceSection};
use super::resolve::{MANIFEST_NAME, Resolution};
use crate::load::SourceProvider;

/// Directories that hold no packages of their own.
const SKIPPED: &[&str] = &["target", "node_modules"];

/// What lists directories, where packages are looked for.
pub trait DirectoryProvider: SourceProvider {
    /// The entries of a directory, in any order.
    ///
    /// # Errors
    ///
    /// As the file system reports them.
    fn list(&self, directory: &Path) -> io::Result<Vec<DirectoryEntry>>;
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its name in the directory.
    pub name: String,
    /// Whether it is a directory itself; a link to one is not.
    pub is_directory: bool,
}

/// The directories under `root` that hold a manifest, `root` itself included,
/// in the order of their paths.
///
/// Hidden directories, `target` and `node_modules` are passed over, links are
/// not followed. With `[workspace]`, only directories that its patterns name
/// are members, and the root.
///
/// # Errors
///
/// When `root` cannot be listed; directories below that cannot are passed over.
pub fn discover_packages(
    root: &Path,
    workspace: Option<&WorkspaceSection>,
    directories: &dyn DirectoryProvider,
) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), String::new(), directories.list(root)?)];
    while let Some((directory, relative, entries)) = open.pop() {
        if entries
            .iter()
            .any(|entry| entry.name == MANIFEST_NAME && !entry.is_directory)
            && is_member(workspace, &relative)
        {
            found.push((relative.clone(), directory.clone()));
        }
        for entry in entries.into_iter().filter(|entry| entry.is_directory) {
            if entry.name.starts_with('.') || SKIPPED.contains(&entry.name.as_str()) {
                continue;
            }
            let path = directory.join(&entry.name);
            let inside = if relative.is_empty() {
                entry.name
            } else {
                format!("{relative}/{}", entry.name)
            };
            if let Ok(entries) = directories.list(&path) {
                open.push((path, inside, entries));
            }
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, directory)| directory).collect())
}

/// Whether `[workspace]` counts a directory in; the root always is.
fn is_member(workspace: Option<&WorkspaceSection>, relative: &str) -> bool {
    let Some(workspace) = workspace else {
        return true;
    };
    let named = |patterns: &[Located<String>]| {
        patterns
            .iter()
            .any(|pattern| fast_glob::glob_match(&pattern.value, relative))
    };
    relative.is_empty()
        || workspace.members.as_deref().is_none_or(named) && !named(&workspace.exclude)
}

/// Why a package is not ready to be published; nothing when it is.
///
/// `resolution` is that of the package with [`LockMode::Check`](super::LockMode::Check),
/// `workspace` the canonical directory that its path dependencies may lie in.
#[must_use]
pub fn publish_problems(
    manifest: &Manifest,
    resolution: &Resolution,
    workspace: &Path,
    src: &dyn SourceProvider,
) -> Vec<String> {
    let mut problems = Vec::new();
    if manifest.name().is_none() {
        problems.push("it has no `name`".to_owned());
    }
    if manifest.package.version.is_none() {
        problems.push("it has no `version`".to_owned());
    }
    let root = &resolution.graph.root().root;
    match manifest.entry() {
        None => problems.push("it has no `entry`".to_owned()),
        Some(entry) if src.canonical(&root.join(entry)).is_err() => {
            problems.push(format!("entry `{entry}` not found"));
        }
        Some(_) => {}
    }
    for (name, id) in &resolution.graph.root().dependencies {
        let by_path = manifest.dependencies.iter().any(|dependency| {
            dependency.name == *name
                && matches!(dependency.source, super::dependency::Source::Path(_))
        });
        let directory = &resolution.graph.package(*id).root;
        if by_path && !directory.starts_with(workspace) {
            problems.push(format!(
                "dependency `{name}` is a path outside the workspace: {}",
                display_path(workspace, directory)
            ));
        }
    }
    problems.extend(
        resolution
            .diagnostics
            .iter()
            .filter(|d| d.is_error())
            .map(|d| d.message.clone()),
    );
    problems
}
