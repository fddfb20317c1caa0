//! One connection, set up the way all are.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::{CachedStatement, OpenFlags, Statement};

use super::bind::bind;
use super::config::{Access, Location, SqliteConfig, Synchronous};
use super::error::{Phase, classify, with_statement};
use super::row::Row;
use super::script::{inserts, is_blank};
use super::{SqlAccess, SqliteGuard};
use crate::db::{DbError, DbErrorKind, DbResult, ExecResult, Value};

/// Steps of SQLite's machine between two looks at the limits.
const STEPS_BETWEEN_LOOKS: i32 = 1_000;

/// How long it sleeps at most before it tries again to get a lock.
const LOCK_POLL_MAX: Duration = Duration::from_millis(5);

/// When statements must end.
#[derive(Clone, Default)]
pub struct Limits {
    /// Not after this moment: `Timeout`.
    pub deadline: Option<Instant>,
    /// Not after this answers `true`: `Cancelled`. It is asked often, while a
    /// statement runs or waits for a lock.
    pub cancelled: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits")
            .field("deadline", &self.deadline)
            .field("cancellable", &self.cancelled.is_some())
            .finish()
    }
}

/// What ends the statement under way.
#[derive(Default)]
struct Watch {
    limits: Limits,
    /// What a guard allows this one statement.
    deadline: Option<Instant>,
}

impl Watch {
    fn reached(&self) -> Option<DbErrorKind> {
        let deadline = match (self.limits.deadline, self.deadline) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Some(DbErrorKind::Timeout);
        }
        let cancelled = self.limits.cancelled.as_ref();
        cancelled
            .is_some_and(|cancelled| cancelled())
            .then_some(DbErrorKind::Cancelled)
    }
}

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Everything.
    Writer,
    /// Reading.
    Reader,
}

/// How a transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// It only reads.
    ReadOnly,
    /// It writes, beside readers.
    Immediate,
    /// It writes, beside nobody.
    Exclusive,
}

/// Whether a connection that comes back may be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    /// Nothing is wrong, but what was set on it is not known.
    Discarded,
    /// Something failed below SQLite, or it cannot be cleaned.
    Broken,
}

/// Where the rows of a statement go.
pub(super) trait Sink {
    /// They will have these columns; all parameters are bound.
    fn columns(&mut self, _: &[String]) {}

    /// One row.
    fn row(&mut self, row: &Row<'_>) -> DbResult<ControlFlow<()>>;
}

/// Rows that a function sees.
struct Each<F>(F);

impl<F: FnMut(&Row<'_>) -> DbResult<ControlFlow<()>>> Sink for Each<F> {
    fn row(&mut self, row: &Row<'_>) -> DbResult<ControlFlow<()>> {
        (self.0)(row)
    }
}

/// One connection. Every statement is prepared once and kept.
pub struct Connection {
    inner: rusqlite::Connection,
    role: Role,
    watch: Arc<Mutex<Watch>>,
    /// What runs is this module's, and no guard is asked.
    own: Arc<AtomicBool>,
    guard: Option<SqliteGuard>,
    /// Whether the guard refused something of this statement.
    denied: Arc<AtomicBool>,
    healthy: bool,
    wal: bool,
    /// A transaction that only reads has switched writing off.
    read_only: bool,
    /// Whoever had it could change its settings.
    handed_out: bool,
}

impl Connection {
    /// Opens a connection and settles it.
    pub(super) fn open(config: &SqliteConfig, role: Role) -> DbResult<Self> {
        let inner = match &config.location {
            Location::Memory => rusqlite::Connection::open_in_memory_with_flags(
                OpenFlags::SQLITE_OPEN_READ_WRITE
                    | OpenFlags::SQLITE_OPEN_CREATE
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            ),
            Location::File(path) => open_file(path, config.access),
        };
        let inner = inner.map_err(|error| failed_to_open(&error))?;
        let mut connection = Self {
            inner,
            role,
            watch: Arc::default(),
            own: Arc::new(AtomicBool::new(true)),
            guard: config.guard.clone(),
            denied: Arc::default(),
            healthy: true,
            wal: false,
            read_only: false,
            handed_out: false,
        };
        connection
            .settle(config)
            .map_err(|error| failed_to_open(&error))?;
        connection.own.store(false, Ordering::Relaxed);
        Ok(connection)
    }

    fn settle(&mut self, config: &SqliteConfig) -> rusqlite::Result<()> {
        let (watch, patience) = (Arc::clone(&self.watch), config.busy_timeout);
        let mut since = Instant::now();
        self.inner.busy_handler(Some(move |tries: i32| {
            if tries == 0 {
                since = Instant::now();
            }
            if since.elapsed() >= patience || watch.lock().reached().is_some() {
                return false;
            }
            let nap = Duration::from_millis(tries.clamp(1, 5).unsigned_abs().into());
            std::thread::sleep(nap.min(LOCK_POLL_MAX));
            true
        }))?;
        let watch = Arc::clone(&self.watch);
        let ended = move || watch.lock().reached().is_some();
        self.inner
            .progress_handler(STEPS_BETWEEN_LOOKS, Some(ended))?;
        if let Some(rule) = self.guard.as_ref().and_then(|guard| guard.rule.clone()) {
            let (own, denied) = (Arc::clone(&self.own), Arc::clone(&self.denied));
            let ask = move |context: AuthContext<'_>| {
                let allowed = own.load(Ordering::Relaxed) || rule(SqlAccess::of(context.action));
                if allowed {
                    Authorization::Allow
                } else {
                    denied.store(true, Ordering::Relaxed);
                    Authorization::Deny
                }
            };
            self.inner.authorizer(Some(ask))?;
        }
        self.inner
            .set_prepared_statement_cache_capacity(config.statement_cache);
        self.set_up(config)
    }

    /// The settings that a statement could change.
    fn set_up(&mut self, config: &SqliteConfig) -> rusqlite::Result<()> {
        let inner = &self.inner;
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        inner.pragma_update(None, "query_only", self.role == Role::Reader)?;
        inner.pragma_update(None, "foreign_keys", config.foreign_keys)?;
        inner.pragma_update(None, "temp_store", "MEMORY")?;
        let synchronous = match config.synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        };
        inner.pragma_update(None, "synchronous", synchronous)?;
        if let Some(kib) = config.cache_kib {
            inner.pragma_update(None, "cache_size", -i64::from(kib))?;
        }
        if config.location != Location::Memory && config.access != Access::ReadOnly {
            // Where the file system cannot do it, SQLite keeps its old journal
            // and says so; that is slower, not wrong.
            let mode: String =
                inner.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
            self.wal = mode.eq_ignore_ascii_case("wal");
        }
        Ok(())
    }

    /// Whether the write-ahead log is on.
    pub(super) const fn has_wal(&self) -> bool {
        self.wal
    }

    /// Whether no transaction is open.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.inner.is_autocommit()
    }

    /// When statements must end, from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.watch.lock().limits = limits;
    }

    /// Runs a statement, or, without parameters, any number of them, all or
    /// none.
    ///
    /// # Errors
    ///
    /// `BindMismatch` before anything runs; else what SQLite reports.
    pub fn execute(&mut self, sql: &str, parameters: &[Value]) -> DbResult<ExecResult> {
        if parameters.is_empty() && self.is_script(sql)? {
            return self.script(sql);
        }
        self.execute_one(sql, parameters)
    }

    /// Runs one statement.
    pub(super) fn execute_one(&mut self, sql: &str, parameters: &[Value]) -> DbResult<ExecResult> {
        let before = (self.inner.total_changes(), self.inner.last_insert_rowid());
        let rest = |_: &Row<'_>| Ok(ControlFlow::Continue(()));
        self.read(sql, parameters, "execute", &mut Each(rest))?;
        if self.inner.total_changes() == before.0 {
            return Ok(ExecResult::default());
        }
        // What triggers changed is counted in the total alone.
        let inserted = self.inserted(sql, before.1);
        Ok(ExecResult::new(self.inner.changes(), inserted))
    }

    /// The key of the row that was inserted last, if any was.
    fn inserted(&self, sql: &str, before: i64) -> Option<i64> {
        let last = self.inner.last_insert_rowid();
        (last != before || inserts(sql)).then_some(last)
    }

    /// Whether there is more than one statement.
    fn is_script(&mut self, sql: &str) -> DbResult<bool> {
        if sql.find(';').is_none_or(|end| is_blank(&sql[end..])) {
            return Ok(false);
        }
        statements(&self.inner, sql)
            .map(|count| count > 1)
            .map_err(|error| {
                let error = self.failed(&error, "prepare", Phase::Preparing);
                with_statement(error, sql, &[])
            })
    }

    fn script(&mut self, sql: &str) -> DbResult<ExecResult> {
        let before = (self.inner.total_changes(), self.inner.last_insert_rowid());
        let alone = self.is_idle();
        let (begin, keep, undo) = if alone {
            ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        } else {
            (
                "SAVEPOINT plumego_script",
                "RELEASE plumego_script",
                "ROLLBACK TO plumego_script; RELEASE plumego_script",
            )
        };
        self.own(begin, "execute")?;
        let done = self
            .execute_batch(sql)
            .and_then(|()| self.own(keep, "execute"));
        if let Err(error) = done {
            if !(alone && self.is_idle()) && self.own(undo, "execute").is_err() {
                self.healthy = false;
            }
            return Err(with_statement(error, sql, &[]));
        }
        let changed = self.inner.total_changes().saturating_sub(before.0);
        let inserted = self.inserted("", before.1);
        Ok(ExecResult::new(changed, inserted))
    }

    /// Runs a statement and shows each row, until `each` breaks.
    ///
    /// # Errors
    ///
    /// `BindMismatch` before anything runs; else what SQLite reports, or what
    /// `each` returns.
    pub fn query(
        &mut self,
        sql: &str,
        parameters: &[Value],
        each: impl FnMut(&Row<'_>) -> DbResult<ControlFlow<()>>,
    ) -> DbResult<()> {
        self.read(sql, parameters, "query", &mut Each(each))
    }

    /// Runs a statement and shows columns and rows.
    pub(super) fn read(
        &mut self,
        sql: &str,
        parameters: &[Value],
        op: &'static str,
        sink: &mut dyn Sink,
    ) -> DbResult<()> {
        self.start_statement();
        let outcome = self.prepare(sql).and_then(|mut statement| {
            bind(&mut statement, parameters)?;
            self.step(&mut statement, op, sink)
        });
        outcome.map_err(|error| {
            self.note(&error);
            with_statement(error, sql, parameters)
        })
    }

    fn step(
        &self,
        statement: &mut Statement<'_>,
        op: &'static str,
        sink: &mut dyn Sink,
    ) -> DbResult<()> {
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        sink.columns(&columns);
        let limit = self.guard.as_ref().and_then(|guard| guard.max_rows);
        let mut shown = 0;
        let mut rows = statement.raw_query();
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(()),
                Err(error) => return Err(self.ended(&error, op, Phase::Running)),
            };
            if let Some(limit) = limit
                && shown >= limit
            {
                return Err(DbError::new(DbErrorKind::TooManyRows { limit }, op));
            }
            shown += 1;
            if sink.row(&Row::new(row, &columns))?.is_break() {
                return Ok(());
            }
        }
    }

    /// The names of the columns that a statement would give.
    ///
    /// # Errors
    ///
    /// What SQLite reports when it prepares the statement.
    pub fn columns(&mut self, sql: &str) -> DbResult<Vec<String>> {
        self.start_statement();
        let statement = self.prepare(sql)?;
        Ok(statement.column_names().map(str::to_owned).collect())
    }

    /// Whether SQLite says that a statement only reads.
    pub(super) fn only_reads(&mut self, sql: &str) -> DbResult<bool> {
        self.start_statement();
        Ok(self.prepare(sql)?.readonly())
    }

    fn prepare(&self, sql: &str) -> DbResult<CachedStatement<'_>> {
        self.inner
            .prepare_cached(sql)
            .map_err(|error| self.ended(&error, "prepare", Phase::Preparing))
    }

    /// Runs statements without parameters, one after another, until one
    /// fails. What succeeded stays.
    ///
    /// # Errors
    ///
    /// What SQLite reports.
    pub fn execute_batch(&mut self, sql: &str) -> DbResult<()> {
        let done = self.each_of(sql);
        done.map_err(|error| {
            self.note(&error);
            with_statement(error, sql, &[])
        })
    }

    fn each_of(&self, sql: &str) -> DbResult<()> {
        let op = "execute";
        let mut rest = |_: &Row<'_>| Ok(ControlFlow::Continue(()));
        let mut batch = rusqlite::Batch::new(&self.inner, sql);
        loop {
            self.start_statement();
            let next = batch
                .next()
                .map_err(|error| self.ended(&error, op, Phase::Preparing))?;
            let Some(mut statement) = next else {
                return Ok(());
            };
            bind(&mut statement, &[])?;
            self.step(&mut statement, op, &mut Each(&mut rest))?;
        }
    }

    /// A statement of this module that any connection answers.
    pub(super) fn ask(&mut self, sql: &str) -> DbResult<()> {
        self.own(sql, "ping")
    }

    /// A statement of this module.
    fn own(&mut self, sql: &str, op: &'static str) -> DbResult<()> {
        self.watch.lock().deadline = None;
        self.own.store(true, Ordering::Relaxed);
        let done = self.inner.execute_batch(sql);
        self.own.store(false, Ordering::Relaxed);
        done.map_err(|error| self.failed(&error, op, Phase::Own))
    }

    /// Begins a transaction.
    pub(crate) fn begin(&mut self, begin: Begin) -> DbResult<()> {
        if !self.is_idle() {
            let what = "a transaction within a transaction, other than a savepoint,";
            return Err(DbError::new(DbErrorKind::Unsupported { what }, "begin"));
        }
        match begin {
            Begin::ReadOnly => {
                // A connection that only reads has it already.
                self.read_only = self.role == Role::Writer;
                if self.read_only {
                    self.own("PRAGMA query_only = ON", "begin")?;
                }
                self.own("BEGIN DEFERRED", "begin")
            }
            // Who waits for the lock waits here, not half-way through.
            Begin::Immediate => self.own("BEGIN IMMEDIATE", "begin"),
            Begin::Exclusive => self.own("BEGIN EXCLUSIVE", "begin"),
        }
    }

    /// Fails unless a transaction is open: a failure of a statement can end
    /// it, and nothing may run outside of it unseen.
    pub(super) fn inside(&self) -> DbResult<()> {
        if !self.is_idle() {
            return Ok(());
        }
        let kind = DbErrorKind::Transaction {
            stage: crate::db::TxStage::Body,
            outcome_unknown: false,
        };
        Err(DbError::new(kind, "transaction"))
    }

    /// Runs a statement of this module within a transaction.
    pub(super) fn within(&mut self, sql: &str, op: &'static str) -> DbResult<()> {
        self.inside()?;
        self.own(sql, op)
    }

    /// Makes a transaction permanent. Undoes it when that fails.
    pub(crate) fn commit(&mut self) -> DbResult<()> {
        let committed = self.within("COMMIT", "commit");
        if committed.is_err() {
            // What could not be committed must not stay open.
            self.abandon();
        }
        self.end_read_only()?;
        committed
    }

    /// Undoes whatever is open. SQLite may have done it already, as when the
    /// disk is full.
    pub(crate) fn rollback(&mut self) -> DbResult<()> {
        if !self.is_idle() {
            self.own("ROLLBACK", "rollback")?;
        }
        self.end_read_only()
    }

    fn end_read_only(&mut self) -> DbResult<()> {
        if std::mem::take(&mut self.read_only) {
            self.own("PRAGMA query_only = OFF", "transaction")?;
        }
        Ok(())
    }

    /// Copies the whole database into a new file, while others read and write.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` when the file is there already; else what SQLite
    /// reports.
    pub fn backup(&mut self, target: &Path) -> DbResult<()> {
        if target.exists() {
            let detail = "the file for the copy is there already".to_owned();
            return Err(DbError::new(
                DbErrorKind::InvalidConfig { detail },
                "backup",
            ));
        }
        let name = target.to_string_lossy().into_owned();
        self.query("VACUUM INTO ?", &[name.into()], |_| {
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Undoes whatever somebody left open.
    pub(super) fn abandon(&mut self) {
        self.set_limits(Limits::default());
        self.healthy &= self.rollback().is_ok();
    }

    /// Whoever has it may change its settings from now on.
    pub(super) const fn hand_out(&mut self) {
        self.handed_out = true;
    }

    /// Leaves nothing behind for whoever is next.
    pub(super) fn clean(&mut self, config: &SqliteConfig) -> Fate {
        self.abandon();
        if self.healthy && std::mem::take(&mut self.handed_out) {
            if config.location != Location::Memory {
                return Fate::Discarded;
            }
            // The data is the connection: only its settings can be put right.
            self.own.store(true, Ordering::Relaxed);
            self.healthy = self.set_up(config).is_ok();
            self.own.store(false, Ordering::Relaxed);
        }
        if self.healthy {
            Fate::Kept
        } else {
            Fate::Broken
        }
    }

    /// The next statement begins.
    fn start_statement(&self) {
        self.denied.store(false, Ordering::Relaxed);
        let limit = self.guard.as_ref().and_then(|guard| guard.max_time);
        if let Some(limit) = limit {
            self.watch.lock().deadline = Instant::now().checked_add(limit);
        }
    }

    fn failed(&mut self, error: &rusqlite::Error, op: &'static str, phase: Phase) -> DbError {
        let error = self.ended(error, op, phase);
        self.note(&error);
        error
    }

    /// An interruption is a timeout or a cancellation, by which limit was
    /// reached; so is a lock that was not waited for any longer.
    fn ended(&self, error: &rusqlite::Error, op: &'static str, phase: Phase) -> DbError {
        let error = classify(error, op, phase);
        if phase == Phase::Preparing && self.denied.swap(false, Ordering::Relaxed) {
            // SQLite has no code of its own for every refusal.
            return DbError::new(DbErrorKind::Permission, op).with_source(error);
        }
        match error.kind() {
            DbErrorKind::Cancelled | DbErrorKind::Locked => match self.watch.lock().reached() {
                Some(kind) => DbError::new(kind, op).with_source(error),
                None => error,
            },
            _ => error,
        }
    }

    /// Remembers failures below SQLite.
    fn note(&mut self, error: &DbError) {
        let lost = matches!(
            error.kind(),
            DbErrorKind::ConnectionLost | DbErrorKind::Corrupt
        );
        self.healthy &= !lost;
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("idle", &self.is_idle())
            .field("healthy", &self.healthy)
            .finish_non_exhaustive()
    }
}

/// One or several statements, without running any. One that depends on what
/// another makes cannot be prepared yet, and still counts.
fn statements(connection: &rusqlite::Connection, sql: &str) -> rusqlite::Result<usize> {
    let mut batch = rusqlite::Batch::new(connection, sql);
    if batch.next()?.is_none() {
        return Ok(0);
    }
    match batch.next() {
        Ok(None) => Ok(1),
        Ok(Some(_)) | Err(_) => Ok(2),
    }
}

fn failed_to_open(error: &rusqlite::Error) -> DbError {
    let error = classify(error, "open", Phase::Opening);
    match error.kind() {
        DbErrorKind::Query | DbErrorKind::Syntax | DbErrorKind::ConnectionLost => {
            DbError::new(DbErrorKind::ConnectionFailed, "open").with_source(error)
        }
        _ => error,
    }
}

fn open_file(path: &Path, access: Access) -> rusqlite::Result<rusqlite::Connection> {
    let flags = match access {
        Access::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::Create => {
            make_private(path);
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
        }
    };
    rusqlite::Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Makes a file that is not there, for its owner alone. SQLite gives its log
/// the same rights. What fails here fails again, with a reason, when SQLite
/// opens the file.
fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let _ = options.open(path);
}
