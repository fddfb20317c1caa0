//! What statements are made of.

use super::{DbFixture, ensure_db, open, with_table};
use crate::conformance::report::{Outcome, ensure, ensure_eq};
use crate::db::{DbExt, Identifier, Query};

pub(super) async fn placeholders(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let name = Identifier::parse("what_for")?;
    let quoted = name.quoted(db.dialect());
    let sql = format!(
        "SELECT /* ? */ '?' AS a, 'it''s ?' AS b, -- ?\n id AS {quoted} FROM items WHERE id = ? -- ? ?"
    );
    let insert = Query::portable("INSERT INTO items (id, name) VALUES (?, '?')").bind(17);
    db.execute(insert).await?;
    let row = db
        .query_one(Query::portable(sql).bind(17), |row| Ok(row.clone()))
        .await?;
    ensure_eq!(row.get::<String>("a")?, "?", "a literal");
    ensure_eq!(row.get::<String>("b")?, "it's ?", "a literal with a quote");
    ensure_eq!(row.get::<i64>("what_for")?, 17, "a quoted name");
    let native = Query::portable("SELECT name FROM items WHERE id = ? AND name <> ?")
        .render(db.dialect())
        .err();
    ensure!(native.is_some(), "placeholders without parameters pass");
    let both = Query::portable("SELECT name FROM items WHERE id = ? AND name <> ?")
        .bind(17)
        .bind("x");
    let name = db.query_one(both, |row| row.get::<String>(0)).await?;
    ensure_eq!(name, "?", "a value that looks like a placeholder");
    Ok(())
}

pub(super) async fn bind_counts(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let portable = || Query::portable("INSERT INTO items (id, name) VALUES (?, ?)");
    let native = portable().bind(1).bind(2);
    let native = native.render(db.dialect())?.into_owned();
    let native = || Query::new(native.clone());
    for (what, query) in [
        ("portable, none", portable()),
        ("portable, one short", portable().bind(1)),
        ("portable, one more", portable().bind(1).bind("x").bind(3)),
        ("native, none", native()),
        ("native, one short", native().bind(1)),
        ("native, one more", native().bind(1).bind("x").bind(3)),
    ] {
        ensure_db!(db.execute(query.clone()).await, "bind_mismatch", "{what}");
        ensure_db!(
            db.query(query).await.map(drop),
            "bind_mismatch",
            "{what}, as a query"
        );
    }
    let count = db.query_one("SELECT count(*) FROM items", |row| row.get::<i64>(0));
    ensure_eq!(count.await?, 0, "rows that were inserted all the same");
    db.execute(native().bind(1).bind("x")).await?;
    Ok(())
}

pub(super) async fn identifiers(fixture: &dyn DbFixture) -> Outcome {
    let long = "a".repeat(63);
    for good in ["a", "_", "A1_b", "select", "s.t", "c.s.t", &*long] {
        ensure!(Identifier::parse(good).is_ok(), "{good:?} is refused");
    }
    let too_long = "a".repeat(64);
    for bad in [
        "", " ", "1a", "a b", "a-b", "a.b.c.d", ".", "a.", ".a", "a..b", "a\"b", "a`b", "a;b",
        "\u{e9}", "a\0", &*too_long,
    ] {
        ensure_db!(Identifier::parse(bad), "invalid_config", "{bad:?}");
    }
    let db = open(fixture).await?;
    // A word of the language, and letters that quoting keeps.
    for name in ["order", "CamelCase", "a1"] {
        let quoted = Identifier::parse(name)?.quoted(db.dialect());
        db.execute_batch(&format!("CREATE TABLE {quoted} ({quoted} BIGINT)"))
            .await?;
        let insert = format!("INSERT INTO {quoted} ({quoted}) VALUES (?)");
        db.execute(Query::portable(insert).bind(5)).await?;
        let all = format!("SELECT * FROM {quoted}");
        let row = db.query_one(&*all, |row| {
            Ok((row.columns().names()[0].clone(), row.get::<i64>(0)?))
        });
        ensure_eq!(row.await?, (name.to_owned(), 5), "a quoted name");
    }
    Ok(())
}
