//! Git repositories of dependencies, through the `git` program.
//!
//! Nothing that comes from a repository is executed: blobs are copied out of
//! the object store as they are, so no hook, filter or submodule ever runs.
//! `git` itself never prompts and speaks only `https`, `ssh` and `file`.

mod files;
mod process;

use std::fs;
use std::path::{Path, PathBuf};

use fuse_check::package::{Checkout, GitError, GitProvider, GitRef, GitSource, is_commit_id};

use crate::build_lock::DirectoryLock;
use process::Git;

/// Fetches into a store shared by all packages of a user, and checks out below
/// a package.
pub(crate) struct GitStore<'a> {
    /// `.fuse/deps` of the package.
    pub(crate) deps: PathBuf,
    /// The cache directory of the user.
    pub(crate) cache: PathBuf,
    /// Whether the network may not be used.
    pub(crate) offline: bool,
    /// Told what is about to be fetched.
    pub(crate) progress: &'a (dyn Fn(&str) + Sync),
}

impl GitStore<'_> {
    /// The bare repository that holds what was fetched from a URL.
    fn store(&self, url: &str) -> PathBuf {
        let name = blake3::hash(url.as_bytes()).to_hex();
        self.cache.join("git").join(&name[..32])
    }

    fn create_store(&self, url: &str) -> Result<PathBuf, GitError> {
        let store = self.store(url);
        if store.join("HEAD").is_file() {
            return Ok(store);
        }
        fs::create_dir_all(&store).map_err(|problem| GitError::CacheDir {
            path: self.cache.display().to_string(),
            reason: reason(&problem),
        })?;
        Git::new()
            .args(["init", "--quiet", "--bare", "--"])
            .arg(&store)
            .run()?;
        Ok(store)
    }

    fn has_commit(store: &Path, rev: &str) -> bool {
        let object = format!("{rev}^{{commit}}");
        store.join("HEAD").is_file()
            && Git::in_store(store)
                .args(["cat-file", "-e", &object])
                .run()
                .is_ok()
    }

    /// Brings a commit into the store: alone when the server allows that, else
    /// with every branch and tag.
    fn fetch(&self, source: &GitSource, rev: &str) -> Result<PathBuf, GitError> {
        let store = self.store(&source.url);
        if Self::has_commit(&store, rev) {
            return Ok(store);
        }
        if self.offline {
            return Err(GitError::Offline);
        }
        (self.progress)(&fuse_check::package::redact(&source.url));
        let store = self.create_store(&source.url)?;
        let _lock =
            DirectoryLock::take(&store, &mut |_| {}).map_err(|problem| GitError::CacheDir {
                path: store.display().to_string(),
                reason: problem.to_string(),
            })?;
        let alone = Git::in_store(&store)
            .args([
                "fetch",
                "--quiet",
                "--no-tags",
                "--depth=1",
                "--",
                &source.url,
                rev,
            ])
            .run();
        if alone.is_err() || !Self::has_commit(&store, rev) {
            Self::fetch_all(&store, &source.url)?;
        }
        if Self::has_commit(&store, rev) {
            Ok(store)
        } else {
            Err(GitError::Ref)
        }
    }

    fn fetch_all(store: &Path, url: &str) -> Result<(), GitError> {
        let all = ["fetch", "--quiet", "--no-tags", "--force", "--", url];
        let refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        Git::in_store(store)
            .args(all)
            .args(refs)
            .run_with_retries()
            .map(|_| ())
    }

    /// The commit a shortened id stands for.
    fn resolve_short(&self, source: &GitSource, short: &str) -> Result<String, GitError> {
        (self.progress)(&fuse_check::package::redact(&source.url));
        let store = self.create_store(&source.url)?;
        Self::fetch_all(&store, &source.url)?;
        let object = format!("{short}^{{commit}}");
        let found = Git::in_store(&store)
            .args([
                "rev-parse",
                "--quiet",
                "--verify",
                "--end-of-options",
                &object,
            ])
            .run();
        found
            .ok()
            .map(|text| text.trim().to_owned())
            .filter(|rev| is_commit_id(rev))
            .ok_or(GitError::Ref)
    }

    fn directory(&self, name: &str, rev: &str) -> PathBuf {
        self.deps.join(name).join(rev)
    }
}

impl GitProvider for GitStore<'_> {
    fn resolve(&self, source: &GitSource) -> Result<String, GitError> {
        if let GitRef::Rev(rev) = &source.reference
            && is_commit_id(rev)
        {
            return Ok(rev.clone());
        }
        if self.offline {
            return Err(GitError::Offline);
        }
        let wanted: Vec<String> = match &source.reference {
            GitRef::Default => vec!["HEAD".to_owned()],
            GitRef::Branch(branch) => vec![format!("refs/heads/{branch}")],
            GitRef::Tag(_) | GitRef::Version(_) => source
                .reference
                .tags()
                .iter()
                .map(|tag| format!("refs/tags/{tag}"))
                .collect(),
            GitRef::Rev(short) => return self.resolve_short(source, short),
        };
        let listed = Git::new()
            .args(["ls-remote", "--quiet", "--", &source.url])
            .run_with_retries()?;
        let find = |name: &str| {
            let mut rows = listed.lines().filter_map(|line| line.split_once('\t'));
            rows.find(|(_, listed)| *listed == name)
                .map(|(rev, _)| rev.to_owned())
        };
        // An annotated tag names a tag object; `^{}` names its commit.
        let commit = |name: &String| find(&format!("{name}^{{}}")).or_else(|| find(name));
        wanted
            .iter()
            .find_map(commit)
            .filter(|rev| is_commit_id(rev))
            .ok_or(GitError::Ref)
    }

    fn checkout(
        &self,
        name: &str,
        source: &GitSource,
        rev: &str,
        expected: Option<&str>,
    ) -> Result<Checkout, GitError> {
        let root = self.directory(name, rev);
        if expected.is_some() && root.is_dir() {
            let integrity = files::hash_checkout(&root)
                .map_err(|problem| GitError::CheckoutDir(reason(&problem)))?;
            return Ok(Checkout { root, integrity });
        }
        let store = self.fetch(source, rev)?;
        let integrity = files::write_checkout(&store, rev, &root)?;
        Ok(Checkout { root, integrity })
    }
}

/// The cache directory of the user: `FUSE_CACHE_DIR`, else where the platform
/// keeps caches, else nothing.
pub(crate) fn user_cache_directory() -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(directory) = variable("FUSE_CACHE_DIR") {
        return Some(directory);
    }
    let platform = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        std::env::home_dir().map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME")
            .filter(|directory| directory.is_absolute())
            .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
    };
    platform
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join("fuse"))
}

fn reason(problem: &std::io::Error) -> String {
    let text = problem.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_lowercase()
}
