//! `cargo xtask doc`.

use crate::command::{cargo, run as run_command};

/// Flags of `doc`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Open the result in a browser.
    #[arg(long)]
    open: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["doc", "--locked", "--no-deps"]);
    command.env("RUSTDOCFLAGS", flags(std::env::var("RUSTDOCFLAGS").ok()));
    if args.open {
        command.arg("--open");
    }
    run_command(&mut command, "fix the documentation warnings above")
}

/// Keeps the caller's flags: replacing them would silently change the build.
fn flags(present: Option<String>) -> String {
    match present {
        Some(flags) if !flags.trim().is_empty() => format!("{flags} -D warnings"),
        _ => "-D warnings".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::flags;

    #[test]
    fn the_callers_flags_are_kept() {
        assert_eq!(flags(None), "-D warnings");
        assert_eq!(flags(Some(" ".to_owned())), "-D warnings");
        assert_eq!(flags(Some("--cfg x".to_owned())), "--cfg x -D warnings");
    }
}
