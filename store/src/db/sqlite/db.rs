//! The pool behind the asynchronous contract.
//!
//! SQLite blocks, so that every call runs on a thread for blocking work, as
//! many at a time as there are connections: callers wait for a connection
//! without a thread. A future that is dropped interrupts its statement.

use super::call::{Cancel, blocking};
use super::config::SqliteConfig;
use super::connection::{Begin, Role};
use super::lease::{Lease, Pinned, Tx, begin_of};
use super::pool::{PooledConnection, SqlitePool};
use super::rows::{self, Refusal};
use super::script::looks_like_query;
use crate::BoxFuture;
use crate::db::{
    Db, DbConfig, DbConnection, DbError, DbErrorKind, DbResult, DbTx, Dialect, ExecResult,
    PoolOptions, PoolStats, Query, RowStream, TxOptions,
};

/// Reads the head of the file, so that it has to be there and to be one.
const PING: &str = "SELECT count(*) FROM sqlite_schema";

/// SQLite as a [`Db`]. Clones are the same database.
#[derive(Clone, Debug)]
pub struct SqliteDb {
    pool: SqlitePool,
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

    /// A database by its data source name, which connects when it is used
    /// first.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`.
    pub fn open_config(config: &DbConfig) -> DbResult<Self> {
        Self::open(SqliteConfig::from_config(config)?)
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
    pub const fn from_pool(pool: SqlitePool) -> Self {
        Self { pool }
    }

    /// The pool, for callers that may block.
    #[must_use]
    pub const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Sets other limits for the connections; see [`SqlitePool::set_pool`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn set_pool(&self, options: PoolOptions) -> DbResult<()> {
        let pool = self.pool.clone();
        // Closing connections may wait for the disk.
        blocking("set_pool", move || pool.set_pool(options)).await
    }

    /// Runs `work` on a connection of a role.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        op: &'static str,
        role: Role,
        work: impl FnOnce(&mut PooledConnection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        let place = self.pool.claim(role, op).await?;
        let cancel = Cancel::default();
        let limits = cancel.limits();
        let done = blocking(op, move || {
            let mut connection = place.connect()?;
            connection.set_limits(limits);
            let done = work(&mut connection);
            connection.noted(done)
        });
        let done = done.await;
        cancel.served();
        done
    }

    /// A connection for as long as it is held.
    async fn lease(
        &self,
        op: &'static str,
        role: Role,
        set_up: impl FnOnce(&mut PooledConnection) -> DbResult<()> + Send + 'static,
    ) -> DbResult<Lease> {
        let place = self.pool.claim(role, op).await?;
        let cancel = Cancel::default();
        let limits = cancel.limits();
        let connection = blocking(op, move || {
            let mut connection = place.connect()?;
            connection.set_limits(limits);
            let done = set_up(&mut connection);
            connection.noted(done)?;
            Ok(connection)
        });
        let connection = connection.await;
        cancel.served();
        connection.map(Lease::of)
    }
}

impl Db for SqliteDb {
    fn execute<'a>(&'a self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        Box::pin(async move {
            let (sql, parameters) = query.into_parts(Dialect::Sqlite)?;
            if looks_like_query(&sql) {
                let attempt = self.run("execute", Role::Reader, move |connection| {
                    if connection.fits(&sql) {
                        connection.execute_one(&sql, &parameters).map(Ok)
                    } else {
                        Ok(Err((sql, parameters)))
                    }
                });
                return match attempt.await? {
                    Ok(done) => Ok(done),
                    Err((sql, parameters)) => {
                        self.run("execute", Role::Writer, move |connection| {
                            connection.execute_one(&sql, &parameters)
                        })
                        .await
                    }
                };
            }
            self.run("execute", Role::Writer, move |connection| {
                connection.execute_one(&sql, &parameters)
            })
            .await
        })
    }

    fn query<'a>(&'a self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        Box::pin(async move {
            let (mut sql, mut parameters) = query.into_parts(Dialect::Sqlite)?;
            let mut role = if looks_like_query(&sql) {
                Role::Reader
            } else {
                Role::Writer
            };
            loop {
                let place = self.pool.claim(role, "query").await?;
                let source = move || place.connect();
                let admit = |connection: &mut PooledConnection, sql: &str| Ok(connection.fits(sql));
                let (started, _) = rows::start(source, sql, parameters, admit);
                match started.rows().await {
                    Ok(rows) => return Ok(rows),
                    Err(Refusal::Failed(error)) => return Err(error),
                    Err(Refusal::Elsewhere {
                        sql: same,
                        parameters: all,
                    }) => {
                        (role, sql, parameters) = (Role::Writer, same, all);
                    }
                }
            }
        })
    }

    fn begin<'a>(&'a self, options: TxOptions) -> BoxFuture<'a, DbResult<Box<dyn DbTx + 'a>>> {
        Box::pin(async move {
            let begin = begin_of(options)?;
            let role = match begin {
                Begin::ReadOnly => Role::Reader,
                Begin::Immediate | Begin::Exclusive => Role::Writer,
            };
            let begin = move |connection: &mut PooledConnection| connection.begin(begin);
            let lease = self.lease("begin", role, begin).await?;
            Ok(Box::new(Tx(lease)) as Box<dyn DbTx>)
        })
    }

    fn execute_batch<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, DbResult<()>> {
        let sql = sql.to_owned();
        Box::pin(self.run("execute", Role::Writer, move |connection| {
            connection.execute_batch(&sql)
        }))
    }

    fn pinned<'a>(&'a self) -> BoxFuture<'a, DbResult<Box<dyn DbConnection + 'a>>> {
        Box::pin(async move {
            let keep = |connection: &mut PooledConnection| {
                connection.hand_out();
                Ok(())
            };
            let lease = self.lease("pinned", Role::Writer, keep).await?;
            Ok(Box::new(Pinned(lease)) as Box<dyn DbConnection>)
        })
    }

    fn ping<'a>(&'a self) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(async move {
            let answered = self.run("ping", Role::Reader, |connection| connection.ask(PING));
            answered.await.map_err(|error| match error.kind() {
                DbErrorKind::Closed | DbErrorKind::PoolTimeout => error,
                _ => DbError::new(DbErrorKind::PingFailed, "ping").with_source(error),
            })
        })
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, DbResult<()>> {
        let pool = self.pool.clone();
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
