//! `fuse run`: checks a program and runs it.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;
use fuse_runtime::run::Exit;
use fuse_runtime::system::Stdio;

use super::{Outcome, finish, migrate};
use crate::arguments::Format;
use crate::output::Output;
use crate::program::{AssetFlags, Preparation, Program, ProgramFlags};

#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    program: ProgramFlags,

    #[command(flatten)]
    assets: AssetFlags,

    /// Apply pending migrations first
    #[arg(long)]
    migrate: bool,

    /// Say nothing about a program that is right: somebody else did
    #[arg(long, hide = true)]
    checked: bool,

    /// Arguments of the program
    #[arg(last = true, value_name = "ARGS")]
    arguments: Vec<OsString>,
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    output.step("start");
    match run_program(flags, output) {
        Ok(exit) => {
            output.step(match &exit {
                Exit::Success | Exit::Status(0) => "ok",
                Exit::Invalid(_) => "validation failed",
                _ => "failed",
            });
            Ok(ExitCode::from(exit.status()))
        }
        Err(ended) => {
            let status = finish(Err(ended), output);
            output.step("failed");
            Ok(status)
        }
    }
}

fn run_program(flags: &Flags, output: &Output) -> Result<Exit, crate::failure::Ended> {
    let preparation = Preparation {
        checked: flags.checked,
        assets: Some(flags.assets),
        ..Preparation::default()
    };
    let program = Program::prepare(&flags.program, preparation, output)?;
    let runtime = program.runtime(&[], Stdio::process())?;
    if flags.migrate {
        migrate::pending(&runtime, output)?;
    }
    let exit = runtime.run(&flags.arguments);
    let said = match output.format {
        Format::Json => {
            if let Some(snapshot) = runtime.tasks().snapshot() {
                runtime.stdio().error_line(&snapshot.to_json("event"));
            }
            exit.json()
        }
        Format::Text => exit.text(program.meta(), runtime.options().backtrace),
    };
    if let Some(said) = said {
        runtime.stdio().error_line(&said);
    }
    runtime.close_database();
    Ok(exit)
}
