//! Connections: who has them, and for how long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{DbFixture, endless, endless_rows, ensure_db, limits, with_table};
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::db::{Db, DbExt, DbTx, Dialect, PoolOptions, Query, TxOptions};

/// How long something may take to be noticed.
const SOON: Duration = Duration::from_secs(60);

/// Waits until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) -> Outcome {
    let started = Instant::now();
    while !holds() {
        ensure!(started.elapsed() < SOON, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

async fn one(db: &dyn Db) -> Outcome {
    let one = db.query_one("SELECT 1", |row| row.get::<i64>(0)).await?;
    ensure_eq!(one, 1, "one");
    Ok(())
}

pub(super) async fn cancellation(fixture: &dyn DbFixture) -> Outcome {
    let pool = PoolOptions {
        max_open: Some(1),
        max_idle: 1,
        ..limits()
    };
    let db = fixture.open(pool).await?;
    let dialect = db.dialect();
    let short = Duration::from_millis(50);
    for _ in 0..3 {
        let call = db.query_one(endless(dialect), |row| row.get::<i64>(0));
        let ended = tokio::time::timeout(short, call).await;
        ensure!(ended.is_err(), "what never ends has ended");
        one(&*db).await?;
        let ended = tokio::time::timeout(short, db.execute(endless(dialect).into())).await;
        ensure!(ended.is_err(), "what never ends has ended");
        one(&*db).await?;
        let mut rows = db.query(endless_rows(dialect).into()).await?;
        for expected in 1..=200_i64 {
            let row = rows.next().await?;
            let number = row.map(|row| row.get::<i64>(0)).transpose()?;
            ensure_eq!(number, Some(expected), "a row of many");
        }
        drop(rows);
        one(&*db).await?;
        // Nobody polls it even once.
        drop(db.query(endless(dialect).into()));
        one(&*db).await?;
    }
    in_transaction(&*db).await?;
    until("no connection is in use", || db.pool_stats().in_use == 0).await
}

/// A statement that is dropped must not let the rest of its transaction run
/// outside of it.
async fn in_transaction(db: &dyn Db) -> Outcome {
    db.execute_batch("CREATE TABLE kept (id BIGINT PRIMARY KEY)")
        .await?;
    let insert = |id: i64| Query::portable("INSERT INTO kept (id) VALUES (?)").bind(id);
    let mut tx = db.begin(TxOptions::default()).await?;
    tx.execute(insert(1)).await?;
    let writes = match db.dialect() {
        Dialect::Postgres => "INSERT INTO kept SELECT 10 FROM pg_sleep(100000)",
        Dialect::MySql => "INSERT INTO kept SELECT SLEEP(100000)",
        Dialect::Sqlite => {
            "INSERT INTO kept WITH RECURSIVE c(x) AS (SELECT 10 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
        }
    };
    let call = tokio::time::timeout(Duration::from_millis(50), tx.execute(writes.into()));
    ensure!(call.await.is_err(), "what never ends has ended");
    // Whether the transaction goes on or not, it is all or nothing.
    let kept = if tx.execute(insert(2)).await.is_ok() {
        tx.commit().await.is_ok()
    } else {
        drop(tx);
        false
    };
    let ids = db
        .query_all("SELECT id FROM kept ORDER BY id", None, |row| {
            row.get::<i64>(0)
        })
        .await?;
    let expected: &[i64] = if kept { &[1, 2] } else { &[] };
    ensure_eq!(ids, expected, "rows of an interrupted transaction");
    Ok(())
}

pub(super) async fn limits_hold(fixture: &dyn DbFixture) -> Outcome {
    if fixture.connections() < 2 {
        return Err(Stop::NotApplicable("there is one connection"));
    }
    let db = fixture
        .open(PoolOptions {
            max_open: Some(2),
            max_idle: 1,
            acquire_timeout: Duration::from_millis(100),
            ..limits()
        })
        .await?;
    // A database with one writer has connections for either kind.
    let (write, read) = (TxOptions::default(), TxOptions::default().read_only());
    let (one_tx, two_tx) = (db.begin(write).await?, db.begin(read).await?);
    let stats = db.pool_stats();
    ensure_eq!(
        (stats.open, stats.in_use, stats.idle),
        (2, 2, 0),
        "two in use"
    );
    let started = Instant::now();
    ensure_db!(db.begin(read).await.map(drop), "pool_timeout", "a third");
    let waited = started.elapsed();
    ensure!(
        waited >= Duration::from_millis(100) && waited < SOON,
        "it waited {waited:?}"
    );
    let stats = db.pool_stats();
    ensure_eq!(
        (stats.wait_count, stats.acquire_timeouts),
        (1, 1),
        "who waited, and who gave up"
    );
    ensure!(
        stats.wait_duration >= Duration::from_millis(100),
        "{:?} of waiting were counted",
        stats.wait_duration
    );
    two_tx.rollback().await?;
    one(&*db).await?;
    one_tx.rollback().await?;
    until("one connection is idle, one is closed", || {
        let stats = db.pool_stats();
        (stats.open, stats.in_use, stats.idle) == (1, 0, 1) && stats.closed_max_idle >= 1
    })
    .await?;
    crowd(fixture).await?;
    ages(fixture).await
}

/// More callers than connections: everybody has a turn.
async fn crowd(fixture: &dyn DbFixture) -> Outcome {
    let db = fixture
        .open(PoolOptions {
            max_open: Some(2),
            ..limits()
        })
        .await?;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let db = Arc::clone(&db);
            tokio::spawn(async move {
                let mut most = 0;
                for _ in 0..10 {
                    db.query_one("SELECT 1", |row| row.get::<i64>(0)).await?;
                    most = most.max(db.pool_stats().open);
                }
                Ok::<_, crate::db::DbError>(most)
            })
        })
        .collect();
    for task in tasks {
        let most = task.await??;
        ensure!(most <= 2, "there were {most} connections");
    }
    Ok(())
}

async fn ages(fixture: &dyn DbFixture) -> Outcome {
    let short = Some(Duration::from_millis(50));
    let old = PoolOptions {
        max_lifetime: short,
        ..limits()
    };
    let idle = PoolOptions {
        max_idle_time: short,
        ..limits()
    };
    for (what, pool) in [("old", old), ("idle", idle)] {
        let db = fixture.open(pool).await?;
        one(&*db).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        one(&*db).await?;
        ensure!(
            db.pool_stats().closed_max_lifetime >= 1,
            "a connection too {what} was used"
        );
    }
    Ok(())
}

pub(super) async fn down(fixture: &dyn DbFixture) -> Outcome {
    let Some(db) = fixture.unreachable() else {
        return Err(Stop::NotApplicable("it can always be reached"));
    };
    ensure_db!(db.ping().await, "ping_failed", "a ping");
    ensure!(db.execute("SELECT 1".into()).await.is_err(), "it answers");
    ensure!(
        db.begin(TxOptions::default()).await.is_err(),
        "a transaction begins"
    );
    ensure_eq!(db.pool_stats().in_use, 0, "connections in use");
    db.close().await?;
    Ok(())
}

pub(super) async fn closed(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let insert = "INSERT INTO items (id, name) VALUES (1, 'a')";
    let mut tx = db.begin(TxOptions::default()).await?;
    tx.execute(insert.into()).await?;
    let closing = tokio::spawn({
        let db = Arc::clone(&db);
        async move { db.close().await }
    });
    let started = Instant::now();
    while !matches!(db.ping().await, Err(error) if error.kind().name() == "closed") {
        ensure!(started.elapsed() < SOON, "a database that closes answers");
    }
    ensure!(!closing.is_finished(), "it closed beneath a transaction");
    tx.commit().await?;
    closing.await??;
    db.close().await?;
    let zero = db.pool_stats();
    ensure_eq!(
        (zero.open, zero.in_use, zero.idle),
        (0, 0, 0),
        "connections"
    );
    ensure_db!(db.execute(insert.into()).await, "closed", "a statement");
    ensure_db!(db.query(insert.into()).await.map(drop), "closed", "a query");
    ensure_db!(db.execute_batch(insert).await, "closed", "a batch");
    ensure_db!(db.ping().await, "closed", "a ping");
    let begun = db.begin(TxOptions::default()).await.map(drop);
    ensure_db!(begun, "closed", "a transaction");
    let pinned = db.pinned().await.map(drop);
    if !matches!(&pinned, Err(error) if error.kind().name() == "unsupported") {
        ensure_db!(pinned, "closed", "a pinned connection");
    }
    Ok(())
}

pub(super) async fn pinned(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let mut pinned = match db.pinned().await {
        Err(error) if error.kind().name() == "unsupported" => {
            return Err(Stop::NotApplicable("it has no pinned connections"));
        }
        pinned => pinned?,
    };
    // What is temporary is there only for the connection that made it.
    pinned
        .execute_batch("CREATE TEMPORARY TABLE mine (id BIGINT); INSERT INTO mine VALUES (1)")
        .await?;
    pinned
        .execute(Query::portable("INSERT INTO mine VALUES (?)").bind(2))
        .await?;
    let mut rows = pinned
        .query("SELECT id FROM mine ORDER BY id".into())
        .await?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next().await? {
        ids.push(row.get::<i64>(0)?);
    }
    drop(rows);
    ensure_eq!(ids, [1, 2], "rows of one connection");
    let mut tx: Box<dyn DbTx> = pinned.begin(TxOptions::default()).await?;
    tx.execute("INSERT INTO items (id, name) VALUES (1, 'kept')".into())
        .await?;
    tx.commit().await?;
    let mut tx = pinned.begin(TxOptions::default()).await?;
    tx.execute("INSERT INTO items (id, name) VALUES (2, 'dropped')".into())
        .await?;
    drop(tx);
    let mut tx = pinned.begin(TxOptions::default()).await?;
    tx.execute("INSERT INTO items (id, name) VALUES (3, 'undone')".into())
        .await?;
    tx.rollback().await?;
    // Left open, and given back.
    pinned.execute("BEGIN".into()).await?;
    pinned
        .execute("INSERT INTO items (id, name) VALUES (4, 'open')".into())
        .await?;
    drop(pinned);
    let ids = db
        .query_all("SELECT id FROM items ORDER BY id", None, |row| {
            row.get::<i64>(0)
        })
        .await?;
    ensure_eq!(ids, [1], "rows that were kept");
    Ok(())
}
