//! How a database is opened.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::SqliteGuard;
use super::slots::Bounds;
use crate::db::config::invalid;
use crate::db::{DbConfig, DbResult, Dsn, PoolOptions};

/// Most readers of one pool.
const READERS_MAX: usize = 64;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// A file.
    File(PathBuf),
    /// Memory of this process, gone with the pool.
    Memory,
}

/// What may be done with a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Reading only.
    ReadOnly,
    /// Reading and writing; the file must exist.
    ReadWrite,
    /// Reading and writing; the file is made, for its owner alone.
    #[default]
    Create,
}

/// When data is forced to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Synchronous {
    /// At every commit: nothing acknowledged is lost when the power fails.
    #[default]
    Full,
    /// At checkpoints: the file stays consistent, and a crash of the process
    /// loses nothing; the last commits may be lost when the power fails.
    Normal,
}

/// How a database is opened.
///
/// ```
/// use plumego_store::db::DbConfig;
/// use plumego_store::db::sqlite::SqliteConfig;
///
/// let config = DbConfig::new("sqlite", "sqlite:app.db").base_dir("/srv/app");
/// assert!(SqliteConfig::from_config(&config).is_ok());
/// // What a relative path is relative to is said, not guessed.
/// let config = DbConfig::new("sqlite", "sqlite:app.db");
/// assert!(SqliteConfig::from_config(&config).is_err());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct SqliteConfig {
    /// Where it is.
    pub location: Location,
    /// What may be done with it.
    pub access: Access,
    /// Connections that only read, beside the one that writes; at most 64.
    /// With 0, one connection does everything, as in memory it always does. 4,
    /// or as many as there are processors, unless set.
    pub readers: usize,
    /// Most connections, the one that writes included, that are kept while
    /// nobody uses them; all of them unless set.
    pub max_idle: usize,
    /// How old a connection may become; 30 min unless set.
    pub max_lifetime: Option<Duration>,
    /// How long a connection may wait to be used; 5 min unless set. Those that
    /// are over are closed when another one comes back.
    pub max_idle_time: Option<Duration>,
    /// How long a statement waits for a lock of another process; 5 s unless
    /// set.
    pub busy_timeout: Duration,
    /// How long a caller waits for a connection; 30 s unless set.
    pub acquire_timeout: Duration,
    /// Prepared statements that each connection keeps; 100 unless set.
    pub statement_cache: usize,
    /// When data is forced to the disk.
    pub synchronous: Synchronous,
    /// Whether foreign keys are checked; they are unless set.
    pub foreign_keys: bool,
    /// Memory for pages, for each connection, in KiB; SQLite's own default
    /// unless set.
    pub cache_kib: Option<u32>,
    /// What statements may do, where they come from others.
    pub guard: Option<SqliteGuard>,
}

impl SqliteConfig {
    /// A file, made when it is not there; its directory has to be there.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Location::File(path.into()))
    }

    /// Memory of this process.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(Location::Memory)
    }

    fn new(location: Location) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let pool = PoolOptions::default();
        Self {
            location,
            access: Access::default(),
            readers: processors.clamp(4, READERS_MAX),
            max_idle: READERS_MAX + 1,
            max_lifetime: pool.max_lifetime,
            max_idle_time: pool.max_idle_time,
            busy_timeout: Duration::from_secs(5),
            acquire_timeout: pool.acquire_timeout,
            statement_cache: pool.statement_cache,
            synchronous: Synchronous::default(),
            foreign_keys: true,
            cache_kib: None,
            guard: None,
        }
    }

    /// Reads a configuration as every driver has it: the driver is `sqlite`,
    /// the data source name as for [`parse`](Self::parse). A relative path
    /// needs a base directory, which is absolute.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, which says what to change.
    pub fn from_config(config: &DbConfig) -> DbResult<Self> {
        let config = config.clone().checked()?;
        if config.driver != "sqlite" {
            return Err(invalid("the driver has to be `sqlite`"));
        }
        let base = config.base_dir.as_deref().filter(|base| base.is_absolute());
        Self::read(&config.dsn, base)?.with_pool(config.pool)
    }

    /// With the limits of a pool. One of its connections writes, the others
    /// read; of more than 65 connections only so many are used.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, naming the limit.
    pub fn with_pool(mut self, pool: PoolOptions) -> DbResult<Self> {
        let pool = pool.checked()?;
        self.readers = pool
            .max_open
            .map_or(READERS_MAX, |max| (max - 1).min(READERS_MAX));
        self.max_idle = pool.max_idle;
        self.max_lifetime = pool.max_lifetime;
        self.max_idle_time = pool.max_idle_time;
        self.acquire_timeout = pool.acquire_timeout;
        self.statement_cache = pool.statement_cache;
        Ok(self)
    }

    /// Reads `sqlite://path`, `sqlite:path` or `sqlite::memory:`, with
    /// `?mode=ro|rw|rwc`, `cache_kib=` and `foreign_keys=on|off`. A relative
    /// path is relative to `base`.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, naming what is wrong.
    ///
    /// ```
    /// use plumego_store::db::sqlite::{Access, Location, SqliteConfig};
    ///
    /// let config = SqliteConfig::parse(&"sqlite:app.db?mode=ro".into(), "/srv".as_ref())?;
    /// assert_eq!(config.location, Location::File("/srv/app.db".into()));
    /// assert_eq!(config.access, Access::ReadOnly);
    /// # Ok::<(), plumego_store::db::DbError>(())
    /// ```
    pub fn parse(dsn: &Dsn, base: &Path) -> DbResult<Self> {
        Self::read(dsn, Some(base))
    }

    fn read(dsn: &Dsn, base: Option<&Path>) -> DbResult<Self> {
        let Some(rest) = dsn.expose().strip_prefix("sqlite:") else {
            return Err(invalid("the address must begin with `sqlite:`"));
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
        let mut config = if path == ":memory:" {
            Self::memory()
        } else {
            Self::file(located(path, base)?)
        };
        for option in options.split('&').filter(|option| !option.is_empty()) {
            config.option(option)?;
        }
        Ok(config)
    }

    fn option(&mut self, option: &str) -> DbResult<()> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (name, value) {
            ("mode", "ro") => self.access = Access::ReadOnly,
            ("mode", "rw") => self.access = Access::ReadWrite,
            ("mode", "rwc") => self.access = Access::Create,
            ("mode", "memory") => self.location = Location::Memory,
            ("mode", _) => return Err(invalid("`mode` is `ro`, `rw` or `rwc`")),
            ("foreign_keys", "on" | "true" | "1") => self.foreign_keys = true,
            ("foreign_keys", "off" | "false" | "0") => self.foreign_keys = false,
            ("foreign_keys", _) => return Err(invalid("`foreign_keys` is `on` or `off`")),
            ("cache_kib", kib) => match kib.parse() {
                Ok(kib) if kib > 0 => self.cache_kib = Some(kib),
                _ => return Err(invalid("`cache_kib` is a whole number above 0")),
            },
            _ => {
                return Err(invalid(
                    "options are `mode`, `cache_kib` and `foreign_keys`",
                ));
            }
        }
        Ok(())
    }

    /// Checks the limits.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, naming the member.
    pub(super) fn checked(mut self) -> DbResult<Self> {
        if self.readers > READERS_MAX {
            return Err(invalid("`readers` is at most 64"));
        }
        if self.acquire_timeout.is_zero() {
            return Err(invalid("`acquire_timeout` is 0: allow some time to wait"));
        }
        if self.location == Location::Memory {
            // The data is the connection.
            self.readers = 0;
            self.max_idle = 1;
            self.max_lifetime = None;
            self.max_idle_time = None;
        }
        Ok(self)
    }

    /// How many connections may write, and how many may only read.
    pub(super) fn bounds(&self) -> (Bounds, Bounds) {
        let writer = Bounds {
            max: 1,
            max_idle: self.max_idle.min(1),
            max_lifetime: self.max_lifetime,
            max_idle_time: self.max_idle_time,
        };
        let readers = Bounds {
            max: self.readers,
            max_idle: self.max_idle.saturating_sub(1),
            ..writer
        };
        (writer, readers)
    }
}

/// Where a path of an address leads.
fn located(path: &str, base: Option<&Path>) -> DbResult<PathBuf> {
    if path.trim().is_empty() {
        return Err(invalid("sqlite url missing path"));
    }
    if path.ends_with('/') {
        return Err(invalid("the path names a directory"));
    }
    if path.contains('\0') {
        return Err(invalid("a path holds no NUL"));
    }
    if path.starts_with("file:") {
        return Err(invalid("the address holds a path, not another address"));
    }
    match base {
        _ if Path::new(path).is_absolute() => Ok(path.into()),
        Some(base) => Ok(base.join(path)),
        None => Err(invalid(
            "the path is relative: give an absolute base directory",
        )),
    }
}

/// Paths may tell more than a log should: only what kind of place it is shows.
impl fmt::Debug for SqliteConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = match &self.location {
            Location::File(_) => "file",
            Location::Memory => "memory",
        };
        f.debug_struct("SqliteConfig")
            .field("location", &location)
            .field("access", &self.access)
            .field("readers", &self.readers)
            .field("busy_timeout", &self.busy_timeout)
            .field("synchronous", &self.synchronous)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(dsn: &str) -> DbResult<SqliteConfig> {
        SqliteConfig::parse(&dsn.into(), Path::new("/base"))
    }

    #[test]
    fn addresses_name_files_and_memory() {
        for (dsn, path) in [
            ("sqlite:a.db", "/base/a.db"),
            ("sqlite://a.db", "/base/a.db"),
            ("sqlite:///var/a.db", "/var/a.db"),
            ("sqlite:/var/a.db", "/var/a.db"),
            ("sqlite:./d/a.db?mode=rw", "/base/./d/a.db"),
        ] {
            assert_eq!(
                parse(dsn).unwrap().location,
                Location::File(path.into()),
                "{dsn}"
            );
        }
        assert_eq!(parse("sqlite::memory:").unwrap().location, Location::Memory);
        assert_eq!(
            parse("sqlite::memory:").unwrap().checked().unwrap().readers,
            0
        );
    }

    #[test]
    fn options_are_read_or_refused_by_name() {
        let config = parse("sqlite:a?cache_kib=64&foreign_keys=off&mode=rw").unwrap();
        assert_eq!((config.cache_kib, config.foreign_keys), (Some(64), false));
        assert_eq!(config.access, Access::ReadWrite);
        for (dsn, part) in [
            ("postgres://x", "begin with `sqlite:`"),
            ("sqlite:", "missing path"),
            ("sqlite://", "missing path"),
            ("sqlite: ", "missing path"),
            ("sqlite:d/", "a directory"),
            ("sqlite:a\0.db", "NUL"),
            ("sqlite:file:a.db", "not another address"),
            ("sqlite:a?mode=x", "`mode`"),
            ("sqlite:a?cache_kib=0", "`cache_kib`"),
            ("sqlite:a?foreign_keys", "`foreign_keys`"),
            ("sqlite:a?vacuum=1", "options are"),
        ] {
            assert!(parse(dsn).unwrap_err().to_string().contains(part), "{dsn}");
        }
    }

    #[test]
    fn a_configuration_needs_the_driver_and_a_base_for_relative_paths() {
        let config = |driver: &str, dsn: &str, base: Option<&str>| {
            let mut config = DbConfig::new(driver, dsn);
            config.base_dir = base.map(PathBuf::from);
            SqliteConfig::from_config(&config)
        };
        let good = config("sqlite", "sqlite:a.db", Some("/base")).unwrap();
        assert_eq!(good.location, Location::File("/base/a.db".into()));
        assert_eq!((good.readers, good.max_idle), (9, 5));
        assert!(config("sqlite", "sqlite:/var/a.db", None).is_ok());
        assert!(config("sqlite", "sqlite::memory:", None).is_ok());
        assert!(config("sqlite", "sqlite:a.db", None).is_err());
        assert!(config("sqlite", "sqlite:a.db", Some("base")).is_err());
        assert!(config("postgres", "sqlite:/a.db", None).is_err());
    }

    #[test]
    fn one_of_the_connections_writes() {
        let bounds = |max_open, max_idle| {
            let pool = PoolOptions {
                max_open,
                max_idle,
                ..PoolOptions::default()
            };
            let config = SqliteConfig::file("a.db").with_pool(pool).unwrap();
            let (writer, readers) = config.bounds();
            (writer.max_idle, readers.max, readers.max_idle)
        };
        assert_eq!(bounds(Some(1), 5), (1, 0, 0));
        assert_eq!(bounds(Some(2), 1), (1, 1, 0));
        assert_eq!(bounds(Some(10), 5), (1, 9, 4));
        assert_eq!(bounds(Some(10), 0), (0, 9, 0));
        assert_eq!(bounds(None, 5), (1, 64, 4));
    }
}
