//! The pool: one writer, many readers.

use std::fmt;
use std::ops::{ControlFlow, Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use plumego_store::db::{DbError, DbErrorKind, DbResult, ExecResult, PoolStats, Value};

use super::config::{Location, SqliteConfig};
use super::connection::{Connection, Limits, Role};
use super::row::Row;
use super::script::looks_like_query;
use super::slots::{Given, Refused, Slots};
use super::transaction::Transaction;

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
    writer: Slots<Connection>,
    /// `None` where one connection does everything.
    readers: Option<Slots<Connection>>,
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
        let readers = (!config.is_single()).then(|| Slots::new(config.readers));
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                writer: Slots::new(1),
                readers,
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
        if self.shared.readers.is_some() && looks_like_query(sql) {
            let mut reader = self.read_with(limits)?;
            if reader.only_reads(sql)? {
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
        let shared = &self.shared;
        if shared.damaged.load(Ordering::Acquire) {
            return Err(DbError::new(DbErrorKind::Corrupt, "acquire"));
        }
        let role = match &shared.readers {
            Some(_) => role,
            None => Role::Writer,
        };
        let slots = shared.slots(role);
        let mut wait = shared.config.acquire_timeout;
        if let Some(deadline) = limits.deadline {
            wait = wait.min(deadline.saturating_duration_since(Instant::now()));
        }
        let given = slots.take(wait).map_err(|refused| {
            let kind = match refused {
                Refused::Timeout => DbErrorKind::PoolTimeout,
                Refused::Closed => DbErrorKind::Closed,
            };
            DbError::new(kind, "acquire")
        })?;
        let mut connection = match given {
            Given::Idle(connection) => connection,
            Given::Make => match shared.connect(role) {
                Ok(connection) => connection,
                Err(error) => {
                    shared.note(&error);
                    slots.give_back(None);
                    return Err(error);
                }
            },
        };
        connection.set_limits(limits.clone());
        Ok(PooledConnection {
            connection: Some(connection),
            role,
            shared: Arc::clone(shared),
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
        Transaction::begin(self.write_with(limits)?, "BEGIN IMMEDIATE")
    }

    /// Begins a transaction that nobody else reads or writes beside.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    pub fn begin_exclusive(&self, limits: &Limits) -> DbResult<Transaction> {
        Transaction::begin(self.write_with(limits)?, "BEGIN EXCLUSIVE")
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
        if let Some(readers) = &self.shared.readers {
            drop(readers.close());
        }
        for mut writer in self.shared.writer.close() {
            if writer.has_wal() {
                // The log is read again at the next start if this fails.
                let _ = writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
            }
        }
    }

    /// What the pool counts, readers and writer together.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let mut stats = self.shared.writer.stats();
        if let Some(readers) = &self.shared.readers {
            let readers = readers.stats();
            stats.open += readers.open;
            stats.in_use += readers.in_use;
            stats.idle += readers.idle;
            stats.wait_count += readers.wait_count;
            stats.wait_duration += readers.wait_duration;
            stats.acquire_timeouts += readers.acquire_timeouts;
        }
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
    fn slots(&self, role: Role) -> &Slots<Connection> {
        match (&self.readers, role) {
            (Some(readers), Role::Reader) => readers,
            _ => &self.writer,
        }
    }

    fn connect(&self, role: Role) -> DbResult<Connection> {
        let connection = Connection::open(&self.config, role)?;
        let wants_wal = matches!(self.config.location, Location::File(_))
            && self.config.access != super::config::Access::ReadOnly;
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

/// A connection that goes back to its pool when it is dropped, without an open
/// transaction.
pub struct PooledConnection {
    /// `None` only while it is being dropped.
    connection: Option<Connection>,
    role: Role,
    shared: Arc<Shared>,
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

    fn noted<T>(&self, result: DbResult<T>) -> DbResult<T> {
        if let Err(error) = &result {
            self.shared.note(error);
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
        let connection = self.connection.take().and_then(|mut connection| {
            connection.clean();
            connection.is_healthy().then_some(connection)
        });
        // In memory there is nothing to go back to: the data is the connection.
        if connection.is_none() {
            self.shared.tell(Event::ConnectionReplaced);
        }
        self.shared.slots(self.role).give_back(connection);
    }
}

impl fmt::Debug for PooledConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledConnection")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
