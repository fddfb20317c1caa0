//! The pool behind the contract of the store.

use plumego_store::db::sqlite::{SqliteConfig, SqliteDb};
use plumego_store::db::{
    Db, DbErrorKind, DbExt, DbResult, DbTx, Dialect, Identifier, Isolation, Query, TxOptions,
    with_transaction,
};

fn file() -> (tempfile::TempDir, SqliteDb) {
    let directory = tempfile::tempdir().expect("a directory for the database");
    let config = SqliteConfig::file(directory.path().join("app.db"));
    (
        directory,
        SqliteDb::open(config).expect("the configuration is valid"),
    )
}

async fn count(db: &SqliteDb) -> i64 {
    db.query_one("select count(*) from t", |row| row.get(0))
        .await
        .expect("a count")
}

const ENDLESS: &str =
    "with recursive c(n) as (select 1 union all select n + 1 from c) select n from c";

#[tokio::test]
async fn statements_transactions_and_rows() {
    let (_directory, db) = file();
    assert_eq!(db.dialect(), Dialect::Sqlite);
    db.ping().await.unwrap();
    db.execute_batch("create table t (n integer primary key, name text)")
        .await
        .unwrap();
    let insert = Query::portable("insert into t values (?, ?)")
        .bind(1_i64)
        .bind("a");
    assert_eq!(db.execute(insert).await.unwrap().rows_affected, 1);
    let names: Vec<String> = db
        .query_all("select name from t", Some(10), |row| row.get("name"))
        .await
        .unwrap();
    assert_eq!(names, ["a"]);
    with_transaction(
        &db,
        TxOptions::default(),
        async |tx: &mut dyn DbTx| -> DbResult<()> {
            tx.execute("insert into t values (2, 'b')".into()).await?;
            let name = Identifier::parse("s")?;
            tx.savepoint(&name).await?;
            tx.execute("insert into t values (3, 'c')".into()).await?;
            tx.rollback_to(&name).await?;
            tx.release(&name).await
        },
    )
    .await
    .unwrap();
    assert_eq!(count(&db).await, 2);
    let failed = with_transaction(
        &db,
        TxOptions::default(),
        async |tx: &mut dyn DbTx| -> DbResult<()> {
            tx.execute("insert into t values (4, 'd')".into()).await?;
            tx.execute("insert into t values (4, 'd')".into())
                .await
                .map(drop)
        },
    );
    assert!(failed.await.is_err());
    assert_eq!(count(&db).await, 2);
    db.close().await.unwrap();
    assert_eq!(*db.ping().await.unwrap_err().kind(), DbErrorKind::Closed);
    db.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_is_dropped_frees_its_connection() {
    let (_directory, db) = file();
    for _ in 0..20 {
        let mut stream = db.query(ENDLESS.into()).await.unwrap();
        assert_eq!(
            stream.next().await.unwrap().unwrap().get::<i64>(0).unwrap(),
            1
        );
    }
    db.close().await.unwrap();
    assert_eq!(db.pool_stats().in_use, 0);
}

#[tokio::test]
async fn a_statement_nobody_waits_for_is_interrupted() {
    let (_directory, db) = file();
    db.execute_batch("create table t (n integer)")
        .await
        .unwrap();
    let endless = format!("insert into t {ENDLESS}");
    let waiting = db.execute(Query::new(endless));
    let waited = tokio::time::timeout(std::time::Duration::from_millis(20), waiting).await;
    assert!(waited.is_err());
    // The writer is free again, and nothing of it is there.
    db.execute("insert into t values (1)".into()).await.unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_undone() {
    let (_directory, db) = file();
    db.execute_batch("create table t (n integer)")
        .await
        .unwrap();
    let mut tx = db.begin(TxOptions::default()).await.unwrap();
    tx.execute("insert into t values (1)".into()).await.unwrap();
    drop(tx);
    db.execute("insert into t values (2)".into()).await.unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn rows_inside_a_transaction_may_be_left_unread() {
    let (_directory, db) = file();
    db.execute_batch("create table t (n integer)")
        .await
        .unwrap();
    let mut tx = db.begin(TxOptions::default()).await.unwrap();
    let mut rows = tx.query(ENDLESS.into()).await.unwrap();
    rows.next().await.unwrap();
    drop(rows);
    tx.execute("insert into t values (1)".into()).await.unwrap();
    assert!(
        tx.query("select nothing from nowhere".into())
            .await
            .is_err()
    );
    tx.execute("insert into t values (2)".into()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&db).await, 2);
}

#[tokio::test]
async fn one_connection_can_be_kept() {
    let (_directory, db) = file();
    db.execute_batch("create table t (n integer)")
        .await
        .unwrap();
    let mut pinned = db.pinned().await.unwrap();
    pinned
        .execute_batch("create temp table own (n integer)")
        .await
        .unwrap();
    let mut tx = pinned.begin(TxOptions::default()).await.unwrap();
    tx.execute("insert into own values (1)".into())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut left = pinned.begin(TxOptions::default()).await.unwrap();
    left.execute("insert into own values (2)".into())
        .await
        .unwrap();
    drop(left);
    let mut rows = pinned
        .query("select count(*) from own".into())
        .await
        .unwrap();
    assert_eq!(
        rows.next().await.unwrap().unwrap().get::<i64>(0).unwrap(),
        1
    );
}

#[tokio::test]
async fn what_sqlite_cannot_do_is_refused() {
    let (_directory, db) = file();
    let waits = TxOptions::default().deferrable();
    let refused = db.begin(waits).await.err().unwrap();
    assert!(matches!(refused.kind(), DbErrorKind::Unsupported { .. }));
    // What is stronger than asked for is no refusal.
    for isolation in [Isolation::ReadCommitted, Isolation::Serializable] {
        let options = TxOptions::default().isolation(isolation).read_only();
        let mut reading = db.begin(options.deferrable()).await.unwrap();
        assert!(reading.execute("create table x (n)".into()).await.is_err());
    }
}

#[tokio::test]
async fn readers_pass_while_writers_wait() {
    let (_directory, db) = file();
    db.execute_batch("create table t (n integer)")
        .await
        .unwrap();
    let tx = db.begin(TxOptions::default()).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..20_i64 {
        let db = db.clone();
        let insert = Query::portable("insert into t values (?)").bind(n);
        writers.spawn(async move { db.execute(insert).await });
    }
    while db.pool_stats().wait_count < 20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(count(&db).await, 0);
    db.ping().await.unwrap();
    tx.rollback().await.unwrap();
    while let Some(written) = writers.join_next().await {
        written.unwrap().unwrap();
    }
    assert_eq!(count(&db).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_share_few_connections() {
    let (_directory, db) = file();
    db.execute_batch("create table t (n integer)")
        .await
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50_i64 {
        let db = db.clone();
        tasks.spawn(async move {
            db.execute(Query::portable("insert into t values (?)").bind(n))
                .await
                .unwrap();
            count(&db).await
        });
    }
    while let Some(seen) = tasks.join_next().await {
        assert!(seen.unwrap() >= 1);
    }
    assert_eq!(count(&db).await, 50);
    assert_eq!(db.pool_stats().acquire_timeouts, 0);
}
