//! `fuse check`: checks a program without running it.

mod cache;
mod fix;
mod workspace;

use std::mem::ManuallyDrop;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use fuse_check::canon::{DumpOptions, Program, dump};
use fuse_check::effects::{effects, report};
use fuse_syntax::Diagnostic;
use fuse_syntax::diagnostic::{ERRORS_SHOWN, limit};

use super::{Outcome, with_steps};
use crate::arguments::{LockFlags, Selection};
use crate::failure::Ended;
use crate::output::Output;
use crate::project::{CheckOptions, Project, app_problem};
use cache::CheckCache;

#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    selection: Selection,

    /// Check every package under the directory
    #[arg(long, conflicts_with_all = ["file", "app", "fix"])]
    workspace: bool,

    /// Also hold the program to the rules of layers, capabilities and error domains
    #[arg(long)]
    strict_architecture: bool,

    /// Let warnings fail too
    #[arg(long)]
    deny_warnings: bool,

    /// Apply the fixes that are safe
    #[arg(long)]
    fix: bool,

    /// Print what the program was lowered to, or what its functions can do
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["workspace", "fix"])]
    emit: Option<Emit>,

    /// Errors to print before the rest is only counted; 0 prints all
    #[arg(long, value_name = "N", default_value_t = ERRORS_SHOWN)]
    max_errors: u32,

    #[command(flatten)]
    lock: LockFlags,
}

/// What `--emit` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Emit {
    /// The canonical program.
    Canonical,
    /// The effects of every function, and where the handlers of routes run.
    Effects,
}

impl Emit {
    fn text(self, program: &Program) -> String {
        match self {
            Self::Canonical => dump(program, DumpOptions::default()),
            Self::Effects => report(program, &effects(program)),
        }
    }
}

impl Flags {
    fn options(&self) -> CheckOptions {
        CheckOptions {
            strict_architecture: self.strict_architecture,
            tests: true,
            lock: self.lock,
        }
    }

    /// Whether these diagnostics fail the command.
    fn fails(&self, diagnostics: &[Diagnostic]) -> bool {
        diagnostics
            .iter()
            .any(|one| one.is_error() || self.deny_warnings)
    }
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    with_steps(output, || {
        if flags.workspace {
            workspace::run(flags, output)
        } else {
            check(flags, output)
        }
    })
}

fn check(flags: &Flags, output: &Output) -> Outcome {
    let project = Project::select(&flags.selection)?;
    let cache = CheckCache::of_package(&project, flags.strict_architecture);
    // What is asked of a program beside its diagnostics is not in the cache.
    let more = flags.fix || flags.emit.is_some() || flags.selection.app.is_some();
    if !more && let Some((diagnostics, files)) = cache.as_ref().and_then(CheckCache::read) {
        output.diagnostics(&diagnostics, &files);
        if flags.fails(&diagnostics) {
            return Err(Ended::after(&diagnostics));
        }
        output.outcome("check.cached", None, "check: ok (cached, no changes)");
        return Ok(ExitCode::SUCCESS);
    }
    let _lock = if project.has_manifest {
        project.lock_build(output)?
    } else {
        None
    };
    // The process ends behind this: a large program is not taken apart first.
    let mut checked = ManuallyDrop::new(if flags.fix {
        fix::check_and_fix(&project, &flags.options(), output)?
    } else {
        project.check(&flags.options(), output)?
    });
    if let Some(cache) = &cache {
        cache.write(&checked);
    }
    let failed = flags.fails(&checked.diagnostics);
    let ended = Ended::after(&checked.diagnostics);
    let mut diagnostics = std::mem::take(&mut checked.diagnostics);
    limit(&mut diagnostics, checked.files(), flags.max_errors);
    output.diagnostics(&diagnostics, checked.files());
    if failed {
        return Err(ended);
    }
    if let (Some(app), Some(program)) = (&flags.selection.app, &checked.program)
        && let Some(problem) = app_problem(program, app)
    {
        return Err(problem.into());
    }
    if let (Some(emit), Some(program)) = (flags.emit, &checked.program) {
        output.result(&emit.text(program));
    }
    output.outcome("check.ok", None, "check: ok");
    Ok(ExitCode::SUCCESS)
}
