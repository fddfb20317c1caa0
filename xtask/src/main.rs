//! The tasks of this repository, as `cargo xtask <task>`.
//!
//! Every task streams the output of the tools it runs, stops at the first
//! failure and says what to do about it. Nothing here knows rules about the
//! code: those live in `plumego-control`, and `gates` only prints its report.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its user"
)]

mod command;
mod task;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use plumego_control::report::EXIT_USAGE;

/// Exit code for a task whose tool failed.
const FAILED: u8 = 1;

#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", about = "The tasks of this repository")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Format every crate.
    Fmt(task::fmt::Args),
    /// Run clippy over every target of every crate; a warning is a failure.
    Lint,
    /// Install what the tests need, then run every test and doc test.
    Test(task::test::Args),
    /// Install the programs that tests call, where they are missing.
    Setup(task::setup::Args),
    /// Check the promises of this repository and print one table.
    Gates(task::gates::Args),
    /// Build the API documentation; a warning is a failure.
    Doc(task::doc::Args),
    /// Write the pages that are made from tables.
    Docs(task::docs::Args),
    /// Run a benchmark and print its ratios.
    Bench(task::bench::Args),
    /// Start, stop or list the servers that adapter tests talk to.
    Services(task::services::Args),
    /// Run the same Fuse programs on every backend and compare what they show.
    Parity(task::parity::Args),
    /// Run one fuzz target for a limited time.
    Fuzz(task::fuzz::Args),
}

fn main() -> ExitCode {
    if let Some(code) = plumego_control::api::act_as_rustdoc() {
        return code;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    match run(&cli.task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

/// Help is an answer; everything else that cannot be parsed is wrong usage.
fn explain(error: &clap::Error) -> ExitCode {
    let answered = !error.use_stderr();
    if error.print().is_err() || !answered {
        return ExitCode::from(EXIT_USAGE);
    }
    ExitCode::SUCCESS
}

fn run(task: &Task) -> anyhow::Result<ExitCode> {
    match task {
        Task::Fmt(args) => task::fmt::run(args)?,
        Task::Lint => task::lint::run()?,
        Task::Test(args) => task::test::run(args)?,
        Task::Setup(args) => task::setup::run(args)?,
        Task::Gates(args) => return task::gates::run(args),
        Task::Doc(args) => task::doc::run(args)?,
        Task::Docs(args) => task::docs::run(args)?,
        Task::Bench(args) => task::bench::run(args)?,
        Task::Services(args) => task::services::run(args)?,
        Task::Parity(args) => task::parity::run(args)?,
        Task::Fuzz(args) => task::fuzz::run(args)?,
    }
    Ok(ExitCode::SUCCESS)
}
