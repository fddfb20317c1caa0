//! `cargo xtask test`: all set-up a fresh machine needs, then every test.

use std::time::{Duration, Instant};

use plumego_control::CargoTarget;
use plumego_control::workspace::Workspace;

use crate::command::{cargo, root, run as run_command, succeeds};
use crate::task::setup;

/// Flags of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this package; may be given several times.
    #[arg(short, long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Only tests whose name contains this text.
    filter: Option<String>,
    /// Install nothing; tests whose programs are missing fail.
    #[arg(long)]
    no_setup: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if !args.no_setup {
        setup::ensure()?;
    }
    let runner = Runner::detect();
    let mut suites = vec![Suite::measure("tests", || tests(args, runner))];
    // A filter names tests; running every doc test beside it would be noise.
    if args.filter.is_none() && has_library(&args.package)? {
        suites.push(Suite::measure("doc tests", || doc_tests(args)));
    }
    summarise(runner, suites)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    Nextest,
    Cargo,
}

impl Runner {
    fn detect() -> Self {
        let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        if succeeds(&program, &["nextest", "--version"]) {
            Self::Nextest
        } else {
            Self::Cargo
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nextest => "cargo nextest",
            Self::Cargo => "cargo test (cargo-nextest is not installed)",
        }
    }
}

/// What ran, how long, and whether it passed.
struct Suite {
    name: &'static str,
    took: Duration,
    outcome: anyhow::Result<()>,
}

impl Suite {
    fn measure(name: &'static str, run: impl FnOnce() -> anyhow::Result<()>) -> Self {
        let start = Instant::now();
        let outcome = run();
        Self {
            name,
            took: start.elapsed(),
            outcome,
        }
    }
}

fn tests(args: &Args, runner: Runner) -> anyhow::Result<()> {
    let mut command = cargo();
    match runner {
        Runner::Nextest => {
            command.args([
                "nextest",
                "run",
                "--locked",
                "--config-file",
                "xtask/nextest.toml",
            ]);
        }
        Runner::Cargo => {
            // `--tests` stands for the unit tests of libraries and programs
            // too.
            command.args(["test", "--locked", "--no-fail-fast", "--tests"]);
        }
    }
    select(&mut command, &args.package);
    command.args(&args.filter);
    run_command(
        &mut command,
        "fix the failures above; `cargo xtask test NAME` repeats one",
    )
}

fn doc_tests(args: &Args) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["test", "--locked", "--doc", "--no-fail-fast"]);
    select(&mut command, &args.package);
    run_command(&mut command, "fix the examples named above")
}

/// Cargo refuses to run the doc tests of programs alone.
fn has_library(packages: &[String]) -> anyhow::Result<bool> {
    if packages.is_empty() {
        return Ok(true);
    }
    let workspace = Workspace::load(&root())?;
    Ok(packages.iter().any(|name| {
        let package = workspace.package_named(name);
        package.is_none_or(|package| package.cargo.targets.iter().any(CargoTarget::is_library))
    }))
}

fn select(command: &mut std::process::Command, packages: &[String]) {
    if packages.is_empty() {
        command.arg("--workspace");
    }
    for package in packages {
        command.args(["--package", package]);
    }
}

/// Prints the closing lines and fails when any suite failed.
fn summarise(runner: Runner, suites: Vec<Suite>) -> anyhow::Result<()> {
    println!("\ntest summary (runner: {})", runner.name());
    for suite in &suites {
        let status = if suite.outcome.is_ok() { "ok" } else { "FAIL" };
        println!(
            "  {:<10} {:<5} {:>7.1} s",
            suite.name,
            status,
            suite.took.as_secs_f64()
        );
    }
    for suite in suites {
        suite.outcome?;
    }
    println!("test: PASS");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_suite_fails_the_task() {
        let failed = Suite::measure("tests", || anyhow::bail!("two tests failed"));
        let passed = Suite::measure("doc tests", || Ok(()));
        let error = summarise(Runner::Cargo, vec![failed, passed]).unwrap_err();
        assert!(error.to_string().contains("two tests failed"));
    }

    #[test]
    fn doc_tests_run_when_there_can_be_some() {
        let library = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            has_library(&names).unwrap()
        };
        assert!(library(&[]));
        assert!(library(&["plumego-control"]));
        assert!(library(&["xtask", "plumego-control"]));
        assert!(!library(&["xtask"]));
        assert!(library(&["unknown"]), "cargo says best what is wrong");
    }

    #[test]
    fn without_a_package_the_whole_workspace_is_selected() {
        let mut command = cargo();
        select(&mut command, &[]);
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["--workspace"]);
    }
}
