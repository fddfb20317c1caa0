//! SQLite: one file, one writer, many readers.
//!
//! The engine is compiled in. [`SqliteDb`] is a [`Db`](super::Db);
//! [`SqlitePool`] is the same for callers that may block. Both settle what
//! SQLite leaves to its users: write-ahead log, foreign keys, a busy timeout, a
//! cache of prepared statements, no trust in schemas, no extensions, writers in
//! the order they came, and connections that never go back to the pool with an
//! open transaction.
//!
//! | [`Value`](super::Value) | Stored as | Read as |
//! |---|---|---|
//! | `Null` | NULL | `Null` |
//! | `Bool` | integer 0 or 1 | `Int` |
//! | `Int` | integer | `Int` |
//! | `Float`, but no NaN | real | `Float` |
//! | `Text` | text | `Text` |
//! | `Bytes` | blob | `Bytes` |
//! | `Timestamp`, `Json`, `Uuid`, `Decimal` | text of [`to_text`](super::Value::to_text) | `Text` |
//!
//! What is read as `Int` or `Text` decodes into the type it was. Settings that
//! a statement changes belong on a [pinned](super::Db::pinned) connection,
//! which is not used again. Statements of others are bounded by a
//! [`SqliteGuard`].
//!
//! ```
//! use plumego_store::db::sqlite::{SqliteConfig, SqliteDb};
//! use plumego_store::db::{Db, DbExt, DbResult, Query};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> DbResult<()> {
//! let db = SqliteDb::open(SqliteConfig::memory())?;
//! db.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").await?;
//! let insert = Query::portable("INSERT INTO notes (text) VALUES (?)").bind("hello");
//! assert_eq!(db.execute(insert).await?.last_insert_id, Some(1));
//! let text: String = db.query_one("SELECT text FROM notes", |row| row.get("text")).await?;
//! assert_eq!(text, "hello");
//! # Ok(())
//! # }
//! ```

mod bind;
mod call;
mod config;
mod connection;
mod db;
mod error;
mod guard;
mod lease;
mod pool;
mod row;
mod rows;
mod script;
mod slots;
mod transaction;

#[cfg(feature = "kv-sqlite")]
pub(crate) use connection::{Begin, Role};

pub use config::{Access, Location, SqliteConfig, Synchronous};
pub use connection::{Connection, Limits};
pub use db::SqliteDb;
pub use guard::{SqlAccess, SqliteGuard};
pub use pool::{Event, Observer, PooledConnection, SqlitePool};
pub use row::{Cell, Row};
pub use transaction::Transaction;
