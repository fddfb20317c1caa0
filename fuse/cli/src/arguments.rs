//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fuse_syntax::ColorChoice;

use crate::command;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "fuse",
    about = "Check, run, test and build Fuse programs",
    disable_version_flag = true,
    disable_help_subcommand = true,
    infer_long_args = false,
    next_line_help = false,
    max_term_width = 100,
    override_usage = "fuse <command> [flags] [FILE | DIR] [-- program args]",
    subcommand_value_name = "command",
    subcommand_help_heading = "Commands",
    after_help = "Run `fuse <command> --help` for the flags of a command, and `fuse explain CODE` for a diagnostic."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    /// Print the version; with --verbose, what it works with
    #[arg(short = 'V', long)]
    pub(crate) version: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Global {
    /// How diagnostics and messages are printed [default: text, or FUSE_DIAGNOSTICS]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) diagnostics: Option<Format>,

    /// When to colour text [default: auto, or FUSE_COLOR]
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) color: Option<Color>,

    /// Print less
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Print more
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// How diagnostics and messages are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// When text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// Which program a command works on.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Selection {
    /// A module, or the directory of a package [default: the package around the working directory]
    #[arg(value_name = "FILE | DIR")]
    pub(crate) path: Option<PathBuf>,

    /// The manifest of the package, or its directory
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,

    /// The root module, instead of the manifest's `entry`
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    pub(crate) file: Option<PathBuf>,

    /// The `app` block to use when there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
}

/// What may happen to the lock file and the network.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct LockFlags {
    /// Fail if fuse.lock would change, and use no network
    #[arg(long)]
    pub(crate) frozen: bool,

    /// Use no network
    #[arg(long)]
    pub(crate) offline: bool,
}

/// The commands. Each is in a file of its own in `command`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a program without running it
    Check(command::check::Flags),
    /// Run a program
    Run(command::run::Flags),
    /// Run a program, and run it again when it changes
    Dev(command::dev::Flags),
    /// Run the tests of a program
    Test(command::test::Flags),
    /// Apply the migrations of a program
    Migrate(command::migrate::Flags),
    /// Print the OpenAPI document of a program's services
    Openapi(command::openapi::Flags),
    /// Format modules
    Fmt(command::fmt::Flags),
    /// Explain a diagnostic code, with a wrong and a right example
    Explain(command::explain::Flags),
    /// Make a new package
    New(command::new::Flags),
    /// Manage dependencies and the lock file
    Deps(command::deps::Flags),
    /// Remove caches
    Clean(command::clean::Flags),
    /// Verify the installation
    Doctor(command::doctor::Flags),
    /// Print a completion script for a shell
    Completions(command::completions::Flags),
}

impl Command {
    /// How the command is written.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Check(_) => "check",
            Self::Run(_) => "run",
            Self::Dev(_) => "dev",
            Self::Test(_) => "test",
            Self::Migrate(_) => "migrate",
            Self::Openapi(_) => "openapi",
            Self::Fmt(_) => "fmt",
            Self::Explain(_) => "explain",
            Self::New(_) => "new",
            Self::Deps(_) => "deps",
            Self::Clean(_) => "clean",
            Self::Doctor(_) => "doctor",
            Self::Completions(_) => "completions",
        }
    }
}
