//! `fuse check --workspace`: every package under a directory.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use fuse_check::load::SourceProvider as _;
use fuse_check::package::{MANIFEST_NAME, read_manifest};
use fuse_syntax::diagnostic::limit;
use fuse_syntax::{Diagnostic, FileId, Files};

use super::Flags;
use super::cache::CheckCache;
use crate::command::Outcome;
use crate::disk::Disk;
use crate::failure::{Ended, Failure, Reported};
use crate::output::Output;
use crate::project::{Project, no_packages, working_directory};

/// What was found in one package.
enum Found {
    Checked {
        diagnostics: Vec<Diagnostic>,
        files: Files,
        cached: bool,
    },
    Ended(Ended),
}

pub(super) fn run(flags: &Flags, output: &Output) -> Outcome {
    let base = working_directory()?;
    let root = root(flags, &base)?;
    let members: Vec<Project> = Project::discover(&root)?
        .into_iter()
        .filter(|directory| has_entry(directory))
        .map(|root| Project {
            root,
            has_manifest: true,
            file: None,
            base: base.clone(),
        })
        .collect();
    if members.is_empty() {
        return Err(no_packages(&shown(&root, &base)).into());
    }
    let failures = check_all(&members, &root, flags, output);
    let count = members.len();
    if !failures.is_empty() {
        output.info(&format!(
            "workspace check: {} of {count} package(s) failed",
            failures.len()
        ));
        let defect = failures
            .into_iter()
            .find(|one| matches!(one, Ended::Defect));
        return Err(defect.unwrap_or_else(|| Reported.into()));
    }
    output.info(&format!("workspace check: {count} package(s) — all ok"));
    Ok(ExitCode::SUCCESS)
}

/// The directory named on the command line, else the workspace around the
/// working directory, else the working directory.
fn root(flags: &Flags, base: &Path) -> Result<PathBuf, Failure> {
    let named = match (&flags.selection.path, &flags.selection.manifest_path) {
        (Some(path), _) => Some(path.clone()),
        (None, Some(manifest)) if manifest.is_file() => manifest.parent().map(Path::to_owned),
        (None, manifest) => manifest.clone(),
    };
    if let Some(named) = named {
        let named = if named.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            named
        };
        return Disk
            .canonical(&named)
            .map_err(|problem| Failure::read(&named, &problem));
    }
    for ancestor in base.ancestors() {
        if manifest_of(ancestor).is_some_and(|manifest| manifest.workspace.is_some()) {
            return Ok(ancestor.to_owned());
        }
        if ancestor.join(".git").exists() {
            break;
        }
    }
    Ok(base.to_owned())
}

fn manifest_of(directory: &Path) -> Option<fuse_check::package::Manifest> {
    let text = std::fs::read_to_string(directory.join(MANIFEST_NAME)).ok()?;
    Some(read_manifest(FileId::default(), &text).0)
}

/// Whether a package has something to check. One whose manifest is broken does:
/// the check says how.
fn has_entry(directory: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(directory.join(MANIFEST_NAME)) else {
        return true;
    };
    let (manifest, diagnostics) = read_manifest(FileId::default(), &text);
    manifest.entry().is_some() || diagnostics.iter().any(Diagnostic::is_error)
}

fn shown(path: &Path, base: &Path) -> String {
    if path == base {
        return ".".to_owned();
    }
    path.strip_prefix(base)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

/// Checks the packages on all cores and reports them in path order. Returns
/// how those ended that failed.
fn check_all(members: &[Project], root: &Path, flags: &Flags, output: &Output) -> Vec<Ended> {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(members.len());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let sender = sender.clone();
            let next = &next;
            scope.spawn(move || {
                while let Some((index, member)) = take(next, members) {
                    // The receiver stays until every package is in.
                    let _ = sender.send((index, check_one(member, root, flags, output)));
                }
            });
        }
        let mut waiting: Vec<Option<Found>> = members.iter().map(|_| None).collect();
        let mut failures = Vec::new();
        let mut shown_until = 0;
        while shown_until < members.len() {
            let Ok((index, found)) = receiver.recv() else {
                break;
            };
            waiting[index] = Some(found);
            while let Some(found) = waiting.get_mut(shown_until).and_then(Option::take) {
                failures.extend(show(&members[shown_until], found, flags, output));
                shown_until += 1;
            }
        }
        failures
    })
}

/// The next package that nobody has taken.
fn take<'m>(next: &AtomicUsize, members: &'m [Project]) -> Option<(usize, &'m Project)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    members.get(index).map(|member| (index, member))
}

fn check_one(project: &Project, root: &Path, flags: &Flags, output: &Output) -> Found {
    let cache = CheckCache::of_member(project, root, flags.strict_architecture);
    if let Some((diagnostics, files)) = cache.read() {
        return Found::Checked {
            diagnostics,
            files,
            cached: true,
        };
    }
    let checked = project
        .lock_build(output)
        .map_err(Ended::from)
        .and_then(|_lock| project.check(&flags.options(), output));
    match checked {
        Err(ended) => Found::Ended(ended),
        Ok(mut checked) => {
            cache.write(&checked);
            let diagnostics = std::mem::take(&mut checked.diagnostics);
            Found::Checked {
                diagnostics,
                files: checked.into_files(),
                cached: false,
            }
        }
    }
}

/// Prints what was found in a package. Returns how it ended unless it is fine.
fn show(project: &Project, found: Found, flags: &Flags, output: &Output) -> Option<Ended> {
    let directory = shown(&project.root, &project.base);
    let (ended, cached) = match found {
        Found::Ended(Ended::Failed(failure)) => {
            output.failure(&failure);
            (Some(Reported.into()), false)
        }
        Found::Ended(ended) => (Some(ended), false),
        Found::Checked {
            mut diagnostics,
            files,
            cached,
        } => {
            let fails = flags.fails(&diagnostics);
            let ended = fails.then(|| Ended::after(&diagnostics));
            limit(&mut diagnostics, &files, flags.max_errors);
            output.diagnostics(&diagnostics, &files);
            (ended, cached)
        }
    };
    let (message, word) = match (&ended, cached) {
        (Some(_), _) => ("failed", "failed"),
        (None, true) => ("check.cached", "ok (cached)"),
        (None, false) => ("check.ok", "ok"),
    };
    output.outcome(
        message,
        Some(&directory),
        &format!("check: {directory} — {word}"),
    );
    ended
}
