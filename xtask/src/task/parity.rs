//! `cargo xtask parity`.

use crate::command::{cargo, run as run_command};

/// Flags of `parity`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only rows whose name contains this text, such as `H-` or `ast::N-03`.
    filter: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args([
        "test",
        "--locked",
        "--quiet",
        "--package",
        "fuse-parity",
        "--test",
        "matrix",
        "--",
    ]);
    command.args(&args.filter);
    run_command(
        &mut command,
        "every line `parity: ROW BACKEND: FIELD` above is a difference; rows are in tests/parity/cases",
    )
}
