//! The suite every driver of a SQL database must pass.
//!
//! ```
//! use std::sync::Arc;
//! use plumego_store::BoxFuture;
//! use plumego_store::conformance::db::{DbFixture, run};
//! use plumego_store::db::sqlite::{SqliteConfig, SqliteDb};
//! use plumego_store::db::{Db, DbConfig, DbResult, PoolOptions};
//!
//! struct Memory;
//!
//! impl DbFixture for Memory {
//!     fn name(&self) -> &str {
//!         "SqliteDb in memory"
//!     }
//!
//!     fn open<'a>(&'a self, pool: PoolOptions) -> BoxFuture<'a, DbResult<Arc<dyn Db>>> {
//!         let config = SqliteConfig::memory().with_pool(pool);
//!         let db = config.and_then(SqliteDb::open);
//!         Box::pin(std::future::ready(db.map(|db| Arc::new(db) as Arc<dyn Db>)))
//!     }
//!
//!     fn config(&self) -> DbConfig {
//!         DbConfig::new("sqlite", "sqlite::memory:")
//!     }
//!
//!     fn open_config(&self, config: &DbConfig) -> DbResult<Arc<dyn Db>> {
//!         Ok(Arc::new(SqliteDb::open_config(config)?))
//!     }
//!
//!     fn connections(&self) -> usize {
//!         1
//!     }
//!
//!     fn steps(&self) -> usize {
//!         500
//!     }
//! }
//!
//! # #[tokio::main] async fn main() {
//! let report = run(&Memory).await;
//! // One connection has nothing to interfere with, and memory is always there.
//! report.assert_passed_except(&["DB-11", "DB-14", "DB-19"]);
//! # }
//! ```

mod basics;
mod connections;
mod errors;
mod model;
mod statements;
mod transactions;
mod values;

use std::sync::Arc;
use std::time::Duration;

use super::Report;
use super::report::{self, Stop, cases};
use crate::BoxFuture;
use crate::db::{Db, DbConfig, DbResult, Dialect, PoolOptions};

/// The database, as the suite needs it. What it does not have keeps its
/// default.
pub trait DbFixture: Send + Sync + 'static {
    /// What the report calls the driver.
    fn name(&self) -> &str;

    /// A database without tables, and with these limits.
    fn open<'a>(&'a self, pool: PoolOptions) -> BoxFuture<'a, DbResult<Arc<dyn Db>>>;

    /// A configuration as users write it.
    fn config(&self) -> DbConfig;

    /// Opens by configuration, without a connection.
    fn open_config(&self, config: &DbConfig) -> DbResult<Arc<dyn Db>>;

    /// A database that cannot be reached; `None` if it always can.
    fn unreachable(&self) -> Option<Arc<dyn Db>> {
        None
    }

    /// How many connections it can have at one time.
    fn connections(&self) -> usize {
        usize::MAX
    }

    /// Steps of the model test and of the histories. 10 000 unless a database
    /// is too slow for it.
    fn steps(&self) -> usize {
        10_000
    }
}

/// Runs every case.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
pub async fn run(fixture: &(dyn DbFixture + 'static)) -> Report {
    let cases = cases!(dyn DbFixture:
        ("DB-01", "a bad configuration is refused", basics::configuration),
        ("DB-02", "opening does not connect", basics::opening),
        ("DB-03", "statements, and one, any or all rows", basics::statements),
        ("DB-04", "no row, more rows, too many rows", basics::counts),
        ("DB-05", "what cannot be decoded is named", values::decoding),
        ("DB-06", "every value comes back as it went", values::round_trips),
        ("DB-07", "portable placeholders leave literals alone", statements::placeholders),
        ("DB-08", "placeholders and parameters agree in number", statements::bind_counts),
        ("DB-09", "commit, and every way to roll back", transactions::ends),
        ("DB-10", "what cannot begin does not run", transactions::begin_fails),
        ("DB-11", "isolation is as promised", transactions::isolation),
        ("DB-12", "savepoints", transactions::savepoints),
        ("DB-13", "what nobody waits for is stopped", connections::cancellation),
        ("DB-14", "the limits of the pool hold", connections::limits_hold),
        ("DB-15", "failures have their classes", errors::classes),
        ("DB-16", "no secret shows", errors::secrets),
        ("DB-17", "names are checked and quoted", statements::identifiers),
        ("DB-18", "a row that cannot be mapped spoils nothing", values::mapping),
        ("DB-19", "a database that is down does not answer", connections::down),
        ("DB-20", "closed is closed", connections::closed),
        ("DB-21", "a pinned connection is one, and comes back clean", connections::pinned),
        ("DB-M", "random statements agree with a plain map", model::agrees),
        ("DB-L", "concurrent histories are linearizable, row by row", model::linearizable),
    );
    report::run("db", fixture.name(), fixture, cases).await
}

/// Limits that make whoever waits in vain fail soon.
fn limits() -> PoolOptions {
    PoolOptions {
        acquire_timeout: Duration::from_secs(60),
        ..PoolOptions::default()
    }
}

async fn open(fixture: &dyn DbFixture) -> Result<Arc<dyn Db>, Stop> {
    Ok(fixture.open(limits()).await?)
}

/// A database with a table of numbers and texts.
async fn with_table(fixture: &dyn DbFixture) -> Result<Arc<dyn Db>, Stop> {
    let db = open(fixture).await?;
    let text = column(db.dialect(), Kind::Text);
    let table = format!("CREATE TABLE items (id BIGINT PRIMARY KEY, name {text})");
    db.execute_batch(&table).await?;
    Ok(db)
}

/// What a column holds.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Bool,
    Int,
    Float,
    Text,
    Bytes,
    Timestamp,
    Json,
    Uuid,
    Decimal,
}

/// The type of a column, as the database calls it.
fn column(dialect: Dialect, kind: Kind) -> &'static str {
    match (dialect, kind) {
        (_, Kind::Int) => "BIGINT",
        (Dialect::Postgres, Kind::Bool) => "BOOLEAN",
        (Dialect::Postgres, Kind::Float) => "DOUBLE PRECISION",
        (Dialect::Postgres, Kind::Bytes) => "BYTEA",
        (Dialect::Postgres, Kind::Timestamp) => "TIMESTAMPTZ",
        (Dialect::Postgres, Kind::Json) => "JSONB",
        (Dialect::Postgres, Kind::Uuid) => "UUID",
        (Dialect::Postgres, Kind::Decimal) => "NUMERIC",
        (Dialect::Sqlite, Kind::Float) => "REAL",
        (Dialect::Sqlite, Kind::Bytes) => "BLOB",
        (_, Kind::Bool) => "BOOLEAN",
        (_, Kind::Float) => "DOUBLE",
        (_, Kind::Bytes) => "LONGBLOB",
        (Dialect::MySql, Kind::Text) => "VARCHAR(255)",
        (_, Kind::Text | Kind::Timestamp | Kind::Json | Kind::Uuid | Kind::Decimal) => "TEXT",
    }
}

/// A statement that never ends by itself.
fn endless(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
        }
        Dialect::Postgres => "SELECT pg_sleep(100000)",
        Dialect::MySql => "SELECT SLEEP(100000)",
    }
}

/// A statement whose rows never end.
fn endless_rows(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "SELECT * FROM generate_series(1, 1000000000000)",
        Dialect::Sqlite | Dialect::MySql => {
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
        }
    }
}

/// Fails the case unless a result is an error of a kind.
macro_rules! ensure_db {
    ($result:expr, $kind:expr, $($message:tt)+) => {
        match $result {
            Err(error) => $crate::conformance::report::ensure_eq!(
                error.kind().name(),
                $kind,
                $($message)+
            ),
            Ok(_) => $crate::conformance::report::ensure!(
                false,
                "{}: no error, not {:?}",
                format_args!($($message)+),
                $kind
            ),
        }
    };
}

use ensure_db;
