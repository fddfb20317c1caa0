//! `fuse migrate`: applies the migrations of a program.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fuse_runtime::Runtime;
use fuse_runtime::db::{MigrateOptions, MigrationFailed, edited};
use fuse_runtime::system::Stdio;

use super::Outcome;
use crate::failure::{Ended, Reported};
use crate::output::Output;
use crate::program::{Preparation, Program, ProgramFlags};

#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    program: ProgramFlags,

    /// Show where every migration stands, and change nothing
    #[arg(long, conflicts_with_all = ["dry_run", "strict", "backup"])]
    status: bool,

    /// Run what is pending, then undo it
    #[arg(long)]
    dry_run: bool,

    /// Fail if a migration was edited after it was applied
    #[arg(long)]
    strict: bool,

    /// Copy the database to this file first
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    let program = Program::prepare(&flags.program, Preparation::default(), output)?;
    let runtime = program.runtime(&[], Stdio::process())?;
    resolve_config(&runtime)?;
    let outcome = if flags.status {
        status(&runtime, output)
    } else {
        apply(flags, &runtime, output)
    };
    runtime.close_database();
    outcome.map_err(|failed| report(&runtime, &failed))
}

/// Applies what is pending before a program starts, which standard output is
/// left to.
pub(crate) fn pending(runtime: &Runtime, output: &Output) -> Result<(), Ended> {
    resolve_config(runtime)?;
    let outcome = runtime.migrate(MigrateOptions::default(), |name| {
        output.info(&format!("[migrate] applied {name}"));
    });
    let outcome = outcome.map_err(|failed| {
        runtime.close_database();
        report(runtime, &failed)
    })?;
    for name in &outcome.edited {
        output.info(&format!("warning: {}", edited(name)));
    }
    Ok(())
}

/// The configuration names the database.
fn resolve_config(runtime: &Runtime) -> Result<(), Ended> {
    runtime.resolve_config().map_err(|failure| {
        runtime.stdio().error_line(&failure.text());
        Reported.into()
    })
}

fn report(runtime: &Runtime, failed: &MigrationFailed) -> Ended {
    runtime.flush_logs();
    let stdio = runtime.stdio();
    stdio.error_line(&format!("migration error: {failed}"));
    Reported.into()
}

fn status(runtime: &Runtime, output: &Output) -> Result<ExitCode, MigrationFailed> {
    for migration in runtime.migrations()? {
        let state = migration.state.as_str();
        output.result(&match migration.applied_at {
            Some(at) => format!("{state} {} {at}\n", migration.name),
            None => format!("{state} {}\n", migration.name),
        });
    }
    Ok(ExitCode::SUCCESS)
}

fn apply(flags: &Flags, runtime: &Runtime, output: &Output) -> Result<ExitCode, MigrationFailed> {
    let options = MigrateOptions {
        dry_run: flags.dry_run,
        strict: flags.strict,
        backup: flags.backup.as_deref(),
    };
    let verb = if flags.dry_run {
        "would apply"
    } else {
        "applied"
    };
    let report = runtime.migrate(options, |name| {
        output.result(&format!("{verb} {name}\n"));
    })?;
    for name in &report.edited {
        output.info(&format!("warning: {}", edited(name)));
    }
    output.result(&format!(
        "ok ({} {verb}, {} already applied)\n",
        report.applied.len(),
        report.already
    ));
    Ok(ExitCode::SUCCESS)
}
