//! Loads modules: depth first, each file once, every problem at its import.

mod locate;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use fuse_syntax::ast::{self, Id, Import, ImportPath, ImportSpec, Item};
use fuse_syntax::{Code, Diagnostic, FILE_BYTES_MAX, FileId, Files, Fix, Span};

use super::cache::ParseCache;
use super::graph::{
    Asset, AssetContent, AssetId, ContentHash, ImportTarget, LoadedModule, ModuleGraph, ModuleId,
    ResolvedImport,
};
use super::json::decode_json;
use super::path::{BadPath, FileKind, classify};
use super::source::SourceProvider;
use super::std_error::STD_ERROR;
use crate::package::{PackageGraph, PackageId, reason};

/// Loads the program that starts with the file `entry`, in the root package.
///
/// Never fails: what could not be loaded is in the diagnostics of the graph.
#[must_use]
pub fn load(entry: &Path, packages: &PackageGraph, src: &dyn SourceProvider) -> ModuleGraph {
    load_roots(&[entry.to_owned()], packages, src, &mut ParseCache::new())
}

/// Loads a program with further modules beside its entry, such as those that
/// hold only tests, and parses again only what `cache` has not seen.
///
/// Roots are loaded in the order given; one that another reaches is loaded once.
#[must_use]
pub fn load_roots(
    roots: &[PathBuf],
    packages: &PackageGraph,
    src: &dyn SourceProvider,
    cache: &mut ParseCache,
) -> ModuleGraph {
    let mut loader = Loader {
        packages,
        src,
        cache,
        files: packages.files(),
        modules: Vec::new(),
        assets: Vec::new(),
        by_path: HashMap::new(),
        canonical: HashMap::new(),
        owned: HashMap::new(),
        missing: Vec::new(),
        diagnostics: Vec::new(),
    };
    for root in roots {
        loader.root(root);
    }
    loader.cache.sweep();
    let modules = loader.modules.into_iter().map(Pending::finish).collect();
    let mut graph = ModuleGraph {
        modules,
        assets: loader.assets,
        packages: packages.clone(),
        files: loader.files,
        diagnostics: loader.diagnostics,
        missing: loader.missing,
    };
    super::names::check_imported_names(&mut graph);
    graph
}

/// A file of the graph.
#[derive(Clone, Copy)]
enum Known {
    Module(ModuleId),
    Asset(AssetId),
}

/// A module whose imports are being followed.
struct Pending {
    module: LoadedModule,
    /// Imports in the order written; those from `next` on are still to follow.
    items: Vec<Id<Import>>,
    next: usize,
    open: bool,
}

impl Pending {
    fn finish(self) -> LoadedModule {
        self.module
    }
}

/// Where an import leads on disk.
struct Located {
    path: PathBuf,
    package: PackageId,
    kind: FileKind,
}

struct Loader<'a> {
    packages: &'a PackageGraph,
    src: &'a dyn SourceProvider,
    cache: &'a mut ParseCache,
    files: Files,
    modules: Vec<Pending>,
    assets: Vec<Asset>,
    by_path: HashMap<PathBuf, Known>,
    canonical: HashMap<PathBuf, Result<PathBuf, ErrorKind>>,
    /// Directories, and whether a manifest makes them a package.
    owned: HashMap<PathBuf, bool>,
    missing: Vec<PathBuf>,
    diagnostics: Vec<Diagnostic>,
}

impl Loader<'_> {
    fn root(&mut self, root: &Path) {
        let path = self.canonical(root).unwrap_or_else(|_| root.to_owned());
        if self.by_path.contains_key(&path) {
            return;
        }
        let bytes = match self.read(&path) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.missing.push(path.clone());
                self.root_unreadable(&path, &why);
                return;
            }
        };
        let id = self.add_module(path, PackageId::ROOT, &bytes);
        self.follow(id);
    }

    /// A root that cannot be read: at the manifest's `entry` if that names it.
    fn root_unreadable(&mut self, path: &Path, why: &str) {
        let package = self.packages.root();
        let entry = package
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.package.entry.as_ref());
        let named = entry.filter(|entry| package.root.join(&entry.value) == *path);
        let diagnostic = match named {
            Some(entry) => Diagnostic::new(
                Code::MANIFEST_ENTRY_NOT_FOUND,
                entry.span,
                format!("entry `{}` not found", entry.value),
            )
            .hint("the path is relative to the directory of fuse.toml"),
            None => {
                let shown = self.packages.display_path(path);
                let file = self.files.add(shown.clone(), "");
                let message = format!("cannot read module `{shown}`: {why}");
                Diagnostic::new(Code::IMPORT_MODULE_READ, Span::new(file, 0, 0), message)
            }
        };
        self.diagnostics.push(diagnostic);
    }

    /// Follows the imports of a new module and of everything they lead to.
    /// The open modules are a list, not the call stack, so that no chain of
    /// imports is too long.
    fn follow(&mut self, start: ModuleId) {
        let mut open = vec![start];
        while let Some(&current) = open.last() {
            let pending = &mut self.modules[current.index()];
            let Some(&import) = pending.items.get(pending.next) else {
                pending.open = false;
                open.pop();
                continue;
            };
            pending.next += 1;
            let (target, new) = self.import(current, import, &open);
            self.modules[current.index()]
                .module
                .imports
                .push(ResolvedImport { import, target });
            open.extend(new);
        }
    }

    fn import(
        &mut self,
        importer: ModuleId,
        id: Id<Import>,
        open: &[ModuleId],
    ) -> (ImportTarget, Option<ModuleId>) {
        const NOTHING: (ImportTarget, Option<ModuleId>) = (ImportTarget::Unresolved, None);
        let parsed = Arc::clone(&self.modules[importer.index()].module.parsed);
        let module = &parsed.module;
        let import = module[id];
        let written = match import.spec {
            ImportSpec::Sibling { name } => {
                if name.is_missing() {
                    return NOTHING;
                }
                Written {
                    text: module.text(name),
                    span: module.name_span(name),
                    quoted: false,
                }
            }
            ImportSpec::From { path, .. }
            | ImportSpec::Alias { path, .. }
            | ImportSpec::Named { path, .. } => Written::of(module, path),
        };
        if written.text == STD_ERROR && !matches!(import.spec, ImportSpec::Sibling { .. }) {
            return (ImportTarget::StdError, None);
        }
        let target = match classify(written.text) {
            Ok(target) => target,
            Err(problem) => {
                self.bad_path(&written, &problem);
                return NOTHING;
            }
        };
        if target.kind.is_asset() && !matches!(import.spec, ImportSpec::From { .. }) {
            self.asset_form(module, id, &written);
            return NOTHING;
        }
        let Some(located) = self.locate(importer, &written, &target) else {
            return NOTHING;
        };
        match self.by_path.get(&located.path) {
            Some(Known::Asset(asset)) => (ImportTarget::Asset(*asset), None),
            Some(&Known::Module(known)) => {
                self.refuse_cycle(importer, known, open, written.span);
                (ImportTarget::Module(known), None)
            }
            None if located.kind.is_asset() => (self.add_asset(&located, &written), None),
            None => match self.read(&located.path) {
                Ok(bytes) => {
                    let new = self.add_module(located.path, located.package, &bytes);
                    (ImportTarget::Module(new), Some(new))
                }
                Err(why) => {
                    let shown = self.relative(&located.path, located.package);
                    self.missing.push(located.path);
                    let message = format!("cannot read module `{shown}`: {why}");
                    self.diagnostics.push(Diagnostic::new(
                        Code::IMPORT_MODULE_READ,
                        written.span,
                        message,
                    ));
                    NOTHING
                }
            },
        }
    }

    fn bad_path(&mut self, written: &Written<'_>, problem: &BadPath) {
        let at = written.span;
        let diagnostic = match problem {
            BadPath::Root => Diagnostic::new(Code::IMPORT_ROOT_PATH, at, "expected `root:<path>`"),
            BadPath::Dependency => {
                Diagnostic::new(Code::IMPORT_DEP_PATH, at, "expected `dep:<name>/<path>`")
            }
            BadPath::Escape => Diagnostic::new(
                Code::IMPORT_ROOT_ESCAPE,
                at,
                "import path leaves the package",
            )
            .hint("paths are relative: `./name`, `root:path` or `dep:Name/path`"),
            BadPath::Extension(extension) => {
                let message = format!("unsupported import extension `{extension}`");
                let hint = if written.quoted {
                    "modules (`.fuse`), Markdown (`.md`) and JSON (`.json`) can be imported"
                        .to_owned()
                } else {
                    format!(
                        "write the path as a string: \"./{}\"",
                        written.text.replace('.', "/")
                    )
                };
                Diagnostic::new(Code::IMPORT_UNSUPPORTED_EXTENSION, at, message).hint(hint)
            }
            BadPath::NoFile(why) => {
                let message = format!("cannot read module `{}`: {why}", written.text);
                Diagnostic::new(Code::IMPORT_MODULE_READ, at, message).hint("name a file: `./name`")
            }
        };
        self.diagnostics.push(diagnostic);
    }

    fn asset_form(&mut self, module: &ast::Module, id: Id<Import>, written: &Written<'_>) {
        let span = module.span(id);
        let name = match module[id].spec {
            ImportSpec::Alias { alias, .. } => Some(alias),
            ImportSpec::Named { names, .. } => match &module[names] {
                [only] => Some(*only),
                _ => None,
            },
            ImportSpec::Sibling { .. } | ImportSpec::From { .. } => None,
        };
        let shown = name.map_or("Name", |name| module.text(name));
        let replacement = format!("import {shown} from \"{}\"", written.text);
        let mut diagnostic = Diagnostic::new(
            Code::IMPORT_ASSET_FORM,
            span,
            "assets can only be imported as one name",
        )
        .hint(format!("write `{replacement}`"));
        if name.is_some() {
            diagnostic = diagnostic.fix(
                Fix::replace("import the asset as one name", span, replacement).unsafe_to_apply(),
            );
        }
        self.diagnostics.push(diagnostic);
    }

    fn refuse_cycle(&mut self, importer: ModuleId, known: ModuleId, open: &[ModuleId], at: Span) {
        if !self.modules[known.index()].open {
            return;
        }
        let start = open.iter().position(|id| *id == known).unwrap_or(0);
        let package = self.modules[known.index()].module.package;
        let crosses = open[start..]
            .iter()
            .any(|id| self.modules[id.index()].module.package != package);
        if importer != known && !crosses {
            return;
        }
        let mut chain: Vec<&str> = open[start..]
            .iter()
            .map(|id| self.modules[id.index()].module.name())
            .collect();
        chain.push(self.modules[known.index()].module.name());
        let message = format!("circular import: {}", chain.join(" → "));
        self.diagnostics
            .push(Diagnostic::new(Code::IMPORT_CYCLE, at, message));
    }

    fn canonical(&mut self, path: &Path) -> Result<PathBuf, ErrorKind> {
        if let Some(known) = self.canonical.get(path) {
            return known.clone();
        }
        let found = self.src.canonical(path).map_err(|problem| problem.kind());
        self.canonical.insert(path.to_owned(), found.clone());
        found
    }

    fn read(&self, path: &Path) -> Result<Arc<[u8]>, String> {
        let bytes = self.src.read(path).map_err(|problem| reason(&problem))?;
        if bytes.len() > FILE_BYTES_MAX {
            Err("file too large".to_owned())
        } else {
            Ok(bytes)
        }
    }

    fn relative(&self, path: &Path, package: PackageId) -> String {
        let root = &self.packages.package(package).root;
        path.strip_prefix(root)
            .map_or_else(|_| slashed(path), slashed)
    }

    fn add_module(&mut self, path: PathBuf, package: PackageId, bytes: &[u8]) -> ModuleId {
        let id = ModuleId(u32::try_from(self.modules.len()).unwrap_or(u32::MAX));
        let hash = ContentHash::from(blake3::hash(bytes));
        let (text, damage) = decode_text(bytes);
        let display = self.packages.display_path(&path);
        let file = self.files.add(display.clone(), Arc::clone(&text));
        let parsed = match damage {
            None => self.cache.parse(file, &text, hash),
            Some(_) => Arc::new(fuse_syntax::parse_bytes(file, bytes)),
        };
        let items = parsed.module.items.iter().filter_map(|item| match item {
            Item::Import(id) => Some(*id),
            _ => None,
        });
        let items = items.collect();
        let relative = self.relative(&path, package);
        self.by_path.insert(path.clone(), Known::Module(id));
        let module = LoadedModule {
            id,
            file,
            path,
            relative,
            display,
            package,
            text,
            hash,
            parsed,
            imports: Vec::new(),
        };
        self.modules.push(Pending {
            module,
            items,
            next: 0,
            open: true,
        });
        id
    }

    fn add_asset(&mut self, located: &Located, written: &Written<'_>) -> ImportTarget {
        let bytes = match self.read(&located.path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let message = format!("cannot read asset: {why}");
                self.diagnostics
                    .push(Diagnostic::new(Code::ASSET_READ, written.span, message));
                return ImportTarget::Unresolved;
            }
        };
        let id = AssetId(u32::try_from(self.assets.len()).unwrap_or(u32::MAX));
        let (text, damage) = decode_text(&bytes);
        let file = self
            .files
            .add(self.packages.display_path(&located.path), Arc::clone(&text));
        let content = match damage {
            Some(at) => {
                let span = Span::new(file, at, at);
                let diagnostic =
                    Diagnostic::new(Code::ASSET_UTF8, span, "asset is not valid UTF-8");
                self.diagnostics
                    .push(diagnostic.related(written.span, "imported here"));
                AssetContent::Invalid
            }
            None if located.kind == FileKind::Json => self.json(file, &text, written.span),
            None => AssetContent::Text(text),
        };
        self.by_path.insert(located.path.clone(), Known::Asset(id));
        self.assets.push(Asset {
            id,
            file,
            path: located.path.clone(),
            relative: self.relative(&located.path, located.package),
            package: located.package,
            hash: ContentHash::from(blake3::hash(&bytes)),
            content,
        });
        ImportTarget::Asset(id)
    }

    fn json(&mut self, file: FileId, text: &str, import: Span) -> AssetContent {
        match decode_json(text) {
            Ok(value) => AssetContent::Json(value),
            Err(problem) => {
                // A file holds at most 16 MiB.
                let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                let span = Span::new(file, clamp(problem.start), clamp(problem.end));
                let message = format!("invalid JSON: {problem}");
                let diagnostic = Diagnostic::new(Code::ASSET_JSON_INVALID, span, message);
                self.diagnostics
                    .push(diagnostic.related(import, "imported here"));
                AssetContent::Invalid
            }
        }
    }
}

/// The path of an import as written.
struct Written<'t> {
    text: &'t str,
    span: Span,
    quoted: bool,
}

impl<'t> Written<'t> {
    fn of(module: &'t ast::Module, path: ImportPath) -> Self {
        Self {
            text: module.string(path.text),
            span: path.range.in_file(module.file),
            quoted: path.quoted,
        }
    }
}

/// The text of a file, and where it stops being text if it does.
fn decode_text(bytes: &[u8]) -> (Arc<str>, Option<u32>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Arc::from(text), None),
        Err(problem) => {
            let good = problem.valid_up_to();
            // The bytes before the first bad one are text, as the decoder says.
            let text = std::str::from_utf8(&bytes[..good]).unwrap_or_default();
            (
                Arc::from(text),
                Some(u32::try_from(good).unwrap_or(u32::MAX)),
            )
        }
    }
}

/// A path with `/` between its parts.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| match part {
            Component::RootDir => "".into(),
            part => part.as_os_str().to_string_lossy(),
        })
        .collect();
    parts.join("/")
}
