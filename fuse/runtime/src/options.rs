//! What environment variables say about the runtime itself.

use std::path::PathBuf;

use plumego_log::{Filter, Level};

use crate::system::{EnvError, Environment, Stdio, is_truthy};

/// Settings that are read once, when the runtime is built. A variable that cannot
/// be understood fails the start; none is ignored.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// `FUSE_DEV_MODE`
    pub dev_mode: bool,
    /// `FUSE_LOG`
    pub log_filter: Filter,
    /// `FUSE_LOG_FORMAT`: whether every line is JSON.
    pub log_json: bool,
    /// `FUSE_COLOR` and its kin: whether levels are coloured.
    pub color: bool,
    /// `FUSE_METRICS_HOOK=stderr`: whether measurements are printed.
    pub metrics_on_stderr: bool,
    /// `FUSE_MAX_HEAP_BYTES`
    pub heap_bytes_max: Option<u64>,
    /// `FUSE_TASK_WORKERS`
    pub task_workers: usize,
    /// `FUSE_BACKTRACE=1`: whether failures show the calls that led to them.
    pub backtrace: bool,
    /// `FUSE_CRASH_DIR`
    pub crash_dir: Option<PathBuf>,
    /// `FUSE_ASSET_MAP`
    pub asset_map: Option<PathBuf>,
    /// `FUSE_SVG_DIR`
    pub svg_dir: PathBuf,
}

/// Workers for tasks at most.
const WORKERS_MAX: u64 = 1024;

impl Options {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// A variable is not what it has to be: `invalid <NAME>: expected <what>`.
    pub fn read(env: &Environment, stdio: &Stdio) -> Result<Self, EnvError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = env.number("FUSE_TASK_WORKERS", 1, WORKERS_MAX, "integer 1..1024")?;
        let workers = workers.and_then(|count| usize::try_from(count).ok());
        Ok(Self {
            dev_mode: env.truthy("FUSE_DEV_MODE"),
            log_filter: log_filter(env)?,
            log_json: choice(env, "FUSE_LOG_FORMAT", &["text", "json"])? == Some(1),
            color: color(env, stdio)?,
            metrics_on_stderr: env.get("FUSE_METRICS_HOOK")? == Some("stderr"),
            heap_bytes_max: env.number("FUSE_MAX_HEAP_BYTES", 1, u64::MAX, "integer >= 1")?,
            task_workers: workers.unwrap_or(cores.max(2)),
            backtrace: env.get("FUSE_BACKTRACE")?.is_some_and(is_truthy),
            crash_dir: env.get("FUSE_CRASH_DIR")?.map(PathBuf::from),
            asset_map: env.get("FUSE_ASSET_MAP")?.map(PathBuf::from),
            svg_dir: env.get("FUSE_SVG_DIR")?.unwrap_or("assets/svg").into(),
        })
    }
}

/// `FUSE_REQUEST_LOG`: whether requests are logged, those of clients and those to
/// other servers.
///
/// # Errors
///
/// The variable is not text.
pub(crate) fn logs_requests(env: &Environment) -> Result<bool, EnvError> {
    let wanted = env.get("FUSE_REQUEST_LOG")?;
    Ok(matches!(wanted, Some("structured" | "json" | "1" | "true")))
}

/// The position of the word that a variable is, in any letter case.
fn choice(env: &Environment, name: &str, words: &[&str]) -> Result<Option<usize>, EnvError> {
    let Some(text) = env.get(name)? else {
        return Ok(None);
    };
    let found = words
        .iter()
        .position(|word| text.eq_ignore_ascii_case(word));
    found
        .map(Some)
        .ok_or_else(|| EnvError::expected(name, words.join(" or ")))
}

/// Targets of the toolkit's own records.
const TOOLKIT: &str = "plumego_";

fn log_filter(env: &Environment) -> Result<Filter, EnvError> {
    let text = env.get("FUSE_LOG")?.unwrap_or("info");
    let filter: Filter = text
        .parse()
        .map_err(|_| EnvError::expected("FUSE_LOG", "a level or a list of module=level"))?;
    // The toolkit's records have to be warnings, unless somebody asks for them.
    let asked = text.split(',').any(|directive| {
        let target = directive.split('=').next().unwrap_or_default().trim();
        directive.contains('=') && TOOLKIT.starts_with(target)
    });
    if asked || !filter.allows(Level::Warn, TOOLKIT) {
        return Ok(filter);
    }
    Ok(filter.with_target(TOOLKIT, Level::Warn))
}

fn color(env: &Environment, stdio: &Stdio) -> Result<bool, EnvError> {
    Ok(
        match choice(env, "FUSE_COLOR", &["auto", "always", "never"])? {
            Some(1) => true,
            Some(2) => false,
            _ => {
                let refused = env.get("NO_COLOR")?.is_some_and(|text| !text.is_empty());
                !refused && (stdio.error_is_terminal() || env.truthy("FUSE_COLOR_FORCE_TTY"))
            }
        },
    )
}

/// Variables that something of Fuse reads. Others with the prefix are probably
/// misspelt.
const KNOWN: &[&str] = &[
    "FUSE_ADMIN_ADDR",
    "FUSE_AOT_BUILD_INFO",
    "FUSE_AOT_FATAL_FORMAT",
    "FUSE_AOT_MIGRATE",
    "FUSE_AOT_REQUEST_LOG_DEFAULT",
    "FUSE_AOT_STARTUP_TRACE",
    "FUSE_ASSET_MAP",
    "FUSE_BACKTRACE",
    "FUSE_CACHE_DIR",
    "FUSE_COLOR",
    "FUSE_COLOR_FORCE_TTY",
    "FUSE_CONFIG",
    "FUSE_CORS_CREDENTIALS",
    "FUSE_CORS_HEADERS",
    "FUSE_CORS_MAX_AGE",
    "FUSE_CORS_ORIGINS",
    "FUSE_CRASH_DIR",
    "FUSE_CSP",
    "FUSE_DB_ACQUIRE_TIMEOUT_MS",
    "FUSE_DB_BUSY_TIMEOUT_MS",
    "FUSE_DB_MAX_ROWS",
    "FUSE_DB_POOL_SIZE",
    "FUSE_DB_URL",
    "FUSE_DEV_MODE",
    "FUSE_DEV_PORT",
    "FUSE_DEV_READY",
    "FUSE_DEV_RELOAD_WS_URL",
    "FUSE_DIAGNOSTICS",
    "FUSE_EXTRA_CA_CERT_FILE",
    "FUSE_HOST",
    "FUSE_HTTP_BLOCKING_THREADS",
    "FUSE_HTTP_CLIENT_DENY_PRIVATE",
    "FUSE_HTTP_CLIENT_MAX_BODY_BYTES",
    "FUSE_HTTP_CLIENT_PROPAGATE",
    "FUSE_HTTP_COMPRESS",
    "FUSE_HTTP_DECOMPRESS",
    "FUSE_HTTP_ETAG",
    "FUSE_HTTP_HANDLER_TIMEOUT_MS",
    "FUSE_HTTP_HEADER_TIMEOUT_MS",
    "FUSE_HTTP_IDLE_TIMEOUT_MS",
    "FUSE_HTTP_INLINE",
    "FUSE_HTTP_MAX_BODY_BYTES",
    "FUSE_HTTP_MAX_CONNECTIONS",
    "FUSE_HTTP_MAX_IN_FLIGHT",
    "FUSE_HTTP_READ_TIMEOUT_MS",
    "FUSE_HTTP_WRITE_TIMEOUT_MS",
    "FUSE_INSTALL_BASE_URL",
    "FUSE_INSTALL_DIR",
    "FUSE_LOG",
    "FUSE_LOG_FORMAT",
    "FUSE_MAX_HEAP_BYTES",
    "FUSE_MAX_REQUESTS",
    "FUSE_METRICS_HOOK",
    "FUSE_NATIVE_COLD_MS",
    "FUSE_NATIVE_DEBUG",
    "FUSE_NATIVE_DEBUG_FUNC",
    "FUSE_NATIVE_WARM_MS",
    "FUSE_OPENAPI_JSON_PATH",
    "FUSE_OPENAPI_UI_PATH",
    "FUSE_PERF_MAP",
    "FUSE_REQUEST_LOG",
    "FUSE_SERVICE",
    "FUSE_SHUTDOWN_DELAY_MS",
    "FUSE_SHUTDOWN_GRACE_MS",
    "FUSE_STATIC_DIR",
    "FUSE_STATIC_INDEX",
    "FUSE_SVG_DIR",
    "FUSE_TASK_WORKERS",
    "FUSE_TEST_DB_URL",
    "FUSE_TLS_CERT_FILE",
    "FUSE_TLS_KEY_FILE",
    "FUSE_TRUST_PROXY",
    "FUSE_VERSION",
    "FUSE_VITE_PROXY_URL",
];

/// Variables with the prefix of Fuse that nothing reads.
pub(crate) fn unknown_variables(env: &Environment) -> Vec<String> {
    let names = env.iter().map(|(name, _)| name);
    names
        .filter(|name| name.starts_with("FUSE_") && KNOWN.binary_search(name).is_err())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Options, String> {
        let env = Environment::read(&variables.to_vec());
        let stdio = Stdio::captured("").0;
        Options::read(&env, &stdio).map_err(|error| error.to_string())
    }

    #[test]
    fn variables_that_are_not_understood_fail_the_start() {
        for (name, value, expected) in [
            (
                "FUSE_LOG",
                "loud",
                "invalid FUSE_LOG: expected a level or a list of module=level",
            ),
            (
                "FUSE_LOG_FORMAT",
                "xml",
                "invalid FUSE_LOG_FORMAT: expected text or json",
            ),
            (
                "FUSE_COLOR",
                "blue",
                "invalid FUSE_COLOR: expected auto or always or never",
            ),
            (
                "FUSE_TASK_WORKERS",
                "0",
                "invalid FUSE_TASK_WORKERS: expected integer 1..1024",
            ),
            (
                "FUSE_MAX_HEAP_BYTES",
                "1k",
                "invalid FUSE_MAX_HEAP_BYTES: expected integer >= 1",
            ),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err(), expected);
        }
    }

    #[test]
    fn records_of_the_toolkit_have_to_be_warnings() {
        let allows = |text, level, target| {
            let options = read(&[("FUSE_LOG", text)]).unwrap();
            options.log_filter.allows(level, target)
        };
        assert!(!allows("debug", Level::Info, "plumego_core"));
        assert!(allows("debug", Level::Warn, "plumego_core"));
        assert!(allows("debug", Level::Debug, "src/main"));
        assert!(!allows("error", Level::Warn, "plumego_core"));
        assert!(allows(
            "info,plumego_core=debug",
            Level::Debug,
            "plumego_core"
        ));
        assert!(allows("info,plumego=info", Level::Info, "plumego_core"));
        assert!(!allows("off", Level::Error, "src/main"));
    }

    #[test]
    fn colours_follow_the_terminal_unless_told() {
        let color = |variables: &[(&str, &str)]| read(variables).unwrap().color;
        assert!(!color(&[]));
        assert!(color(&[("FUSE_COLOR", "always"), ("NO_COLOR", "1")]));
        assert!(color(&[("FUSE_COLOR_FORCE_TTY", "1")]));
        assert!(!color(&[("FUSE_COLOR_FORCE_TTY", "1"), ("NO_COLOR", "1")]));
        assert!(!color(&[
            ("FUSE_COLOR_FORCE_TTY", "1"),
            ("FUSE_COLOR", "never")
        ]));
    }

    #[test]
    fn the_known_names_are_in_order() {
        assert!(KNOWN.is_sorted());
        let env = Environment::read(&vec![("FUSE_LOGG", "x"), ("FUSE_LOG", "info"), ("X", "1")]);
        assert_eq!(unknown_variables(&env), ["FUSE_LOGG"]);
    }
}
