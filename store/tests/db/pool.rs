//! The pool, as callers that block see it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use plumego_store::db::sqlite::{Access, Event, Limits, Location, SqliteConfig, SqlitePool};
use plumego_store::db::{DbErrorKind, DbResult, Identifier, Value};
use proptest::prelude::*;

fn file() -> (tempfile::TempDir, SqliteConfig) {
    let directory = tempfile::tempdir().expect("a directory for the database");
    let config = SqliteConfig::file(directory.path().join("app.db"));
    (directory, config)
}

fn with(config: &SqliteConfig, change: impl FnOnce(&mut SqliteConfig)) -> SqliteConfig {
    let mut config = config.clone();
    change(&mut config);
    config
}

fn open(config: &SqliteConfig) -> SqlitePool {
    SqlitePool::open(config.clone()).expect("the configuration is valid")
}

fn rows(pool: &SqlitePool, sql: &str, parameters: &[Value]) -> DbResult<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    pool.query(sql, parameters, |row| {
        rows.push(row.values()?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

fn one(pool: &SqlitePool, sql: &str) -> Value {
    rows(pool, sql, &[]).expect("a query").remove(0).remove(0)
}

fn kind(result: DbResult<impl std::fmt::Debug>) -> DbErrorKind {
    result.expect_err("an error").kind().clone()
}

#[test]
fn connections_are_settled() {
    let (directory, config) = file();
    let pool = open(&config);
    pool.execute("create table t (n integer)", &[]).unwrap();
    assert_eq!(
        one(&pool, "select * from pragma_journal_mode"),
        "wal".into()
    );
    assert_eq!(
        one(&pool, "select * from pragma_foreign_keys"),
        1_i64.into()
    );
    assert_eq!(one(&pool, "select * from pragma_query_only"), 1_i64.into());
    #[cfg(unix)]
    for name in ["app.db", "app.db-wal"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = directory
            .path()
            .join(name)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    pool.close();
    assert!(
        !directory.path().join("app.db-wal").exists(),
        "the log is in the file"
    );
    assert_eq!(kind(pool.write()), DbErrorKind::Closed);
    pool.close();
}

#[test]
fn opening_connects_to_nothing() {
    let (directory, config) = file();
    let pool = open(&config);
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    assert_eq!(pool.stats().open, 0);
    let strict = with(&config, |config| config.access = Access::ReadWrite);
    assert_eq!(kind(open(&strict).write()), DbErrorKind::ConnectionFailed);
    let nowhere = SqliteConfig::file(directory.path().join("no/such/app.db"));
    assert_eq!(kind(open(&nowhere).write()), DbErrorKind::ConnectionFailed);
}

#[test]
fn a_file_can_be_opened_for_reading_only() {
    let (_directory, config) = file();
    let pool = open(&config);
    pool.execute("create table t (n integer)", &[]).unwrap();
    pool.close();
    let reader = open(&with(&config, |config| config.access = Access::ReadOnly));
    assert_eq!(one(&reader, "select count(*) from t"), 0_i64.into());
    let refused = reader.execute("insert into t values (1)", &[]).unwrap_err();
    assert_eq!(*refused.kind(), DbErrorKind::Permission);
}

#[test]
fn values_come_back_as_they_went() {
    let pool = open(&SqliteConfig::memory());
    let values: [Value; 6] = [
        Value::Null,
        true.into(),
        i64::MIN.into(),
        0.1.into(),
        "é\0'\"".into(),
        vec![0_u8, 255].into(),
    ];
    let back = rows(&pool, "select ?, ?, ?, ?, ?, ?", &values)
        .unwrap()
        .remove(0);
    assert_eq!(back[1], 1_i64.into(), "SQLite has no booleans");
    assert_eq!(back[0], values[0]);
    assert_eq!(back[2..], values[2..]);
    let what = "NaN";
    let refused = rows(&pool, "select ?", &[f64::NAN.into()]);
    assert_eq!(kind(refused), DbErrorKind::Unsupported { what });
}

#[test]
fn errors_have_classes_and_reasons_but_no_values() {
    let pool = open(&SqliteConfig::memory());
    pool.execute(
        "create table parent (id integer primary key); \
         create table t (id integer primary key, name text not null unique, \
         age integer check (age > 0), parent integer references parent)",
        &[],
    )
    .unwrap();
    let insert = "insert into t (id, name, age, parent) values (?, ?, ?, ?)";
    let add = |id: i64, name: Value, age: i64, parent: Value| {
        pool.execute(insert, &[id.into(), name, age.into(), parent])
    };
    add(1, "hunter2".into(), 1, Value::Null).unwrap();
    let unique = add(2, "hunter2".into(), 1, Value::Null).unwrap_err();
    let constraint = Some("t.name".to_owned());
    assert_eq!(*unique.kind(), DbErrorKind::UniqueViolation { constraint });
    let reason = std::error::Error::source(&unique).unwrap().to_string();
    assert_eq!(reason, "UNIQUE constraint failed: t.name");
    let shown = format!("{unique} {unique:?} {reason} {:?}", unique.context());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(
        unique.context().unwrap().parameters(),
        ["int", "text", "int", "null"]
    );
    assert_eq!(
        kind(add(2, Value::Null, 1, Value::Null)),
        DbErrorKind::NotNullViolation
    );
    assert_eq!(
        kind(add(2, "b".into(), 0, Value::Null)),
        DbErrorKind::CheckViolation
    );
    assert_eq!(
        kind(add(2, "b".into(), 1, 9_i64.into())),
        DbErrorKind::ForeignKeyViolation
    );
    assert_eq!(kind(pool.execute("selec 1", &[])), DbErrorKind::Syntax);
    let mismatch = DbErrorKind::BindMismatch {
        placeholders: 4,
        binds: 1,
    };
    assert_eq!(kind(pool.execute(insert, &[1_i64.into()])), mismatch);
}

#[test]
fn several_statements_are_all_or_none() {
    let pool = open(&SqliteConfig::memory());
    pool.execute(
        "create table t (n integer primary key); insert into t values (1);",
        &[],
    )
    .unwrap();
    assert_eq!(one(&pool, "select count(*) from t"), 1_i64.into());
    let failed = pool.execute("insert into t values (2); insert into t values (1)", &[]);
    assert!(matches!(kind(failed), DbErrorKind::UniqueViolation { .. }));
    assert_eq!(one(&pool, "select count(*) from t"), 1_i64.into());
    let mut transaction = pool.begin().unwrap();
    transaction
        .execute("insert into t values (5)", &[])
        .unwrap();
    assert!(
        transaction
            .execute("insert into t values (6); insert into t values (1)", &[])
            .is_err()
    );
    transaction.commit().unwrap();
    assert_eq!(
        rows(&pool, "select n from t order by n", &[])
            .unwrap()
            .len(),
        2
    );
    let done = pool
        .execute("insert into t values (10), (11)", &[])
        .unwrap();
    assert_eq!((done.rows_affected, done.last_insert_id), (2, Some(11)));
    // A semicolon in a text is not the end.
    pool.execute("insert into t select length('a;b;')", &[])
        .unwrap();
}

#[test]
fn readers_do_not_wait_for_the_writer_and_see_what_is_committed() {
    let (_directory, config) = file();
    let pool = open(&config);
    pool.execute("create table t (n integer)", &[]).unwrap();
    let mut transaction = pool.begin().unwrap();
    transaction
        .execute("insert into t values (1)", &[])
        .unwrap();
    assert_eq!(one(&pool, "select count(*) from t"), 0_i64.into());
    transaction.commit().unwrap();
    assert_eq!(one(&pool, "select count(*) from t"), 1_i64.into());
    // What begins like a query and writes all the same goes to the writer.
    let made = rows(
        &pool,
        "with a as (select 7 as n) insert into t select n from a returning n",
        &[],
    );
    assert_eq!(made.unwrap(), [[Value::Int(7)]]);
    pool.execute(
        "with a as (select 8 as n) insert into t select n from a",
        &[],
    )
    .unwrap();
    assert_eq!(one(&pool, "select count(*) from t"), 3_i64.into());
}

#[test]
fn dropping_a_transaction_undoes_it_and_a_commit_keeps_it() {
    let (_directory, config) = file();
    let pool = open(&config);
    pool.execute("create table t (n integer)", &[]).unwrap();
    let mut transaction = pool.begin().unwrap();
    transaction
        .execute("insert into t values (1)", &[])
        .unwrap();
    drop(transaction);
    let mut transaction = pool.begin().unwrap();
    let name = Identifier::parse("a").unwrap();
    transaction
        .execute("insert into t values (2)", &[])
        .unwrap();
    transaction.savepoint(&name).unwrap();
    transaction
        .execute("insert into t values (3)", &[])
        .unwrap();
    transaction.rollback_to(&name).unwrap();
    transaction.release(&name).unwrap();
    let mut inside = Vec::new();
    transaction
        .query("select n from t", &[], |row| {
            inside.push(row.int(0)?);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(inside, [2]);
    transaction.commit().unwrap();
    assert_eq!(
        rows(&pool, "select n from t", &[]).unwrap(),
        [[Value::Int(2)]]
    );
}

#[test]
fn a_transaction_left_open_by_its_user_does_not_reach_the_next() {
    let (_directory, config) = file();
    let pool = open(&config);
    pool.execute("create table t (n integer)", &[]).unwrap();
    let mut writer = pool.write().unwrap();
    writer
        .execute_batch("begin; insert into t values (1)")
        .unwrap();
    drop(writer);
    assert!(pool.write().unwrap().is_idle());
    assert_eq!(one(&pool, "select count(*) from t"), 0_i64.into());
}

#[test]
fn waiting_for_the_writer_is_bounded() {
    let (_directory, config) = file();
    let pool = open(&config);
    let held = pool.write().unwrap();
    let limits = Limits {
        deadline: Some(Instant::now()),
        cancelled: None,
    };
    assert_eq!(kind(pool.write_with(&limits)), DbErrorKind::PoolTimeout);
    drop(held);
    assert!(pool.write().is_ok());
    assert_eq!(pool.stats().acquire_timeouts, 1);
}

#[test]
fn a_lock_of_another_process_is_waited_for_and_then_named() {
    let (_directory, config) = file();
    let ours = open(&with(&config, |config| {
        config.busy_timeout = Duration::from_millis(1);
    }));
    ours.execute("create table t (n integer)", &[]).unwrap();
    let theirs = open(&config);
    let held = theirs.begin().unwrap();
    assert_eq!(
        kind(ours.execute("insert into t values (1)", &[])),
        DbErrorKind::Locked
    );
    let begun = ours.begin().unwrap_err();
    assert!(matches!(begun.kind(), DbErrorKind::Transaction { .. }));
    held.commit().unwrap();
    ours.execute("insert into t values (1)", &[]).unwrap();
}

const ENDLESS: &str =
    "with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c";

#[test]
fn statements_end_at_their_limits_and_the_connection_lives_on() {
    let (_directory, config) = file();
    let pool = open(&config);
    let limits = Limits {
        deadline: Some(Instant::now() + Duration::from_millis(20)),
        cancelled: None,
    };
    let mut reader = pool.read_with(&limits).unwrap();
    let ended = reader.query(ENDLESS, &[], |_| Ok(ControlFlow::Continue(())));
    assert_eq!(kind(ended), DbErrorKind::Timeout);
    drop(reader);
    let cancelled = Arc::new(AtomicBool::new(false));
    let limits = Limits {
        deadline: None,
        cancelled: {
            let cancelled = Arc::clone(&cancelled);
            Some(Arc::new(move || cancelled.load(Ordering::Relaxed)))
        },
    };
    let mut reader = pool.read_with(&limits).unwrap();
    let ended = std::thread::scope(|scope| {
        let worker = scope.spawn(|| reader.query(ENDLESS, &[], |_| Ok(ControlFlow::Continue(()))));
        cancelled.store(true, Ordering::Relaxed);
        worker.join().unwrap()
    });
    assert_eq!(kind(ended), DbErrorKind::Cancelled);
    drop(reader);
    assert_eq!(one(&pool, "select 1"), 1_i64.into());
    assert_eq!(pool.stats().in_use, 0);
}

#[test]
fn a_damaged_database_is_not_tried_again() {
    let (directory, config) = file();
    let path = directory.path().join("app.db");
    std::fs::write(&path, vec![b'x'; 8192]).unwrap();
    let events = Arc::new(parking_lot_events::Events::default());
    let heard = Arc::clone(&events);
    let pool = SqlitePool::open_with(config, Arc::new(move |event| heard.push(event))).unwrap();
    assert_eq!(kind(pool.write()), DbErrorKind::Corrupt);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        kind(pool.write()),
        DbErrorKind::Corrupt,
        "the same until it is opened anew"
    );
    assert_eq!(events.all(), [Event::Damaged]);
}

/// What a pool told.
mod parking_lot_events {
    use std::sync::Mutex;

    use plumego_store::db::sqlite::Event;

    #[derive(Default)]
    pub(super) struct Events(Mutex<Vec<Event>>);

    impl Events {
        pub(super) fn push(&self, event: Event) {
            self.0
                .lock()
                .expect("nobody panics while telling")
                .push(event);
        }

        pub(super) fn all(&self) -> Vec<Event> {
            self.0.lock().expect("nobody panics while telling").clone()
        }
    }
}

#[test]
fn a_copy_is_made_while_others_write() {
    let (directory, config) = file();
    let pool = open(&config);
    pool.execute("create table t (n integer); insert into t values (1)", &[])
        .unwrap();
    let target = directory.path().join("copy.db");
    pool.backup(&target).unwrap();
    assert!(matches!(
        kind(pool.backup(&target)),
        DbErrorKind::InvalidConfig { .. }
    ));
    let copy = open(&SqliteConfig::file(target));
    assert_eq!(one(&copy, "select n from t"), 1_i64.into());
}

#[test]
fn memory_is_one_connection() {
    let pool = open(&SqliteConfig::memory());
    pool.execute("create table t (n integer)", &[]).unwrap();
    pool.execute("insert into t values (1)", &[]).unwrap();
    assert_eq!(one(&pool, "select n from t"), 1_i64.into());
    assert_eq!(pool.stats().open, 1);
    assert_eq!(SqliteConfig::memory().location, Location::Memory);
}

#[test]
fn many_writers_lose_nothing() {
    let (_directory, config) = file();
    let pool = open(&config);
    pool.execute("create table t (n integer)", &[]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..50_i64 {
                    pool.execute("insert into t values (?)", &[n.into()])
                        .unwrap();
                    rows(&pool, "select max(n) from t", &[]).unwrap();
                }
            });
        }
    });
    assert_eq!(one(&pool, "select count(*) from t"), 400_i64.into());
    let stats = pool.stats();
    assert_eq!(stats.in_use, 0);
    assert!(stats.open <= config.readers + 1);
}

proptest! {
    #[test]
    fn no_text_breaks_the_pool(sql in ".{0,60}") {
        let pool = open(&SqliteConfig::memory());
        let _ = pool.execute(&sql, &[]);
        let _ = rows(&pool, &sql, &[]);
        prop_assert_eq!(one(&pool, "select 1"), Value::Int(1));
        prop_assert_eq!(pool.stats().in_use, 0);
    }
}
