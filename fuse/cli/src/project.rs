//! The program a command works on: which it is, what it needs, what it says.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use fuse_check::analyze::{Analysis, AnalyzeOptions, analyze};
use fuse_check::canon::Program;
use fuse_check::effects::effects;
use fuse_check::load::{
    ContentHash, LoadedModule, ModuleGraph, ParseCache, SourceProvider, load_roots,
};
use fuse_check::lower::lower;
use fuse_check::package::{
    DirectoryProvider as _, LOCK_NAME, LockMode, MANIFEST_NAME, Manifest, Package, PackageGraph,
    PackageId, Refresh, Request, Resolution, discover_packages, read_manifest, resolve,
};
use fuse_syntax::diagnostic::sort;
use fuse_syntax::{Code, Diagnostic, FileId, Files, LintLevel, LintLevels, Span};

use crate::arguments::{LockFlags, Selection};
use crate::build_lock::{DirectoryLock, LockError};
use crate::disk::Disk;
use crate::failure::{Ended, Failure, code, reason};
use crate::git::{GitStore, user_cache_directory};
use crate::output::Output;
use crate::version;
use crate::write::replace_file;

/// The directory that a package keeps what can be made anew in.
pub(crate) const FUSE_DIRECTORY: &str = ".fuse";

/// A selected program. Nothing of it has been read yet.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The directory of the package, canonical; for a file outside every
    /// package, the directory of the file.
    pub(crate) root: PathBuf,
    /// Whether there is a manifest.
    pub(crate) has_manifest: bool,
    /// The root module, canonical, when the command line names one.
    pub(crate) file: Option<PathBuf>,
    /// The working directory, canonical; messages show paths relative to it.
    pub(crate) base: PathBuf,
}

/// The modules of a program, and everything that is wrong so far.
pub(crate) struct Loaded {
    /// The modules; `None` when the packages could not be resolved.
    pub(crate) graph: Option<ModuleGraph>,
    /// The packages.
    pub(crate) packages: PackageGraph,
    /// Diagnostics of the packages, in no particular order; those of modules
    /// come with their analysis.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What to look for in a program.
#[derive(Clone, Debug)]
pub(crate) struct CheckOptions {
    /// Whether to hold it to the rules of layers, capabilities and error domains.
    pub(crate) strict_architecture: bool,
    /// Whether the modules in `tests` belong to it.
    pub(crate) tests: bool,
    /// What may happen to the lock file and the network.
    pub(crate) lock: LockFlags,
}

/// A program that was checked.
pub(crate) struct Checked {
    /// What is wrong with it, in order, with the levels of the manifest.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The modules; `None` when the packages could not be resolved.
    pub(crate) graph: Option<ModuleGraph>,
    /// What checking gave; there is one when there are modules.
    pub(crate) analysis: Option<Analysis>,
    /// What backends execute; there is one when nothing is wrong.
    pub(crate) program: Option<Program>,
    /// The files of the manifests, when there are no modules.
    manifests: Files,
}

impl Checked {
    /// Whether an error was found.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// What others can see of each module, hashed.
    pub(crate) fn signatures(&self) -> Vec<ContentHash> {
        let (Some(graph), Some(analysis)) = (&self.graph, &self.analysis) else {
            return Vec::new();
        };
        let signature = |module: &LoadedModule| analysis.signature_hash(module.id);
        graph.modules.iter().map(signature).collect()
    }

    /// The files that the diagnostics point into.
    pub(crate) fn files(&self) -> &Files {
        self.graph
            .as_ref()
            .map_or(&self.manifests, |graph| &graph.files)
    }

    /// The same, when nothing else is needed any more.
    pub(crate) fn into_files(self) -> Files {
        self.graph.map_or(self.manifests, |graph| graph.files)
    }

    /// The path of a module or manifest of the root package.
    pub(crate) fn own_path(&self, file: FileId) -> Option<PathBuf> {
        let graph = self.graph.as_ref()?;
        let own = |module: &&LoadedModule| module.package == PackageId::ROOT && module.file == file;
        if let Some(module) = graph.modules.iter().find(own) {
            return Some(module.path.clone());
        }
        let root = graph.packages.root();
        let manifest = root
            .manifest
            .as_ref()
            .filter(|manifest| manifest.file == file);
        manifest.map(|_| root.root.join(MANIFEST_NAME))
    }
}

/// The working directory, canonical.
pub(crate) fn working_directory() -> Result<PathBuf, Failure> {
    let failed = |problem: std::io::Error| {
        Failure::new(
            code::CWD,
            format!("cannot use the working directory: {}", reason(&problem)),
        )
    };
    let directory = std::env::current_dir().map_err(failed)?;
    Disk.canonical(&directory).map_err(failed)
}

impl Project {
    /// Finds the program that the command line names.
    pub(crate) fn select(selection: &Selection) -> Result<Self, Failure> {
        let base = working_directory()?;
        let named_file = selection.file.as_deref();
        let positional = selection.path.as_deref();
        let (directory, file) = match positional {
            Some(path) if path.is_dir() => (Some(path), named_file),
            Some(path) => (None, Some(path)),
            None => (None, named_file),
        };
        let file = file.map(existing_module).transpose()?;
        if let Some(manifest) = &selection.manifest_path {
            let root = manifest_directory(manifest)?;
            if directory.is_some() {
                let message = "--manifest-path and a directory both name the package";
                return Err(Failure::new(code::INVALID_FLAG, message).hint("keep one of them"));
            }
            if let Some(outside) = file.as_ref().filter(|file| !file.starts_with(&root)) {
                let shown = |path: &Path| PackageGraph::anonymous(&root, &base).display_path(path);
                let message = format!(
                    "`{}` is outside the package `{}`",
                    shown(outside),
                    shown(&root)
                );
                return Err(Failure::new(code::MANIFEST_REQUIRED, message)
                    .hint("name a file of the package, or leave --manifest-path out"));
            }
            return Ok(Self {
                root,
                has_manifest: true,
                file,
                base,
            });
        }
        if let Some(directory) = directory {
            let root = canonical(directory)?;
            if !has_manifest(&root) {
                let message = format!("no fuse.toml found in `{}`", directory.display());
                return Err(Failure::new(code::MANIFEST_MISSING, message)
                    .hint("pass a file, or make a package with `fuse new`"));
            }
            return Ok(Self {
                root,
                has_manifest: true,
                file,
                base,
            });
        }
        if let Some(file) = file {
            let package = file
                .ancestors()
                .skip(1)
                .find(|directory| has_manifest(directory));
            let alone = file.parent().unwrap_or(&base);
            let root = package.unwrap_or(alone).to_owned();
            return Ok(Self {
                root,
                has_manifest: package.is_some(),
                file: Some(file),
                base,
            });
        }
        match package_around(&base) {
            Some(root) => Ok(Self {
                root: root.to_owned(),
                has_manifest: true,
                file: None,
                base,
            }),
            None => Err(Failure::new(
                code::MANIFEST_MISSING,
                "no fuse.toml found; pass a file or --manifest-path",
            )),
        }
    }

    /// `.fuse/build` of the package.
    pub(crate) fn build_directory(&self) -> PathBuf {
        self.root.join(FUSE_DIRECTORY).join("build")
    }

    /// How messages call a file.
    pub(crate) fn display(&self, path: &Path) -> String {
        PackageGraph::anonymous(&self.root, &self.base).display_path(path)
    }

    /// Runs something with access to git repositories.
    pub(crate) fn with_git<T>(
        &self,
        offline: bool,
        output: &Output,
        run: impl FnOnce(&GitStore<'_>) -> T,
    ) -> T {
        let own = self.root.join(FUSE_DIRECTORY);
        let git = GitStore {
            deps: own.join("deps"),
            cache: user_cache_directory().unwrap_or_else(|| own.join("cache")),
            offline,
            progress: &|url| output.fetching(url),
        };
        run(&git)
    }

    /// Resolves the packages the program needs.
    pub(crate) fn resolve(&self, lock: LockMode, offline: bool, output: &Output) -> Resolution {
        self.resolve_in(&Disk, lock, offline, output)
    }

    /// The same, reading manifests and lock file through `files`.
    pub(crate) fn resolve_in(
        &self,
        files: &dyn SourceProvider,
        lock: LockMode,
        offline: bool,
        output: &Output,
    ) -> Resolution {
        let version = version::semantic();
        let request = Request {
            root: Some(&self.root),
            base: &self.base,
            lock,
            command_version: &version,
        };
        self.with_git(offline, output, |git| resolve(&request, files, git))
    }

    /// Resolves the packages and writes the lock file when it has to change.
    pub(crate) fn resolve_and_lock(
        &self,
        flags: LockFlags,
        output: &Output,
    ) -> Result<Resolution, Failure> {
        let lock = if flags.frozen {
            LockMode::Frozen
        } else {
            LockMode::Update(Refresh::Nothing)
        };
        let resolution = self.resolve(lock, flags.offline || flags.frozen, output);
        self.write_lock(&resolution)?;
        Ok(resolution)
    }

    /// Writes the lock file when it has to change.
    pub(crate) fn write_lock(&self, resolution: &Resolution) -> Result<(), Failure> {
        let Some(text) = &resolution.lock_text else {
            return Ok(());
        };
        replace_file(&self.root.join(LOCK_NAME), text.as_bytes()).map_err(|problem| {
            let message = format!("cannot write fuse.lock: {}", reason(&problem));
            Failure::diagnostic(Code::LOCK_WRITE_FAILED, message)
                .hint("make the package directory writable, or use --frozen")
        })
    }

    /// Loads the modules of the program: those its entry reaches, and with
    /// `tests` those in the package's `tests` directory.
    pub(crate) fn load(
        &self,
        flags: LockFlags,
        tests: bool,
        cache: &mut ParseCache,
        output: &Output,
    ) -> Result<Loaded, Ended> {
        if !self.has_manifest {
            let packages = PackageGraph::anonymous(&self.root, &self.base);
            let roots: Vec<PathBuf> = self.file.iter().cloned().collect();
            let graph = Some(load_roots(&roots, &packages, &Disk, cache));
            return Ok(Loaded {
                graph,
                packages,
                diagnostics: Vec::new(),
            });
        }
        let resolution = self.resolve_and_lock(flags, output)?;
        let failed = resolution.has_errors();
        let Resolution {
            graph: packages,
            mut diagnostics,
            ..
        } = resolution;
        if failed {
            return Ok(Loaded {
                graph: None,
                packages,
                diagnostics,
            });
        }
        let Some(manifest) = &packages.root().manifest else {
            // Every resolved package has one.
            return Ok(Loaded {
                graph: None,
                packages,
                diagnostics,
            });
        };
        let entry = match self.entry(manifest) {
            Ok(entry) => entry,
            Err(missing) => {
                diagnostics.push(*missing);
                return Ok(Loaded {
                    graph: None,
                    packages,
                    diagnostics,
                });
            }
        };
        let mut roots = vec![entry];
        if tests {
            roots.extend(self.test_modules());
        }
        let graph = Some(load_roots(&roots, &packages, &Disk, cache));
        Ok(Loaded {
            graph,
            packages,
            diagnostics,
        })
    }

    /// Loads the modules of the package alone. Dependencies are neither looked
    /// for nor locked; imports of them lead nowhere, which is not reported.
    ///
    /// # Errors
    ///
    /// What is wrong with the manifest.
    pub(crate) fn own_modules(&self) -> Result<ModuleGraph, (Vec<Diagnostic>, Files)> {
        let path = self.root.join(MANIFEST_NAME);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let shown = self.display(&path);
        let mut files = Files::new();
        let file = files.add(shown.clone(), text.as_str());
        let (manifest, mut diagnostics) = read_manifest(file, &text);
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err((diagnostics, files));
        }
        let entry = match self.entry(&manifest) {
            Ok(entry) => entry,
            Err(missing) => {
                diagnostics.push(*missing);
                return Err((diagnostics, files));
            }
        };
        let package = Package {
            name: manifest.name().map(str::to_owned),
            root: self.root.clone(),
            manifest: Some(manifest),
            dependencies: BTreeMap::new(),
        };
        let packages = PackageGraph::new(vec![package], &self.base, vec![(shown, text.into())]);
        let mut roots = vec![entry];
        roots.extend(self.test_modules());
        Ok(load_roots(&roots, &packages, &Disk, &mut ParseCache::new()))
    }

    /// The root module: the one of the command line, else the manifest's.
    fn entry(&self, manifest: &Manifest) -> Result<PathBuf, Box<Diagnostic>> {
        let named = manifest.entry().map(|entry| self.root.join(entry));
        self.file.clone().or(named).ok_or_else(|| {
            let at = Span::new(manifest.file, 0, 0);
            let missing =
                Diagnostic::new(Code::MANIFEST_ENTRY_MISSING, at, "fuse.toml has no `entry`");
            Box::new(missing.hint("add `entry = \"src/main.fuse\"` to `[package]`, or pass a file"))
        })
    }

    /// Loads and checks the program.
    pub(crate) fn check(&self, options: &CheckOptions, output: &Output) -> Result<Checked, Ended> {
        let loaded = self.load(options.lock, options.tests, &mut ParseCache::new(), output)?;
        let Loaded {
            graph,
            packages,
            mut diagnostics,
        } = loaded;
        let analysis = graph.as_ref().map(|graph| {
            let options = AnalyzeOptions {
                strict_architecture: options.strict_architecture,
                // The limit comes after the levels of the manifest.
                max_errors: Some(0),
            };
            analyze(graph, &options)
        });
        let mut program = None;
        let levels = levels(&packages);
        if let (Some(graph), Some(analysis)) = (&graph, &analysis) {
            diagnostics.extend_from_slice(analysis.diagnostics());
            // Copies of generic functions can be wrong in ways of their own.
            match lower(graph, analysis) {
                Ok(lowered) => {
                    // A default that hardly anybody changes is not computed.
                    if levels.level(Code::ROUTE_BLOCKING) != LintLevel::Allow {
                        let found = effects(&lowered).blocking_routes(&lowered, graph);
                        diagnostics.extend(found);
                    }
                    // The manifest speaks of its own entry, not of other files.
                    if self.file.is_none() {
                        diagnostics.extend(undeclared_app(&packages, &lowered));
                    }
                    program = Some(lowered);
                }
                Err(more) => diagnostics.extend(more),
            }
            silence_dependencies(graph, &mut diagnostics);
        }
        levels.apply(&mut diagnostics);
        let checked = Checked {
            diagnostics: Vec::new(),
            graph,
            analysis,
            program,
            manifests: packages.files(),
        };
        sort(&mut diagnostics, checked.files());
        Ok(Checked {
            diagnostics,
            ..checked
        })
    }

    /// The packages under a directory, as the `[workspace]` of its manifest says.
    pub(crate) fn discover(root: &Path) -> Result<Vec<PathBuf>, Failure> {
        let text = std::fs::read_to_string(root.join(MANIFEST_NAME)).ok();
        let workspace = text.and_then(|text| read_manifest(FileId::default(), &text).0.workspace);
        discover_packages(root, workspace.as_ref(), &Disk)
            .map_err(|problem| Failure::read(root, &problem))
    }

    /// Takes the build directory, so that one command at a time works in it.
    /// Nothing is taken where nothing can be written.
    pub(crate) fn lock_build(&self, output: &Output) -> Result<Option<DirectoryLock>, Failure> {
        let directory = self.build_directory();
        let mut waiting =
            |_: &Path| output.info("waiting for another fuse command in this package");
        match DirectoryLock::take(&directory, &mut waiting) {
            Ok(lock) => Ok(Some(lock)),
            Err(LockError::Io(_)) => Ok(None),
            Err(busy @ LockError::Busy(_)) => Err(Failure::new(code::LOCK_BUSY, busy.to_string())
                .hint("end the other command, or try again when it is done")),
        }
    }

    /// The modules in the `tests` directory of the package, in path order.
    pub(crate) fn test_modules(&self) -> Vec<PathBuf> {
        let directory = self.root.join("tests");
        let mut modules = Vec::new();
        if self.has_manifest && !has_manifest(&directory) {
            modules_below(&directory, &mut modules);
            modules.sort();
        }
        modules
    }
}

/// No package was found under a directory.
pub(crate) fn no_packages(root: &str) -> Failure {
    Failure::diagnostic(
        Code::WORKSPACE_NO_MANIFESTS,
        format!("no packages found under {root}"),
    )
    .hint("make one with `fuse new`, or name another directory")
}

/// The levels that the manifest of the root package sets.
fn levels(packages: &PackageGraph) -> LintLevels {
    let mut levels = LintLevels::default();
    for (code, level) in packages
        .root()
        .manifest
        .iter()
        .flat_map(|manifest| &manifest.lint)
    {
        // The manifest was refused if a code in it is not a warning.
        let _ = levels.set(*code, *level);
    }
    levels
}

/// The `app` of the manifest, when the program declares none of that name.
fn undeclared_app(packages: &PackageGraph, program: &Program) -> Option<Diagnostic> {
    let app = packages.root().manifest.as_ref()?.package.app.as_ref()?;
    let Failure { message, hint, .. } = app_problem(program, &app.value)?;
    let mut diagnostic = Diagnostic::new(Code::MANIFEST_INVALID, app.span, message);
    diagnostic.hint = hint;
    Some(diagnostic)
}

/// What is wrong with the name of an `app` block.
pub(crate) fn app_problem(program: &Program, wanted: &str) -> Option<Failure> {
    let names: Vec<&str> = program.apps.iter().map(|app| &program[app.name]).collect();
    if names.contains(&wanted) {
        return None;
    }
    let failure = Failure::new(code::APP, format!("no app `{wanted}` is declared"));
    Some(failure.hint(match names.as_slice() {
        [] => "the program has no app block".to_owned(),
        names => format!("declared are {}", names.join(", ")),
    }))
}

/// Drops the warnings of dependencies: they are for those who write them.
fn silence_dependencies(graph: &ModuleGraph, diagnostics: &mut Vec<Diagnostic>) {
    let of_dependencies: HashSet<_> = graph
        .modules
        .iter()
        .filter(|module| module.package != PackageId::ROOT)
        .map(|module| module.file)
        .collect();
    diagnostics.retain(|one| one.is_error() || !of_dependencies.contains(&one.span.file));
}

/// The modules below a directory, in no particular order; hidden directories
/// and links are passed over, and packages of their own.
pub(crate) fn modules_below(directory: &Path, modules: &mut Vec<PathBuf>) {
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in Disk.list(&directory).unwrap_or_default() {
            let path = directory.join(&entry.name);
            if entry.name.starts_with('.') {
                continue;
            }
            if entry.is_directory {
                if !has_manifest(&path) {
                    open.push(path);
                }
            } else if is_module(&path) {
                modules.push(path);
            }
        }
    }
}

/// Whether a path names a module.
pub(crate) fn is_module(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("fuse"))
}

fn has_manifest(directory: &Path) -> bool {
    directory.join(MANIFEST_NAME).is_file()
}

/// The package that holds a directory, looked for up to the root of its repository.
pub(crate) fn package_around(directory: &Path) -> Option<&Path> {
    for ancestor in directory.ancestors() {
        if has_manifest(ancestor) {
            return Some(ancestor);
        }
        if ancestor.join(".git").exists() {
            return None;
        }
    }
    None
}

fn canonical(path: &Path) -> Result<PathBuf, Failure> {
    Disk.canonical(path)
        .map_err(|problem| Failure::read(path, &problem))
}

/// The canonical path of a module named on the command line.
fn existing_module(file: &Path) -> Result<PathBuf, Failure> {
    let found = canonical(file)?;
    if !is_module(file) {
        let message = format!("`{}` is not a Fuse module", file.display());
        return Err(Failure::new(code::FILE_READ, message)
            .hint("pass a `.fuse` file, or the directory of a package"));
    }
    Ok(found)
}

/// The directory of the package that `--manifest-path` names.
fn manifest_directory(path: &Path) -> Result<PathBuf, Failure> {
    let found = Disk.canonical(path).ok();
    let directory = found.as_deref().and_then(|found| {
        let named = found.file_name().is_some_and(|name| name == MANIFEST_NAME);
        if found.is_dir() {
            Some(found)
        } else {
            found.parent().filter(|_| named)
        }
    });
    directory
        .filter(|directory| has_manifest(directory))
        .map(Path::to_owned)
        .ok_or_else(|| {
            let message = format!("no fuse.toml found at `{}`", path.display());
            Failure::new(code::MANIFEST_MISSING, message)
                .hint("name a fuse.toml, or the directory of one")
        })
}
