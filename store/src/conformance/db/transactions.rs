//! Transactions and how they end.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use futures_util::FutureExt as _;

use super::{DbFixture, ensure_db, with_table};
use crate::BoxFuture;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::db::{
    Db, DbConnection, DbError, DbErrorKind, DbExt, DbResult, DbTx, DbTxExt, Dialect, ExecResult,
    Identifier, Isolation, PoolStats, Query, RowStream, TxOptions, TxStage, retry_serialization,
    with_savepoint, with_transaction,
};

#[derive(Debug, thiserror::Error)]
#[error("the body gives up")]
struct GivesUp;

fn insert(id: i64) -> Query<'static> {
    Query::portable("INSERT INTO items (id, name) VALUES (?, 'x')").bind(id)
}

async fn count(db: &dyn Db) -> DbResult<i64> {
    db.query_one("SELECT count(*) FROM items", |row| row.get(0))
        .await
}

fn stage(error: &DbError) -> Option<TxStage> {
    match error.kind() {
        DbErrorKind::Transaction { stage, .. } => Some(*stage),
        _ => None,
    }
}

fn has_source<E: std::error::Error + 'static>(error: &DbError) -> bool {
    let source = std::error::Error::source(error);
    source
        .and_then(|source| source.downcast_ref::<E>())
        .is_some()
}

pub(super) async fn ends(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let default = TxOptions::default();
    let value = with_transaction(&*db, default, async |tx: &mut dyn DbTx| {
        tx.execute(insert(1)).await?;
        let seen: i64 = tx
            .query_one("SELECT count(*) FROM items", |row| row.get(0))
            .await?;
        tx.execute(insert(2)).await?;
        Ok::<_, DbError>(seen)
    })
    .await?;
    ensure_eq!(value, 1, "what a transaction sees of itself");
    ensure_eq!(count(&*db).await?, 2, "rows after a commit");

    let failed = with_transaction(&*db, default, async |tx: &mut dyn DbTx| {
        tx.execute(insert(3)).await?;
        Err::<(), crate::BoxError>(GivesUp.into())
    })
    .await
    .err();
    let told = failed.as_ref().is_some_and(has_source::<GivesUp>);
    ensure!(told, "the error of the body is not behind {failed:?}");
    let failed_at = failed.as_ref().and_then(stage);
    ensure_eq!(failed_at, Some(TxStage::Body), "where it failed");
    ensure_eq!(count(&*db).await?, 2, "rows after an error");

    let panicked = with_transaction(&*db, default, async |tx: &mut dyn DbTx| {
        tx.execute(insert(3)).await?;
        if count_is_sane() {
            std::panic::resume_unwind(Box::new("the body panics"));
        }
        Ok::<_, DbError>(())
    });
    let panicked = AssertUnwindSafe(panicked).catch_unwind().await;
    ensure!(panicked.is_err(), "a panic does not go on");
    ensure_eq!(count(&*db).await?, 2, "rows after a panic");

    let mut tx = db.begin(default).await?;
    tx.execute(insert(3)).await?;
    drop(tx);
    ensure_eq!(count(&*db).await?, 2, "rows after a dropped transaction");
    let mut tx = db.begin(default).await?;
    tx.execute(insert(3)).await?;
    tx.rollback().await?;
    ensure_eq!(count(&*db).await?, 2, "rows after a rollback");
    // What was rolled back left nothing behind.
    let mut tx = db.begin(default).await?;
    tx.execute(insert(3)).await?;
    tx.commit().await?;
    ensure_eq!(count(&*db).await?, 3, "rows after another commit");
    read_only(&*db).await?;
    dropped_future(&*db).await?;
    rollback_fails(&db).await?;
    commit_fails(&*db).await
}

/// True, which the compiler does not know.
fn count_is_sane() -> bool {
    std::hint::black_box(true)
}

async fn read_only(db: &dyn Db) -> Outcome {
    let mut tx = db.begin(TxOptions::default().read_only()).await?;
    let seen: i64 = tx
        .query_one("SELECT count(*) FROM items", |row| row.get(0))
        .await?;
    ensure_eq!(seen, 3, "rows that a reading transaction sees");
    ensure_db!(
        tx.execute(insert(50)).await,
        "permission",
        "a write in a reading transaction"
    );
    drop(tx);
    db.execute(insert(50)).await?;
    db.execute("DELETE FROM items WHERE id = 50".into()).await?;
    Ok(())
}

/// The future of a transaction is dropped half-way.
async fn dropped_future(db: &dyn Db) -> Outcome {
    let body = with_transaction(db, TxOptions::default(), async |tx: &mut dyn DbTx| {
        tx.execute(insert(60)).await?;
        std::future::pending::<()>().await;
        Ok::<_, DbError>(())
    });
    let ended = tokio::time::timeout(std::time::Duration::from_millis(50), body).await;
    ensure!(ended.is_err(), "a pending transaction ended");
    ensure_eq!(count(db).await?, 3, "rows after a dropped future");
    Ok(())
}

/// A database whose rollbacks fail, after they happened.
#[derive(Debug)]
struct NoRollback(Arc<dyn Db>);

struct NoRollbackTx<'a>(Box<dyn DbTx + 'a>);

impl Db for NoRollback {
    fn execute<'a>(&'a self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        self.0.execute(query)
    }

    fn query<'a>(&'a self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        self.0.query(query)
    }

    fn begin<'a>(&'a self, options: TxOptions) -> BoxFuture<'a, DbResult<Box<dyn DbTx + 'a>>> {
        Box::pin(async move {
            let tx = self.0.begin(options).await?;
            Ok(Box::new(NoRollbackTx(tx)) as Box<dyn DbTx + 'a>)
        })
    }

    fn execute_batch<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, DbResult<()>> {
        self.0.execute_batch(sql)
    }

    fn pinned<'a>(&'a self) -> BoxFuture<'a, DbResult<Box<dyn DbConnection + 'a>>> {
        self.0.pinned()
    }

    fn ping<'a>(&'a self) -> BoxFuture<'a, DbResult<()>> {
        self.0.ping()
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, DbResult<()>> {
        self.0.close()
    }

    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    fn pool_stats(&self) -> PoolStats {
        self.0.pool_stats()
    }
}

impl DbTx for NoRollbackTx<'_> {
    fn execute<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<ExecResult>> {
        self.0.execute(query)
    }

    fn query<'a>(&'a mut self, query: Query<'a>) -> BoxFuture<'a, DbResult<RowStream<'a>>> {
        self.0.query(query)
    }

    fn savepoint<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.0.savepoint(name)
    }

    fn release<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.0.release(name)
    }

    fn rollback_to<'a>(&'a mut self, name: &'a Identifier) -> BoxFuture<'a, DbResult<()>> {
        self.0.rollback_to(name)
    }

    fn commit<'a>(self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        self.0.commit()
    }

    fn rollback<'a>(self: Box<Self>) -> BoxFuture<'a, DbResult<()>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            self.0.rollback().await?;
            Err(DbError::new(DbErrorKind::ConnectionLost, "rollback"))
        })
    }
}

async fn rollback_fails(db: &Arc<dyn Db>) -> Outcome {
    let failing = NoRollback(Arc::clone(db));
    let failed = with_transaction(&failing, TxOptions::default(), async |tx: &mut dyn DbTx| {
        tx.execute(insert(70)).await?;
        Err::<(), crate::BoxError>(GivesUp.into())
    })
    .await
    .err();
    let failed_at = failed.as_ref().and_then(stage);
    ensure_eq!(failed_at, Some(TxStage::Rollback), "where it failed");
    let mut chain = String::new();
    let mut cause = failed.as_ref().and_then(std::error::Error::source);
    while let Some(error) = cause {
        chain = format!("{chain}{error}; ");
        cause = error.source();
    }
    let both = chain.contains("the body gives up") && chain.contains("the connection was lost");
    ensure!(both, "not both reasons are in {chain}");
    ensure_eq!(count(&**db).await?, 3, "rows after both");
    Ok(())
}

/// A constraint that is checked at the end.
async fn commit_fails(db: &dyn Db) -> Outcome {
    if db.dialect() == Dialect::MySql {
        // It has no constraint that waits.
        return Ok(());
    }
    db.execute_batch(
        "CREATE TABLE notes (id BIGINT PRIMARY KEY, item BIGINT NOT NULL REFERENCES items (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await?;
    let failed = with_transaction(db, TxOptions::default(), async |tx: &mut dyn DbTx| {
        tx.execute("INSERT INTO notes (id, item) VALUES (1, 999)".into())
            .await
    })
    .await
    .err();
    let failed_at = failed.as_ref().and_then(stage);
    ensure_eq!(failed_at, Some(TxStage::Commit), "where {failed:?} failed");
    let source = failed.as_ref().and_then(std::error::Error::source);
    let source = source.and_then(|source| source.downcast_ref::<DbError>());
    ensure_eq!(
        source.map(|source| source.kind().name()),
        Some("foreign_key_violation"),
        "why it failed"
    );
    let notes: i64 = db
        .query_one("SELECT count(*) FROM notes", |row| row.get(0))
        .await?;
    ensure_eq!(notes, 0, "rows of a commit that failed");
    // The next has nothing to do with it.
    db.execute("INSERT INTO notes (id, item) VALUES (1, 1)".into())
        .await?;
    Ok(())
}

pub(super) async fn begin_fails(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    db.close().await?;
    let ran = AtomicBool::new(false);
    let failed = with_transaction(&*db, TxOptions::default(), async |_: &mut dyn DbTx| {
        ran.store(true, SeqCst);
        Ok::<_, DbError>(())
    })
    .await
    .err();
    let failed_at = failed.as_ref().and_then(stage);
    ensure_eq!(failed_at, Some(TxStage::Begin), "where it failed");
    ensure!(!ran.load(SeqCst), "the body ran");
    Ok(())
}

const ISOLATIONS: [Isolation; 3] = [
    Isolation::ReadCommitted,
    Isolation::RepeatableRead,
    Isolation::Serializable,
];

pub(super) async fn isolation(fixture: &dyn DbFixture) -> Outcome {
    if fixture.connections() < 2 {
        return Err(Stop::NotApplicable("there is one connection"));
    }
    let db = with_table(fixture).await?;
    db.execute(insert(1)).await?;
    let mut supported = 0;
    for isolation in ISOLATIONS {
        let options = TxOptions::default().isolation(isolation);
        let mut tx = match db.begin(options).await {
            Ok(tx) => tx,
            Err(error) => {
                ensure_eq!(error.kind().name(), "unsupported", "{isolation:?}");
                continue;
            }
        };
        supported += 1;
        tx.execute(insert(2)).await?;
        ensure_eq!(count(&*db).await?, 1, "{isolation:?}: a dirty read");
        tx.rollback().await?;
        let mut tx = db.begin(options.read_only()).await?;
        let before: i64 = tx
            .query_one("SELECT count(*) FROM items", |row| row.get(0))
            .await?;
        db.execute(insert(2)).await?;
        let after: i64 = tx
            .query_one("SELECT count(*) FROM items", |row| row.get(0))
            .await?;
        if isolation != Isolation::ReadCommitted {
            ensure_eq!(after, before, "{isolation:?}: a read that changes");
        }
        tx.rollback().await?;
        db.execute("DELETE FROM items WHERE id = 2".into()).await?;
    }
    ensure!(supported > 0, "no isolation is supported");
    write_skew(&db).await
}

/// Two that each see both, and each take one away: together they must leave
/// one.
async fn write_skew(db: &Arc<dyn Db>) -> Outcome {
    let serializable = TxOptions::default().isolation(Isolation::Serializable);
    if let Err(error) = db.begin(serializable).await.map(drop) {
        ensure_eq!(error.kind().name(), "unsupported", "serializable");
        return Ok(());
    }
    db.execute_batch("CREATE TABLE on_call (id BIGINT PRIMARY KEY, ready BIGINT NOT NULL); INSERT INTO on_call VALUES (1, 1), (2, 1)")
        .await?;
    for round in 0..20 {
        db.execute("UPDATE on_call SET ready = 1".into()).await?;
        let leave = |id: i64| {
            let db = Arc::clone(db);
            async move {
                retry_serialization(20, async || {
                    with_transaction(&*db, serializable, async |tx: &mut dyn DbTx| {
                        let sum = "SELECT count(*) FROM on_call WHERE ready = 1";
                        let ready: i64 = tx.query_one(sum, |row| row.get(0)).await?;
                        if ready > 1 {
                            let sql = "UPDATE on_call SET ready = 0 WHERE id = ?";
                            tx.execute(Query::portable(sql).bind(id)).await?;
                        }
                        Ok::<_, DbError>(())
                    })
                    .await
                })
                .await
            }
        };
        let (one, two) = futures_util::future::join(leave(1), leave(2)).await;
        one?;
        two?;
        let left: i64 = db
            .query_one("SELECT count(*) FROM on_call WHERE ready = 1", |row| {
                row.get(0)
            })
            .await?;
        ensure_eq!(left, 1, "round {round}: who is left");
    }
    Ok(())
}

pub(super) async fn savepoints(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let (outer, inner) = (
        Identifier::parse("outer_point")?,
        Identifier::parse("inner")?,
    );
    let mut tx = db.begin(TxOptions::default()).await?;
    tx.execute(insert(1)).await?;
    tx.savepoint(&outer).await?;
    tx.execute(insert(2)).await?;
    tx.savepoint(&inner).await?;
    tx.execute(insert(3)).await?;
    tx.rollback_to(&inner).await?;
    tx.execute(insert(4)).await?;
    tx.release(&inner).await?;
    tx.rollback_to(&outer).await?;
    // The savepoint is still there.
    tx.execute(insert(5)).await?;
    tx.rollback_to(&outer).await?;
    tx.execute(insert(6)).await?;
    tx.release(&outer).await?;
    tx.commit().await?;
    let all = "SELECT id FROM items ORDER BY id";
    let ids = db.query_all(all, None, |row| row.get::<i64>(0)).await?;
    ensure_eq!(ids, [1, 6], "what is left");

    with_transaction(&*db, TxOptions::default(), async |tx: &mut dyn DbTx| {
        with_savepoint(tx, &outer, async |tx: &mut dyn DbTx| {
            tx.execute(insert(7)).await?;
            let failed = with_savepoint(tx, &inner, async |tx: &mut dyn DbTx| {
                // A statement that fails must not end the transaction.
                tx.execute(insert(8)).await?;
                tx.execute(insert(1)).await
            })
            .await;
            if stage_name(failed.err().as_ref()) != Some("body") {
                return Err(DbError::new(DbErrorKind::Query, "savepoint"));
            }
            tx.execute(insert(9)).await
        })
        .await
    })
    .await?;
    let ids = db.query_all(all, None, |row| row.get::<i64>(0)).await?;
    ensure_eq!(ids, [1, 6, 7, 9], "what is left of nested savepoints");
    let mut tx = db.begin(TxOptions::default()).await?;
    ensure!(
        tx.release(&inner).await.is_err(),
        "a savepoint that is not there is released"
    );
    drop(tx);
    Ok(())
}

fn stage_name(error: Option<&DbError>) -> Option<&'static str> {
    error.and_then(stage).map(TxStage::as_str)
}
