//! The pool behind the asynchronous contract of the store.
//!
//! SQLite blocks, so that every call runs on a thread for blocking work, as
//! many at a time as there are connections. A future that is dropped
//! interrupts its statement.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use plumego_store::BoxFuture;
use plumego_store::db::{
    Columns, Db, DbConnection, DbError, DbErrorKind, DbResult, DbTx, Dialect, ExecResult,
    Identifier, Isolation, PoolStats, Query, Row, RowStream, TxOptions, TxStage, Value,
};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::config::SqliteConfig;
use super::connection::Limits;
use super::pool::{PooledConnection, SqlitePool};
use super::transaction::{Transaction, failed};

/// Rows that wait to be read.
const ROWS_WAITING_MAX: usize = 64;

/// SQLite as a [`Db`]. Clones are the same database.
#[derive(Clone, Debug)]
pub struct SqliteDb {
    pool: SqlitePool,
    /// Callers wait here, without a thread, in the order they came.
    turns: Arc<Semaphore>,
}

impl SqliteDb {
    /// A database that connects when it is used first.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`.
    pub fn open(config: SqliteConfig) -> DbResult<Self> {
        SqlitePool::open(config).map(Self::from_pool)
    }

    /// A database that is reached already.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, `ConnectionFailed`.
    pub async fn connect(config: SqliteConfig) -> DbResult<Self> {
        let db = Self::open(config)?;
        match db.ping().await {
            Ok(()) => Ok(db),
            Err(error) => {
                db.close().await?;
                Err(DbError::new(DbErrorKind::ConnectionFailed, "connect").with_source(error))
            }
        }
    }

    /// A pool that exists already.
    #[must_use]
    pub fn from_pool(pool: SqlitePool) -> Self {
        let connections = if pool.config().is_single() {
            1
        } else {
            pool.config().readers + 1
        };
        Self {
            pool,
            turns: Arc::new(Semaphore::new(connections)),
        }
    }

    /// The pool, for callers that may block.
    #[must_use]
    pub const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Runs `work` on a thread for blocking work, when it is its turn.
    async fn run<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&SqlitePool, &Limits) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        let timeout = self.pool.config().acquire_timeout;
        let turn = tokio::time::timeout(timeout, Arc::clone(&self.turns).acquire_owned());
        let turn = match turn.await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => return Err(DbError::new(DbErrorKind::Closed, op)),
            Err(_) => return Err(DbError::new(DbErrorKind::PoolTimeout, op)),
        };
        let cancel = Cancel::default();
        let limits = cancel.limits();
        let pool = self.pool.clone();
        blocking(op, move || {
            let _turn = turn;
            work(&pool, &limits)
        })
        .await
        .inspect(|_| cancel.disarm())
    }

    /// A connection for as long as it is held.
    async fn lease(&self, options: Option<TxOptions>) -> DbResult<Lease> {
        let reads = options.is_some_and(|options| options.read_only);
        let connection = self
            .run("begin", move |pool, _| {
                let connection = if reads { pool.read() } else { pool.write() }?;
                match options {
                    None => Ok(connection),
                    Some(_) => {
                        let begin = if reads {
                            "BEGIN DEFERRED"
                        } else {
                            "BEGIN IMMEDIATE"
                        };
                        Transaction::begin(connection, begin).map(Transaction::into_connection)
                    }
                }
            })
            .await?;
        Ok(Lease::of(connection))
    }
}

/// Tells a statement that nobody waits for it any more.
#[derive(Debug, Default)]
struct Cancel {
    cancelled: Arc<AtomicBool>,
    disarmed: AtomicBool,
}

impl Cancel {
    fn limits(&self) -> Limits {
        Limits {
            deadline: None,
            cancelled: {
                let cancelled = Arc::clone(&self.cancelled);
                Some(Arc::new(move || cancelled.load(Ordering::Relaxed)))
            },
        }
    }

    fn disarm(&self) {
        self.disarmed.store(true, Ordering::Relaxed);
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        if !self.disarmed.load(Ordering::Relaxed) {
            self.cancelled.store(true, Ordering::Relaxed);
        }
    }
}

async fn blocking<T: Send + 'static>(
    op: &'static str,
    work: impl FnOnce() -> DbResult<T> + Send + 'static,
) -> DbResult<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(DbError::new(DbErrorKind::Closed, op)),
        },
    }
}

impl Db for SqliteDb {
    fn execute<'a>(&'a self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        Box::pin(async move {
            let (sql, parameters) = query.into_parts(Dialect::Sqlite)?;
            self.run("execute", move |pool, limits| {
                pool.for_statement(&sql, limits)?.execute(&sql, &parameters)
            })
            .await
        })
    }

    fn query<'a>(&'a self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        Box::pin(async move {
            let (sql, parameters) = query.into_parts(Dialect::Sqlite)?;
            let statement = sql.clone();
            let connection = self.run("query", move |pool, _| {
                pool.for_statement(&statement, &Limits::default())
            });
            let (rows, _) = stream(connection.await?, sql, parameters).await?;
            Ok(rows)
        })
    }

    fn begin<'a>(&'a self, options: TxOptions) -> BoxFuture<'a, DbResult<Box<dyn DbTx + 'a>>> {
        Box::pin(async move {
            refuse_unknown(options)?;
            let lease = self.lease(Some(options)).await?;
            Ok(Box::new(lease) as Box<dyn DbTx>)
        })
    }

    fn execute_batch<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, DbResult<()>> {
        let sql = sql.to_owned();
        Box::pin(self.run("execute", move |pool, limits| {
            pool.write_with(limits)?.execute_batch(&sql)
        }))
    }

    fn pinned<'a>(&'a self) -> BoxFuture<'a, DbResult<Box<dyn DbConnection + 'a>>> {
        Box::pin(async move { Ok(Box::new(self.lease(None).await?) as Box<dyn DbConnection>) })
    }

    fn ping<'a>(&'a self) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(async move {
            let answered = self.run("ping", |pool, limits| {
                let each = |_: &super::Row<'_>| Ok(ControlFlow::Break(()));
                pool.write_with(limits)?
                    .query("PRAGMA schema_version", &[], each)
            });
            answered.await.map_err(|error| match error.kind() {
                DbErrorKind::Closed | DbErrorKind::PoolTimeout => error,
                _ => DbError::new(DbErrorKind::PingFailed, "ping").with_source(error),
            })
        })
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, DbResult<()>> {
        let pool = self.pool.clone();
        self.turns.close();
        Box::pin(blocking("close", move || {
            pool.close();
            Ok(())
        }))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn pool_stats(&self) -> PoolStats {
        self.pool.stats()
    }
}

/// SQLite's transactions are serializable, which is all it can be asked for.
fn refuse_unknown(options: TxOptions) -> DbResult<()> {
    let what = match options.isolation {
        None | Some(Isolation::Serializable) if options.deferrable => "a deferrable transaction",
        None | Some(Isolation::Serializable) => return Ok(()),
        Some(_) => "a weaker isolation than serializable",
    };
    Err(DbError::new(DbErrorKind::Unsupported { what }, "begin"))
}

/// A connection that a transaction or a caller holds.
struct Lease {
    state: State,
    /// A transaction was left open on it.
    dirty: bool,
}

enum State {
    Idle(PooledConnection),
    /// A stream of rows has it, and gives it back when it ends.
    Lent(oneshot::Receiver<PooledConnection>),
    /// A call was dropped while it had it.
    Gone,
}

impl Lease {
    const fn of(connection: PooledConnection) -> Self {
        Self {
            state: State::Idle(connection),
            dirty: false,
        }
    }

    async fn take(&mut self, op: &'static str) -> DbResult<PooledConnection> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Idle(connection) => Ok(connection),
            State::Lent(back) => match back.await {
                Ok(connection) => Ok(connection),
                Err(_) => Err(DbError::new(DbErrorKind::Cancelled, op)),
            },
            State::Gone => Err(DbError::new(DbErrorKind::Cancelled, op)),
        }
    }

    async fn run<T: Send + 'static>(
        &mut self,
        op: &'static str,
        work: impl FnOnce(&mut PooledConnection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        let mut connection = self.take(op).await?;
        let cancel = Cancel::default();
        let dirty = std::mem::take(&mut self.dirty);
        let limits = cancel.limits();
        let (connection, result) = blocking(op, move || {
            if dirty {
                connection.clean();
            }
            connection.set_limits(limits);
            let result = work(&mut connection);
            connection.set_limits(Limits::default());
            Ok((connection, result))
        })
        .await?;
        cancel.disarm();
        self.state = State::Idle(connection);
        result
    }

    async fn rows(&mut self, query: Query<'_>) -> DbResult<RowStream<'static>> {
        let (sql, parameters) = query.into_parts(Dialect::Sqlite)?;
        if self.dirty {
            self.run("query", |_| Ok(())).await?;
        }
        let connection = self.take("query").await?;
        match stream(connection, sql, parameters).await {
            Ok((rows, back)) => {
                self.state = State::Lent(back);
                Ok(rows)
            }
            Err(Failed { error, connection }) => {
                if let Some(connection) = connection {
                    self.state = State::Idle(connection);
                }
                Err(error)
            }
        }
    }

    fn named<'a>(
        &'a mut self,
        name: &Identifier,
        work: fn(&mut Transaction, &Identifier) -> DbResult<()>,
    ) -> BoxFuture<'a, DbResult<()>> {
        let name = name.clone();
        Box::pin(async move {
            let connection = self.take("savepoint").await?;
            let (connection, result) = blocking("savepoint", move || {
                let mut transaction = Transaction::resume(connection);
                let result = work(&mut transaction, &name);
                Ok((transaction.into_connection(), result))
            })
            .await?;
            self.state = State::Idle(connection);
            result
        })
    }

    fn end<'a>(
        mut self: Box<Self>,
        end: fn(Transaction) -> DbResult<()>,
    ) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(async move {
            let connection = self.take("transaction").await?;
            blocking("transaction", move || end(Transaction::resume(connection))).await
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Undoing what is open may wait for the disk.
        if let (State::Idle(connection), Ok(runtime)) = (
            std::mem::replace(&mut self.state, State::Gone),
            tokio::runtime::Handle::try_current(),
        ) {
            runtime.spawn_blocking(move || drop(connection));
        }
    }
}

impl DbTx for Lease {
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        Box::pin(async move {
            let (sql, parameters) = query.into_parts(Dialect::Sqlite)?;
            self.run("execute", move |connection| {
                connection.execute(&sql, &parameters)
            })
            .await
        })
    }

    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        Box::pin(async move { self.rows(query).await })
    }

    fn savepoint<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.named(name, Transaction::savepoint)
    }

    fn release<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.named(name, Transaction::release)
    }

    fn rollback_to<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.named(name, Transaction::rollback_to)
    }

    fn commit<'a>(self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        self.end(Transaction::commit)
    }

    fn rollback<'a>(self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        self.end(Transaction::rollback)
    }
}

impl DbConnection for Lease {
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        DbTx::execute(self, query)
    }

    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        DbTx::query(self, query)
    }

    fn begin<'a>(&'a mut self, options: TxOptions) -> BoxFuture<'a, DbResult<Box<dyn DbTx + 'a>>> {
        Box::pin(async move {
            refuse_unknown(options)?;
            let begin = if options.read_only {
                "BEGIN DEFERRED"
            } else {
                "BEGIN IMMEDIATE"
            };
            self.run("begin", move |connection| {
                connection
                    .execute_batch(begin)
                    .map_err(|error| failed(TxStage::Begin, error))
            })
            .await?;
            Ok(Box::new(Borrowed {
                lease: self,
                ended: false,
            }) as Box<dyn DbTx>)
        })
    }

    fn execute_batch<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, DbResult<()>> {
        let sql = sql.to_owned();
        Box::pin(self.run("execute", move |connection| connection.execute_batch(&sql)))
    }
}

/// A transaction on a connection that somebody keeps.
struct Borrowed<'l> {
    lease: &'l mut Lease,
    ended: bool,
}

impl Borrowed<'_> {
    async fn end(&mut self, word: &'static str, stage: TxStage) -> DbResult<()> {
        let done = self.lease.run(stage.as_str(), move |connection| {
            // SQLite undid it already, as it does when the disk is full.
            if connection.is_idle() && stage == TxStage::Rollback {
                return Ok(());
            }
            connection
                .execute_batch(word)
                .map_err(|error| failed(stage, error))
        });
        let done = done.await;
        self.ended = done.is_ok();
        done
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        self.lease.dirty |= !self.ended;
    }
}

impl DbTx for Borrowed<'_> {
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        DbTx::execute(self.lease, query)
    }

    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        DbTx::query(self.lease, query)
    }

    fn savepoint<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.lease.named(name, Transaction::savepoint)
    }

    fn release<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.lease.named(name, Transaction::release)
    }

    fn rollback_to<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.lease.named(name, Transaction::rollback_to)
    }

    fn commit<'a>(mut self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        Box::pin(async move { self.end("COMMIT", TxStage::Commit).await })
    }

    fn rollback<'a>(mut self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        Box::pin(async move { self.end("ROLLBACK", TxStage::Rollback).await })
    }
}

/// A statement that gave no rows, with the connection it ran on.
struct Failed {
    error: DbError,
    connection: Option<PooledConnection>,
}

impl From<Failed> for DbError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// Runs a statement on a thread and hands its rows over, a few at a time. The
/// connection comes back through the receiver when the rows end.
async fn stream(
    mut connection: PooledConnection,
    sql: String,
    parameters: Vec<Value>,
) -> Result<(RowStream<'static>, oneshot::Receiver<PooledConnection>), Failed> {
    let cancel = Cancel::default();
    connection.set_limits(cancel.limits());
    let (head_sender, head) = oneshot::channel();
    let (sender, rows) = mpsc::channel(ROWS_WAITING_MAX);
    let (back_sender, back) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let columns = match connection.columns(&sql) {
            Ok(columns) => Arc::new(Columns::new(columns)),
            Err(error) => {
                connection.set_limits(Limits::default());
                let failed = Failed {
                    error,
                    connection: Some(connection),
                };
                // Whoever does not wait for it drops the connection.
                let _ = head_sender.send(Err(failed));
                return;
            }
        };
        let told = head_sender.send(Ok(Arc::clone(&columns))).is_ok();
        if told {
            let outcome = connection.query(&sql, &parameters, |row| {
                let row = Row::new(Arc::clone(&columns), row.values()?);
                Ok(match sender.blocking_send(Ok(row)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                })
            });
            if let Err(error) = outcome {
                // Nobody reads any more: there is nobody to tell.
                let _ = sender.blocking_send(Err(error));
            }
        }
        connection.set_limits(Limits::default());
        drop(sender);
        // Dropped here, it goes back to the pool.
        let _ = back_sender.send(connection);
    });
    match head.await {
        Ok(Ok(columns)) => {
            let rows = Receiving {
                rows,
                cancel,
                ended: false,
            };
            Ok((RowStream::new(columns, rows), back))
        }
        Ok(Err(failed)) => Err(failed),
        // The runtime is shutting down.
        Err(_) => Err(Failed {
            error: DbError::new(DbErrorKind::Closed, "query"),
            connection: None,
        }),
    }
}

/// Rows from the thread that reads them. Dropping it interrupts the statement.
struct Receiving {
    rows: mpsc::Receiver<DbResult<Row>>,
    cancel: Cancel,
    ended: bool,
}

impl Stream for Receiving {
    type Item = DbResult<Row>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<DbResult<Row>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = std::task::ready!(self.rows.poll_recv(context));
        self.ended = !matches!(next, Some(Ok(_)));
        if self.ended {
            self.cancel.disarm();
        }
        Poll::Ready(next)
    }
}
