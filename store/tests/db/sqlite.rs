//! What the adapter promises beyond the suite.

use std::time::{Duration, Instant};

use plumego_store::db::sqlite::{SqlAccess, SqliteConfig, SqliteDb, SqliteGuard};
use plumego_store::db::{Db, DbError, DbExt, PoolOptions, Query, TxOptions, Value};

fn kind(error: &DbError) -> &'static str {
    error.kind().name()
}

async fn text(db: &dyn Db, sql: &str) -> String {
    let row = db.query_one(sql, |row| Ok(row.values()[0].clone()));
    match row.await.unwrap() {
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_connection_is_settled() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db");
    let db = SqliteDb::open(SqliteConfig::file(&path)).unwrap();
    for (pragma, value) in [
        ("journal_mode", "wal"),
        ("foreign_keys", "1"),
        ("synchronous", "2"),
        ("trusted_schema", "0"),
        ("query_only", "0"),
    ] {
        assert_eq!(
            text(&db, &format!("PRAGMA {pragma}")).await,
            value,
            "{pragma}"
        );
    }
    // Defensive mode keeps statements off the schema itself.
    let spoil = "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema";
    assert!(db.execute_batch(spoil).await.is_err());
    let load = "SELECT load_extension('anything')";
    assert!(db.query_one(load, |_| Ok(())).await.is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for file in std::fs::read_dir(directory.path()).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    }
    db.close().await.unwrap();
    // The log is merged into the file by then.
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_a_pinned_connection_was_set_to_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let file = SqliteConfig::file(directory.path().join("app.db"));
    for config in [file, SqliteConfig::memory()] {
        let db = SqliteDb::open(config).unwrap();
        let mut pinned = db.pinned().await.unwrap();
        pinned
            .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA query_only = ON; BEGIN")
            .await
            .unwrap();
        drop(pinned);
        for _ in 0..3 {
            assert_eq!(text(&db, "PRAGMA foreign_keys").await, "1");
            db.execute_batch("CREATE TABLE IF NOT EXISTS t (id)")
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn a_transaction_that_ended_by_itself_lets_nothing_through() {
    let db = SqliteDb::open(SqliteConfig::memory()).unwrap();
    db.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        .await
        .unwrap();
    let mut tx = db.begin(TxOptions::default()).await.unwrap();
    tx.execute("INSERT INTO t VALUES (1)".into()).await.unwrap();
    let ends = "INSERT OR ROLLBACK INTO t VALUES (1)";
    assert_eq!(
        kind(&tx.execute(ends.into()).await.unwrap_err()),
        "unique_violation"
    );
    let outside = tx.execute("INSERT INTO t VALUES (2)".into()).await;
    assert_eq!(kind(&outside.unwrap_err()), "transaction");
    let outside = tx.query("SELECT 1".into()).await.map(drop);
    assert_eq!(kind(&outside.unwrap_err()), "transaction");
    assert_eq!(kind(&tx.commit().await.unwrap_err()), "transaction");
    assert_eq!(text(&db, "SELECT count(*) FROM t").await, "0");
    // Nor does a statement leave one open.
    db.execute("BEGIN".into()).await.unwrap();
    db.execute("INSERT INTO t VALUES (3)".into()).await.unwrap();
    assert_eq!(text(&db, "SELECT count(*) FROM t").await, "1");
    db.close().await.unwrap();
}

#[tokio::test]
async fn locks_are_waited_for_and_then_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let config = SqliteConfig::file(directory.path().join("app.db"));
    let one = SqliteDb::open(config.clone()).unwrap();
    let mut hasty = config.clone();
    hasty.busy_timeout = Duration::from_millis(100);
    let other = SqliteDb::open(hasty).unwrap();
    one.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        .await
        .unwrap();
    let mut tx = one.begin(TxOptions::default()).await.unwrap();
    tx.execute("INSERT INTO t VALUES (1)".into()).await.unwrap();
    let started = Instant::now();
    let refused = other
        .begin(TxOptions::default())
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(kind(&refused), "locked");
    assert!(started.elapsed() >= Duration::from_millis(100));
    let refused = other.execute("INSERT INTO t VALUES (2)".into()).await;
    assert_eq!(kind(&refused.unwrap_err()), "locked");
    // Who does not wait any more does not keep the connection either.
    let mut patient = config.with_pool(single()).unwrap();
    patient.busy_timeout = Duration::from_secs(600);
    let patient = SqliteDb::open(patient).unwrap();
    let wait = tokio::time::timeout(
        Duration::from_millis(50),
        patient.execute("INSERT INTO t VALUES (2)".into()),
    );
    assert!(wait.await.is_err());
    assert_eq!(text(&patient, "SELECT count(*) FROM t").await, "0");
    tx.commit().await.unwrap();
    assert_eq!(text(&patient, "SELECT count(*) FROM t").await, "1");
}

fn single() -> PoolOptions {
    let mut pool = PoolOptions::default();
    pool.max_open = Some(1);
    pool
}

#[tokio::test]
async fn what_was_read_too_early_cannot_be_written_on() {
    let directory = tempfile::tempdir().unwrap();
    let config = SqliteConfig::file(directory.path().join("app.db"));
    let db = SqliteDb::open(config.clone()).unwrap();
    let other = SqliteDb::open(config).unwrap();
    db.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        .await
        .unwrap();
    let mut pinned = other.pinned().await.unwrap();
    pinned.execute("BEGIN".into()).await.unwrap();
    pinned.execute("SELECT * FROM t".into()).await.unwrap();
    db.execute("INSERT INTO t VALUES (1)".into()).await.unwrap();
    let error = pinned
        .execute("INSERT INTO t VALUES (2)".into())
        .await
        .unwrap_err();
    assert_eq!(kind(&error), "serialization_failure");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn guards_bound_the_statements_of_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db");
    let db = SqliteDb::open(SqliteConfig::file(&path)).unwrap();
    db.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY); CREATE TABLE secrets (id); INSERT INTO notes VALUES (1), (2), (3)")
        .await
        .unwrap();
    let rule = |access: SqlAccess<'_>| {
        matches!(
            access,
            SqlAccess::Select
                | SqlAccess::Recursive
                | SqlAccess::Read {
                    table: "notes" | "c",
                    ..
                }
                | SqlAccess::Function { name: "count" }
        )
    };
    let guard = SqliteGuard::new()
        .allow(rule)
        .max_rows(2)
        .max_time(Duration::from_millis(100));
    let mut guarded = SqliteConfig::file(&path);
    guarded.guard = Some(guard);
    let guarded = SqliteDb::open(guarded).unwrap();
    assert_eq!(text(&guarded, "SELECT count(id) FROM notes").await, "3");
    for denied in [
        "SELECT * FROM secrets",
        "DELETE FROM notes",
        "SELECT upper('a')",
        "PRAGMA user_version",
        "ATTACH 'x' AS x",
        "BEGIN",
        "DROP TABLE notes",
    ] {
        let error = guarded.execute(denied.into()).await.unwrap_err();
        assert_eq!(kind(&error), "permission", "{denied}");
    }
    let two = guarded.query_all("SELECT id FROM notes LIMIT 2", None, |row| {
        row.get::<i64>(0)
    });
    assert_eq!(two.await.unwrap(), [1, 2]);
    let three = guarded.query_all("SELECT id FROM notes", None, |row| row.get::<i64>(0));
    assert_eq!(kind(&three.await.unwrap_err()), "too_many_rows");
    let endless =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(x) FROM c";
    let error = guarded.query_one(endless, |_| Ok(())).await.unwrap_err();
    assert_eq!(kind(&error), "timeout");
    // Our own statements are not asked about.
    guarded.ping().await.unwrap();
    let tx = guarded.begin(TxOptions::default()).await.unwrap();
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn bytes_that_are_no_text_are_named() {
    let db = SqliteDb::open(SqliteConfig::memory()).unwrap();
    let error = db
        .query_one("SELECT CAST(x'ff' AS TEXT) AS odd", |_| Ok(()))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "db: column odd: expected text in UTF-8, found other bytes"
    );
    for blank in ["", " ", "-- nothing\n", ";"] {
        // There is nothing to do, and nothing comes of it.
        if let Ok(done) = db.execute(blank.into()).await {
            assert_eq!(done.rows_affected, 0, "{blank:?}");
        }
        let rows = db.query_all(blank, None, |_| Ok(())).await;
        assert!(rows.is_err() || rows.unwrap().is_empty(), "{blank:?}");
    }
    text(&db, "SELECT 1").await;
}

#[tokio::test]
async fn the_last_key_is_told_for_insertions_only() {
    let db = SqliteDb::open(SqliteConfig::memory()).unwrap();
    db.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
        .await
        .unwrap();
    let insert = Query::portable("INSERT INTO t (v) VALUES (?)").bind(1);
    assert_eq!(db.execute(insert).await.unwrap().last_insert_id, Some(1));
    let ignored = "INSERT OR IGNORE INTO t (id) VALUES (1)";
    assert_eq!(
        db.execute(ignored.into()).await.unwrap().last_insert_id,
        None
    );
    let update = "UPDATE t SET v = 2";
    assert_eq!(
        db.execute(update.into()).await.unwrap().last_insert_id,
        None
    );
    // A trigger's changes are not the statement's.
    db.execute_batch("CREATE TABLE log (id); CREATE TRIGGER told AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (1), (2), (3); END")
        .await
        .unwrap();
    assert_eq!(db.execute(update.into()).await.unwrap().rows_affected, 1);
}

#[tokio::test]
async fn limits_change_while_it_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let config = SqliteConfig::file(directory.path().join("app.db"));
    let db = SqliteDb::open(config).unwrap();
    let read = TxOptions::default().read_only();
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(db.begin(read).await.unwrap());
    }
    for tx in held.drain(..) {
        tx.rollback().await.unwrap();
    }
    assert_eq!(db.pool_stats().idle, 4);
    let mut pool = single();
    pool.acquire_timeout = Duration::from_millis(50);
    db.set_pool(pool).await.unwrap();
    let stats = db.pool_stats();
    assert_eq!((stats.open, stats.closed_max_idle), (0, 4));
    // One connection does everything.
    let tx = db.begin(read).await.unwrap();
    let error = db.begin(read).await.map(drop).unwrap_err();
    assert_eq!(kind(&error), "pool_timeout");
    pool.max_open = Some(2);
    db.set_pool(pool).await.unwrap();
    let second = db.begin(read).await.unwrap();
    assert!(db.begin(read).await.is_err());
    // Fewer than are in use: it is closed when it comes back.
    pool.max_open = Some(1);
    db.set_pool(pool).await.unwrap();
    second.rollback().await.unwrap();
    assert_eq!(db.pool_stats().open, 1);
    assert!(db.begin(read).await.is_err());
    tx.rollback().await.unwrap();
    db.begin(read).await.unwrap().rollback().await.unwrap();
    let memory = SqliteDb::open(SqliteConfig::memory()).unwrap();
    assert!(memory.set_pool(pool).await.is_err());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db");
    std::fs::write(&path, vec![7; 8_192]).unwrap();
    let db = SqliteDb::open(SqliteConfig::file(&path)).unwrap();
    assert_eq!(kind(&db.ping().await.unwrap_err()), "ping_failed");
    assert_eq!(
        kind(&db.execute("SELECT 1".into()).await.unwrap_err()),
        "corrupt"
    );
    assert_eq!(db.pool_stats().open, 0);
}
