//! `fuse openapi`: the document of a program's services.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fuse_check::api::api_model;

use super::Outcome;
use crate::arguments::{LockFlags, Selection};
use crate::failure::{Failure, code};
use crate::openapi;
use crate::output::Output;
use crate::program::Lowered;
use crate::write::replace_file;

#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    selection: Selection,

    /// Write the document to this file
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,

    /// Fail if this file is not the document
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,

    #[command(flatten)]
    lock: LockFlags,
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    let lowered = Lowered::new(&flags.selection, false, flags.lock, false, output)?;
    let model = api_model(&lowered.program);
    if model.services.is_empty() {
        return Err(Failure::new(code::OPENAPI, "no service declared")
            .hint("declare one with `service Name at \"/path\":`")
            .into());
    }
    let document = openapi::document(&model).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::new(code::OPENAPI, problems.join("; "))
    })?;
    if let Some(path) = &flags.check {
        let found = match fs::read(path) {
            Ok(found) => found,
            Err(problem) if problem.kind() == ErrorKind::NotFound => Vec::new(),
            Err(problem) => return Err(Failure::read(path, &problem).into()),
        };
        if found != document {
            let message = format!("`{}` is not the document of this program", path.display());
            let hint = format!("write it with `fuse openapi --out {}`", path.display());
            return Err(Failure::new(code::OPENAPI, message).hint(hint).into());
        }
    } else if let Some(path) = &flags.out {
        replace_file(path, &document).map_err(|problem| Failure::write(path, &problem))?;
    } else {
        output.result(&String::from_utf8_lossy(&document));
    }
    Ok(ExitCode::SUCCESS)
}
