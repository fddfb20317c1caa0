//! The commands, one file each.
//!
//! A command is a `Flags` value, parsed by clap, and a `run` function from it
//! and an [`Output`] to an [`Outcome`]. It is named in `Command` in
//! `arguments`, in [`run`] below, and in `PROGRAM_COMMANDS` in `usage` if it
//! takes arguments behind `--`. Commands that work on a program flatten
//! `Selection` and `LockFlags` into their flags and go through
//! [`Project`](crate::project::Project): `select`, then `check`, which resolves,
//! loads, checks and lowers; `Checked` has the diagnostics to print and the
//! program to run. Those whose steps are marked run inside [`with_steps`].

pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod deps;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod migrate;
pub(crate) mod new;
pub(crate) mod openapi;
pub(crate) mod run;
pub(crate) mod test;

use std::process::ExitCode;

use crate::arguments::{Cli, Command};
use crate::failure::Ended;
use crate::output::{DEFECT, FAILED, Output};
use crate::{signals, usage, version};

/// What a command leaves: the exit status, or why it ended early.
pub(crate) type Outcome = Result<ExitCode, Ended>;

/// Runs the command of a command line.
pub(crate) fn run(cli: Cli, output: &Output) -> ExitCode {
    if cli.version {
        output.result(&if cli.global.verbose {
            version::verbose()
        } else {
            version::line()
        });
        return ExitCode::SUCCESS;
    }
    let Some(command) = cli.command else {
        output.result(&usage::help());
        return ExitCode::SUCCESS;
    };
    // A program that runs is told itself, or by the command that started it.
    if !matches!(command, Command::Run(_) | Command::Dev(_)) {
        signals::end_on_interrupt();
    }
    output.set_command(command.name());
    let outcome = match &command {
        Command::Check(flags) => check::run(flags, output),
        Command::Run(flags) => run::run(flags, output),
        Command::Dev(flags) => dev::run(flags, output),
        Command::Test(flags) => test::run(flags, output),
        Command::Migrate(flags) => migrate::run(flags, output),
        Command::Openapi(flags) => openapi::run(flags, output),
        Command::Fmt(flags) => fmt::run(flags, output),
        Command::Explain(flags) => explain::run(flags, output),
        Command::New(flags) => new::run(flags, output),
        Command::Deps(flags) => deps::run(flags, output),
        Command::Clean(flags) => clean::run(flags, output),
        Command::Doctor(flags) => doctor::run(flags, output),
        Command::Completions(flags) => completions::run(flags, output),
    };
    finish(outcome, output)
}

/// Prints what is still to print.
fn finish(outcome: Outcome, output: &Output) -> ExitCode {
    match outcome {
        Ok(status) => status,
        Err(Ended::Failed(failure)) => output.failure(&failure),
        Err(Ended::Reported(_)) => ExitCode::from(FAILED),
        Err(Ended::Defect) => ExitCode::from(DEFECT),
    }
}

/// Runs a command whose steps are marked: `[check] start`, then `[check] ok`
/// or `[check] failed`.
pub(crate) fn with_steps(output: &Output, command: impl FnOnce() -> Outcome) -> Outcome {
    output.step("start");
    let outcome = command();
    let status = finish(outcome, output);
    output.step(if status == ExitCode::SUCCESS {
        "ok"
    } else {
        "failed"
    });
    Ok(status)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use fuse_syntax::{Code, Diagnostic, Span};

    use super::*;
    use crate::terminal::Environment;

    #[test]
    fn a_defect_of_the_compiler_has_a_status_of_its_own() {
        let cli = Cli::try_parse_from(["fuse", "doctor"]).unwrap();
        let output = Output::new(&cli.global, &Environment::read());
        let after = |code| {
            let one = Diagnostic::new(code, Span::default(), "message");
            finish(Err(Ended::after(&[one])), &output)
        };
        assert_eq!(after(Code::TYPE_MISMATCH), ExitCode::from(1));
        assert_eq!(after(Code::INTERNAL), ExitCode::from(70));
    }
}
