//! `fuse deps lock`: rewrites the lock file, or checks it.

use std::process::ExitCode;

use clap::Args;
use fuse_check::package::{LockMode, Refresh};

use super::{PackageFlags, report};
use crate::command::Outcome;
use crate::failure::{Failure, code};
use crate::output::Output;

#[derive(Debug, Args)]
pub(super) struct Flags {
    #[command(flatten)]
    package: PackageFlags,

    /// Write nothing; fail if the lock file is out of date
    #[arg(long)]
    check: bool,

    /// Resolve references again: of these names, or of all
    #[arg(long, value_name = "NAME", num_args = 0.., conflicts_with = "check")]
    update: Option<Vec<String>>,

    /// Use no network
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(flags: &Flags, output: &Output) -> Outcome {
    let project = flags.package.select()?;
    let lock = match &flags.update {
        _ if flags.check => LockMode::Check,
        None => LockMode::Update(Refresh::Nothing),
        Some(names) if names.is_empty() => LockMode::Update(Refresh::Everything),
        Some(names) => LockMode::Update(Refresh::Names(names.iter().cloned().collect())),
    };
    let resolution = project.resolve(lock, flags.offline, output);
    report(&resolution, output)?;
    for name in flags.update.iter().flatten() {
        if !resolution.lock.entries.contains_key(name) {
            let known: Vec<&str> = resolution.lock.entries.keys().map(String::as_str).collect();
            let failure = Failure::new(code::INVALID_FLAG, format!("unknown dependency `{name}`"));
            let near = fuse_check::package::nearest(name, known.iter().copied());
            return Err(match near {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("dependencies are {}", known.join(", "))),
            }
            .into());
        }
    }
    project.write_lock(&resolution)?;
    output.info(&match (&resolution.lock_text, flags.check) {
        (Some(_), _) => format!("[deps] fuse.lock: {}", resolution.difference),
        (None, _) => "[deps] fuse.lock is up to date".to_owned(),
    });
    Ok(ExitCode::SUCCESS)
}
