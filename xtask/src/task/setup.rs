//! `cargo xtask setup`: the programs that tests call.
//!
//! Protocol tests compare the server with clients that others wrote. Those
//! clients come from the system's packages.

use std::process::Command;

use anyhow::bail;

use crate::command::{on_path, run as run_command, succeeds};

/// Flags of `setup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install nothing; fail when something is missing.
    #[arg(long)]
    check: bool,
}

/// A program that tests start, and the Debian package that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Program {
    name: &'static str,
    package: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "curl",
        package: "curl",
    },
    Program {
        name: "nghttp",
        package: "nghttp2-client",
    },
    Program {
        name: "h2load",
        package: "nghttp2-client",
    },
];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let missing = missing(PROGRAMS, on_path);
    if missing.is_empty() {
        eprintln!("setup: nothing is missing");
        return Ok(());
    }
    if args.check {
        bail!("{}", wanted(&missing));
    }
    install(&missing)
}

/// Installs what is missing; used by `test` before anything runs.
pub(crate) fn ensure() -> anyhow::Result<()> {
    let missing = missing(PROGRAMS, on_path);
    if missing.is_empty() {
        Ok(())
    } else {
        install(&missing)
    }
}

fn missing(programs: &[Program], present: impl Fn(&str) -> bool) -> Vec<Program> {
    programs
        .iter()
        .copied()
        .filter(|program| !present(program.name))
        .collect()
}

fn install(missing: &[Program]) -> anyhow::Result<()> {
    if !on_path("apt-get") {
        bail!("{}", wanted(missing));
    }
    let remedy = wanted(missing);
    eprintln!("setup: installing {}", packages(missing).join(" "));
    run_command(&mut apt(&["update", "-q"]), &remedy)?;
    let mut line = vec!["install", "-y", "-q", "--no-install-recommends"];
    let packages = packages(missing);
    line.extend(&packages);
    run_command(&mut apt(&line), &remedy)
}

fn apt(args: &[&str]) -> Command {
    // `sudo` clears the environment, so the variable is set by `env` behind it.
    let root = succeeds("test", &["-w", "/var/lib/dpkg"]);
    let mut command = Command::new(if root { "env" } else { "sudo" });
    if !root {
        command.arg("env");
    }
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .args(args);
    command
}

fn packages(programs: &[Program]) -> Vec<&'static str> {
    let mut packages: Vec<_> = programs.iter().map(|program| program.package).collect();
    packages.dedup();
    packages
}

fn wanted(missing: &[Program]) -> String {
    let names: Vec<_> = missing.iter().map(|program| program.name).collect();
    format!(
        "the protocol tests call {}; install them (Debian and Ubuntu: `apt-get install {}`)",
        names.join(", "),
        packages(missing).join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absent_programs_are_missing_and_a_package_is_named_once() {
        let absent = missing(PROGRAMS, |name| name == "curl");
        assert_eq!(packages(&absent), ["nghttp2-client"]);
        let text = wanted(&absent);
        assert!(text.contains("nghttp, h2load"), "{text}");
        assert!(text.contains("apt-get install nghttp2-client"), "{text}");
    }

    #[test]
    fn nothing_is_missing_when_all_are_present() {
        assert_eq!(missing(PROGRAMS, |_| true), []);
    }
}
