//! `fuse.toml`: the model, with the place of every value.

use fuse_syntax::{Code, FileId, LintLevel, Span};

use super::dependency::Dependency;

/// A value of the manifest and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands in the manifest.
    pub span: Span,
}

impl<T> Located<T> {
    /// A value at its place.
    #[must_use]
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A text of the manifest that may be absent.
pub type Text = Option<Located<String>>;

/// A whole `fuse.toml`. Absent keys are `None`; their defaults are in [`super::schema`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The file the spans point into.
    pub file: FileId,
    /// `[package]`.
    pub package: PackageSection,
    /// `[build]`.
    pub build: BuildSection,
    /// `[serve]`.
    pub serve: ServeSection,
    /// `[assets]` and `[assets.hooks]`.
    pub assets: AssetsSection,
    /// `[vite]`, if the manifest has the table.
    pub vite: Option<ViteSection>,
    /// `[dependencies]`, in the order of the file.
    pub dependencies: Vec<Dependency>,
    /// `[workspace]`, if the manifest has the table.
    pub workspace: Option<WorkspaceSection>,
    /// `[lint]`, in the order of the file.
    pub lint: Vec<(Code, LintLevel)>,
    /// `[test]`.
    pub test: TestSection,
}

/// `[package]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageSection {
    /// Name of the package.
    pub name: Text,
    /// Version of the package.
    pub version: Option<Located<semver::Version>>,
    /// Root module, relative to the package, with `/`.
    pub entry: Text,
    /// Default `app` block.
    pub app: Text,
    /// Default backend.
    pub backend: Text,
    /// Versions of the command the package works with.
    pub fuse: Option<Located<semver::VersionReq>>,
    /// One sentence for readers.
    pub description: Text,
    /// SPDX expression.
    pub license: Text,
    /// Where the sources live.
    pub repository: Text,
    /// Whether the package is meant to be published; unset means yes.
    pub publish: Option<bool>,
}

/// `[build]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildSection {
    /// Where the OpenAPI document goes.
    pub openapi: Text,
    /// Where the executable goes.
    pub native_bin: Text,
    /// Whether the OpenAPI document is embedded.
    pub embed_openapi: bool,
    /// CPU level.
    pub cpu: Text,
    /// Target platform.
    pub target: Text,
    /// Whether a companion with symbols is written.
    pub symbols: bool,
    /// Whether names and lines are left out.
    pub strip: bool,
}

/// `[serve]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServeSection {
    /// Directory of static files.
    pub static_dir: Text,
    /// File served for a directory.
    pub static_index: Text,
    /// Whether the documentation page is served; unset means only while developing.
    pub openapi_ui: Option<bool>,
    /// Where the documentation page is served.
    pub openapi_path: Text,
}

/// `[assets]` and `[assets.hooks]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetsSection {
    /// Entry style sheet.
    pub css: Text,
    /// Whether assets are watched while developing.
    pub watch: bool,
    /// Whether content-hashed copies are made.
    pub hash: bool,
    /// Output directory.
    pub out: Text,
    /// Shell command run first.
    pub before_build: Text,
}

impl Default for AssetsSection {
    fn default() -> Self {
        Self {
            css: None,
            watch: true,
            hash: false,
            out: None,
            before_build: None,
        }
    }
}

/// `[vite]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViteSection {
    /// Development server.
    pub dev_url: Text,
    /// Static directory of release builds.
    pub dist_dir: Text,
}

/// `[workspace]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceSection {
    /// Patterns of member directories; `None` means every package found.
    pub members: Option<Vec<Located<String>>>,
    /// Patterns of directories that are no members.
    pub exclude: Vec<Located<String>>,
}

/// `[test]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestSection {
    /// Milliseconds a test may take.
    pub timeout_ms: u64,
    /// Whether each test has a database of its own.
    pub isolate_db: bool,
}

impl Default for TestSection {
    fn default() -> Self {
        Self {
            timeout_ms: 60_000,
            isolate_db: true,
        }
    }
}

impl Manifest {
    /// A manifest without any key.
    #[must_use]
    pub fn empty(file: FileId) -> Self {
        Self {
            file,
            package: PackageSection::default(),
            build: BuildSection::default(),
            serve: ServeSection::default(),
            assets: AssetsSection::default(),
            vite: None,
            dependencies: Vec::new(),
            workspace: None,
            lint: Vec::new(),
            test: TestSection::default(),
        }
    }

    /// The name of the package, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.package.name.as_ref().map(|name| name.value.as_str())
    }

    /// The path of the root module, if there is one.
    #[must_use]
    pub fn entry(&self) -> Option<&str> {
        self.package
            .entry
            .as_ref()
            .map(|entry| entry.value.as_str())
    }

    /// The declared level of `code`, if `[lint]` names it.
    #[must_use]
    pub fn lint_level(&self, code: Code) -> Option<LintLevel> {
        self.lint
            .iter()
            .rev()
            .find(|(named, _)| *named == code)
            .map(|&(_, level)| level)
    }
}
