//! Failures: their classes, and what they do not say.

use std::error::Error;

use super::{DbFixture, Kind, column, ensure_db, open};
use crate::conformance::report::{Outcome, ensure, ensure_eq};
use crate::db::{Db, DbError, DbErrorKind, DbExt, Dialect, Dsn, Query, TxOptions};

async fn tables(db: &dyn Db) -> Outcome {
    let text = column(db.dialect(), Kind::Text);
    let sql = format!(
        "CREATE TABLE parents (id BIGINT PRIMARY KEY, email {text} NOT NULL UNIQUE, age BIGINT CHECK (age >= 0));
         CREATE TABLE children (id BIGINT PRIMARY KEY, parent BIGINT NOT NULL, FOREIGN KEY (parent) REFERENCES parents (id));
         INSERT INTO parents (id, email, age) VALUES (1, 'a@x', 5);
         INSERT INTO children (id, parent) VALUES (1, 1);"
    );
    db.execute_batch(&sql).await?;
    Ok(())
}

pub(super) async fn classes(fixture: &dyn DbFixture) -> Outcome {
    let db = open(fixture).await?;
    tables(&*db).await?;
    for (sql, class) in [
        (
            "INSERT INTO parents (id, email) VALUES (1, 'b@x')",
            "unique_violation",
        ),
        (
            "INSERT INTO parents (id, email) VALUES (2, 'a@x')",
            "unique_violation",
        ),
        (
            "INSERT INTO children (id, parent) VALUES (2, 9)",
            "foreign_key_violation",
        ),
        ("DELETE FROM parents WHERE id = 1", "foreign_key_violation"),
        (
            "INSERT INTO parents (id, email) VALUES (3, NULL)",
            "not_null_violation",
        ),
        (
            "INSERT INTO parents (id, email, age) VALUES (4, 'd@x', -1)",
            "check_violation",
        ),
        ("SELEKT 1", "syntax"),
        ("SELECT nothing FROM parents", "syntax"),
        ("SELECT 1 FROM nowhere", "syntax"),
        ("SELECT 1; SELECT 2", "syntax"),
    ] {
        ensure_db!(db.execute(sql.into()).await, class, "{sql}");
        let queried = async { db.query(sql.into()).await?.all(None, |_| Ok(())).await };
        ensure_db!(queried.await, class, "{sql}, as a query");
    }
    let duplicate = "INSERT INTO parents (id, email) VALUES (2, 'a@x')";
    let error = db.execute(duplicate.into()).await.err();
    let named = error.as_ref().and_then(|error| match error.kind() {
        DbErrorKind::UniqueViolation { constraint } => constraint.as_deref(),
        _ => None,
    });
    let names = named.is_none_or(|name| name.contains("email"));
    ensure!(names, "the constraint is called {named:?}");
    ensure!(
        error.is_some_and(|error| !error.is_retryable()),
        "a duplicate is retryable"
    );
    let mut tx = db.begin(TxOptions::default().read_only()).await?;
    let written = tx.execute("DELETE FROM children".into()).await;
    ensure_db!(
        written,
        "permission",
        "a write where only reading is allowed"
    );
    drop(tx);
    let rows = db.query_one("SELECT count(*) FROM parents", |row| row.get::<i64>(0));
    ensure_eq!(rows.await?, 1, "rows after all that failed");
    Ok(())
}

const SECRET: &str = "hunter2";

/// All that an error shows by itself.
fn shown(error: &DbError) -> String {
    let mut text = format!("{error} {error:?} {:?}", error.context());
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text} {source} {source:?}");
        cause = source.source();
    }
    text
}

pub(super) async fn secrets(fixture: &dyn DbFixture) -> Outcome {
    let db = open(fixture).await?;
    tables(&*db).await?;
    let duplicate = "INSERT INTO parents (id, email) VALUES (?, ?)";
    let insert = |id: i64| Query::portable(duplicate).bind(id).bind(SECRET);
    db.execute(insert(10)).await?;
    let cast = match db.dialect() {
        Dialect::Postgres => "SELECT CAST(CAST(? AS TEXT) AS BIGINT)",
        Dialect::MySql => "SELECT JSON_EXTRACT(?, '$.a')",
        Dialect::Sqlite => "SELECT json_extract(?, '$.a')",
    };
    for (what, query) in [
        ("a duplicate", insert(11)),
        (
            "a value that cannot be read",
            Query::portable(cast).bind(SECRET),
        ),
        (
            "a value of another type",
            Query::portable("SELECT nothing FROM parents WHERE email = ?").bind(SECRET),
        ),
        ("a parameter too many", insert(12).bind(SECRET)),
    ] {
        ensure!(
            !format!("{query:?}").contains(SECRET),
            "{what}: the query shows it"
        );
        let failed = db.query(query).await;
        let failed = match failed {
            Ok(rows) => rows.all(None, |_| Ok(())).await.err(),
            Err(error) => Some(error),
        };
        let Some(error) = failed else {
            ensure!(what == "a value that cannot be read", "{what}: no error");
            continue;
        };
        let shown = shown(&error);
        ensure!(!shown.contains(SECRET), "{what}: {shown}");
        let context = error.context();
        let types = context.map(|context| context.parameters().contains(&"text"));
        ensure_eq!(types, Some(true), "{what}: types of parameters");
    }
    let mut config = fixture.config();
    let dsn = format!("{}{SECRET}:{SECRET}@/{SECRET}", config.dsn.expose());
    config.dsn = Dsn::new(dsn);
    ensure!(
        !format!("{config:?}").contains(SECRET),
        "a configuration shows its secrets"
    );
    match fixture.open_config(&config) {
        Ok(db) => {
            ensure!(!format!("{db:?}").contains(SECRET), "a database shows it");
            if let Err(error) = db.ping().await {
                let shown = shown(&error);
                ensure!(!shown.contains(SECRET), "a failed ping: {shown}");
            }
        }
        Err(error) => {
            let shown = shown(&error);
            ensure!(!shown.contains(SECRET), "a bad source: {shown}");
        }
    }
    Ok(())
}
