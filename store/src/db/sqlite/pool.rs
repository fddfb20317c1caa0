//! The pool: one writer, many readers.

use std::fmt;
use std::ops::{ControlFlow, Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::config::{Access, Location, SqliteConfig};
use super::connection::{Begin, Connection, Fate, Limits, Role};
use super::row::Row;
use super::script::looks_like_query;
use super::slots::{Given, Kept, Refused, Slots};
use super::transaction::Transaction;
use crate::db::config::invalid;
use crate::db::{DbError, DbErrorKind, DbResult, ExecResult, PoolOptions, PoolStats, Value};

/// What a pool notices about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The file system cannot keep a write-ahead log; SQLite's old journal is
    /// used, in which readers and the writer wait for each other.
    WalUnavailable,
    /// A connection failed below SQLite and is replaced.
    ConnectionReplaced,
    /// The database is damaged; every later call fails.
    Damaged,
}

/// Hears what a pool notices, for logs and metrics.
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;

/// A database with one writer and many readers, for callers that may block.
/// Clones are the same pool.
#[derive(Clone)]
pub struct SqlitePool {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    config: SqliteConfig,
    acquire_timeout: Mutex<Duration>,
    writer: Slots<Box<Connection>>,
    /// There are none where one connection does everything.
    readers: Slots<Box<Connection>>,
    observer: Option<Observer>,
    damaged: AtomicBool,
    told_about_wal: AtomicBool,
}

impl SqlitePool {
    /// A pool. It connects when it is used first.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`.
    pub fn open(config: SqliteConfig) -> DbResult<Self> {
        Self::observed(config, None)
    }

    /// A pool that tells what it notices.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`.
    pub fn open_with(config: SqliteConfig, observer: Observer) -> DbResult<Self> {
        Self::observed(config, Some(observer))
    }

    fn observed(config: SqliteConfig, observer: Option<Observer>) -> DbResult<Self> {
        let config = config.checked()?;
        let (writer, readers) = config.bounds();
        Ok(Self {
            shared: Arc::new(Shared {
                acquire_timeout: Mutex::new(config.acquire_timeout),
                config,
                writer: Slots::new(writer),
                readers: Slots::new(readers),
                observer,
                damaged: AtomicBool::new(false),
                told_about_wal: AtomicBool::new(false),
            }),
        })
    }

    /// Runs a statement, or, without parameters, any number of them, all or
    /// none.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::execute`], `PoolTimeout` and `Closed`.
    pub fn execute(&self, sql: &str, parameters: &[Value]) -> DbResult<ExecResult> {
        if looks_like_query(sql) {
            let mut connection = self.for_statement(sql, &Limits::default())?;
            return connection.execute(sql, parameters);
        }
        self.write()?.execute(sql, parameters)
    }

    /// Runs a statement and shows each row, until `each` breaks. What only
    /// reads runs on a reader.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::query`], `PoolTimeout` and `Closed`.
    pub fn query(
        &self,
        sql: &str,
        parameters: &[Value],
        each: impl FnMut(&Row<'_>) -> DbResult<ControlFlow<()>>,
    ) -> DbResult<()> {
        self.for_statement(sql, &Limits::default())?
            .query(sql, parameters, each)
    }

    /// A connection that fits a statement: a reader where SQLite says that it
    /// only reads, else the writer.
    ///
    /// # Errors
    ///
    /// What SQLite reports when it prepares the statement, `PoolTimeout` and
    /// `Closed`.
    pub fn for_statement(&self, sql: &str, limits: &Limits) -> DbResult<PooledConnection> {
        if looks_like_query(sql) {
            let mut reader = self.read_with(limits)?;
            if reader.fits(sql) {
                return Ok(reader);
            }
        }
        self.write_with(limits)
    }

    /// The writer, when those in front are done.
    ///
    /// # Errors
    ///
    /// `PoolTimeout`, `Closed`, `ConnectionFailed`, and `Corrupt` once the
    /// database was found damaged.
    pub fn write(&self) -> DbResult<PooledConnection> {
        self.write_with(&Limits::default())
    }

    /// The writer, with limits for waiting and for its statements.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_with(&self, limits: &Limits) -> DbResult<PooledConnection> {
        self.take(Role::Writer, limits)
    }

    /// A reader. Where one connection does everything, that one.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn read(&self) -> DbResult<PooledConnection> {
        self.read_with(&Limits::default())
    }

    /// A reader, with limits for waiting and for its statements.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn read_with(&self, limits: &Limits) -> DbResult<PooledConnection> {
        self.take(Role::Reader, limits)
    }

    fn take(&self, role: Role, limits: &Limits) -> DbResult<PooledConnection> {
        self.check("acquire")?;
        let mut wait = *self.shared.acquire_timeout.lock();
        if let Some(deadline) = limits.deadline {
            wait = wait.min(deadline.saturating_duration_since(Instant::now()));
        }
        let mut role = role;
        let given = loop {
            match self.shared.slots(role).take(wait) {
                // There are no readers: the writer reads.
                Err(Refused::None) => role = Role::Writer,
                given => break given,
            }
        };
        let mut connection = self.place(given, role, "acquire")?.connect()?;
        connection.set_limits(limits.clone());
        Ok(connection)
    }

    /// A place for a connection, for callers that do not block.
    pub(super) async fn claim(&self, role: Role, op: &'static str) -> DbResult<Place> {
        self.check(op)?;
        let wait = *self.shared.acquire_timeout.lock();
        let mut role = role;
        let given = loop {
            match self.shared.slots(role).claim(wait).await {
                Err(Refused::None) => role = Role::Writer,
                given => break given,
            }
        };
        self.place(given, role, op)
    }

    fn check(&self, op: &'static str) -> DbResult<()> {
        if self.shared.damaged.load(Ordering::Acquire) {
            return Err(DbError::new(DbErrorKind::Corrupt, op));
        }
        Ok(())
    }

    fn place(
        &self,
        given: Result<Given<Box<Connection>>, Refused>,
        role: Role,
        op: &'static str,
    ) -> DbResult<Place> {
        let given = given.map_err(|refused| {
            let kind = match refused {
                Refused::Timeout => DbErrorKind::PoolTimeout,
                Refused::Closed | Refused::None => DbErrorKind::Closed,
            };
            DbError::new(kind, op)
        })?;
        Ok(Place {
            given: Some(given),
            role,
            shared: Arc::clone(&self.shared),
        })
    }

    /// Begins a transaction on the writer. Conflicts show now, not later.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), and `Transaction` when it cannot begin.
    pub fn begin(&self) -> DbResult<Transaction> {
        self.begin_with(&Limits::default())
    }

    /// Begins a transaction, with limits for waiting and for its statements.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    pub fn begin_with(&self, limits: &Limits) -> DbResult<Transaction> {
        Transaction::begin(self.write_with(limits)?, Begin::Immediate)
    }

    /// Begins a transaction that nobody else reads or writes beside.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    pub fn begin_exclusive(&self, limits: &Limits) -> DbResult<Transaction> {
        Transaction::begin(self.write_with(limits)?, Begin::Exclusive)
    }

    /// Copies the whole database into a new file, while others read and write.
    ///
    /// # Errors
    ///
    /// As [`Connection::backup`] and [`write`](Self::write).
    pub fn backup(&self, target: &Path) -> DbResult<()> {
        self.write()?.backup(target)
    }

    /// Waits for what is under way, moves the log into the file, and refuses
    /// everything from then on. Closing again does nothing.
    pub fn close(&self) {
        drop(self.shared.readers.close());
        for mut writer in self.shared.writer.close() {
            if writer.has_wal() {
                // The log is read again at the next start if this fails.
                let _ = writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
            }
        }
    }

    /// Sets other limits for the connections. Those that are idle and beyond
    /// them are closed at once, those in use when they come back. The caches
    /// of statements keep their size.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, and always for a database in memory, which is one
    /// connection.
    pub fn set_pool(&self, options: PoolOptions) -> DbResult<()> {
        let config = self.shared.config.clone().with_pool(options)?.checked()?;
        if config.location == Location::Memory {
            return Err(invalid("a database in memory is one connection"));
        }
        *self.shared.acquire_timeout.lock() = config.acquire_timeout;
        let (writer, readers) = config.bounds();
        drop(self.shared.writer.set_bounds(writer));
        drop(self.shared.readers.set_bounds(readers));
        Ok(())
    }

    /// What the pool counts, readers and writer together.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let mut stats = self.shared.writer.stats();
        let readers = self.shared.readers.stats();
        stats.open += readers.open;
        stats.in_use += readers.in_use;
        stats.idle += readers.idle;
        stats.wait_count += readers.wait_count;
        stats.wait_duration += readers.wait_duration;
        stats.closed_max_idle += readers.closed_max_idle;
        stats.closed_max_lifetime += readers.closed_max_lifetime;
        stats.acquire_timeouts += readers.acquire_timeouts;
        stats
    }

    /// How it was opened.
    #[must_use]
    pub fn config(&self) -> &SqliteConfig {
        &self.shared.config
    }
}

impl fmt::Debug for SqlitePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlitePool")
            .field("config", &self.shared.config)
            .field("stats", &self.stats())
            .finish()
    }
}

impl Shared {
    fn slots(&self, role: Role) -> &Slots<Box<Connection>> {
        match role {
            Role::Reader => &self.readers,
            Role::Writer => &self.writer,
        }
    }

    fn connect(&self, role: Role) -> DbResult<Connection> {
        let connection = Connection::open(&self.config, role)?;
        let wants_wal = matches!(self.config.location, Location::File(_))
            && self.config.access != Access::ReadOnly;
        if wants_wal && !connection.has_wal() && !self.told_about_wal.swap(true, Ordering::AcqRel) {
            self.tell(Event::WalUnavailable);
        }
        Ok(connection)
    }

    fn tell(&self, event: Event) {
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }

    fn note(&self, error: &DbError) {
        if *error.kind() == DbErrorKind::Corrupt && !self.damaged.swap(true, Ordering::AcqRel) {
            self.tell(Event::Damaged);
        }
    }
}

/// A place for one connection, which is given back when it is dropped.
pub(super) struct Place {
    /// `None` once what was given was taken out or turned out to be broken.
    given: Option<Given<Box<Connection>>>,
    role: Role,
    shared: Arc<Shared>,
}

impl Place {
    /// The connection, made now if there is none. It blocks.
    pub(super) fn connect(mut self) -> DbResult<PooledConnection> {
        let kept = match self.given.take() {
            Some(Given::Idle(kept)) => kept,
            stale => {
                drop(stale);
                let thing = self.shared.connect(self.role);
                let thing = Box::new(thing.inspect_err(|error| self.shared.note(error))?);
                let born = Instant::now();
                Kept { thing, born }
            }
        };
        Ok(PooledConnection {
            born: kept.born,
            connection: Some(kept.thing),
            place: self,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let kept = match self.given.take() {
            Some(Given::Idle(kept) | Given::Stale(kept)) => Some(kept),
            Some(Given::Make) | None => None,
        };
        drop(self.shared.slots(self.role).give_back(kept));
    }
}

/// A connection that goes back to its pool when it is dropped, without an open
/// transaction.
pub struct PooledConnection {
    /// `None` only while it is being dropped.
    connection: Option<Box<Connection>>,
    born: Instant,
    place: Place,
}

impl PooledConnection {
    /// Runs a statement; see [`Connection::execute`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn execute(&mut self, sql: &str, parameters: &[Value]) -> DbResult<ExecResult> {
        let result = (**self).execute(sql, parameters);
        self.noted(result)
    }

    /// Runs a statement and shows each row; see [`Connection::query`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn query(
        &mut self,
        sql: &str,
        parameters: &[Value],
        each: impl FnMut(&Row<'_>) -> DbResult<ControlFlow<()>>,
    ) -> DbResult<()> {
        let result = (**self).query(sql, parameters, each);
        self.noted(result)
    }

    /// Whether a statement can run here. One that cannot be prepared can: it
    /// fails anywhere.
    pub(super) fn fits(&mut self, sql: &str) -> bool {
        self.place.role == Role::Writer || self.only_reads(sql).unwrap_or(true)
    }

    /// Runs any number of statements; see [`Connection::execute_batch`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn execute_batch(&mut self, sql: &str) -> DbResult<()> {
        let result = (**self).execute_batch(sql);
        self.noted(result)
    }

    /// Remembers in the pool that the database is damaged.
    pub(super) fn noted<T>(&self, result: DbResult<T>) -> DbResult<T> {
        if let Err(error) = &result {
            self.place.shared.note(error);
        }
        result
    }
}

const HELD: &str = "a pooled connection is held until it is dropped";

impl Deref for PooledConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect(HELD)
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect(HELD)
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let shared = &self.place.shared;
        match connection.clean(&shared.config) {
            Fate::Kept => {
                let born = self.born;
                let thing = connection;
                self.place.given = Some(Given::Idle(Kept { thing, born }));
            }
            Fate::Discarded => {}
            Fate::Broken => shared.tell(Event::ConnectionReplaced),
        }
    }
}

impl fmt::Debug for PooledConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledConnection")
            .field("role", &self.place.role)
            .finish_non_exhaustive()
    }
}
