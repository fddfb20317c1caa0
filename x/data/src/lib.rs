//! Databases for services: what is too large, too particular or too young for
//! the stable storage contracts, and stands on them.
//!
//! [`migrate`] brings a schema up to date, once, whoever starts first;
//! [`sqlite`] is the embedded database of the stable root, one file with one
//! writer and many readers, for callers that block and for those that do not.
//! Values are always bound, never formatted; no statement, argument or address
//! appears in an error.
//!
//! The family is experimental: names may change between minor versions.
//!
//! ```
//! use plumego_x_data::sqlite::{SqliteConfig, SqlitePool};
//!
//! let pool = SqlitePool::open(SqliteConfig::memory())?;
//! pool.execute("create table notes (id integer primary key, title text not null)", &[])?;
//! pool.execute("insert into notes (title) values (?)", &["first".into()])?;
//! let mut titles = Vec::new();
//! pool.query("select title from notes", &[], |row| {
//!     titles.push(row.text(0)?.to_owned());
//!     Ok(std::ops::ControlFlow::Continue(()))
//! })?;
//! assert_eq!(titles, ["first"]);
//! # Ok::<(), plumego_store::db::DbError>(())
//! ```

#[cfg(feature = "sqlite")]
pub mod migrate;
#[cfg(feature = "sqlite")]
pub use plumego_store::db::sqlite;
