//! The `fuse` command: what the binary of the same name does.
//!
//! One file per command in [`command`](self), one value for the program a
//! command works on ([`project`](self)), one way out for everything that is
//! printed ([`output`](self)). The library exists for the binary and for tests;
//! its one entry is [`run`].
//!
//! ```
//! use std::process::ExitCode;
//!
//! let code = fuse::run(vec!["fuse".into(), "explain".into(), "FUSE_LEX_TAB".into()]);
//! assert_eq!(code, ExitCode::SUCCESS);
//! ```

mod arguments;
mod assets;
mod build_lock;
mod command;
mod disk;
mod failure;
mod git;
mod openapi;
mod output;
mod program;
mod project;
mod signals;
mod terminal;
mod usage;
mod version;
mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use arguments::Cli;
use output::Output;

/// Runs the command line `arguments`, the name of the program first, and
/// returns the exit status of the process.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let environment = terminal::Environment::read();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(problem) => return usage::explain(&problem, &arguments, &environment),
    };
    let output = Output::new(&cli.global, &environment);
    output.report_panics();
    if let Err(problem) = usage::refuse_program_arguments(&cli, &arguments) {
        return output.failure(&problem);
    }
    command::run(cli, &output)
}
