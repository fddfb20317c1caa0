//! From the manifest of a package to the graph of all packages it needs, and
//! to the lock file that pins it.

mod files;
mod git;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fuse_syntax::{Code, Diagnostic, FileId, Related, Severity, Span};

use super::dependency::{Dependency, GitSource, Source};
use super::git::GitProvider;
use super::graph::{Package, PackageGraph, PackageId, display_path};
use super::lock::{Lock, LockDifference, LockEntry};
use super::manifest::Manifest;
use super::path;
use super::read::read_manifest;
use crate::load::SourceProvider;

/// Name of the manifest file.
pub const MANIFEST_NAME: &str = "fuse.toml";
const NOT_UTF8: &str = "the file is not valid UTF-8";

/// Name of the lock file.
pub const LOCK_NAME: &str = "fuse.lock";

/// What may happen to the lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Missing entries are added and unused ones removed; others keep their
    /// commit, except those to refresh.
    Update(Refresh),
    /// Any difference is `FUSE_LOCK_OUT_OF_DATE`.
    Check,
    /// Any difference is `FUSE_LOCK_FROZEN`.
    Frozen,
}

/// Entries whose reference is resolved again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// None.
    #[default]
    Nothing,
    /// All of them.
    Everything,
    /// Those of these names.
    Names(BTreeSet<String>),
}

impl Refresh {
    fn covers(&self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Names(names) => names.contains(name),
        }
    }
}

/// What to resolve, and how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The directory of the package; `None` when its manifest belongs to no directory.
    pub root: Option<&'a Path>,
    /// The directory messages show paths relative to, canonical.
    pub base: &'a Path,
    /// What may happen to the lock file.
    pub lock: LockMode,
    /// The version of the command, held against `[package] fuse`.
    pub command_version: &'a semver::Version,
}

/// The outcome of a resolution.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The packages. Complete only without error diagnostics.
    pub graph: PackageGraph,
    /// The lock file as the manifests want it.
    pub lock: Lock,
    /// The text to write when the lock file has to change.
    pub lock_text: Option<String>,
    /// How the lock file on disk differs.
    pub difference: LockDifference,
    /// Everything that is wrong, in no particular order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Resolution {
    /// Whether an error was found.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Resolves the packages that the package in `request.root` needs.
#[must_use]
pub fn resolve(
    request: &Request<'_>,
    src: &dyn SourceProvider,
    git: &dyn GitProvider,
) -> Resolution {
    let mut resolver = Resolver {
        request,
        src,
        git,
        files: Vec::new(),
        packages: Vec::new(),
        names: BTreeMap::new(),
        stack: Vec::new(),
        old: Lock::default(),
        new: Lock::default(),
        unlocked: false,
        diagnostics: Vec::new(),
    };
    resolver.run()
}

/// Why a package that asks for a newer command is refused, if it is.
#[must_use]
pub fn command_problem(manifest: &Manifest, version: &semver::Version) -> Option<(Span, String)> {
    let wanted = manifest.package.fuse.as_ref()?;
    // A pre-release of 1.2.0 has what 1.2.0 has.
    let release = semver::Version::new(version.major, version.minor, version.patch);
    let message = format!(
        "this package needs `fuse` {}, and this is {version}",
        wanted.value
    );
    (!wanted.value.matches(&release)).then_some((wanted.span, message))
}

/// The one place a source has in the graph, however it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    Directory(PathBuf),
    Git(GitSource),
}

impl Identity {
    fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Directory(left), Self::Directory(right)) => left == right,
            (Self::Git(left), Self::Git(right)) => left.same_as(right),
            _ => false,
        }
    }
}

/// The first requirement of a name.
struct Named {
    identity: Identity,
    package: Option<PackageId>,
    requirer: String,
    span: Span,
}

/// Where a package stands, for the sources of its own dependencies.
#[derive(Clone, Debug)]
enum Place {
    /// On disk, at this path relative to the root package.
    Tree(String),
    /// In the checkout of a commit.
    Checkout {
        source: GitSource,
        rev: String,
        root: PathBuf,
        integrity: Option<String>,
    },
}

/// A dependency that was found.
struct Found {
    root: PathBuf,
    place: Place,
    entry: LockEntry,
}

struct Resolver<'a> {
    request: &'a Request<'a>,
    src: &'a dyn SourceProvider,
    git: &'a dyn GitProvider,
    files: Vec<(String, Arc<str>)>,
    packages: Vec<(Package, Identity)>,
    names: BTreeMap<String, Named>,
    /// Packages being visited, with the names they were reached by.
    stack: Vec<(PackageId, String)>,
    old: Lock,
    new: Lock,
    /// Whether a git source was passed over because the lock file lacks it.
    unlocked: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Resolver<'_> {
    fn run(&mut self) -> Resolution {
        let base = self.request.base;
        let root = self
            .request
            .root
            .map(|root| self.src.canonical(root).unwrap_or_else(|_| root.to_owned()));
        let directory = root.clone().unwrap_or_else(|| base.to_owned());
        let manifest = self.root_manifest(&directory);
        let package = Package {
            name: manifest.name().map(str::to_owned),
            root: directory.clone(),
            manifest: Some(manifest.clone()),
            dependencies: BTreeMap::new(),
        };
        self.packages
            .push((package, Identity::Directory(directory.clone())));
        let mut lock_file = None;
        if let (None, Some(first)) = (&root, manifest.dependencies.first()) {
            let message = "dependencies need a package directory";
            self.diagnostics.push(Diagnostic::new(
                Code::DEP_MANIFEST_DIR_REQUIRED,
                first.span,
                message,
            ));
        } else if !self.has_errors() {
            lock_file = self.read_lock(&directory);
        }
        if !self.has_errors() {
            let name = self.packages[0].0.display_name();
            self.stack.push((PackageId::ROOT, name));
            self.dependencies(PackageId::ROOT, &manifest, &Place::Tree(String::new()));
        }
        self.finish(&manifest, lock_file)
    }

    fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    fn report(&mut self, code: Code, at: Span, message: String, hint: Option<&str>) {
        let mut diagnostic = Diagnostic::new(code, at, message);
        diagnostic.hint = hint.map(str::to_owned);
        self.diagnostics.push(diagnostic);
    }

    fn dependencies(&mut self, owner: PackageId, manifest: &Manifest, place: &Place) {
        for dependency in &manifest.dependencies {
            if let Some(id) = self.dependency(owner, dependency, place) {
                self.packages[owner.index()]
                    .0
                    .dependencies
                    .insert(dependency.name.clone(), id);
            }
        }
    }

    fn dependency(
        &mut self,
        owner: PackageId,
        dependency: &Dependency,
        place: &Place,
    ) -> Option<PackageId> {
        let identity = self.identify(owner, dependency, place)?;
        if let Some(named) = self.names.get(&dependency.name) {
            if named.identity.same_as(&identity) {
                let id = named.package?;
                self.refuse_cycle(id, dependency);
                return Some(id);
            }
            self.conflict(owner, dependency, &identity);
            return None;
        }
        let known = self
            .packages
            .iter()
            .position(|(_, known)| known.same_as(&identity));
        let requirer = self.packages[owner.index()].0.display_name();
        let named = Named {
            identity: identity.clone(),
            package: None,
            requirer,
            span: dependency.span,
        };
        self.names.insert(dependency.name.clone(), named);
        let found = self.locate(dependency, &identity, place)?;
        self.new
            .entries
            .insert(dependency.name.clone(), found.entry.clone());
        let id = match known {
            Some(index) => {
                let id = PackageId(u32::try_from(index).unwrap_or(u32::MAX));
                self.refuse_cycle(id, dependency);
                id
            }
            None => self.visit(dependency, identity, found)?,
        };
        if let Some(named) = self.names.get_mut(&dependency.name) {
            named.package = Some(id);
        }
        Some(id)
    }

    /// Which source this is. Reports what is wrong with the path of a directory.
    fn identify(
        &mut self,
        owner: PackageId,
        dependency: &Dependency,
        place: &Place,
    ) -> Option<Identity> {
        match (&dependency.source, place) {
            (Source::Git(source), _) => Some(Identity::Git(source.clone())),
            (Source::Path(path), Place::Checkout { source, .. }) => {
                let base = source.subdir.as_deref().unwrap_or("");
                let Some(subdir) = path::join(base, path) else {
                    let message = format!("path of `{}` not found: {path}", dependency.name);
                    let hint = "a path in a git dependency stays inside its repository";
                    self.report(
                        Code::DEP_PATH_NOT_FOUND,
                        dependency.span,
                        message,
                        Some(hint),
                    );
                    return None;
                };
                let subdir = Some(subdir).filter(|subdir| !subdir.is_empty());
                Some(Identity::Git(GitSource {
                    subdir,
                    ..source.clone()
                }))
            }
            (Source::Path(path), Place::Tree(_)) => {
                let directory = self.packages[owner.index()].0.root.join(path);
                match self.src.canonical(&directory) {
                    Ok(root) => Some(Identity::Directory(root)),
                    Err(_) => {
                        let message = format!("path of `{}` not found: {path}", dependency.name);
                        let hint = "the path is relative to the directory of this fuse.toml";
                        self.report(
                            Code::DEP_PATH_NOT_FOUND,
                            dependency.span,
                            message,
                            Some(hint),
                        );
                        None
                    }
                }
            }
        }
    }

    fn conflict(&mut self, owner: PackageId, dependency: &Dependency, identity: &Identity) {
        let name = &dependency.name;
        let Some(first) = self.names.get(name) else {
            return;
        };
        let source = |identity: &Identity| match identity {
            Identity::Git(source) => source.display(),
            Identity::Directory(root) => display_path(self.request.base, root),
        };
        let requirer = self.packages[owner.index()].0.display_name();
        let message = format!(
            "dependency `{name}` has two sources: {} requires {}, {requirer} requires {}",
            first.requirer,
            source(&first.identity),
            source(identity),
        );
        let mut diagnostic = Diagnostic::new(Code::DEP_CONFLICTING_SPECS, dependency.span, message);
        diagnostic.related.push(Related {
            span: first.span,
            message: format!("`{name}` is first required here"),
        });
        diagnostic.hint = Some("make both the same, or give one of them another name".to_owned());
        self.diagnostics.push(diagnostic);
    }

    fn refuse_cycle(&mut self, id: PackageId, dependency: &Dependency) {
        let Some(start) = self.stack.iter().position(|(open, _)| *open == id) else {
            return;
        };
        let mut chain: Vec<&str> = self.stack[start..]
            .iter()
            .map(|(_, name)| name.as_str())
            .collect();
        chain.push(chain[0]);
        let message = format!("circular package dependency: {}", chain.join(" → "));
        let hint = if chain.len() == 2 {
            "a package reaches its own modules with `root:`"
        } else {
            "move what both need into a third package"
        };
        self.report(Code::DEP_CYCLE, dependency.span, message, Some(hint));
    }

    /// The directory of a dependency and its lock entry.
    fn locate(
        &mut self,
        dependency: &Dependency,
        identity: &Identity,
        place: &Place,
    ) -> Option<Found> {
        match identity {
            Identity::Directory(root) => {
                let (Place::Tree(base), Source::Path(path)) = (place, &dependency.source) else {
                    return None;
                };
                let relative = tree_join(base, path);
                let dotted = if relative.starts_with("..") {
                    relative.clone()
                } else {
                    format!("./{relative}")
                };
                let entry = LockEntry::Path { path: dotted };
                Some(Found {
                    root: root.clone(),
                    place: Place::Tree(relative),
                    entry,
                })
            }
            Identity::Git(source) => self.locate_git(dependency, source, place),
        }
    }

    /// Reads the manifest of a package seen for the first time, then its dependencies.
    fn visit(
        &mut self,
        dependency: &Dependency,
        identity: Identity,
        found: Found,
    ) -> Option<PackageId> {
        let path = found.root.join(MANIFEST_NAME);
        let text = match self.read_text(&path) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("cannot load manifest of `{}`: {reason}", dependency.name);
                let hint = format!(
                    "expected it at `{}`",
                    display_path(self.request.base, &path)
                );
                self.report(
                    Code::DEP_MANIFEST_LOAD_FAILED,
                    dependency.span,
                    message,
                    Some(&hint),
                );
                return None;
            }
        };
        let file = self.add_file(&path, Arc::clone(&text));
        let (manifest, mut problems) = read_manifest(file, &text);
        if let Some((span, message)) = command_problem(&manifest, self.request.command_version) {
            problems.push(Diagnostic::new(Code::MANIFEST_INVALID, span, message));
        }
        // Unknown keys of a dependency are its author's to see.
        problems.retain(|problem| problem.severity == Severity::Error);
        let (sources, broken): (Vec<_>, Vec<_>) = problems
            .into_iter()
            .partition(|problem| problem.code.as_str().starts_with("FUSE_DEP_"));
        self.diagnostics.extend(sources);
        if let Some(first) = broken.first() {
            let reason = first
                .message
                .strip_prefix("cannot parse fuse.toml: ")
                .unwrap_or(&first.message);
            let message = format!("cannot load manifest of `{}`: {reason}", dependency.name);
            let mut diagnostic =
                Diagnostic::new(Code::DEP_MANIFEST_LOAD_FAILED, dependency.span, message);
            let related = broken.iter().map(|problem| Related {
                span: problem.span,
                message: problem.message.clone(),
            });
            diagnostic.related.extend(related);
            self.diagnostics.push(diagnostic);
            return None;
        }
        let id = PackageId(u32::try_from(self.packages.len()).unwrap_or(u32::MAX));
        let package = Package {
            name: manifest.name().map(str::to_owned),
            root: found.root,
            manifest: Some(manifest.clone()),
            dependencies: BTreeMap::new(),
        };
        self.packages.push((package, identity));
        if let Some(named) = self.names.get_mut(&dependency.name) {
            named.package = Some(id);
        }
        self.stack.push((id, dependency.name.clone()));
        self.dependencies(id, &manifest, &found.place);
        self.stack.pop();
        Some(id)
    }

    fn finish(&mut self, manifest: &Manifest, lock_file: Option<(FileId, Arc<str>)>) -> Resolution {
        let mut difference = self.old.difference(&self.new);
        if self.unlocked {
            // What lies behind the sources that were passed over is unknown.
            difference.remove.clear();
        }
        let wanted = self.new.render();
        let changed = match &lock_file {
            Some((_, text)) => **text != *wanted,
            None => !self.new.entries.is_empty(),
        };
        let complete = !self.has_errors();
        if changed
            && (complete || self.unlocked)
            && !matches!(self.request.lock, LockMode::Update(_))
        {
            let start = lock_file.as_ref().map(|(file, _)| Span::new(*file, 0, 0));
            let first = manifest
                .dependencies
                .first()
                .map(|dependency| dependency.span);
            let at = start.or(first).unwrap_or(Span::new(manifest.file, 0, 0));
            let (code, message) = if self.request.lock == LockMode::Check {
                (
                    Code::LOCK_OUT_OF_DATE,
                    format!("fuse.lock is out of date: {difference}"),
                )
            } else {
                (
                    Code::LOCK_FROZEN,
                    format!("fuse.lock would change: {difference}"),
                )
            };
            self.report(
                code,
                at,
                message,
                Some("run `fuse deps lock` and commit fuse.lock"),
            );
        }
        let packages = std::mem::take(&mut self.packages)
            .into_iter()
            .map(|(package, _)| package)
            .collect();
        Resolution {
            graph: PackageGraph::new(packages, self.request.base, std::mem::take(&mut self.files)),
            lock_text: (changed && complete && matches!(self.request.lock, LockMode::Update(_)))
                .then_some(wanted),
            lock: std::mem::take(&mut self.new),
            difference,
            diagnostics: std::mem::take(&mut self.diagnostics),
        }
    }
}

/// Joins two paths relative to the root package; the result may start with `..`.
fn tree_join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What the operating system says, without the number of the error.
pub(crate) fn reason(problem: &std::io::Error) -> String {
    match problem.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        std::io::ErrorKind::FileTooLarge => "file too large".to_owned(),
        _ => {
            let text = problem.to_string();
            text.split(" (os error")
                .next()
                .unwrap_or_default()
                .to_owned()
        }
    }
}
