//! `cargo xtask fuzz`.

use std::process::Command;

use anyhow::{bail, ensure};

use crate::command::{root, run as run_command, succeeds};

/// Flags of `fuzz`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The fuzz target, a file in `fuzz/fuzz_targets` without its extension.
    name: String,
    /// How long to run.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let workspace = root().join("fuzz");
    ensure!(
        workspace.join("Cargo.toml").is_file(),
        "there is no fuzz workspace (`fuzz/Cargo.toml`) in this checkout"
    );
    tools_present()?;
    let mut command = Command::new("cargo");
    command.current_dir(root());
    // The variables of the cargo that runs this task would override `+nightly`.
    command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
    command.args(["+nightly", "fuzz", "run", &args.name, "--"]);
    command.arg(format!("-max_total_time={}", args.seconds));
    run_command(
        &mut command,
        "keep the input named above as a test case, then fix the crash",
    )
}

fn tools_present() -> anyhow::Result<()> {
    if !succeeds("rustup", &["run", "nightly", "rustc", "--version"]) {
        bail!(
            "fuzzing needs a nightly compiler: `rustup toolchain install nightly --profile minimal`"
        );
    }
    if !succeeds("cargo", &["fuzz", "--version"]) {
        bail!("fuzzing needs cargo-fuzz: `cargo install cargo-fuzz --locked`");
    }
    Ok(())
}
