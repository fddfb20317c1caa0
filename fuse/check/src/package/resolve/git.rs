//! The commits of git sources and their files.

use std::path::Path;

use fuse_syntax::Code;

use super::super::dependency::{Dependency, GitSource, Source, redact};
use super::super::git::GitError;
use super::super::graph::display_path;
use super::super::lock::LockEntry;
use super::{Found, LockMode, Place, Resolver};

impl Resolver<'_> {
    pub(super) fn locate_git(
        &mut self,
        dependency: &Dependency,
        source: &GitSource,
        place: &Place,
    ) -> Option<Found> {
        // A path inside a checkout stays in that very commit.
        if let (
            Source::Path(_),
            Place::Checkout {
                rev,
                root,
                integrity,
                ..
            },
        ) = (&dependency.source, place)
        {
            return self.in_checkout(dependency, source, rev, root, integrity.clone());
        }
        let locked = self.locked(&dependency.name, source);
        let (rev, expected) = match locked {
            Some(locked) => locked,
            None if !matches!(self.request.lock, LockMode::Update(_)) => {
                // Its commit cannot be known without the network; the difference says so.
                self.unlocked = true;
                let entry = LockEntry::Git {
                    git: source.url.clone(),
                    requested: source.reference.requested(),
                    rev: String::new(),
                    subdir: source.subdir.clone(),
                    integrity: None,
                };
                self.new.entries.insert(dependency.name.clone(), entry);
                return None;
            }
            None => match self.git.resolve(source) {
                Ok(rev) => (rev, None),
                Err(problem) => {
                    self.git_failed(dependency, source, &problem);
                    return None;
                }
            },
        };
        let checkout = match self
            .git
            .checkout(&dependency.name, source, &rev, expected.as_deref())
        {
            Ok(checkout) => checkout,
            Err(problem) => {
                self.git_failed(dependency, source, &problem);
                return None;
            }
        };
        if expected.is_some_and(|expected| expected != checkout.integrity) {
            let message = format!("checkout of `{}` was changed", dependency.name);
            let hint = format!(
                "delete `{}` to fetch it again; changes belong into the repository",
                display_path(self.request.base, &checkout.root)
            );
            self.report(Code::LOCK_INTEGRITY, dependency.span, message, Some(&hint));
            return None;
        }
        self.in_checkout(
            dependency,
            source,
            &rev,
            &checkout.root,
            Some(checkout.integrity),
        )
    }

    /// The commit that the lock file has for the same source, unless it is to be refreshed.
    fn locked(&self, name: &str, source: &GitSource) -> Option<(String, Option<String>)> {
        if matches!(&self.request.lock, LockMode::Update(refresh) if refresh.covers(name)) {
            return None;
        }
        match self.old.entries.get(name)? {
            LockEntry::Git {
                git,
                requested,
                rev,
                subdir,
                integrity,
            } if *git == source.url
                && *requested == source.reference.requested()
                && *subdir == source.subdir =>
            {
                Some((rev.clone(), integrity.clone()))
            }
            _ => None,
        }
    }

    fn in_checkout(
        &mut self,
        dependency: &Dependency,
        source: &GitSource,
        rev: &str,
        checkout: &Path,
        integrity: Option<String>,
    ) -> Option<Found> {
        let subdir = source.subdir.as_deref().unwrap_or("");
        let root = self.src.canonical(&checkout.join(subdir)).ok();
        let inside = self.src.canonical(checkout).ok();
        let Some(root) = root.filter(|root| inside.is_some_and(|inside| root.starts_with(inside)))
        else {
            let message = format!("subdir `{subdir}` of `{}` not found", dependency.name);
            let hint = format!("look for it at commit {rev} of {}", redact(&source.url));
            self.report(
                Code::DEP_SUBDIR_NOT_FOUND,
                dependency.span,
                message,
                Some(&hint),
            );
            return None;
        };
        let entry = LockEntry::Git {
            git: source.url.clone(),
            requested: source.reference.requested(),
            rev: rev.to_owned(),
            subdir: source.subdir.clone(),
            integrity: integrity.clone(),
        };
        let place = Place::Checkout {
            source: source.clone(),
            rev: rev.to_owned(),
            root: checkout.to_owned(),
            integrity,
        };
        Some(Found { root, place, entry })
    }

    fn git_failed(&mut self, dependency: &Dependency, source: &GitSource, problem: &GitError) {
        let name = &dependency.name;
        let requested = source.reference.requested();
        let failed = format!("git failed for `{name}`: {problem}");
        let (code, message, hint) = match problem {
            GitError::Ref => {
                let hint = format!("see the refs with `git ls-remote {}`", redact(&source.url));
                (
                    Code::DEP_GIT_REF_RESOLVE_FAILED,
                    format!("cannot resolve `{requested}` of `{name}`"),
                    Some(hint),
                )
            }
            GitError::Offline => {
                let hint = "run `fuse deps lock` once with the network".to_owned();
                (Code::DEP_GIT_COMMAND_FAILED, failed, Some(hint))
            }
            GitError::Start(_) => {
                let hint = "install git, or put it on the PATH".to_owned();
                (
                    Code::DEP_GIT_COMMAND_START_FAILED,
                    problem.to_string(),
                    Some(hint),
                )
            }
            GitError::Command(_) => {
                let hint = format!("check that `git ls-remote {}` works", redact(&source.url));
                (Code::DEP_GIT_COMMAND_FAILED, failed, Some(hint))
            }
            GitError::NotGit => {
                let hint = "delete `.fuse/deps` and the cache directory, then try again".to_owned();
                (
                    Code::DEP_CHECKOUT_NOT_GIT,
                    format!("checkout of `{name}` is not a git repository"),
                    Some(hint),
                )
            }
            GitError::CacheDir { .. } => {
                let hint = "set FUSE_CACHE_DIR to a directory that can be written".to_owned();
                (
                    Code::DEP_CACHE_DIR_CREATE_FAILED,
                    problem.to_string(),
                    Some(hint),
                )
            }
            GitError::CheckoutDir(reason) => (
                Code::DEP_CHECKOUT_DIR_CREATE_FAILED,
                format!("cannot create checkout of `{name}`: {reason}"),
                None,
            ),
        };
        self.report(code, dependency.span, message, hint.as_deref());
    }
}
