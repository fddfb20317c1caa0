//! `cargo xtask lint`.

use crate::command::{cargo, run as run_command};

pub(crate) fn run() -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["clippy", "--locked", "--workspace", "--all-targets"]);
    command.args(["--", "-D", "warnings"]);
    run_command(
        &mut command,
        "fix the warnings above; `rustup component add clippy` if it is missing",
    )
}
