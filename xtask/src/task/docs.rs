//! `cargo xtask docs`.

use crate::command::{cargo, run as run_command};

/// Flags of `docs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which pages.
    #[arg(value_enum)]
    pages: Pages,
}

/// Pages that are made from tables.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Pages {
    /// The reference of the Fuse language, in `docs/fuse/reference`.
    Fuse,
}

/// The test that finds stale pages writes them when it is told to, so that
/// both know the same tables.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Pages::Fuse = args.pages;
    let mut command = cargo();
    command.env("FUSE_DOCS", "write");
    command.args([
        "test",
        "--package",
        "fuse",
        "--test",
        "docs",
        "--",
        "the_reference_is_fresh",
    ]);
    run_command(&mut command, "read what the test says about the page")
}
