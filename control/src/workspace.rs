//! A workspace as a value: packages, spec files, manifests, sources.
//!
//! [`Workspace::load`] does all reading; the rules see only its result.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::metadata::{self, CargoPackage, Metadata};
use crate::pattern::{ModuleFacts, ModuleId};
use crate::specs::{self, DependencyRules, Manifest, Owners, Repo, Spec};
use crate::violation::{Location, Violation};

/// The directory of spec files.
const SPECS: &str = "specs";
/// The name of a module manifest.
const MANIFEST: &str = "module.yaml";

/// Why a workspace could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no cargo to ask.
    #[error("cannot start cargo; install a Rust toolchain")]
    CargoMissing(#[source] std::io::Error),
    /// Cargo refused.
    #[error("`cargo metadata --locked` failed; update the lock file if it is stale:\n{stderr}")]
    MetadataFailed {
        /// What cargo said.
        stderr: String,
    },
    /// Cargo answered in an unknown form.
    #[error("`cargo metadata` answered in a form this tool does not know")]
    MetadataForm(#[source] serde_json::Error),
    /// There are no spec files.
    #[error("{path} does not exist; it says what the workspace is, and switches everything on")]
    NotConfigured {
        /// The file that is missing.
        path: String,
    },
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// What a source file is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// What users of the package get.
    Product,
    /// Tests, benches, examples.
    Test,
    /// The build script.
    Build,
}

/// A Rust source file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path relative to the workspace root, with `/`.
    pub path: String,
    /// What it is part of.
    pub kind: SourceKind,
    /// Its content.
    pub text: String,
}

/// A member of the workspace.
#[derive(Debug, Clone)]
pub struct Package {
    /// Module id: its directory.
    pub id: ModuleId,
    /// What cargo says about it.
    pub cargo: CargoPackage,
    /// Its `Cargo.toml`.
    pub cargo_toml: Source,
    /// Its sources, by path.
    pub sources: Vec<Source>,
}

/// Everything the static rules look at.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Root directory, absolute.
    pub root: PathBuf,
    /// Where cargo builds, absolute.
    pub target_directory: PathBuf,
    /// The `Cargo.toml` of the root.
    pub root_cargo_toml: Source,
    /// Members by id.
    pub packages: BTreeMap<ModuleId, Package>,
    /// `repo.yaml`.
    pub repo: Spec<Repo>,
    /// `dependency-rules.yaml`.
    pub rules: Spec<DependencyRules>,
    /// `owners.yaml`.
    pub owners: Spec<Owners>,
    /// Manifests by the module whose directory they are in.
    pub manifests: BTreeMap<ModuleId, Manifest>,
    /// Problems met while reading spec files.
    pub problems: Vec<Violation>,
}

impl Workspace {
    /// Reads the workspace around `start`.
    ///
    /// # Errors
    ///
    /// When cargo cannot describe it, when it has no `specs/repo.yaml`, or
    /// when a file cannot be read. Problems inside spec files are no error:
    /// they are in [`Workspace::problems`].
    pub fn load(start: &Path) -> Result<Self, LoadError> {
        let metadata = metadata::read(start)?;
        let mut loader = Loader {
            root: metadata.workspace_root.clone(),
            problems: Vec::new(),
        };
        let repo = match loader.spec::<Repo>("repo.yaml")? {
            Spec::Absent => {
                return Err(LoadError::NotConfigured {
                    path: format!("{SPECS}/repo.yaml"),
                });
            }
            found => found,
        };
        let rules = loader.spec("dependency-rules.yaml")?;
        let owners = loader.spec("owners.yaml")?;
        let packages = loader.packages(&metadata)?;
        let manifests = loader.manifests(packages.keys())?;
        Ok(Self {
            root_cargo_toml: loader.source("Cargo.toml", SourceKind::Product)?,
            root: loader.root,
            target_directory: metadata.target_directory,
            packages,
            repo,
            rules,
            owners,
            manifests,
            problems: loader.problems,
        })
    }

    /// The package called `name`.
    #[must_use]
    pub fn package_named(&self, name: &str) -> Option<&Package> {
        self.packages
            .values()
            .find(|package| package.cargo.name == name)
    }

    /// The layer of a module, when `repo.yaml` gives it one.
    #[must_use]
    pub fn layer_of(&self, module: &ModuleId) -> Option<&str> {
        let layer = self.repo.present()?.layer_of(module)?;
        Some(&layer.name.value)
    }

    /// What selectors ask of a module.
    #[must_use]
    pub fn facts<'a>(&'a self, module: &'a ModuleId) -> ModuleFacts<'a> {
        let manifest = self.manifests.get(module);
        let status = manifest.and_then(|manifest| manifest.status.as_ref());
        let tags = manifest.and_then(|manifest| manifest.tags.as_ref());
        ModuleFacts {
            id: module.as_str(),
            layer: self.layer_of(module),
            status: status.map(|status| status.value.as_str()),
            tags: tags.map_or_else(Vec::new, |tags| {
                tags.value.iter().map(|tag| tag.value.as_str()).collect()
            }),
        }
    }

    /// Whether `path`, relative to the root, exists.
    #[must_use]
    pub fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

struct Loader {
    root: PathBuf,
    problems: Vec<Violation>,
}

impl Loader {
    fn read(&self, path: &str) -> Result<Option<String>, LoadError> {
        let full = self.root.join(path);
        match std::fs::read_to_string(&full) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LoadError::Read { path: full, source }),
        }
    }

    fn spec<T: specs::Model>(&mut self, name: &str) -> Result<Spec<T>, LoadError> {
        let path = format!("{SPECS}/{name}");
        let Some(text) = self.read(&path)? else {
            return Ok(Spec::Absent);
        };
        let (spec, problems) = specs::read_whole(&path, &text);
        self.problems.extend(problems);
        Ok(spec)
    }

    fn packages(&self, metadata: &Metadata) -> Result<BTreeMap<ModuleId, Package>, LoadError> {
        let members: BTreeSet<&str> = metadata
            .workspace_members
            .iter()
            .map(String::as_str)
            .collect();
        let mut packages = BTreeMap::new();
        for cargo in &metadata.packages {
            if !members.contains(cargo.id.as_str()) {
                continue;
            }
            let package = self.package(cargo)?;
            packages.insert(package.id.clone(), package);
        }
        Ok(packages)
    }

    fn package(&self, cargo: &CargoPackage) -> Result<Package, LoadError> {
        let manifest = relative(&self.root, &cargo.manifest_path);
        let directory = manifest.strip_suffix("Cargo.toml").unwrap_or(&manifest);
        let directory = directory.trim_end_matches('/');
        let mut sources = Vec::new();
        for (name, kind) in [
            ("src", SourceKind::Product),
            ("tests", SourceKind::Test),
            ("benches", SourceKind::Test),
            ("examples", SourceKind::Test),
        ] {
            self.collect(&join(directory, name), kind, &mut sources)?;
        }
        let build = join(directory, "build.rs");
        if self.root.join(&build).is_file() {
            sources.push(self.source(&build, SourceKind::Build)?);
        }
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Package {
            id: ModuleId::new(directory),
            cargo: cargo.clone(),
            cargo_toml: self.source(&manifest, SourceKind::Product)?,
            sources,
        })
    }

    /// Gathers the Rust files below `directory`. A directory with a
    /// `Cargo.toml` belongs to another package.
    fn collect(
        &self,
        directory: &str,
        kind: SourceKind,
        found: &mut Vec<Source>,
    ) -> Result<(), LoadError> {
        let full = self.root.join(directory);
        if !full.is_dir() || full.join("Cargo.toml").is_file() {
            return Ok(());
        }
        let failed = |source| LoadError::Read {
            path: full.clone(),
            source,
        };
        for entry in std::fs::read_dir(&full).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = join(directory, &name);
            let file_type = entry.file_type().map_err(failed)?;
            if file_type.is_dir() && !name.starts_with('.') {
                self.collect(&path, kind, found)?;
            } else if file_type.is_file() && name.ends_with(".rs") {
                found.push(self.source(&path, kind)?);
            }
        }
        Ok(())
    }

    fn source(&self, path: &str, kind: SourceKind) -> Result<Source, LoadError> {
        let full = self.root.join(path);
        let text = std::fs::read_to_string(&full)
            .map_err(|source| LoadError::Read { path: full, source })?;
        Ok(Source {
            path: path.to_owned(),
            kind,
            text,
        })
    }

    fn manifests<'a>(
        &mut self,
        modules: impl Iterator<Item = &'a ModuleId>,
    ) -> Result<BTreeMap<ModuleId, Manifest>, LoadError> {
        let mut manifests = BTreeMap::new();
        for module in modules {
            let file = join(module.as_str(), MANIFEST);
            let Some(text) = self.read(&file)? else {
                continue;
            };
            let (manifest, problems) = specs::read::<Manifest>(&file, &text);
            self.problems.extend(problems);
            let manifest = manifest.unwrap_or_else(|| Manifest {
                unreadable: true,
                ..Manifest::default()
            });
            manifests.insert(module.clone(), Manifest { file, ..manifest });
        }
        Ok(manifests)
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// `path` relative to `root`, with `/`. A path outside stays as it is.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let segments: Vec<_> = inside
        .components()
        .map(|component| component.as_os_str().to_string_lossy())
        .collect();
    segments.join("/")
}

impl Package {
    /// Where the dependency written as `key` stands in `Cargo.toml`.
    #[must_use]
    pub fn dependency_location(&self, section: &str, key: &str) -> Location {
        crate::cargo_toml::key_location(&self.cargo_toml, section, key)
    }
}
