//! `cargo xtask fmt`.

use crate::command::{cargo, run as run_command};

/// Flags of `fmt`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail when a file is not formatted.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["fmt", "--all"]);
    if args.check {
        command.arg("--check");
        return run_command(&mut command, "run `cargo xtask fmt` and commit the result");
    }
    run_command(
        &mut command,
        "`rustup component add rustfmt` if it is missing",
    )
}
