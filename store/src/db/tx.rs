//! Transactions.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt;

use super::{
    Db, DbError, DbErrorKind, DbResult, ExecResult, Identifier, Query, RowStream, TxStage,
};
use crate::{BoxError, BoxFuture};

/// How much of other transactions one may see, after ISO SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isolation {
    /// Only what is committed, statement by statement.
    ReadCommitted,
    /// What was read once stays as it is.
    RepeatableRead,
    /// As if one ran after the other.
    Serializable,
}

/// How a transaction begins. What a database cannot do is `Unsupported`, never
/// silently less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TxOptions {
    /// The isolation; that of the database unless set.
    pub isolation: Option<Isolation>,
    /// Whether it only reads.
    pub read_only: bool,
    /// Whether a serializable, reading transaction waits for a moment at which
    /// nothing can interfere.
    pub deferrable: bool,
}

impl TxOptions {
    /// A transaction that only reads.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// The isolation.
    #[must_use]
    pub const fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Waits for a moment at which nothing can interfere.
    #[must_use]
    pub const fn deferrable(mut self) -> Self {
        self.deferrable = true;
        self
    }
}

/// A transaction, used by one task at a time. Dropping it rolls it back; its
/// connection is free only after that.
pub trait DbTx: Send {
    /// Runs a statement.
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>>;

    /// Runs a statement that gives rows.
    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>>;

    /// Begins a savepoint.
    fn savepoint<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>>;

    /// Ends a savepoint and keeps what was done.
    fn release<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>>;

    /// Undoes what was done since a savepoint, and keeps the savepoint.
    fn rollback_to<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>>;

    /// Makes it permanent.
    fn commit<'a>(self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a;

    /// Undoes it.
    fn rollback<'a>(self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a;
}

/// Runs `body` in a transaction: commits when it succeeds, rolls back when it
/// fails or panics.
///
/// ```
/// use plumego_store::db::{Db, DbResult, DbTx, Query, TxOptions, with_transaction};
///
/// async fn transfer(db: &dyn Db, from: i64, to: i64, amount: i64) -> DbResult<()> {
///     with_transaction(db, TxOptions::default(), async |tx: &mut dyn DbTx| {
///         let sql = "UPDATE accounts SET balance = balance + ? WHERE id = ?";
///         tx.execute(Query::portable(sql).bind(-amount).bind(from)).await?;
///         tx.execute(Query::portable(sql).bind(amount).bind(to)).await?;
///         Ok::<_, plumego_store::db::DbError>(())
///     })
///     .await
/// }
/// ```
///
/// # Errors
///
/// `Transaction`, with the stage that failed and, as its source, the reason:
/// the error of `body` as it was, or that of the database. When the rollback
/// fails, too, its error follows behind.
///
/// # Panics
///
/// If `body` does, after the rollback.
pub async fn with_transaction<T, E, F>(db: &dyn Db, options: TxOptions, body: F) -> DbResult<T>
where
    F: AsyncFnOnce(&mut dyn DbTx) -> Result<T, E>,
    E: Into<BoxError>,
{
    let mut tx = db
        .begin(options)
        .await
        .map_err(|error| failed(TxStage::Begin, false, error.into()))?;
    let outcome = AssertUnwindSafe(body(&mut *tx)).catch_unwind().await;
    match outcome {
        Ok(Ok(value)) => {
            tx.commit().await.map_err(|error| {
                let unknown = *error.kind() == DbErrorKind::ConnectionLost;
                failed(TxStage::Commit, unknown, error.into())
            })?;
            Ok(value)
        }
        Ok(Err(error)) => {
            let error = error.into();
            Err(match tx.rollback().await {
                Ok(()) => failed(TxStage::Body, false, error),
                Err(rollback) => {
                    let both = RollbackFailed {
                        body: error,
                        rollback,
                    };
                    failed(TxStage::Rollback, false, both.into())
                }
            })
        }
        Err(panic) => {
            // The panic is the news; a connection that cannot roll back is
            // discarded by its driver.
            let _ = tx.rollback().await;
            resume_unwind(panic)
        }
    }
}

fn failed(stage: TxStage, outcome_unknown: bool, source: BoxError) -> DbError {
    let kind = DbErrorKind::Transaction {
        stage,
        outcome_unknown,
    };
    DbError::new(kind, stage.as_str()).with_source(source)
}

/// The body of a transaction failed, and the rollback after it.
#[derive(Debug, thiserror::Error)]
#[error("{body}; then the rollback failed: {rollback}")]
pub struct RollbackFailed {
    /// Why the body failed.
    pub body: BoxError,
    /// Why the rollback failed.
    #[source]
    pub rollback: DbError,
}

/// Runs `body` within a savepoint of `tx`: keeps what it did when it succeeds,
/// undoes it when it fails. Calls may nest, each under a name of its own.
///
/// # Errors
///
/// `Transaction` as of [`with_transaction`]; the transaction itself goes on.
pub async fn with_savepoint<T, E, F>(tx: &mut dyn DbTx, name: &Identifier, body: F) -> DbResult<T>
where
    F: AsyncFnOnce(&mut dyn DbTx) -> Result<T, E>,
    E: Into<BoxError>,
{
    tx.savepoint(name)
        .await
        .map_err(|error| failed(TxStage::Begin, false, error.into()))?;
    match body(tx).await {
        Ok(value) => {
            tx.release(name)
                .await
                .map_err(|error| failed(TxStage::Commit, false, error.into()))?;
            Ok(value)
        }
        Err(error) => {
            let undone = match tx.rollback_to(name).await {
                Ok(()) => tx.release(name).await,
                failed => failed,
            };
            let error = error.into();
            Err(match undone {
                Ok(()) => failed(TxStage::Body, false, error),
                Err(rollback) => {
                    let both = RollbackFailed {
                        body: error,
                        rollback,
                    };
                    failed(TxStage::Rollback, false, both.into())
                }
            })
        }
    }
}

/// Runs a whole transaction again, at most `attempts` times in all, when
/// another one interfered. Nothing else in this crate tries twice.
///
/// ```
/// use plumego_store::db::{Db, DbResult, DbTx, TxOptions, Isolation, retry_serialization, with_transaction};
///
/// async fn book(db: &dyn Db) -> DbResult<u64> {
///     let options = TxOptions::default().isolation(Isolation::Serializable);
///     retry_serialization(3, async || {
///         with_transaction(db, options, async |tx: &mut dyn DbTx| {
///             tx.execute("UPDATE seats SET taken = taken + 1".into()).await.map(|done| done.rows_affected)
///         })
///         .await
///     })
///     .await
/// }
/// ```
///
/// # Errors
///
/// The last error; at once if it is not
/// [`is_retryable`](DbError::is_retryable).
pub async fn retry_serialization<T, F>(attempts: u32, mut run: F) -> DbResult<T>
where
    F: AsyncFnMut() -> DbResult<T>,
{
    let mut attempt = 1;
    loop {
        match run().await {
            Err(error) if error.is_retryable() && attempt < attempts => attempt += 1,
            outcome => return outcome,
        }
    }
}
