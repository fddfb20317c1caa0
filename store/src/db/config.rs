//! How a database is reached, and how many connections it gets.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{DbError, DbErrorKind, DbResult};

/// Where a database is, with whatever is needed to get in.
///
/// It may hold a password, so nothing but its scheme is ever shown.
///
/// ```
/// use plumego_store::db::Dsn;
///
/// let dsn = Dsn::new("postgres://app:hunter2@db/app");
/// assert_eq!(format!("{dsn:?}"), "Dsn(postgres:***)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn(String);

impl Dsn {
    /// A data source name, such as `sqlite:app.db` or a URL.
    #[must_use]
    pub fn new(dsn: impl Into<String>) -> Self {
        Self(dsn.into())
    }

    /// All of it, secrets included.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What stands before the first `:`, if that is a name.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        let (scheme, _) = self.0.split_once(':')?;
        let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        (!scheme.is_empty() && scheme.bytes().all(name)).then_some(scheme)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl From<&str> for Dsn {
    fn from(dsn: &str) -> Self {
        Self::new(dsn)
    }
}

impl From<String> for Dsn {
    fn from(dsn: String) -> Self {
        Self(dsn)
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme() {
            Some(scheme) => write!(f, "Dsn({scheme}:***)"),
            None => f.write_str("Dsn(***)"),
        }
    }
}

/// How many connections there may be, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolOptions {
    /// Most connections at one time; `None` is no limit. 10 unless set.
    pub max_open: Option<usize>,
    /// Most connections kept for later, at most `max_open`; 0 keeps none. 5
    /// unless set.
    pub max_idle: usize,
    /// How old a connection may become; `None` is any age. 30 min unless set.
    pub max_lifetime: Option<Duration>,
    /// How long a connection may wait to be used; `None` is forever. 5 min
    /// unless set.
    pub max_idle_time: Option<Duration>,
    /// How long a caller may wait for a connection. 30 s unless set.
    pub acquire_timeout: Duration,
    /// Prepared statements kept by each connection; 0 keeps none. 100 unless
    /// set.
    pub statement_cache: usize,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            max_open: Some(10),
            max_idle: 5,
            max_lifetime: Some(Duration::from_secs(30 * 60)),
            max_idle_time: Some(Duration::from_secs(5 * 60)),
            acquire_timeout: Duration::from_secs(30),
            statement_cache: 100,
        }
    }
}

impl PoolOptions {
    /// Checks the limits, and clamps `max_idle` to `max_open`.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` for no connections at all, or no time to wait for one.
    pub fn checked(mut self) -> DbResult<Self> {
        if self.max_open == Some(0) {
            return Err(invalid("max_open is 0: allow at least one connection"));
        }
        if self.acquire_timeout.is_zero() {
            return Err(invalid("acquire_timeout is 0: allow some time to wait"));
        }
        if let Some(max_open) = self.max_open {
            self.max_idle = self.max_idle.min(max_open);
        }
        Ok(self)
    }
}

/// How to open a database.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DbConfig {
    /// The driver, such as `sqlite`.
    pub driver: String,
    /// Where the database is.
    pub dsn: Dsn,
    /// What relative paths of the data source name are relative to. There is
    /// no default: nothing is written to the working directory by accident.
    pub base_dir: Option<PathBuf>,
    /// The connections.
    pub pool: PoolOptions,
}

impl DbConfig {
    /// The default pool on a database.
    #[must_use]
    pub fn new(driver: impl Into<String>, dsn: impl Into<Dsn>) -> Self {
        Self {
            driver: driver.into(),
            dsn: dsn.into(),
            base_dir: None,
            pool: PoolOptions::default(),
        }
    }

    /// What relative paths are relative to.
    #[must_use]
    pub fn base_dir(mut self, base_dir: impl Into<PathBuf>) -> Self {
        self.base_dir = Some(base_dir.into());
        self
    }

    /// The connections.
    #[must_use]
    pub const fn pool(mut self, pool: PoolOptions) -> Self {
        self.pool = pool;
        self
    }

    /// Checks what every driver needs.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`.
    pub fn checked(mut self) -> DbResult<Self> {
        if self.driver.trim().is_empty() {
            return Err(invalid("a driver is required"));
        }
        if self.dsn.is_blank() {
            return Err(invalid("a data source name is required"));
        }
        self.pool = self.pool.checked()?;
        Ok(self)
    }
}

pub(super) fn invalid(detail: impl Into<String>) -> DbError {
    let detail = detail.into();
    DbError::new(DbErrorKind::InvalidConfig { detail }, "open")
}

/// What a pool counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections there are.
    pub open: usize,
    /// Those that are used.
    pub in_use: usize,
    /// Those that wait to be used.
    pub idle: usize,
    /// Callers that had to wait.
    pub wait_count: u64,
    /// How long they waited together.
    pub wait_duration: Duration,
    /// Connections closed because too many were idle.
    pub closed_max_idle: u64,
    /// Connections closed because of their age or their idle time.
    pub closed_max_lifetime: u64,
    /// Callers that gave up waiting.
    pub acquire_timeouts: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_limits() {
        let options = PoolOptions::default();
        assert_eq!((options.max_open, options.max_idle), (Some(10), 5));
        let small = PoolOptions {
            max_open: Some(2),
            ..options
        };
        assert_eq!(small.checked().unwrap().max_idle, 2);
        let none = PoolOptions {
            max_open: Some(0),
            ..options
        };
        assert_eq!(none.checked().unwrap_err().kind().name(), "invalid_config");
        let no_wait = PoolOptions {
            acquire_timeout: Duration::ZERO,
            ..options
        };
        assert!(no_wait.checked().is_err());
    }

    #[test]
    fn a_driver_and_a_source_are_required() {
        assert!(DbConfig::new(" ", "sqlite::memory:").checked().is_err());
        assert!(DbConfig::new("sqlite", " ").checked().is_err());
        assert!(DbConfig::new("sqlite", "sqlite::memory:").checked().is_ok());
    }

    #[test]
    fn a_source_never_shows_more_than_its_scheme() {
        for dsn in [
            "postgres://u:hunter2@h/d",
            "hunter2",
            ":hunter2",
            "host=h password=hunter2",
        ] {
            let config = DbConfig::new("postgres", dsn);
            assert!(!format!("{config:?}").contains("hunter2"), "{dsn}");
        }
    }
}
