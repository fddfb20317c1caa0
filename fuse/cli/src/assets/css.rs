//! Style sheets: imports inlined, references to assets renamed, the classes of
//! modules scoped.
//!
//! Parsing and printing are `lightningcss`. A module is a file that ends in
//! `.module.css`: its class names become unique in the package, whoever imports
//! it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use lightningcss::bundler::{Bundler, ResolveResult, SourceProvider};
use lightningcss::css_modules::{Config, CssModuleExport, CssModuleReference};
use lightningcss::dependencies::{Dependency, DependencyOptions, UrlDependency};
use lightningcss::error::{Error, ErrorLocation};
use lightningcss::printer::PrinterOptions;
use lightningcss::stylesheet::{ParserOptions, StyleSheet};

use super::failed;
use crate::failure::{Failure, reason};

/// Bytes of a style sheet at most.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

const MODULE: &str = ".module.css";

/// What style sheets of a package refer to.
pub(super) struct Sheets<'a> {
    root: PathBuf,
    /// Where browsers find the other assets, by the path of the source.
    targets: &'a BTreeMap<PathBuf, String>,
}

/// A style sheet that comes out.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) text: String,
    /// Class names of a module, with what they became.
    pub(super) classes: BTreeMap<String, String>,
}

impl<'a> Sheets<'a> {
    pub(super) fn new(root: &Path, targets: &'a BTreeMap<PathBuf, String>) -> Self {
        Self {
            root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
            targets,
        }
    }

    /// A style sheet with everything it imports.
    pub(super) fn bundle(&self, path: &Path) -> Result<Sheet, Failure> {
        let files = Files::new(&self.root, path);
        let mut bundler = Bundler::new(&files, None, ParserOptions::default());
        let sheet = bundler.bundle(path).map_err(|error| self.wrong(&error))?;
        let options = PrinterOptions {
            analyze_dependencies: Some(DependencyOptions {
                remove_imports: false,
            }),
            ..PrinterOptions::default()
        };
        let printed = sheet.to_css(options).map_err(|error| self.wrong(&error))?;
        let mut text = printed.code;
        for dependency in printed.dependencies.unwrap_or_default() {
            let (placeholder, url) = match dependency {
                Dependency::Import(import) => (import.placeholder, import.url),
                Dependency::Url(url) => (url.placeholder.clone(), self.target(&url)?),
            };
            text = text.replace(&format!("\"{placeholder}\""), &quoted(&url));
        }
        let classes = files.classes.get().cloned().unwrap_or_default();
        Ok(Sheet { text, classes })
    }

    /// What a reference becomes: assets of the package are found under their new
    /// names, everything else stays.
    fn target(&self, dependency: &UrlDependency) -> Result<String, Failure> {
        let url = &dependency.url;
        let end = url.find(['?', '#']).unwrap_or(url.len());
        let (path, rest) = url.split_at(end);
        let is_elsewhere = path.is_empty() || path.starts_with('/') || has_scheme(path);
        if is_elsewhere {
            return Ok(url.clone());
        }
        let from = Path::new(&dependency.loc.file_path);
        let wanted = normal(&from.with_file_name(path));
        let real = wanted.canonicalize().unwrap_or(wanted);
        match self.targets.get(&real) {
            Some(target) => Ok(format!("{target}{rest}")),
            None => {
                let start = dependency.loc.start;
                let place = self.place(from, start.line, start.column);
                let message = format!("{place}: `{path}` is no asset of the package");
                Err(failed(message).hint("correct the path, or put the file below `assets`"))
            }
        }
    }

    fn wrong<T: fmt::Display>(&self, error: &Error<T>) -> Failure {
        match &error.loc {
            Some(ErrorLocation {
                filename,
                line,
                column,
            }) => {
                let place = self.place(Path::new(filename), line + 1, *column);
                failed(format!("{place}: {}", error.kind))
            }
            None => failed(error.kind.to_string()),
        }
    }

    fn place(&self, path: &Path, line: u32, column: u32) -> String {
        format!("{}:{line}:{column}", self.shown(path))
    }

    fn shown<'p>(&self, path: &'p Path) -> std::path::Display<'p> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

fn is_module(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.ends_with(MODULE))
}

/// RFC 3986 section 3.1.
fn has_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// A path without `.` and `..`, so far as its own text tells.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// A string of CSS (CSSOM, "serialize a string").
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                quoted.push_str(&format!("\\{:x} ", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Why a style sheet could not be taken in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("cannot read `{path}`: {why}")]
    File { path: String, why: String },
    #[error("`{0}` leads out of the package; copy it into the package")]
    Outside(String),
    #[error("`{0}` is larger than 16 MiB")]
    TooLarge(String),
    #[error("{0}")]
    Module(String),
    #[error("`composes: {0} from` another file cannot be followed; write the class beside it")]
    Composition(String),
}

/// Gives the bundler the files of a package.
struct Files<'a> {
    root: &'a Path,
    /// The style sheet that comes out.
    entry: &'a Path,
    texts: Texts,
    /// Its class names, if it is a module, once it was read.
    classes: OnceLock<BTreeMap<String, String>>,
}

/// Texts that live as long as what borrows them: they are only added.
#[derive(Default)]
struct Texts(OnceLock<Box<(String, Self)>>);

impl Texts {
    fn add(&self, text: String) -> &str {
        let mut place = &self.0;
        let mut new = Box::new((text, Self::default()));
        loop {
            match place.set(new) {
                Ok(()) => return place.get().map_or("", |node| node.0.as_str()),
                Err(again) => new = again,
            }
            let Some(node) = place.get() else { return "" };
            place = &node.1.0;
        }
    }
}

/// A module with unique names.
struct Scoped {
    text: String,
    classes: BTreeMap<String, String>,
}

impl<'a> Files<'a> {
    fn new(root: &'a Path, entry: &'a Path) -> Self {
        Self {
            root,
            entry,
            texts: Texts::default(),
            classes: OnceLock::new(),
        }
    }

    fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(self.root).unwrap_or(path);
        path.display().to_string()
    }

    fn text(&self, path: &Path) -> Result<String, Unreadable> {
        let failed = |problem| Unreadable::File {
            path: self.shown(path),
            why: reason(&problem),
        };
        let real = path.canonicalize().map_err(failed)?;
        if !real.starts_with(self.root) {
            return Err(Unreadable::Outside(self.shown(path)));
        }
        if fs::metadata(&real).map_err(failed)?.len() > FILE_BYTES_MAX {
            return Err(Unreadable::TooLarge(self.shown(path)));
        }
        fs::read_to_string(&real).map_err(failed)
    }

    fn scoped(&self, path: &Path) -> Result<Scoped, Unreadable> {
        let text = self.text(path)?;
        let wrong = |why: String| Unreadable::Module(why);
        let options = ParserOptions {
            // Names depend on it, and must not on where the package is.
            filename: self.shown(path),
            css_modules: Some(Config::default()),
            ..ParserOptions::default()
        };
        let sheet = StyleSheet::parse(&text, options).map_err(|e| wrong(e.to_string()))?;
        let printed = sheet.to_css(PrinterOptions::default());
        let printed = printed.map_err(|e| wrong(e.to_string()))?;
        let exports = printed.exports.unwrap_or_default();
        let classes = exports.into_iter().map(|(name, export)| {
            let names = names(&export)?;
            Ok((name, names))
        });
        Ok(Scoped {
            classes: classes.collect::<Result<_, _>>()?,
            text: printed.code,
        })
    }
}

/// A scoped name and those that it is composed of, as an attribute `class` takes
/// them.
fn names(export: &CssModuleExport) -> Result<String, Unreadable> {
    let mut names = vec![export.name.clone()];
    for composed in &export.composes {
        match composed {
            CssModuleReference::Local { name } | CssModuleReference::Global { name } => {
                names.push(name.clone());
            }
            CssModuleReference::Dependency { name, .. } => {
                return Err(Unreadable::Composition(name.clone()));
            }
        }
    }
    Ok(names.join(" "))
}

impl SourceProvider for Files<'_> {
    type Error = Unreadable;

    fn read<'t>(&'t self, file: &Path) -> Result<&'t str, Unreadable> {
        if !is_module(file) {
            return Ok(self.texts.add(self.text(file)?));
        }
        let Scoped { text, classes } = self.scoped(file)?;
        if file == self.entry {
            // Each file is read once.
            let _ = self.classes.set(classes);
        }
        Ok(self.texts.add(text))
    }

    fn resolve(&self, specifier: &str, from: &Path) -> Result<ResolveResult, Unreadable> {
        if specifier.starts_with('/') || has_scheme(specifier) {
            return Ok(ResolveResult::External(specifier.to_owned()));
        }
        let path = normal(&from.with_file_name(specifier));
        match path.canonicalize() {
            Ok(real) => Ok(real.into()),
            Err(problem) => Err(Unreadable::File {
                path: self.shown(&path),
                why: reason(&problem),
            }),
        }
    }
}
