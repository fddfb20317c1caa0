//! What resolution asks of git. Whoever implements [`GitProvider`] runs it;
//! this crate does not.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::dependency::GitSource;
use crate::load::SourceProvider;

/// Finds commits and makes their files available.
///
/// An implementation executes nothing that comes from a repository: no hooks,
/// no filters, no submodules.
pub trait GitProvider: Sync {
    /// The commit that the source's reference names now.
    ///
    /// # Errors
    ///
    /// [`GitError::Ref`] when there is no such commit; otherwise why it could not be found out.
    fn resolve(&self, source: &GitSource) -> Result<String, GitError>;

    /// The files of a commit, in a directory of their own.
    ///
    /// With `expected`, a directory that exists already is kept and hashed;
    /// without, nothing vouches for it and it is written anew.
    ///
    /// # Errors
    ///
    /// Why the files are not available.
    fn checkout(
        &self,
        name: &str,
        source: &GitSource,
        rev: &str,
        expected: Option<&str>,
    ) -> Result<Checkout, GitError>;
}

/// The files of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Their directory.
    pub root: PathBuf,
    /// What [`Integrity`] makes of them.
    pub integrity: String,
}

/// Why git did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// The reference names no commit.
    #[error("no such ref")]
    Ref,
    /// The files are not here and the network may not be used.
    #[error("not in the cache, and the network is off")]
    Offline,
    /// The `git` program cannot be started.
    #[error("cannot start git: {0}")]
    Start(String),
    /// Git failed or took too long.
    #[error("{0}")]
    Command(String),
    /// What should be a repository is none.
    #[error("not a git repository")]
    NotGit,
    /// The cache directory cannot be created.
    #[error("cannot create cache directory `{path}`: {reason}")]
    CacheDir {
        /// The directory.
        path: String,
        /// Why.
        reason: String,
    },
    /// The directory of the checkout cannot be created or written.
    #[error("{0}")]
    CheckoutDir(String),
}

/// A provider for graphs without git sources; it knows no repository.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGit;

impl GitProvider for NoGit {
    fn resolve(&self, _: &GitSource) -> Result<String, GitError> {
        Err(GitError::Offline)
    }

    fn checkout(
        &self,
        _: &str,
        _: &GitSource,
        _: &str,
        _: Option<&str>,
    ) -> Result<Checkout, GitError> {
        Err(GitError::Offline)
    }
}

/// The checkouts that are already there: nothing is fetched, and nothing is
/// hashed. For editors, which show what the last command fetched.
#[derive(Clone, Copy)]
pub struct LocalCheckouts<'a> {
    /// `.fuse/deps` of the package.
    pub deps: &'a Path,
    /// Where files are looked for.
    pub files: &'a dyn SourceProvider,
}

impl std::fmt::Debug for LocalCheckouts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalCheckouts")
            .field("deps", &self.deps)
            .finish_non_exhaustive()
    }
}

impl GitProvider for LocalCheckouts<'_> {
    fn resolve(&self, _: &GitSource) -> Result<String, GitError> {
        Err(GitError::Offline)
    }

    fn checkout(
        &self,
        name: &str,
        _: &GitSource,
        rev: &str,
        expected: Option<&str>,
    ) -> Result<Checkout, GitError> {
        let root = self
            .files
            .canonical(&self.deps.join(name).join(rev))
            .map_err(|_| GitError::Offline)?;
        Ok(Checkout {
            root,
            integrity: expected.unwrap_or_default().to_owned(),
        })
    }
}

/// Whether a file can be executed, as the hash of a checkout sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileMode {
    /// An ordinary file, `100644`.
    Plain,
    /// An executable file, `100755`.
    Executable,
    /// A symbolic link, `120000`; its content is its target.
    Symlink,
}

impl FileMode {
    const fn octal(self) -> &'static str {
        match self {
            Self::Plain => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
        }
    }
}

/// The hash of a checkout: SHA-256 over path, mode and content hash of every
/// file, sorted by path.
///
/// ```
/// use fuse_check::package::{FileMode, Integrity};
///
/// let mut files = Integrity::default();
/// files.add("main.fuse", FileMode::Plain, b"fn one() -> Int: 1\n");
/// assert!(files.finish().starts_with("sha256-"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Integrity {
    files: Vec<(String, FileMode, String)>,
}

impl Integrity {
    /// Adds a file; `path` is relative to the checkout, with `/`.
    pub fn add(&mut self, path: &str, mode: FileMode, content: &[u8]) {
        self.files
            .push((path.to_owned(), mode, hex(&Sha256::digest(content))));
    }

    /// The hash, as lock files write it.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.files.sort();
        let mut hash = Sha256::new();
        for (path, mode, content) in &self.files {
            // NUL occurs in no path, so rows cannot be read in two ways.
            hash.update(format!("{path}\0{}\0{content}\n", mode.octal()));
        }
        format!("sha256-{}", hex(&hash.finalize()))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
