//! Where on disk an import leads, and what is said when it leads nowhere.

use std::io::ErrorKind;
use std::path::Path;

use fuse_syntax::{Code, Diagnostic, Span};

use super::super::graph::ModuleId;
use super::super::path::{FileKind, Origin, Target};
use super::{Loader, Located, Written, slashed};
use crate::package::{MANIFEST_NAME, PackageId, path, reason};

impl Loader<'_> {
    /// Where on disk an import leads. Reports what is wrong with the path.
    pub(super) fn locate(
        &mut self,
        importer: ModuleId,
        written: &Written<'_>,
        target: &Target<'_>,
    ) -> Option<Located> {
        let module = &self.modules[importer.index()].module;
        let owner = module.package;
        let anonymous = self.packages.package(owner).manifest.is_none();
        let outside = !module.path.starts_with(&self.packages.package(owner).root);
        let (package, joined) = match target.origin {
            Origin::Importer => {
                let directory = module
                    .relative
                    .rsplit_once('/')
                    .map_or("", |(directory, _)| directory);
                match path::join(directory, &target.relative).filter(|_| !outside) {
                    // Without a manifest there is no border to cross.
                    None if anonymous => {
                        let wanted = module.path.parent()?.join(&target.relative);
                        return self.on_disk(written, target.kind, owner, &wanted, None);
                    }
                    joined => (owner, joined),
                }
            }
            Origin::Root => (owner, path::join("", &target.relative)),
            Origin::Dependency(name) => {
                let dependencies = &self.packages.package(owner).dependencies;
                match dependencies.get(name) {
                    Some(package) => (*package, path::join("", &target.relative)),
                    None => {
                        let known: Vec<&str> = dependencies.keys().map(String::as_str).collect();
                        self.unknown_dependency(written.span, name, &known);
                        return None;
                    }
                }
            }
        };
        let Some(joined) = joined else {
            let hint = "only files of the package can be imported; another package is a dependency";
            self.escape(written.span, hint);
            return None;
        };
        let wanted = self.packages.package(package).root.join(&joined);
        self.on_disk(written, target.kind, package, &wanted, Some(&joined))
    }

    fn unknown_dependency(&mut self, at: Span, name: &str, known: &[&str]) {
        let (available, hint) = if known.is_empty() {
            (
                "there are none".to_owned(),
                "declare it in `[dependencies]` of fuse.toml".to_owned(),
            )
        } else {
            let near = crate::package::nearest(name, known.iter().copied());
            let hint = near.map_or_else(
                || "declare it in `[dependencies]` of fuse.toml".to_owned(),
                |near| format!("did you mean `dep:{near}/…`?"),
            );
            (format!("available: {}", known.join(", ")), hint)
        };
        let message = format!("unknown dependency `{name}`; {available}");
        self.diagnostics
            .push(Diagnostic::new(Code::IMPORT_UNKNOWN_DEPENDENCY, at, message).hint(hint));
    }

    fn escape(&mut self, at: Span, hint: &str) {
        let message = "import path leaves the package";
        self.diagnostics
            .push(Diagnostic::new(Code::IMPORT_ROOT_ESCAPE, at, message).hint(hint));
    }

    /// Finds the file of a path that stays in its package as text, and checks
    /// that it does on disk too. `joined` is the path relative to the package.
    fn on_disk(
        &mut self,
        written: &Written<'_>,
        kind: FileKind,
        package: PackageId,
        wanted: &Path,
        joined: Option<&str>,
    ) -> Option<Located> {
        let found = match self.canonical(wanted) {
            Ok(found) => found,
            Err(problem) => {
                self.missing.push(wanted.to_owned());
                self.not_found(written, kind, wanted, joined, problem);
                return None;
            }
        };
        let root = self.packages.package(package).root.clone();
        if let Some(joined) = joined {
            if found != *wanted
                && let Some(actual) = self.other_case(&root, joined)
            {
                self.wrong_case(written, kind, joined, &actual);
                return None;
            }
            let bounded = self.packages.package(package).manifest.is_some();
            if bounded && !found.starts_with(&root) {
                self.escape(
                    written.span,
                    "the file is a link to one outside the package",
                );
                return None;
            }
            if bounded && let Some(other) = self.nested_package(&root, &found) {
                let hint = format!("`{other}` is a package of its own; declare it as a dependency");
                self.escape(written.span, &hint);
                return None;
            }
        }
        Some(Located {
            path: found,
            package,
            kind,
        })
    }

    fn not_found(
        &mut self,
        written: &Written<'_>,
        kind: FileKind,
        wanted: &Path,
        joined: Option<&str>,
        problem: ErrorKind,
    ) {
        let shown = joined.map_or_else(|| self.packages.display_path(wanted), str::to_owned);
        let why = reason(&problem.into());
        let mut diagnostic = match (kind.is_asset(), problem) {
            (true, ErrorKind::NotFound) => Diagnostic::new(
                Code::ASSET_MISSING,
                written.span,
                format!("asset `{shown}` not found"),
            ),
            (true, _) => Diagnostic::new(
                Code::ASSET_READ,
                written.span,
                format!("cannot read asset: {why}"),
            ),
            (false, _) => {
                let message = format!("cannot read module `{shown}`: {why}");
                Diagnostic::new(Code::IMPORT_MODULE_READ, written.span, message)
            }
        };
        diagnostic.hint = self.near_file(written, wanted).or_else(|| {
            let to_create = problem == ErrorKind::NotFound && !kind.is_asset();
            to_create.then(|| format!("create `{shown}`, or correct the path"))
        });
        self.diagnostics.push(diagnostic);
    }

    /// A hint when a file is there under a name that differs in case, or
    /// beside the package root instead of beside the importer.
    fn near_file(&self, written: &Written<'_>, wanted: &Path) -> Option<String> {
        let name = wanted.file_name()?.to_str()?;
        let lower = name.to_lowercase();
        let mut first_lower = name.to_owned();
        first_lower.get_mut(..1)?.make_ascii_lowercase();
        let mut first_upper = lower.clone();
        first_upper.get_mut(..1)?.make_ascii_uppercase();
        let mut others = [lower, first_lower, first_upper]
            .into_iter()
            .filter(|other| other != name);
        let there = others.find(|other| self.src.canonical(&wanted.with_file_name(other)).is_ok());
        if let Some(other) = there {
            return Some(format!(
                "there is a file `{other}`; the case of file names counts"
            ));
        }
        let plain = written.text.strip_prefix("./").unwrap_or(written.text);
        let from_root = self.packages.root().root.join(format!("{plain}.fuse"));
        let relative = !written.text.contains(':') && !written.text.starts_with("..");
        (relative
            && self
                .src
                .canonical(&from_root)
                .is_ok_and(|found| found != *wanted))
        .then(|| format!("from the root of the package it is \"root:{plain}\""))
    }

    /// The spelling on disk of a path that differs from it in case only.
    fn other_case(&mut self, root: &Path, joined: &str) -> Option<String> {
        let mut directory = root.to_owned();
        let mut actual = Vec::new();
        let mut differs = false;
        for part in joined.split('/') {
            let found = self.canonical(&directory.join(part)).ok()?;
            let name = found.file_name()?.to_string_lossy().into_owned();
            // A link may lead anywhere; only a sibling of another case counts.
            let sibling = found.parent() == Some(&directory) && name.eq_ignore_ascii_case(part);
            differs |= sibling && name != part;
            actual.push(if sibling { name } else { part.to_owned() });
            directory = found;
        }
        differs.then(|| actual.join("/"))
    }

    fn wrong_case(&mut self, written: &Written<'_>, kind: FileKind, joined: &str, actual: &str) {
        let hint = format!("the file is called `{actual}`; the case of file names counts");
        let (code, message) = if kind.is_asset() {
            (Code::ASSET_MISSING, format!("asset `{joined}` not found"))
        } else {
            (
                Code::IMPORT_MODULE_READ,
                format!("cannot read module `{joined}`: no such file"),
            )
        };
        self.diagnostics
            .push(Diagnostic::new(code, written.span, message).hint(hint));
    }

    /// The directory of a package inside `root` that owns `file`, relative to `root`.
    fn nested_package(&mut self, root: &Path, file: &Path) -> Option<String> {
        let mut directory = file.parent()?;
        while directory != root && directory.starts_with(root) {
            let is_package = match self.owned.get(directory) {
                Some(known) => *known,
                None => {
                    let manifest = directory.join(MANIFEST_NAME);
                    let is_package = self.src.canonical(&manifest).is_ok();
                    if !is_package {
                        self.missing.push(manifest);
                    }
                    self.owned.insert(directory.to_owned(), is_package);
                    is_package
                }
            };
            if is_package {
                return Some(slashed(directory.strip_prefix(root).unwrap_or(directory)));
            }
            directory = directory.parent()?;
        }
        None
    }
}
