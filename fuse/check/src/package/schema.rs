//! The one table of the keys of `fuse.toml`.
//!
//! The reader, its suggestions and the reference of the manifest all come from
//! here, so that a key cannot be read without being documented.

/// What a manifest key accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// Any text.
    Text,
    /// A package name: a letter, then letters, digits, `_` and `-`.
    Name,
    /// A version by the rules of SemVer 2.0.
    Version,
    /// A requirement on a version, as `>=1.2`.
    Requirement,
    /// A path inside the package, relative, with `/`.
    Path,
    /// A path of a module inside the package; ends in `.fuse`.
    ModulePath,
    /// A directory inside the package, but not the package itself.
    SubDirectory,
    /// The path part of a URL; starts with `/`.
    UrlPath,
    /// An `http` or `https` URL.
    Url,
    /// `true` or `false`.
    Bool,
    /// A positive whole number.
    PositiveInt,
    /// One of the listed words.
    OneOf(&'static [&'static str]),
    /// A list of patterns of directories.
    Globs,
}

impl KeyType {
    /// How messages name a value of this type.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Bool => "`true` or `false`",
            Self::PositiveInt => "a whole number",
            Self::Globs => "a list of texts",
            _ => "a text",
        }
    }

    /// A value of this type, as it is written.
    #[must_use]
    pub fn example(self) -> String {
        match self {
            Self::Text => "\"...\"".to_owned(),
            Self::Name => "\"my-package\"".to_owned(),
            Self::Version => "\"1.2.0\"".to_owned(),
            Self::Requirement => "\">=1.2\"".to_owned(),
            Self::Path | Self::SubDirectory => "\"dir/name\"".to_owned(),
            Self::ModulePath => "\"src/main.fuse\"".to_owned(),
            Self::UrlPath => "\"/path\"".to_owned(),
            Self::Url => "\"https://example.org\"".to_owned(),
            Self::Bool => "true".to_owned(),
            Self::PositiveInt => "1000".to_owned(),
            Self::OneOf(words) => format!("\"{}\"", words.first().copied().unwrap_or_default()),
            Self::Globs => "[\"dir/*\"]".to_owned(),
        }
    }

    /// How the reference names the type.
    #[must_use]
    pub fn display(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Name => "name".to_owned(),
            Self::Version => "version".to_owned(),
            Self::Requirement => "version requirement".to_owned(),
            Self::Path | Self::SubDirectory => "path".to_owned(),
            Self::ModulePath => "path of a module".to_owned(),
            Self::UrlPath => "URL path".to_owned(),
            Self::Url => "URL".to_owned(),
            Self::Bool => "boolean".to_owned(),
            Self::PositiveInt => "positive integer".to_owned(),
            Self::OneOf(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                quoted.join(", ")
            }
            Self::Globs => "list of patterns".to_owned(),
        }
    }
}

/// One key of the manifest.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// The table that holds the key, as written between brackets.
    pub section: &'static str,
    /// The key.
    pub key: &'static str,
    /// Another accepted spelling.
    pub alias: Option<&'static str>,
    /// What the key accepts.
    pub ty: KeyType,
    /// The value when the key is absent, for the reference; empty when there is none.
    pub default: &'static str,
    /// What the key decides, in one sentence without a final period.
    pub meaning: &'static str,
}

/// Backends a package can name.
pub const BACKENDS: &[&str] = &["ast", "native"];

/// CPU levels a build can ask for.
pub const CPU_LEVELS: &[&str] = &["v2", "v3"];

/// Platforms a build can be made for, with their target triples.
pub const PLATFORMS: &[&str] = &[
    "linux-x64",
    "linux-arm64",
    "macos-arm64",
    "windows-x64",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
];

/// Levels a lint can be set to.
pub const LINT_LEVELS: &[&str] = &["allow", "warn", "deny"];

/// Tables whose keys are free: names of dependencies, codes of lints.
pub const OPEN_SECTIONS: &[&str] = &["dependencies", "lint"];

const fn key(
    section: &'static str,
    key: &'static str,
    ty: KeyType,
    default: &'static str,
    meaning: &'static str,
) -> KeySpec {
    KeySpec {
        section,
        key,
        alias: None,
        ty,
        default,
        meaning,
    }
}

/// Every key of `fuse.toml` outside the open sections, in the order of the reference.
pub const KEYS: &[KeySpec] = &[
    key(
        "package",
        "name",
        KeyType::Name,
        "",
        "Name of the package, and the namespace of its migrations",
    ),
    key(
        "package",
        "version",
        KeyType::Version,
        "0.0.0",
        "Version of the package, shown by OpenAPI documents and built programs",
    ),
    KeySpec {
        section: "package",
        key: "entry",
        alias: Some("main"),
        ty: KeyType::ModulePath,
        default: "",
        meaning: "Root module; needed to run, build and test",
    },
    key(
        "package",
        "app",
        KeyType::Text,
        "",
        "Which `app` block runs when there are several",
    ),
    key(
        "package",
        "backend",
        KeyType::OneOf(BACKENDS),
        "native",
        "How the program is executed",
    ),
    key(
        "package",
        "fuse",
        KeyType::Requirement,
        "",
        "Versions of the `fuse` command the package works with",
    ),
    key(
        "package",
        "description",
        KeyType::Text,
        "",
        "One sentence for readers of the package",
    ),
    key(
        "package",
        "license",
        KeyType::Text,
        "",
        "License, as an SPDX expression",
    ),
    key(
        "package",
        "repository",
        KeyType::Url,
        "",
        "Where the sources live",
    ),
    key(
        "package",
        "publish",
        KeyType::Bool,
        "true",
        "Switch for `deps publish-check`; `false` keeps the package out of it",
    ),
    key(
        "build",
        "openapi",
        KeyType::Path,
        "",
        "Where every build writes the OpenAPI document",
    ),
    key(
        "build",
        "native_bin",
        KeyType::Path,
        "",
        "Where a build writes the executable; makes every build one",
    ),
    key(
        "build",
        "embed_openapi",
        KeyType::Bool,
        "false",
        "Embed the OpenAPI document for the documentation page",
    ),
    key(
        "build",
        "cpu",
        KeyType::OneOf(CPU_LEVELS),
        "v2",
        "CPU level the executable may assume",
    ),
    key(
        "build",
        "target",
        KeyType::OneOf(PLATFORMS),
        "",
        "Platform of the executable when no flag names one",
    ),
    key(
        "build",
        "symbols",
        KeyType::Bool,
        "false",
        "Write a companion file with debug symbols",
    ),
    key(
        "build",
        "strip",
        KeyType::Bool,
        "false",
        "Leave function names and lines out of the executable",
    ),
    key(
        "serve",
        "static_dir",
        KeyType::SubDirectory,
        "",
        "Directory of static files",
    ),
    key(
        "serve",
        "static_index",
        KeyType::Path,
        "index.html",
        "File served for a directory",
    ),
    key(
        "serve",
        "openapi_ui",
        KeyType::Bool,
        "",
        "Serve the documentation page; on while developing, off otherwise",
    ),
    key(
        "serve",
        "openapi_path",
        KeyType::UrlPath,
        "/docs",
        "Where the documentation page is served",
    ),
    key(
        "assets",
        "css",
        KeyType::Path,
        "",
        "Entry style sheet, processed before a run or build",
    ),
    key(
        "assets",
        "watch",
        KeyType::Bool,
        "true",
        "Watch assets while developing",
    ),
    key(
        "assets",
        "hash",
        KeyType::Bool,
        "false",
        "Copy assets under content-hashed names and write their map",
    ),
    key(
        "assets",
        "out",
        KeyType::SubDirectory,
        ".fuse/assets",
        "Where processed assets go",
    ),
    key(
        "assets.hooks",
        "before_build",
        KeyType::Text,
        "",
        "Shell command run in the package before the assets are processed",
    ),
    key(
        "vite",
        "dev_url",
        KeyType::Url,
        "http://127.0.0.1:5173",
        "Development server that unknown paths go to",
    ),
    key(
        "vite",
        "dist_dir",
        KeyType::SubDirectory,
        "dist",
        "Static directory of release builds",
    ),
    key(
        "workspace",
        "members",
        KeyType::Globs,
        "",
        "Directories of the packages of the workspace",
    ),
    key(
        "workspace",
        "exclude",
        KeyType::Globs,
        "",
        "Directories that are no packages of the workspace",
    ),
    key(
        "test",
        "timeout_ms",
        KeyType::PositiveInt,
        "60000",
        "Milliseconds a test may take",
    ),
    key(
        "test",
        "isolate_db",
        KeyType::Bool,
        "true",
        "Give each test a database of its own",
    ),
];

/// Names of the tables of the manifest, in the order of the reference.
pub fn sections() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    let closed = KEYS.iter().filter_map(move |spec| {
        let new = spec.section != last;
        last = spec.section;
        new.then_some(spec.section)
    });
    closed.chain(OPEN_SECTIONS.iter().copied())
}

/// The key `name` of `section`, by either spelling.
#[must_use]
pub fn find(section: &str, name: &str) -> Option<&'static KeySpec> {
    KEYS.iter()
        .find(|spec| spec.section == section && (spec.key == name || spec.alias == Some(name)))
}
