//! `fuse deps publish-check`: whether every package under a directory can be published.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fuse_check::load::SourceProvider as _;
use fuse_check::package::{LockMode, publish_problems};
use fuse_syntax::Code;

use crate::command::Outcome;
use crate::disk::Disk;
use crate::failure::{Failure, Reported};
use crate::output::Output;
use crate::project::{Project, no_packages, package_around, working_directory};

#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Where to look [default: the package around the working directory]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(flags: &Flags, output: &Output) -> Outcome {
    let base = working_directory()?;
    let root = match &flags.directory {
        Some(directory) => Disk
            .canonical(directory)
            .map_err(|problem| Failure::read(directory, &problem))?,
        None => package_around(&base).unwrap_or(&base).to_owned(),
    };
    let packages = Project::discover(&root)?;
    if packages.is_empty() {
        return Err(no_packages(&root.display().to_string()).into());
    }
    let mut ready = 0;
    let mut unready = 0;
    for directory in packages {
        let project = Project {
            root: directory,
            has_manifest: true,
            file: None,
            base: base.clone(),
        };
        // Only what is locked counts, so nothing is fetched.
        let resolution = project.resolve(LockMode::Check, true, output);
        let Some(manifest) = resolution.graph.root().manifest.clone() else {
            continue;
        };
        if manifest.package.publish == Some(false) {
            continue;
        }
        let problems = publish_problems(&manifest, &resolution, &root, &Disk);
        if problems.is_empty() {
            ready += 1;
            continue;
        }
        unready += 1;
        let shown = project.display(&project.root);
        let shown = if project.root == base {
            ".".to_owned()
        } else {
            shown
        };
        let message = format!(
            "package `{shown}` is not publishable: {}",
            problems.join("; ")
        );
        let failure = Failure::diagnostic(Code::WORKSPACE_PUBLISH_NOT_READY, message)
            .hint("correct fuse.toml, or set `publish = false`");
        output.failure(&failure);
    }
    if unready > 0 {
        return Err(Reported.into());
    }
    output.info(&format!("publish-check: {ready} package(s) — all ready"));
    Ok(ExitCode::SUCCESS)
}
