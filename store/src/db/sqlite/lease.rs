//! Connections that somebody holds: transactions, and pinned connections.

use tokio::sync::oneshot;

use super::call::{Cancel, blocking};
use super::connection::{Begin, Connection, Limits};
use super::pool::PooledConnection;
use super::rows::{self, Refusal};
use super::transaction::named;
use crate::BoxFuture;
use crate::db::{
    DbConnection, DbError, DbErrorKind, DbResult, DbTx, Dialect, ExecResult, Identifier, Isolation,
    Query, RowStream, TxOptions,
};

/// How a transaction begins. SQLite runs those that write one after the other,
/// and shows those that read one moment: more than any isolation asks for.
pub(super) fn begin_of(options: TxOptions) -> DbResult<Begin> {
    match options.isolation {
        None
        | Some(Isolation::ReadCommitted | Isolation::RepeatableRead | Isolation::Serializable) => {}
    }
    if options.read_only {
        return Ok(Begin::ReadOnly);
    }
    if options.deferrable {
        let what = "a deferrable transaction that writes";
        return Err(DbError::new(DbErrorKind::Unsupported { what }, "begin"));
    }
    Ok(Begin::Immediate)
}

/// A connection that is not in the pool.
pub(super) struct Lease {
    state: State,
    /// A transaction was left open on it.
    dirty: bool,
}

enum State {
    Idle(PooledConnection),
    /// A statement has it, and gives it back when its rows end.
    Lent(oneshot::Receiver<PooledConnection>),
    /// A call was dropped while it had it.
    Gone,
}

impl Lease {
    pub(super) const fn of(connection: PooledConnection) -> Self {
        Self {
            state: State::Idle(connection),
            dirty: false,
        }
    }

    async fn take(&mut self, op: &'static str) -> DbResult<PooledConnection> {
        if let State::Lent(back) = &mut self.state {
            let back = back.await;
            self.state = back.map_or(State::Gone, State::Idle);
        }
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Idle(connection) => Ok(connection),
            State::Lent(_) | State::Gone => Err(DbError::new(DbErrorKind::Cancelled, op)),
        }
    }

    async fn run<T: Send + 'static>(
        &mut self,
        op: &'static str,
        work: impl FnOnce(&mut PooledConnection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        let mut connection = self.take(op).await?;
        let cancel = Cancel::default();
        let limits = cancel.limits();
        let dirty = std::mem::take(&mut self.dirty);
        let done = blocking(op, move || {
            if dirty {
                connection.abandon();
            }
            connection.set_limits(limits);
            let result = work(&mut connection);
            connection.set_limits(Limits::default());
            Ok((connection, result))
        });
        let (connection, result) = done.await?;
        cancel.served();
        let result = connection.noted(result);
        self.state = State::Idle(connection);
        result
    }

    async fn execute(
        &mut self,
        query: Query<'_>,
        check: fn(&Connection) -> DbResult<()>,
    ) -> DbResult<ExecResult> {
        let (sql, parameters) = query.into_parts(Dialect::Sqlite)?;
        self.run("execute", move |connection| {
            check(connection)?;
            connection.execute_one(&sql, &parameters)
        })
        .await
    }

    async fn rows(&mut self, query: Query<'_>, admit: rows::Admit) -> DbResult<RowStream<'static>> {
        let (sql, parameters) = query.into_parts(Dialect::Sqlite)?;
        if self.dirty {
            self.run("query", |_| Ok(())).await?;
        }
        let connection = self.take("query").await?;
        let (started, back) = rows::start(move || Ok(connection), sql, parameters, admit);
        self.state = State::Lent(back);
        started.rows().await.map_err(|refusal| match refusal {
            Refusal::Failed(error) => error,
            // A lease is where it runs.
            Refusal::Elsewhere { .. } => DbError::new(DbErrorKind::Query, "query"),
        })
    }

    async fn within(&mut self, sql: String) -> DbResult<()> {
        let op = "savepoint";
        self.run(op, move |connection| connection.within(&sql, op))
            .await
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

fn inside(connection: &mut PooledConnection, _: &str) -> DbResult<bool> {
    connection.inside().map(|()| true)
}

/// A transaction on a connection of its own.
pub(super) struct Tx(pub(super) Lease);

impl Tx {
    fn end<'a>(
        mut self: Box<Self>,
        op: &'static str,
        end: fn(&mut Connection) -> DbResult<()>,
    ) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(async move {
            let mut connection = self.0.take(op).await?;
            blocking(op, move || {
                let ended = end(&mut connection);
                connection.noted(ended)
            })
            .await
        })
    }
}

impl DbTx for Tx {
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        Box::pin(self.0.execute(query, Connection::inside))
    }

    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        Box::pin(async move { self.0.rows(query, inside).await })
    }

    fn savepoint<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(self.0.within(named("SAVEPOINT", name)))
    }

    fn release<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(self.0.within(named("RELEASE", name)))
    }

    fn rollback_to<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(self.0.within(named("ROLLBACK TO", name)))
    }

    fn commit<'a>(self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        self.end("commit", Connection::commit)
    }

    fn rollback<'a>(self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        self.end("rollback", Connection::rollback)
    }
}

/// A connection that somebody keeps.
pub(super) struct Pinned(pub(super) Lease);

impl DbConnection for Pinned {
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        Box::pin(self.0.execute(query, |_| Ok(())))
    }

    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        Box::pin(async move { self.0.rows(query, |_, _| Ok(true)).await })
    }

    fn begin<'a>(&'a mut self, options: TxOptions) -> BoxFuture<'a, DbResult<Box<dyn DbTx + 'a>>> {
        Box::pin(async move {
            let begin = begin_of(options)?;
            self.0
                .run("begin", move |connection| connection.begin(begin))
                .await?;
            Ok(Box::new(Borrowed {
                lease: &mut self.0,
                ended: false,
            }) as Box<dyn DbTx>)
        })
    }

    fn execute_batch<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, DbResult<()>> {
        let sql = sql.to_owned();
        Box::pin(
            self.0
                .run("execute", move |connection| connection.execute_batch(&sql)),
        )
    }
}

/// A transaction on a connection that somebody keeps.
struct Borrowed<'l> {
    lease: &'l mut Lease,
    ended: bool,
}

impl Borrowed<'_> {
    async fn end(
        &mut self,
        op: &'static str,
        end: fn(&mut Connection) -> DbResult<()>,
    ) -> DbResult<()> {
        let done = self.lease.run(op, move |connection| end(connection)).await;
        self.ended = done.is_ok();
        done
    }
}

/// What is left open is undone before the connection does anything else.
impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        self.lease.dirty |= !self.ended;
    }
}

impl DbTx for Borrowed<'_> {
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        Box::pin(self.lease.execute(query, Connection::inside))
    }

    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        Box::pin(async move { self.lease.rows(query, inside).await })
    }

    fn savepoint<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(self.lease.within(named("SAVEPOINT", name)))
    }

    fn release<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(self.lease.within(named("RELEASE", name)))
    }

    fn rollback_to<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(self.lease.within(named("ROLLBACK TO", name)))
    }

    fn commit<'a>(mut self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        Box::pin(async move { self.end("commit", Connection::commit).await })
    }

    fn rollback<'a>(mut self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        Box::pin(async move { self.end("rollback", Connection::rollback).await })
    }
}
