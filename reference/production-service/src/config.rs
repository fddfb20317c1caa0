//! The one configuration of the service: its defaults, where values come from,
//! and the rules they obey. Every problem is found before anything starts.

mod cli;
mod env_file;
mod layers;
mod problem;
mod setting;
mod strict;
#[cfg(test)]
mod tests;
mod validate;
mod variables;

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plumego_log::{Filter, LogFormat};
use plumego_security::secret::SecretString;

pub(crate) use problem::Problems;
pub(crate) use variables::schema;

/// Everything the service can be told.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where to listen, in a form that the server knows.
    pub(crate) addr: String,
    /// Where this runs. `production` is strict.
    pub(crate) environment: String,
    /// The name in answers.
    pub(crate) service_name: String,
    /// Shows causes of failures to clients.
    pub(crate) debug: bool,
    /// Which log records are written.
    pub(crate) log_level: Filter,
    /// How they look.
    pub(crate) log_format: LogFormat,
    /// Longest request body.
    pub(crate) body_limit_bytes: u64,
    /// Requests per second and client address.
    pub(crate) rate_limit: NonZeroU32,
    /// Requests of one client address at once.
    pub(crate) rate_burst: NonZeroU32,
    /// Who is believed about client addresses.
    pub(crate) trusted_proxies: Vec<String>,
    /// Opens the routes of tenants; empty opens nothing.
    pub(crate) api_token: SecretString,
    /// Opens the routes of operators; empty opens nothing.
    pub(crate) ops_token: SecretString,
    /// Where profiles are kept; samples in memory when absent.
    pub(crate) profile_store_path: Option<PathBuf>,
    /// What a request that changes something must carry; empty means nothing.
    pub(crate) write_key: SecretString,
    /// Origins browsers may call from; none means any, without credentials.
    pub(crate) cors_allowed_origins: Vec<String>,
    /// Clear text when absent.
    pub(crate) tls: Option<TlsFiles>,
    /// Longest drain.
    pub(crate) shutdown_timeout: Duration,
    /// Longest wait for the head of an answer.
    pub(crate) request_timeout: Duration,
    /// Longest arrival of the head of a request.
    pub(crate) read_header_timeout: Duration,
    /// Longest arrival of a whole request.
    pub(crate) read_timeout: Duration,
    /// Longest time in which a client takes nothing of its answer.
    pub(crate) write_timeout: Duration,
    /// Longest gap between two requests of a connection.
    pub(crate) idle_timeout: Duration,
    /// What is legal but seldom meant, found while reading.
    pub(crate) warnings: Vec<String>,
}

impl Config {
    /// Whether insecure settings end the start.
    pub(crate) fn is_production(&self) -> bool {
        self.environment == "production"
    }
}

/// Where certificate and key are.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(crate) cert_file: PathBuf,
    pub(crate) key_file: PathBuf,
}

/// What the process was started for.
#[derive(Debug)]
pub(crate) enum Start {
    /// To serve.
    Serve(Box<Config>),
    /// To print this text and end well: the effective configuration, or help.
    Print(String),
    /// To describe itself and end.
    Describe(Box<Config>, Description),
}

/// What a tool wants to know, and where it wants it written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) kind: DescriptionKind,
    pub(crate) out: PathBuf,
}

/// What can be described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptionKind {
    /// The route table.
    Routes,
    /// The variables of the configuration.
    Config,
}

/// Where values come from besides the defaults.
pub(crate) struct Sources<'a> {
    /// The arguments of the process, its name first.
    pub(crate) args: Vec<OsString>,
    /// Reads a variable of the environment.
    pub(crate) env: &'a dyn Fn(&str) -> Option<OsString>,
    /// Where relative paths start.
    pub(crate) directory: &'a Path,
}

/// Reads the configuration of this process.
///
/// # Errors
/// Every problem at once.
pub(crate) fn load() -> Result<Start, Problems> {
    load_from(&Sources {
        args: std::env::args_os().collect(),
        env: &|name| std::env::var_os(name),
        directory: Path::new(""),
    })
}

/// Defaults, then the env file, then the environment, then flags: the last one
/// that says something counts. The env file is known before it is read, since
/// only the environment and flags can name it.
fn load_from(sources: &Sources<'_>) -> Result<Start, Problems> {
    let mut problems = Problems::default();
    let flags = match cli::parse(&sources.args, &mut problems) {
        cli::Parsed::Flags(flags) => flags,
        cli::Parsed::Text(text) => return Ok(Start::Print(text)),
    };
    let environment = layers::environment(sources.env, &mut problems);
    let file = layers::env_file(&flags, &environment, sources.directory, &mut problems);
    let merged = layers::merge([file.layer, environment, flags.layer], &mut problems);
    let start = validate::start(&merged, file.warnings, &mut problems);
    let start = problems.into_result(start)?;
    match start {
        Start::Serve(_) if flags.print_config => Ok(Start::Print(merged.to_string())),
        start => Ok(start),
    }
}

/// The configuration of a process without arguments, environment or env file.
#[cfg(test)]
pub(crate) fn defaults() -> Config {
    let empty = tempfile::tempdir().expect("a temporary directory");
    let sources = Sources {
        args: vec!["production-service".into()],
        env: &|_| None,
        directory: empty.path(),
    };
    match load_from(&sources) {
        Ok(Start::Serve(config)) => *config,
        other => panic!("{other:?}"),
    }
}
