//! `fuse completions SHELL`: a completion script.

use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Outcome;
use crate::arguments::Cli;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut Cli::command(), "fuse", &mut script);
    output.result(&String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
