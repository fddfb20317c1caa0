//! `fuse deps tree`: the graph of packages.

use std::collections::HashSet;
use std::process::ExitCode;

use clap::Args;
use fuse_check::package::{LockEntry, LockMode, PackageId, Refresh, Resolution, redact};

use super::{PackageFlags, report};
use crate::command::Outcome;
use crate::output::Output;

#[derive(Debug, Args)]
pub(super) struct Flags {
    #[command(flatten)]
    package: PackageFlags,

    /// Use no network
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(flags: &Flags, output: &Output) -> Outcome {
    let project = flags.package.select()?;
    let resolution = project.resolve(LockMode::Update(Refresh::Nothing), flags.offline, output);
    report(&resolution, output)?;
    let root = resolution.graph.root();
    let version = root
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.package.version.as_ref());
    let version = version.map_or_else(String::new, |version| format!(" {}", version.value));
    let mut text = format!("{}{version}\n", root.display_name());
    let mut shown = HashSet::from([PackageId::ROOT]);
    branches(&resolution, PackageId::ROOT, "", &mut shown, &mut text);
    output.result(&text);
    Ok(ExitCode::SUCCESS)
}

/// Draws the dependencies of a package. Packages shown before are marked with
/// `(*)` and not drawn again.
fn branches(
    resolution: &Resolution,
    package: PackageId,
    indent: &str,
    shown: &mut HashSet<PackageId>,
    text: &mut String,
) {
    let dependencies = &resolution.graph.package(package).dependencies;
    let mut rest = dependencies.len();
    for (name, id) in dependencies {
        rest -= 1;
        let (corner, below) = if rest == 0 {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        let new = shown.insert(*id);
        let has_more = !resolution.graph.package(*id).dependencies.is_empty();
        let again = if new || !has_more { "" } else { " (*)" };
        *text += &format!(
            "{indent}{corner}{name}{}{again}\n",
            source(resolution, name)
        );
        if new {
            branches(resolution, *id, &format!("{indent}{below}"), shown, text);
        }
    }
}

fn source(resolution: &Resolution, name: &str) -> String {
    match resolution.lock.entries.get(name) {
        Some(LockEntry::Path { path }) => format!(" ({path})"),
        Some(LockEntry::Git {
            git,
            requested,
            rev,
            subdir,
            ..
        }) => {
            let subdir = subdir
                .as_ref()
                .map_or_else(String::new, |subdir| format!(", {subdir}"));
            format!(
                " ({} {requested}, {}{subdir})",
                redact(git),
                &rev[..rev.len().min(12)]
            )
        }
        None => String::new(),
    }
}
