//! `fuse clean`: removes what can be made anew.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{Outcome, with_steps};
use crate::failure::{Failure, code};
use crate::output::Output;
use crate::project::{FUSE_DIRECTORY, package_around, working_directory};

/// Name of the directories that workspace checks and the language server keep.
const CACHE_DIRECTORY: &str = ".fuse-cache";

#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Remove the .fuse-cache directories
    #[arg(long)]
    cache: bool,

    /// With --cache, remove .fuse/build and .fuse/deps too
    #[arg(long, requires = "cache")]
    all: bool,

    /// Where to look [default: the package around the working directory]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    if !flags.cache {
        let failure = Failure::new(code::INVALID_FLAG, "fuse clean needs --cache");
        return Err(failure
            .hint("`fuse clean --cache` removes caches, `--all` builds and checkouts too")
            .into());
    }
    with_steps(output, || {
        let base = working_directory()?;
        let root = match &flags.directory {
            Some(directory) => {
                fs::canonicalize(directory).map_err(|problem| Failure::read(directory, &problem))?
            }
            None => package_around(&base).unwrap_or(&base).to_owned(),
        };
        if !root.is_dir() {
            return Err(Failure::new(
                code::FILE_READ,
                format!("`{}` is not a directory", root.display()),
            )
            .into());
        }
        let shown = flags
            .directory
            .as_ref()
            .map_or_else(|| root.display().to_string(), |d| d.display().to_string());
        let removed = clean(&root, flags.all)?;
        output.info(&match removed {
            0 => format!("[clean] no {CACHE_DIRECTORY} directories found under {shown}"),
            1 => format!("[clean] removed 1 {CACHE_DIRECTORY} directory under {shown}"),
            count => format!("[clean] removed {count} {CACHE_DIRECTORY} directories under {shown}"),
        });
        Ok(ExitCode::SUCCESS)
    })
}

/// Removes the caches below a directory; links are neither followed nor removed.
/// Returns how many cache directories there were.
fn clean(root: &Path, all: bool) -> Result<usize, Failure> {
    let mut removed = 0;
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            // What cannot be listed holds nothing that can be removed.
            Err(_) if directory != root => continue,
            Err(problem) => return Err(Failure::read(&directory, &problem)),
        };
        for entry in entries.flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let name = entry.file_name();
            if name == CACHE_DIRECTORY {
                remove(&entry.path())?;
                removed += 1;
            } else if name == FUSE_DIRECTORY {
                if all {
                    remove(&entry.path().join("build"))?;
                    remove(&entry.path().join("deps"))?;
                }
            } else if name != ".git" && name != "node_modules" {
                open.push(entry.path());
            }
        }
    }
    Ok(removed)
}

fn remove(directory: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(directory) {
        // A link may lead out of the tree.
        Ok(metadata) if metadata.is_symlink() => return Ok(()),
        _ => {}
    }
    match fs::remove_dir_all(directory) {
        Err(problem) if problem.kind() != ErrorKind::NotFound => {
            Err(Failure::write(directory, &problem))
        }
        _ => Ok(()),
    }
}
