//! Holds the entries of a lock file against what is on disk.

use std::collections::BTreeMap;
use std::path::Path;

use fuse_syntax::{Code, Diagnostic, Span};

use super::dependency::{GitRef, GitSource};
use super::git::GitProvider;
use super::lock::{Lock, LockEntry};
use crate::load::SourceProvider;

/// Checks every entry of a lock file: that its directory exists, and that a
/// checkout holds what the entry's hash says. `spans` are the places of the
/// entries, `root` is the directory of the lock file.
#[must_use]
pub fn verify_lock(
    lock: &Lock,
    spans: &BTreeMap<String, Span>,
    root: &Path,
    src: &dyn SourceProvider,
    git: &dyn GitProvider,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (name, entry) in &lock.entries {
        let at = spans.get(name).copied().unwrap_or_default();
        if let Err(diagnostic) = verify_entry(name, entry, at, root, src, git) {
            diagnostics.push(*diagnostic);
        }
    }
    diagnostics
}

fn verify_entry(
    name: &str,
    entry: &LockEntry,
    at: Span,
    root: &Path,
    src: &dyn SourceProvider,
    git: &dyn GitProvider,
) -> Result<(), Box<Diagnostic>> {
    let fail = |code: Code, message: String, hint: String| {
        Box::new(Diagnostic::new(code, at, message).hint(hint))
    };
    match entry {
        LockEntry::Path { path } => {
            if src.canonical(&root.join(path)).is_err() {
                let message = format!("lock entry `{name}`: `{path}` not found");
                let hint = "put the directory back, or correct fuse.toml and run `fuse deps lock`"
                    .to_owned();
                return Err(fail(Code::LOCK_ENTRY_PATH_NOT_FOUND, message, hint));
            }
        }
        LockEntry::Git {
            git: url,
            requested,
            rev,
            subdir,
            integrity,
        } => {
            let reference = GitRef::parse(requested).unwrap_or(GitRef::Default);
            let source = GitSource {
                url: url.clone(),
                reference,
                subdir: subdir.clone(),
            };
            let checkout = git
                .checkout(name, &source, rev, integrity.as_deref())
                .map_err(|problem| {
                    let message = format!("git failed for `{name}`: {problem}");
                    fail(
                        Code::DEP_GIT_COMMAND_FAILED,
                        message,
                        "run `fuse deps lock` once with the network".to_owned(),
                    )
                })?;
            if integrity
                .as_ref()
                .is_some_and(|integrity| *integrity != checkout.integrity)
            {
                let message = format!("checkout of `{name}` was changed");
                let hint = format!("delete `{}` to fetch it again", checkout.root.display());
                return Err(fail(Code::LOCK_INTEGRITY, message, hint));
            }
            let inside = subdir.as_deref().unwrap_or("");
            if src.canonical(&checkout.root.join(inside)).is_err() {
                let message = format!("lock entry `{name}`: `{inside}` not found");
                let hint = "correct `subdir` in fuse.toml and run `fuse deps lock`".to_owned();
                return Err(fail(Code::LOCK_ENTRY_SUBDIR_NOT_FOUND, message, hint));
            }
        }
    }
    Ok(())
}
