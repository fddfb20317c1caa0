//! Which database, and how it is opened.

use std::sync::OnceLock;
use std::time::Duration;

use plumego_store::db::PoolStats;
use plumego_x_data::sqlite::{SqliteConfig, SqlitePool, Synchronous};

use crate::fault::{Fault, FaultCode, Outcome};
use crate::runtime::Runtime;
use crate::value::Value;

/// Most reader connections.
const READERS_MAX: usize = 64;
/// Prepared statements per connection.
const STATEMENTS: usize = 256;
/// Rows of one result, unless the environment says otherwise.
const ROWS_MAX: u64 = 1_000_000;

/// The database of a process.
#[derive(Debug, Default)]
pub(crate) struct Database {
    opened: OnceLock<Result<Open, String>>,
}

/// An open database.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) pool: SqlitePool,
    pub(crate) rows_max: usize,
}

impl Database {
    /// The database, opened now if it was not.
    ///
    /// # Errors
    ///
    /// There is none, or its settings cannot be used.
    pub(crate) fn open(&self, runtime: &Runtime) -> Outcome<&Open> {
        let opened = self.opened.get_or_init(|| open(runtime));
        opened
            .as_ref()
            .map_err(|message| Fault::new(FaultCode::Db, message.clone()))
    }

    /// What the connections did so far, if the database was used at all.
    pub(crate) fn stats(&self) -> Option<PoolStats> {
        match self.opened.get() {
            Some(Ok(open)) => Some(open.pool.stats()),
            _ => None,
        }
    }

    /// Moves the log into the file, if the database was used at all.
    pub(crate) fn close(&self) {
        if let Some(Ok(open)) = self.opened.get() {
            open.pool.close();
        }
    }
}

fn open(runtime: &Runtime) -> Result<Open, String> {
    let environment = runtime.environment();
    let url = url(runtime)?;
    let Some(rest) = url.strip_prefix("sqlite:") else {
        return Err("unsupported db url (expected sqlite:// or postgres://)".into());
    };
    if rest.strip_prefix("//").unwrap_or(rest).is_empty() {
        return Err("sqlite url missing path".into());
    }
    let mut config = SqliteConfig::parse(&url.as_str().into(), runtime.directory())
        .map_err(|error| error.to_string())?;
    let number = |name: &str, least: u64, default: u64| {
        let expected = format!("integer >= {least}");
        let value = environment.number(name, least, u64::MAX, &expected);
        value
            .map(|value| value.unwrap_or(default))
            .map_err(|error| error.to_string())
    };
    config.busy_timeout = Duration::from_millis(number("FUSE_DB_BUSY_TIMEOUT_MS", 0, 5_000)?);
    config.acquire_timeout = Duration::from_millis(number("FUSE_DB_ACQUIRE_TIMEOUT_MS", 1, 5_000)?);
    config.statement_cache = STATEMENTS;
    config.synchronous = Synchronous::Normal;
    match readers(runtime)? {
        // One connection does everything.
        Some(1) => config.readers = 0,
        Some(readers) => config.readers = readers,
        None => {}
    }
    let rows_max = number("FUSE_DB_MAX_ROWS", 1, ROWS_MAX)?;
    let pool = SqlitePool::open(config).map_err(|error| error.to_string())?;
    Ok(Open {
        pool,
        rows_max: usize::try_from(rows_max).unwrap_or(usize::MAX),
    })
}

/// Whether somebody said which database there is.
pub(crate) fn is_configured(runtime: &Runtime) -> bool {
    url(runtime).is_ok()
}

fn url(runtime: &Runtime) -> Result<String, String> {
    let variable = |name: &str| {
        let value = runtime.environment().get(name);
        value.map_err(|error| error.to_string())
    };
    if let Some(url) = variable("FUSE_DB_URL")?.filter(|url| !url.is_empty()) {
        return Ok(url.to_owned());
    }
    let known = |url: &&str| {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        ["sqlite", "postgres", "postgresql"].contains(&scheme)
    };
    if let Some(url) = variable("DATABASE_URL")?.filter(known) {
        return Ok(url.to_owned());
    }
    match app_setting(runtime, "dbUrl") {
        Some(value) if value.as_text().is_some_and(|url| !url.is_empty()) => {
            Ok(value.as_text().unwrap_or_default().to_owned())
        }
        _ => Err("db url not configured (set FUSE_DB_URL or App.dbUrl)".into()),
    }
}

fn readers(runtime: &Runtime) -> Result<Option<usize>, String> {
    let size = runtime
        .environment()
        .number("FUSE_DB_POOL_SIZE", 1, u64::MAX, "integer >= 1");
    if let Some(size) = size.map_err(|error| error.to_string())? {
        return Ok(Some(
            usize::try_from(size)
                .unwrap_or(READERS_MAX)
                .min(READERS_MAX),
        ));
    }
    let size = app_setting(runtime, "dbPoolSize").and_then(|value| value.as_int());
    match size.map(usize::try_from) {
        None => Ok(None),
        Some(Ok(size)) if size > 0 => Ok(Some(size.min(READERS_MAX))),
        Some(_) => Err("invalid App.dbPoolSize: expected integer >= 1".into()),
    }
}

/// A field of the configuration block `App`, if the program has it.
fn app_setting(runtime: &Runtime, field: &str) -> Option<Value> {
    let configs = runtime.meta().configs;
    let config = configs.iter().position(|config| config.name == "App")?;
    let field = configs[config]
        .fields
        .iter()
        .position(|known| known.name == field)?;
    runtime.config(config, field).ok()
}
