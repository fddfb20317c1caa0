//! `fuse new DIR`: makes a package to start from.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::failure::{Failure, code};
use crate::output::Output;
use crate::write::replace_file;

#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The directory of the package; made when missing, and empty otherwise
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// A library that other packages import
    #[arg(long, conflicts_with = "cli")]
    lib: bool,

    /// A command line program
    #[arg(long)]
    cli: bool,
}

const MANIFEST: &str = include_str!("manifest.toml");
const IGNORED: &str = include_str!("gitignore.txt");
const SERVICE: &str = include_str!("service.fuse");
const LIBRARY: &str = include_str!("library.fuse");
const PROGRAM: &str = include_str!("program.fuse");

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    let directory = &flags.directory;
    let name = package_name(directory)?;
    refuse_used(directory)?;
    let (module, text) = match (flags.lib, flags.cli) {
        (true, _) => ("src/lib.fuse", LIBRARY),
        (_, true) => ("src/main.fuse", PROGRAM),
        _ => ("src/main.fuse", SERVICE),
    };
    let files = [
        (
            "fuse.toml",
            MANIFEST
                .replace("__name__", &name)
                .replace("__entry__", module),
        ),
        (module, text.replace("__name__", &name)),
        (".gitignore", IGNORED.to_owned()),
    ];
    for (path, text) in &files {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|problem| Failure::write(parent, &problem))?;
        }
        replace_file(&path, text.as_bytes()).map_err(|problem| Failure::write(&path, &problem))?;
    }
    let shown = directory.display();
    let next = if flags.lib { "fuse test" } else { "fuse run" };
    output.info(&format!(
        "new: made package `{name}` in {shown}; go on with `cd {shown}` and `{next}`"
    ));
    Ok(ExitCode::SUCCESS)
}

/// The name of a package, from that of its directory.
fn package_name(directory: &Path) -> Result<String, Failure> {
    let absolute =
        std::path::absolute(directory).map_err(|problem| Failure::read(directory, &problem))?;
    let last = absolute.components().next_back();
    let name = match last {
        Some(Component::Normal(name)) => name.to_string_lossy().into_owned(),
        _ => String::new(),
    };
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(letters) {
        return Ok(name);
    }
    let name = if name.is_empty() {
        directory.display().to_string()
    } else {
        name
    };
    let message = format!("`{name}` cannot be the name of a package");
    Err(Failure::new(code::INVALID_FLAG, message)
        .hint("name the directory with a letter, then letters, digits, `_` and `-`"))
}

fn refuse_used(directory: &Path) -> Result<(), Failure> {
    match fs::read_dir(directory) {
        // A fresh repository is as good as an empty directory.
        Ok(entries) => {
            let used = entries.flatten().find(|entry| entry.file_name() != ".git");
            used.map_or(Ok(()), |entry| {
                let found = entry.file_name().to_string_lossy().into_owned();
                let message = format!("`{}` is not empty: it holds `{found}`", directory.display());
                Err(Failure::new(code::FILE_WRITE, message)
                    .hint("choose a directory that does not exist yet"))
            })
        }
        Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(()),
        Err(problem) => Err(Failure::write(directory, &problem)),
    }
}
