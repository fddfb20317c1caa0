//! `fuse deps`: dependencies and the lock file.

mod edit;
mod lock;
mod publish_check;
mod tree;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fuse_check::package::Resolution;
use fuse_syntax::diagnostic::sort;

use super::Outcome;
use crate::arguments::Selection;
use crate::failure::{Ended, Failure, Reported, code};
use crate::output::Output;
use crate::project::Project;

#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(subcommand)]
    command: Deps,
}

#[derive(Debug, Subcommand)]
enum Deps {
    /// Rewrite the lock file
    Lock(lock::Flags),
    /// Verify that every package under a directory can be published
    PublishCheck(publish_check::Flags),
    /// Add a dependency to the manifest
    Add(edit::AddFlags),
    /// Remove a dependency from the manifest
    Remove(edit::RemoveFlags),
    /// Show the graph of packages
    Tree(tree::Flags),
    /// Hold the checkouts against the lock file
    Verify(verify::Flags),
}

/// Which package a command works on.
#[derive(Clone, Debug, Args)]
struct PackageFlags {
    /// The manifest of the package, or its directory
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

impl PackageFlags {
    fn select(&self) -> Result<Project, Failure> {
        let selection = Selection {
            manifest_path: self.manifest_path.clone(),
            ..Selection::default()
        };
        Project::select(&selection).map_err(|failure| match failure.code {
            code::MANIFEST_MISSING if self.manifest_path.is_none() => Failure::new(
                code::MANIFEST_REQUIRED,
                "fuse deps needs a package: no fuse.toml found",
            )
            .hint("go into a package, or name one with --manifest-path"),
            _ => failure,
        })
    }
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    match &flags.command {
        Deps::Lock(flags) => lock::run(flags, output),
        Deps::PublishCheck(flags) => publish_check::run(flags, output),
        Deps::Add(flags) => edit::add(flags, output),
        Deps::Remove(flags) => edit::remove(flags, output),
        Deps::Tree(flags) => tree::run(flags, output),
        Deps::Verify(flags) => verify::run(flags, output),
    }
}

/// Prints the diagnostics of a resolution and fails if there are errors.
fn report(resolution: &Resolution, output: &Output) -> Result<(), Ended> {
    let files = resolution.graph.files();
    let mut diagnostics = resolution.diagnostics.clone();
    sort(&mut diagnostics, &files);
    output.diagnostics(&diagnostics, &files);
    if resolution.has_errors() {
        Err(Reported.into())
    } else {
        Ok(())
    }
}
