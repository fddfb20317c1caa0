//! Opening, statements, and how many rows there are.

use std::time::Duration;

use super::{DbFixture, ensure_db, open, with_table};
use crate::conformance::report::{Outcome, ensure, ensure_eq};
use crate::db::{Db, DbConfig, DbExt, DbResult, Query, Row};

/// Makes a good configuration a bad one.
type Spoil = fn(&mut DbConfig);

pub(super) async fn configuration(fixture: &dyn DbFixture) -> Outcome {
    fixture.open_config(&fixture.config())?;
    let bad: [(&str, Spoil); 6] = [
        ("a blank driver", |config| config.driver = " ".into()),
        ("another driver", |config| config.driver = "abacus".into()),
        ("a blank source", |config| config.dsn = " ".into()),
        ("another source", |config| {
            config.dsn = "abacus:beads".into();
        }),
        ("no connections", |config| config.pool.max_open = Some(0)),
        ("no time to wait", |config| {
            config.pool.acquire_timeout = Duration::ZERO;
        }),
    ];
    for (what, spoil) in bad {
        let mut config = fixture.config();
        spoil(&mut config);
        ensure_db!(fixture.open_config(&config), "invalid_config", "{what}");
    }
    Ok(())
}

pub(super) async fn opening(fixture: &dyn DbFixture) -> Outcome {
    let db = fixture.open_config(&fixture.config())?;
    ensure_eq!(db.pool_stats().open, 0, "connections of a new pool");
    db.close().await?;
    let db = open(fixture).await?;
    db.ping().await?;
    ensure!(db.pool_stats().open >= 1, "a ping needs a connection");
    if let Some(db) = fixture.unreachable() {
        ensure_eq!(db.pool_stats().open, 0, "connections to nowhere");
    }
    Ok(())
}

fn name(row: &Row) -> DbResult<String> {
    row.get("name")
}

pub(super) async fn statements(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let insert = "INSERT INTO items (id, name) VALUES (?, ?)";
    for (id, name) in [(1, "one"), (2, "two"), (3, "three")] {
        let done = db
            .execute(Query::portable(insert).bind(id).bind(name))
            .await?;
        ensure_eq!(done.rows_affected, 1, "rows inserted");
    }
    let update = Query::portable("UPDATE items SET name = ? WHERE id > ?");
    let done = db.execute(update.bind("more").bind(1)).await?;
    ensure_eq!(done.rows_affected, 2, "rows updated");
    let update = Query::portable("UPDATE items SET name = ? WHERE id > ?");
    let done = db.execute(update.bind("more").bind(100)).await?;
    ensure_eq!(done.rows_affected, 0, "rows that no update found");
    let by_id = |id| Query::portable("SELECT name FROM items WHERE id = ?").bind(id);
    ensure_eq!(db.query_one(by_id(1), name).await?, "one", "one row");
    ensure_eq!(
        db.query_optional(by_id(2), name).await?.as_deref(),
        Some("more"),
        "a row that may be there"
    );
    ensure_eq!(
        db.query_optional(by_id(9), name).await?,
        None,
        "a row that may be missing"
    );
    let all = "SELECT id, name FROM items ORDER BY id";
    let ids = db.query_all(all, None, |row| row.get::<i64>(0)).await?;
    ensure_eq!(ids, [1, 2, 3], "all rows in order");
    let mut rows = db.query(all.into()).await?;
    ensure_eq!(rows.columns().names(), ["id", "name"], "the columns");
    let mut streamed = Vec::new();
    while let Some(row) = rows.next().await? {
        streamed.push(row.get::<i64>("id")?);
    }
    drop(rows);
    ensure_eq!(streamed, [1, 2, 3], "rows one by one");
    let done = db.execute("DELETE FROM items".into()).await?;
    ensure_eq!(done.rows_affected, 3, "rows deleted");
    let done = db.execute("SELECT 1".into()).await?;
    ensure_eq!(done.rows_affected, 0, "rows affected by looking");
    db.execute_batch(
        "INSERT INTO items (id, name) VALUES (7, 'a;b'); -- ;\nINSERT INTO items (id, name) VALUES (8, NULL);",
    )
    .await?;
    let mut rows = db.query(all.into()).await?;
    let mut count = 0;
    while rows.next().await?.is_some() {
        count += 1;
    }
    ensure_eq!(count, 2, "rows of a batch");
    many(&*db).await
}

/// More rows than any buffer has room for.
async fn many(db: &dyn Db) -> Outcome {
    db.execute("DELETE FROM items".into()).await?;
    let mut tx = db.begin(crate::db::TxOptions::default()).await?;
    for id in 0..2_000 {
        let insert = Query::portable("INSERT INTO items (id, name) VALUES (?, ?)");
        tx.execute(insert.bind(id).bind(format!("number {id}")))
            .await?;
    }
    tx.commit().await?;
    let all = "SELECT id, name FROM items ORDER BY id";
    let mut rows = db.query(all.into()).await?;
    let mut expected = 0;
    while let Some(row) = rows.next().await? {
        ensure_eq!(row.get::<i64>(0)?, expected, "the number of a row");
        ensure_eq!(
            row.get::<String>(1)?,
            format!("number {expected}"),
            "the text of a row"
        );
        expected += 1;
    }
    ensure_eq!(expected, 2_000, "rows");
    ensure!(rows.next().await?.is_none(), "a row after the last");
    Ok(())
}

pub(super) async fn counts(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let some = "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'a'), (3, 'b')";
    db.execute(some.into()).await?;
    let named =
        |name: &'static str| Query::portable("SELECT name FROM items WHERE name = ?").bind(name);
    ensure_db!(db.query_one(named("z"), name).await, "no_rows", "no row");
    ensure_db!(
        db.query_one(named("a"), name).await,
        "multiple_rows",
        "one of two rows"
    );
    ensure_db!(
        db.query_optional(named("a"), name).await,
        "multiple_rows",
        "at most one of two rows"
    );
    let all = "SELECT name FROM items";
    ensure_db!(
        db.query_all(all, Some(2), name).await,
        "too_many_rows",
        "three rows where two are allowed"
    );
    ensure_eq!(
        db.query_all(all, Some(3), name).await?.len(),
        3,
        "as many rows as are allowed"
    );
    ensure_eq!(
        db.query_all(named("z"), Some(0), name).await?.len(),
        0,
        "no rows where none are allowed"
    );
    Ok(())
}
