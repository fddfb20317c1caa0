//! `cargo xtask bench`.

use crate::command::{cargo, run as run_command};

/// Flags of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The benchmark: `router`, `http`, `fuse-front`, `fuse-host`, `fuse-service`,
    /// `kv`, `cache` or `security`.
    name: String,
    /// Print one JSON document instead of a table.
    #[arg(long)]
    json: bool,
    /// Measure a tenth as long, for a first look.
    #[arg(long)]
    quick: bool,
    /// Only scenarios whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
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
    if args.quick {
        command.arg("--quick");
    }
    if let Some(only) = &args.only {
        command.args(["--only", only]);
    }
    run_command(
        &mut command,
        "`router`, `http`, `fuse-front`, `fuse-host`, `fuse-service`, `kv`, `cache` and `security` are the benchmarks; run on a quiet machine",
    )
}
