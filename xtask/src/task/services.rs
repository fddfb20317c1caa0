//! `cargo xtask services`: the servers that adapter tests need.

use std::process::Command;

use clap::ValueEnum;

use crate::command::{on_path, run as run_command};

/// Flags of `services`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_enum)]
    action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Start every service that is not running.
    Up,
    /// Stop every service that is running.
    Down,
    /// Print what is running.
    Status,
}

/// A server a suite talks to, and how to start, stop and probe it.
#[derive(Debug, Clone, Copy)]
struct Service {
    name: &'static str,
    /// The suite that cannot run without it.
    needed_by: &'static str,
    /// The program that must be installed.
    program: &'static str,
    /// How to install `program`.
    install: &'static str,
    start: &'static [&'static str],
    stop: &'static [&'static str],
    /// Succeeds exactly when the service answers.
    probe: &'static [&'static str],
}

/// No suite of this repository talks to a server yet: everything runs in
/// process, on loopback.
const SERVICES: &[Service] = &[];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if SERVICES.is_empty() {
        println!("services: none needed; every test runs in process, on loopback");
    }
    SERVICES
        .iter()
        .try_for_each(|service| act(args.action, service))
}

fn act(action: Action, service: &Service) -> anyhow::Result<()> {
    let running = answers(service);
    match action {
        Action::Status => {
            let state = if running { "up" } else { "down" };
            println!(
                "{}: {state} (needed by {})",
                service.name, service.needed_by
            );
            Ok(())
        }
        Action::Up if !running => start(service),
        Action::Down if running => run_command(&mut command(service.stop), "stop it by hand"),
        Action::Up | Action::Down => Ok(()),
    }
}

fn start(service: &Service) -> anyhow::Result<()> {
    anyhow::ensure!(
        on_path(service.program),
        "{} needs `{}`: {}",
        service.name,
        service.program,
        service.install
    );
    run_command(&mut command(service.start), service.install)
}

fn answers(service: &Service) -> bool {
    command(service.probe)
        .output()
        .is_ok_and(|output| output.status.success())
}

fn command(line: &[&str]) -> Command {
    let (program, args) = line.split_first().unwrap_or((&"false", &[]));
    let mut command = Command::new(program);
    command.args(args).current_dir(crate::command::root());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Service = Service {
        name: "absent",
        needed_by: "nobody",
        program: "plumego-there-is-no-such-program",
        install: "it cannot be installed",
        start: &["plumego-there-is-no-such-program"],
        stop: &["plumego-there-is-no-such-program"],
        probe: &["plumego-there-is-no-such-program"],
    };

    #[test]
    fn starting_without_the_program_says_how_to_install_it() {
        let error = act(Action::Up, &ABSENT).unwrap_err();
        assert!(error.to_string().contains("it cannot be installed"));
    }

    #[test]
    fn stopping_and_listing_what_is_down_is_no_error() {
        act(Action::Down, &ABSENT).unwrap();
        act(Action::Status, &ABSENT).unwrap();
    }
}
