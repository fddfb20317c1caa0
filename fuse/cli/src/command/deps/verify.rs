//! `fuse deps verify`: holds the checkouts against the lock file.

use std::fs;
use std::process::ExitCode;

use clap::Args;
use fuse_check::package::{LOCK_NAME, Lock, verify_lock};
use fuse_syntax::Files;
use fuse_syntax::diagnostic::sort;

use super::PackageFlags;
use crate::command::Outcome;
use crate::disk::Disk;
use crate::failure::{Failure, Reported};
use crate::output::Output;

#[derive(Debug, Args)]
pub(super) struct Flags {
    #[command(flatten)]
    package: PackageFlags,

    /// Use no network; checkouts that are not there cannot be verified
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(flags: &Flags, output: &Output) -> Outcome {
    let project = flags.package.select()?;
    let path = project.root.join(LOCK_NAME);
    let text = match fs::read_to_string(&path) {
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => {
            output.info("verify: ok (no fuse.lock)");
            return Ok(ExitCode::SUCCESS);
        }
        other => other.map_err(|problem| Failure::read(&path, &problem))?,
    };
    let mut files = Files::new();
    let file = files.add(project.display(&path), text.as_str());
    let verified = Lock::parse_with_spans(file, &text).map(|(lock, spans)| {
        let found = project.with_git(flags.offline, output, |git| {
            verify_lock(&lock, &spans, &project.root, &Disk, git)
        });
        (lock.entries.len(), found)
    });
    let (count, mut diagnostics) = verified.unwrap_or_else(|diagnostics| (0, diagnostics));
    sort(&mut diagnostics, &files);
    output.diagnostics(&diagnostics, &files);
    if !diagnostics.is_empty() {
        return Err(Reported.into());
    }
    output.info(&format!(
        "verify: ok ({count} {})",
        if count == 1 { "entry" } else { "entries" }
    ));
    Ok(ExitCode::SUCCESS)
}
