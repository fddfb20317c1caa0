//! One connection, set up the way all are.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use plumego_store::db::{DbError, DbErrorKind, DbResult, ExecResult, Value};
use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, OpenFlags};

use super::config::{Access, Location, SqliteConfig, Synchronous};
use super::error::{classify, with_statement};
use super::row::Row;
use super::script::is_blank;

/// Steps of SQLite's machine between two looks at the limits.
const STEPS_BETWEEN_LOOKS: i32 = 1_000;

/// When a statement must end.
#[derive(Clone, Default)]
pub struct Limits {
    /// Not after this moment: `Timeout`.
    pub deadline: Option<Instant>,
    /// Not after this answers `true`: `Cancelled`. It is asked often, while
    /// the statement runs.
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

impl Limits {
    fn is_none(&self) -> bool {
        self.deadline.is_none() && self.cancelled.is_none()
    }

    fn reached(&self) -> Option<DbErrorKind> {
        if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return Some(DbErrorKind::Timeout);
        }
        let cancelled = self.cancelled.as_ref();
        cancelled
            .is_some_and(|cancelled| cancelled())
            .then_some(DbErrorKind::Cancelled)
    }
}

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Everything.
    Writer,
    /// Reading.
    Reader,
}

/// One connection. Every statement is prepared once and kept.
#[derive(Debug)]
pub struct Connection {
    inner: rusqlite::Connection,
    limits: Arc<Mutex<Limits>>,
    watched: bool,
    healthy: bool,
    wal: bool,
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
        let inner = inner.map_err(|error| failed_to_open(error, "open"))?;
        let mut connection = Self {
            inner,
            limits: Arc::default(),
            watched: false,
            healthy: true,
            wal: false,
        };
        connection
            .settle(config, role)
            .map_err(|error| failed_to_open(error, "open"))?;
        Ok(connection)
    }

    fn settle(&mut self, config: &SqliteConfig, role: Role) -> rusqlite::Result<()> {
        let inner = &self.inner;
        inner.busy_timeout(config.busy_timeout)?;
        inner.set_prepared_statement_cache_capacity(config.statement_cache);
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        inner.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
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
        if role == Role::Reader {
            self.inner.pragma_update(None, "query_only", true)?;
        }
        Ok(())
    }

    /// Whether the write-ahead log is on.
    pub(super) const fn has_wal(&self) -> bool {
        self.wal
    }

    /// Whether it may be used again: nothing failed below SQLite.
    pub(super) const fn is_healthy(&self) -> bool {
        self.healthy
    }

    /// Whether no transaction is open.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.inner.is_autocommit()
    }

    /// When statements must end, from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        let watch = !limits.is_none();
        *self.limits.lock() = limits;
        if watch == self.watched {
            return;
        }
        self.watched = watch;
        let handler = watch.then(|| {
            let limits = Arc::clone(&self.limits);
            move || limits.lock().reached().is_some()
        });
        // Setting it fails only for connections that others own.
        if self
            .inner
            .progress_handler(STEPS_BETWEEN_LOOKS, handler)
            .is_err()
        {
            self.healthy = false;
        }
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
        let before = self.inner.total_changes();
        self.step_all(sql, parameters)
            .map_err(|error| with_statement(error, sql, parameters))?;
        Ok(self.changes_since(before))
    }

    fn changes_since(&self, before: u64) -> ExecResult {
        let changed = self.inner.total_changes().saturating_sub(before);
        ExecResult::new(changed, Some(self.inner.last_insert_rowid()))
    }

    /// Whether there is more than one statement.
    fn is_script(&mut self, sql: &str) -> DbResult<bool> {
        if sql.find(';').is_none_or(|end| is_blank(&sql[end..])) {
            return Ok(false);
        }
        statements(&self.inner, sql)
            .map(|count| count > 1)
            .map_err(|error| self.failed(error, "execute", sql, &[]))
    }

    fn script(&mut self, sql: &str) -> DbResult<ExecResult> {
        let before = self.inner.total_changes();
        let own = self.is_idle();
        let (begin, keep, undo) = if own {
            ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        } else {
            (
                "SAVEPOINT plumego_script",
                "RELEASE plumego_script",
                "ROLLBACK TO plumego_script; RELEASE plumego_script",
            )
        };
        self.inner
            .execute_batch(begin)
            .map_err(|error| self.failed(error, "execute", sql, &[]))?;
        let done = self
            .inner
            .execute_batch(sql)
            .and_then(|()| self.inner.execute_batch(keep));
        if let Err(error) = done {
            let error = self.failed(error, "execute", sql, &[]);
            if !(own && self.is_idle()) && self.inner.execute_batch(undo).is_err() {
                self.healthy = false;
            }
            return Err(error);
        }
        Ok(self.changes_since(before))
    }

    fn step_all(&mut self, sql: &str, parameters: &[Value]) -> DbResult<()> {
        self.query(sql, parameters, |_| Ok(ControlFlow::Continue(())))
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
        mut each: impl FnMut(&Row<'_>) -> DbResult<ControlFlow<()>>,
    ) -> DbResult<()> {
        let limits = Arc::clone(&self.limits);
        let outcome = (|| {
            let mut statement = self.prepare(sql)?;
            bind(&mut statement, parameters)?;
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.raw_query();
            loop {
                match rows.next() {
                    Ok(Some(row)) => {
                        if each(&Row::new(row, &columns))?.is_break() {
                            return Ok(());
                        }
                    }
                    Ok(None) => return Ok(()),
                    Err(error) => return Err(interrupted(&limits, error, "query")),
                }
            }
        })();
        outcome.map_err(|error| {
            self.note(&error);
            with_statement(error, sql, parameters)
        })
    }

    /// The names of the columns that a statement would give.
    ///
    /// # Errors
    ///
    /// What SQLite reports when it prepares the statement.
    pub fn columns(&mut self, sql: &str) -> DbResult<Vec<String>> {
        let statement = self.prepare(sql)?;
        Ok(statement.column_names().map(str::to_owned).collect())
    }

    /// Whether SQLite says that a statement only reads.
    pub(super) fn only_reads(&mut self, sql: &str) -> DbResult<bool> {
        Ok(self.prepare(sql)?.readonly())
    }

    fn prepare(&self, sql: &str) -> DbResult<CachedStatement<'_>> {
        self.inner
            .prepare_cached(sql)
            .map_err(|error| interrupted(&self.limits, error, "prepare"))
    }

    /// Runs statements without parameters, one after another, until one
    /// fails. What succeeded stays.
    ///
    /// # Errors
    ///
    /// What SQLite reports.
    pub fn execute_batch(&mut self, sql: &str) -> DbResult<()> {
        self.inner
            .execute_batch(sql)
            .map_err(|error| self.failed(error, "execute", sql, &[]))
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

    /// Leaves no transaction behind. Closes the connection to further use
    /// when that fails.
    pub(super) fn clean(&mut self) {
        self.set_limits(Limits::default());
        if !self.is_idle() && self.inner.execute_batch("ROLLBACK").is_err() {
            self.healthy = false;
        }
    }

    fn failed(
        &mut self,
        error: rusqlite::Error,
        op: &'static str,
        sql: &str,
        parameters: &[Value],
    ) -> DbError {
        let error = interrupted(&self.limits, error, op);
        self.note(&error);
        with_statement(error, sql, parameters)
    }

    /// Remembers failures below SQLite.
    fn note(&mut self, error: &DbError) {
        if matches!(
            error.kind(),
            DbErrorKind::ConnectionLost | DbErrorKind::Corrupt
        ) {
            self.healthy = false;
        }
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

/// An interruption is a timeout or a cancellation, by which limit was reached.
fn interrupted(limits: &Mutex<Limits>, error: rusqlite::Error, op: &'static str) -> DbError {
    let interrupt = error
        .sqlite_error_code()
        .is_some_and(|code| code == rusqlite::ErrorCode::OperationInterrupted);
    match limits.lock().reached() {
        Some(kind) if interrupt => DbError::new(kind, op).with_source(error),
        _ => classify(error, op),
    }
}

fn failed_to_open(error: rusqlite::Error, op: &'static str) -> DbError {
    let error = classify(error, op);
    match error.kind() {
        DbErrorKind::Query => DbError::new(DbErrorKind::ConnectionFailed, op).with_source(error),
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

fn bind(statement: &mut CachedStatement<'_>, parameters: &[Value]) -> DbResult<()> {
    let placeholders = statement.parameter_count();
    let binds = parameters.len();
    if placeholders != binds {
        let kind = DbErrorKind::BindMismatch {
            placeholders,
            binds,
        };
        return Err(DbError::new(kind, "bind"));
    }
    for (index, parameter) in parameters.iter().enumerate() {
        statement
            .raw_bind_parameter(index + 1, Bound(parameter))
            .map_err(|error| classify(error, "bind"))?;
    }
    Ok(())
}

/// A value in the types that SQLite has.
struct Bound<'v>(&'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let borrowed = match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer((*value).into()),
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Float(value) if value.is_nan() => {
                let reason = "NaN would be stored as NULL";
                return Err(rusqlite::Error::ToSqlConversionFailure(reason.into()));
            }
            Value::Float(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
            other => {
                let Some(text) = other.to_text() else {
                    let reason = "the moment is outside the years 0 to 9999";
                    return Err(rusqlite::Error::ToSqlConversionFailure(reason.into()));
                };
                return Ok(ToSqlOutput::Owned(text.into()));
            }
        };
        Ok(ToSqlOutput::Borrowed(borrowed))
    }
}
