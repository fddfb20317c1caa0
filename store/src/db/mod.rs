//! SQL databases: the contract of a driver, and SQLite.
//!
//! A statement is a [`Query`]: text and parameters apart. There is no way to
//! format a value into SQL; names that vary are [`Identifier`]s. Rows stream,
//! values are read with their types, and errors have classes that are decided
//! by code.
//!
//! ```
//! use plumego_store::db::{Db, DbExt, DbResult, Query};
//!
//! async fn rename(db: &dyn Db, id: i64, name: &str) -> DbResult<bool> {
//!     let query = Query::portable("UPDATE users SET name = ? WHERE id = ?").bind(name).bind(id);
//!     Ok(db.execute(query).await?.rows_affected == 1)
//! }
//!
//! async fn names(db: &dyn Db) -> DbResult<Vec<String>> {
//!     db.query_all("SELECT name FROM users ORDER BY name", Some(100), |row| row.get("name")).await
//! }
//! ```

mod config;
mod error;
mod ext;
mod identifier;
mod portable;
mod query;
mod row;
#[cfg(feature = "db-sqlite")]
pub mod sqlite;
mod tx;
mod value;

use std::fmt;

pub use config::{DbConfig, Dsn, PoolOptions, PoolStats};
pub use error::{DbContext, DbError, DbErrorKind, TxStage};
pub use ext::{DbExt, DbTxExt};
pub use identifier::Identifier;
pub use query::Query;
pub use row::{ColumnIndex, Columns, FromRow, Row, RowStream};
pub use tx::{
    DbTx, Isolation, RollbackFailed, TxOptions, retry_serialization, with_savepoint,
    with_transaction,
};
pub use value::{Decimal, FromValue, Value};

use crate::BoxFuture;

/// What an operation of a database gives.
pub type DbResult<T> = Result<T, DbError>;

/// The SQL a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite: `?`, `"name"`.
    Sqlite,
    /// PostgreSQL: `$1`, `"name"`.
    Postgres,
    /// MySQL: `?`, `` `name` ``.
    MySql,
}

impl Dialect {
    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
        }
    }

    const fn quote(self) -> char {
        match self {
            Self::Sqlite | Self::Postgres => '"',
            Self::MySql => '`',
        }
    }
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecResult {
    /// Rows inserted, updated or deleted.
    pub rows_affected: u64,
    /// The key of the last row inserted, where the database says it.
    pub last_insert_id: Option<i64>,
}

impl ExecResult {
    /// What a driver reports.
    #[must_use]
    pub const fn new(rows_affected: u64, last_insert_id: Option<i64>) -> Self {
        Self {
            rows_affected,
            last_insert_id,
        }
    }
}

/// A database, reached through a pool of connections.
///
/// Opening does not connect; [`ping`](Self::ping) proves that it would work.
/// Dropping the future of a statement cancels it; the connection is used again
/// only when it is clean, else it is closed.
pub trait Db: Send + Sync + fmt::Debug + 'static {
    /// Runs a statement.
    fn execute<'a>(&'a self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>>;

    /// Runs a statement that gives rows. The stream holds a connection until
    /// it ends or is dropped.
    fn query<'a>(&'a self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>>;

    /// Begins a transaction.
    fn begin<'a>(&'a self, options: TxOptions) -> BoxFuture<'a, DbResult<Box<dyn DbTx + 'a>>>;

    /// Runs any number of statements without parameters, one after another,
    /// until one fails.
    fn execute_batch<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, DbResult<()>>;

    /// One connection for as long as it is held, for what must stay on one:
    /// locks, settings, migrations. `Unsupported` unless the driver has it.
    fn pinned<'a>(&'a self) -> BoxFuture<'a, DbResult<Box<dyn DbConnection + 'a>>> {
        let what = "a pinned connection";
        let error = DbError::new(DbErrorKind::Unsupported { what }, "pinned");
        Box::pin(std::future::ready(Err(error)))
    }

    /// Proves that a connection works: `PingFailed` if not.
    fn ping<'a>(&'a self) -> BoxFuture<'a, DbResult<()>>;

    /// Waits for statements in flight, then refuses everything. Closing again
    /// does nothing.
    fn close<'a>(&'a self) -> BoxFuture<'a, DbResult<()>>;

    /// The SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// What its pool counts.
    fn pool_stats(&self) -> PoolStats;
}

/// One connection. Goes back to the pool when dropped, without an open
/// transaction, or is closed.
pub trait DbConnection: Send {
    /// Runs a statement.
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>>;

    /// Runs a statement that gives rows.
    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>>;

    /// Begins a transaction.
    fn begin<'a>(&'a mut self, options: TxOptions) -> BoxFuture<'a, DbResult<Box<dyn DbTx + 'a>>>;

    /// Runs any number of statements without parameters.
    fn execute_batch<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, DbResult<()>>;
}
