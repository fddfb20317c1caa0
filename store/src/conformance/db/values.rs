//! Values, and what becomes of them.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::{DbFixture, Kind, column, ensure_db, open, with_table};
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::db::{Db, DbErrorKind, DbExt, Decimal, FromValue, Query, Value};

pub(super) async fn decoding(fixture: &dyn DbFixture) -> Outcome {
    let db = with_table(fixture).await?;
    let insert = "INSERT INTO items (id, name) VALUES (300, 'three hundred'), (1, NULL)";
    db.execute(insert.into()).await?;
    let sql = "SELECT id, name, id FROM items WHERE id = 300";
    let row = db.query_one(sql, |row| Ok(row.clone())).await?;
    let mut wrong = Vec::new();
    let mut note = |what: &'static str, error: Option<crate::db::DbError>| {
        let column = error.and_then(|error| match error.kind() {
            DbErrorKind::Decode { column, .. } => Some(column.clone()),
            _ => None,
        });
        wrong.push((what, column));
    };
    note("text as a number", row.get::<i64>("name").err());
    note("a number as text", row.get::<String>(0).err());
    note("a number that does not fit", row.get::<u8>(0).err());
    note("a column that is not there", row.get::<i64>("z").err());
    note("an index that is not there", row.get::<i64>(9).err());
    note("a name that stands twice", row.get::<i64>("id").err());
    let columns: Vec<_> = wrong
        .iter()
        .map(|(_, column)| column.as_deref().unwrap_or("not a decode error"))
        .collect();
    ensure_eq!(
        columns,
        ["name", "id", "id", "z", "9", "id"],
        "columns of {wrong:?}"
    );
    ensure_eq!(row.get::<i64>(2)?, 300, "the second of a name");
    let null = db
        .query_one("SELECT name FROM items WHERE id = 1", |row| Ok(row.clone()))
        .await?;
    ensure_db!(null.get::<String>("name"), "decode", "NULL as text");
    ensure_eq!(null.get::<Option<String>>(0)?, None, "NULL");
    Ok(())
}

/// Sends values through a column and compares what comes back.
async fn through<T>(
    db: &dyn Db,
    kind: Kind,
    values: impl IntoIterator<Item = T>,
    same: impl Fn(&T, &T) -> bool,
) -> Outcome
where
    T: FromValue + Into<Value> + Clone + Debug + Send,
{
    let table = format!("vals_{}", format!("{kind:?}").to_lowercase());
    let column = column(db.dialect(), kind);
    db.execute_batch(&format!(
        "CREATE TABLE {table} (id BIGINT PRIMARY KEY, v {column})"
    ))
    .await?;
    let read = format!("SELECT v FROM {table} WHERE id = ?");
    let insert = format!("INSERT INTO {table} (id, v) VALUES (?, ?)");
    for (id, value) in (1_i64..).zip(values) {
        let stored: Value = value.clone().into();
        db.execute(Query::portable(&*insert).bind(id).bind(stored))
            .await?;
        let back = db
            .query_one(Query::portable(&*read).bind(id), |row| row.get::<T>(0))
            .await?;
        if !same(&value, &back) {
            let mut shown = format!("{kind:?} {value:?} came back as {back:?}");
            shown.truncate(shown.floor_char_boundary(300));
            return Err(Stop::Failed(shown));
        }
    }
    db.execute(Query::portable(&*insert).bind(0).bind(Value::Null))
        .await?;
    let back = db
        .query_one(Query::portable(&*read).bind(0), |row| {
            row.get::<Option<T>>(0)
        })
        .await?;
    ensure!(
        back.is_none(),
        "NULL in a column of {kind:?} came back as {back:?}"
    );
    Ok(())
}

pub(super) async fn round_trips(fixture: &dyn DbFixture) -> Outcome {
    let db = open(fixture).await?;
    let db = &*db;
    through(db, Kind::Bool, [true, false], PartialEq::eq).await?;
    let ints = [0, 1, -1, i64::MAX, i64::MIN, 1 << 53];
    through(db, Kind::Int, ints, PartialEq::eq).await?;
    let floats = [
        0.0,
        0.1,
        -1.5,
        3.0,
        f64::MAX,
        f64::MIN_POSITIVE,
        1e-300,
        f64::INFINITY,
    ];
    through(db, Kind::Float, floats, |a, b| a.to_bits() == b.to_bits()).await?;
    let texts = [
        "",
        "a'b\"c\\d`e",
        " x ",
        "123",
        "1e5",
        "\u{1f600}\u{10ffff}",
        "\r\n\t",
    ];
    through(db, Kind::Text, texts.map(str::to_owned), PartialEq::eq).await?;
    let every_byte: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..1_u32 << 20).map(|at| (at % 251) as u8).collect();
    let blobs = [Bytes::new(), every_byte.into(), large.into()];
    through(db, Kind::Bytes, blobs, PartialEq::eq).await?;
    let micros = |micros| SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
    let moments = [micros(0), micros(1), micros(1_700_000_000_123_456)];
    through(db, Kind::Timestamp, moments, PartialEq::eq).await?;
    let json = [
        serde_json::json!({"a": [1, 2.5, null, true, "\u{e9}"]}),
        serde_json::json!(null),
        serde_json::json!("text"),
    ];
    through(db, Kind::Json, json, PartialEq::eq).await?;
    let uuids = [[0; 16], [255; 16], *b"0123456789abcdef"];
    through(db, Kind::Uuid, uuids, PartialEq::eq).await?;
    let decimals = ["0", "-1.50", "12345678901234567890.0123456789"];
    let decimals = decimals.map(|text| Decimal(text.to_owned()));
    through(db, Kind::Decimal, decimals, PartialEq::eq).await?;
    not_a_number(db).await
}

/// `NaN` is kept or refused; it does not become NULL.
async fn not_a_number(db: &dyn Db) -> Outcome {
    let insert = Query::portable("INSERT INTO vals_float (id, v) VALUES (?, ?)");
    if let Err(error) = db.execute(insert.bind(100).bind(f64::NAN)).await {
        ensure_eq!(error.kind().name(), "unsupported", "how NaN is refused");
        return Ok(());
    }
    let read = "SELECT v FROM vals_float WHERE id = 100";
    let back = db.query_one(read, |row| row.get::<f64>(0)).await?;
    ensure!(back.is_nan(), "NaN came back as {back}");
    Ok(())
}

pub(super) async fn mapping(fixture: &dyn DbFixture) -> Outcome {
    let db = fixture
        .open(crate::db::PoolOptions {
            max_open: Some(1),
            ..super::limits()
        })
        .await?;
    let text = column(db.dialect(), Kind::Text);
    db.execute_batch(&format!(
        "CREATE TABLE items (id BIGINT PRIMARY KEY, name {text})"
    ))
    .await?;
    for id in 0..500_i64 {
        let name = (id != 123).then(|| id.to_string());
        let insert = Query::portable("INSERT INTO items (id, name) VALUES (?, ?)");
        db.execute(insert.bind(id).bind(name)).await?;
    }
    for _ in 0..20 {
        let all = "SELECT id, name FROM items ORDER BY id";
        let mapped = db.query_all(all, None, |row| row.get::<String>("name"));
        let error = mapped.await.err();
        let row = error.as_ref().and_then(|error| match error.kind() {
            DbErrorKind::RowMapping { row } => Some(*row),
            _ => None,
        });
        ensure_eq!(row, Some(123), "which row of {error:?}");
        let cause = error.as_ref().and_then(std::error::Error::source);
        ensure!(cause.is_some(), "the reason is missing");
        let count = db.query_one("SELECT count(*) FROM items", |row| row.get::<i64>(0));
        ensure_eq!(count.await?, 500, "rows afterwards");
    }
    Ok(())
}
