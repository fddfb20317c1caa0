//! `fuse fmt`: formats modules.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use fuse_check::load::LoadedModule;
use fuse_syntax::diagnostic::sort;
use fuse_syntax::{Diagnostic, FileId, Files, FormatError, FormatOptions, format, parse};
use similar::TextDiff;

use super::Outcome;
use crate::arguments::Selection;
use crate::failure::{Ended, Failure, Reported, code};
use crate::output::Output;
use crate::project::{Project, is_module, modules_below};
use crate::write::replace_file;

#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Modules and directories [default: the modules of the package]
    #[arg(value_name = "FILE | DIR")]
    paths: Vec<PathBuf>,

    /// The manifest of the package, or its directory
    #[arg(long, value_name = "PATH", conflicts_with_all = ["paths", "stdin"])]
    manifest_path: Option<PathBuf>,

    /// Write nothing; list the files that differ and fail if there are any
    #[arg(long)]
    check: bool,

    /// Write nothing; print the differences and fail if there are any
    #[arg(long)]
    diff: bool,

    /// Format standard input to standard output
    #[arg(long, conflicts_with_all = ["paths", "check", "diff"])]
    stdin: bool,
}

/// A module that its formatted text differs from.
struct Change {
    path: PathBuf,
    shown: String,
    before: String,
    after: String,
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    if flags.stdin {
        return format_stdin(output);
    }
    let modules = if flags.paths.is_empty() {
        package_modules(flags, output)?
    } else {
        named_modules(&flags.paths)?
    };
    let changes = format_all(modules, output)?;
    if flags.check || flags.diff {
        for change in &changes {
            output.result(&if flags.diff {
                difference(change)
            } else {
                format!("{}\n", change.shown)
            });
        }
        return Ok(if changes.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    for change in &changes {
        replace_file(&change.path, change.after.as_bytes())
            .map_err(|problem| Failure::write(&change.path, &problem))?;
        output.detail(&format!("formatted {}", change.shown));
    }
    Ok(ExitCode::SUCCESS)
}

/// A module to format, and how messages call it.
struct Module {
    path: PathBuf,
    shown: String,
}

/// The modules of the package, those of its dependencies excluded.
fn package_modules(flags: &Flags, output: &Output) -> Result<Vec<Module>, Ended> {
    let selection = Selection {
        manifest_path: flags.manifest_path.clone(),
        ..Selection::default()
    };
    let project = Project::select(&selection)?;
    let graph = match project.own_modules() {
        Ok(graph) => graph,
        Err((mut diagnostics, files)) => {
            sort(&mut diagnostics, &files);
            output.diagnostics(&diagnostics, &files);
            return Err(Reported.into());
        }
    };
    let module = |module: LoadedModule| Module {
        path: module.path,
        shown: module.display,
    };
    Ok(graph.modules.into_iter().map(module).collect())
}

/// The files and the modules below the directories that were named.
fn named_modules(paths: &[PathBuf]) -> Result<Vec<Module>, Failure> {
    let mut modules = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|problem| Failure::read(path, &problem))?;
        if metadata.is_dir() {
            let mut below = Vec::new();
            modules_below(path, &mut below);
            below.sort();
            modules.append(&mut below);
        } else if is_module(path) {
            modules.push(path.clone());
        } else {
            let message = format!("`{}` is not a Fuse module", path.display());
            return Err(
                Failure::new(code::FILE_READ, message).hint("pass `.fuse` files and directories")
            );
        }
    }
    let module = |path: PathBuf| {
        let shown = path.to_string_lossy();
        let shown = shown.strip_prefix("./").unwrap_or(&shown).to_owned();
        Module { path, shown }
    };
    Ok(modules.into_iter().map(module).collect())
}

/// Formats every module; nothing is written unless all of them can be.
fn format_all(modules: Vec<Module>, output: &Output) -> Result<Vec<Change>, Ended> {
    let mut changes = Vec::new();
    let mut files = Files::new();
    let mut diagnostics = Vec::new();
    for module in modules {
        let bytes =
            fs::read(&module.path).map_err(|problem| Failure::read(&module.path, &problem))?;
        let before = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(problem) => {
                let bytes = problem.as_bytes();
                let text = String::from_utf8_lossy(&bytes[..problem.utf8_error().valid_up_to()])
                    .into_owned();
                let file = files.add(module.shown, text);
                diagnostics.extend(fuse_syntax::parse_bytes(file, bytes).diagnostics);
                continue;
            }
        };
        match format(&before, &FormatOptions::default()) {
            Ok(after) if after == before => {}
            Ok(after) => changes.push(Change {
                path: module.path,
                shown: module.shown,
                before,
                after,
            }),
            Err(FormatError::Syntax(_)) => {
                let file = files.add(module.shown, before.as_str());
                diagnostics.extend(
                    parse(file, &before)
                        .diagnostics
                        .into_iter()
                        .filter(Diagnostic::is_error),
                );
            }
            Err(FormatError::Changed) => return Err(changed_meaning(&module.shown).into()),
        }
    }
    if diagnostics.is_empty() {
        return Ok(changes);
    }
    sort(&mut diagnostics, &files);
    output.diagnostics(&diagnostics, &files);
    let message = "nothing was formatted, because of syntax errors";
    Err(Failure::new(code::FORMAT_ABORTED, message)
        .hint("correct them and format again")
        .into())
}

fn changed_meaning(shown: &str) -> Failure {
    let message = format!("formatting `{shown}` would change what it means; nothing was written");
    Failure::new(code::FORMAT_ABORTED, message)
        .hint("this is a defect of fuse; please report it with the file")
}

fn format_stdin(output: &Output) -> Outcome {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|problem| Failure::read(Path::new("standard input"), &problem))?;
    match format(&text, &FormatOptions::default()) {
        Ok(after) => {
            output.result(&after);
            Ok(ExitCode::SUCCESS)
        }
        Err(FormatError::Changed) => Err(changed_meaning("standard input").into()),
        Err(FormatError::Syntax(_)) => {
            let mut files = Files::new();
            let file: FileId = files.add("<stdin>", text.as_str());
            let mut diagnostics = parse(file, &text).diagnostics;
            sort(&mut diagnostics, &files);
            output.diagnostics(&diagnostics, &files);
            Err(Reported.into())
        }
    }
}

/// A unified difference.
fn difference(change: &Change) -> String {
    let (before, after) = (format!("a/{}", change.shown), format!("b/{}", change.shown));
    TextDiff::from_lines(&change.before, &change.after)
        .unified_diff()
        .context_radius(3)
        .header(&before, &after)
        .to_string()
}
