//! `cargo xtask bench`.

use crate::command::{cargo, run as run_command};

/// Flags of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The benchmark: `router`, `http`, `fuse-front`, `fuse-host`, `kv`, `cache` or
    /// `security`.
    name: String,
    /// Print one JSON document instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let package = [
        "--locked",
        "--profile",
        "bench",
        "--package",
        "plumego-bench",
    ];
    // The servers and commands it measures are programs beside it.
    run_command(
        cargo().arg("build").args(package).arg("--bins"),
        "the benchmarks have to build",
    )?;
    let mut command = cargo();
    command.arg("run").args(package).arg("--").arg(&args.name);
    if args.json {
        command.arg("--json");
    }
    run_command(
        &mut command,
        "`router`, `http`, `fuse-front`, `fuse-host`, `kv`, `cache` and `security` are the benchmarks; run on a quiet machine",
    )
}
