//! How a database is opened.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plumego_store::db::{DbError, DbErrorKind, DbResult, Dsn};

/// Most readers of one pool.
const READERS_MAX: usize = 64;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file.
    File(PathBuf),
    /// Memory of this process, gone with the pool.
    Memory,
}

/// What may be done with a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// At every commit: nothing acknowledged is lost when the power fails.
    Full,
    /// At checkpoints: the file stays consistent, and a crash of the process
    /// loses nothing; the last commits may be lost when the power fails.
    #[default]
    Normal,
}

/// How a database is opened.
#[derive(Clone)]
pub struct SqliteConfig {
    /// Where it is.
    pub location: Location,
    /// What may be done with it.
    pub access: Access,
    /// Connections that only read, 1 to 64: 4, or as many as there are
    /// processors, unless set. A pool of one uses a single connection for
    /// everything, as memory always does.
    pub readers: usize,
    /// How long a statement waits for a lock of another process; 5 s unless
    /// set.
    pub busy_timeout: Duration,
    /// How long a caller waits for a connection; 30 s unless set.
    pub acquire_timeout: Duration,
    /// Prepared statements that each connection keeps; 256 unless set.
    pub statement_cache: usize,
    /// When data is forced to the disk.
    pub synchronous: Synchronous,
    /// Whether foreign keys are checked; they are unless set.
    pub foreign_keys: bool,
    /// Memory for pages, for each connection, in KiB; SQLite's own default
    /// unless set.
    pub cache_kib: Option<u32>,
}

impl SqliteConfig {
    /// A file, made when it is not there.
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
        Self {
            location,
            access: Access::default(),
            readers: processors.clamp(4, READERS_MAX),
            busy_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(30),
            statement_cache: 256,
            synchronous: Synchronous::default(),
            foreign_keys: true,
            cache_kib: None,
        }
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
    /// use plumego_x_data::sqlite::{Access, Location, SqliteConfig};
    ///
    /// let config = SqliteConfig::parse(&"sqlite:app.db?mode=ro".into(), "/srv".as_ref())?;
    /// assert_eq!(config.location, Location::File("/srv/app.db".into()));
    /// assert_eq!(config.access, Access::ReadOnly);
    /// # Ok::<(), plumego_store::db::DbError>(())
    /// ```
    pub fn parse(dsn: &Dsn, base: &Path) -> DbResult<Self> {
        let Some(rest) = dsn.expose().strip_prefix("sqlite:") else {
            return Err(invalid("the address must begin with `sqlite:`"));
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
        let mut config = match path {
            "" => return Err(invalid("sqlite url missing path")),
            ":memory:" => Self::memory(),
            path if path.contains('\0') => return Err(invalid("a path holds no NUL")),
            path => Self::file(base.join(path)),
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
    pub(crate) fn checked(self) -> DbResult<Self> {
        if !(1..=READERS_MAX).contains(&self.readers) {
            return Err(invalid("`readers` is 1 to 64"));
        }
        if self.acquire_timeout.is_zero() {
            return Err(invalid("`acquire_timeout` is 0: allow some time to wait"));
        }
        Ok(self)
    }

    /// Whether one connection does everything.
    pub(crate) fn is_single(&self) -> bool {
        self.readers == 1 || self.location == Location::Memory
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
            .finish_non_exhaustive()
    }
}

pub(super) fn invalid(detail: impl Into<String>) -> DbError {
    let detail = detail.into();
    DbError::new(DbErrorKind::InvalidConfig { detail }, "open")
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
        assert!(parse("sqlite::memory:").unwrap().is_single());
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
            ("sqlite:a?mode=x", "`mode`"),
            ("sqlite:a?cache_kib=0", "`cache_kib`"),
            ("sqlite:a?foreign_keys", "`foreign_keys`"),
            ("sqlite:a?vacuum=1", "options are"),
        ] {
            assert!(parse(dsn).unwrap_err().to_string().contains(part), "{dsn}");
        }
    }
}
