//! SQLite: one file, one writer, many readers.
//!
//! [`SqlitePool`] is for callers that may block; [`SqliteDb`] is the same pool
//! behind the asynchronous contract of the store. Both settle what SQLite
//! leaves to its users: write-ahead log, foreign keys, a busy timeout, a cache
//! of prepared statements, writers in the order they came, and connections
//! that never go back to the pool with an open transaction.

mod config;
mod connection;
mod db;
mod error;
mod pool;
mod row;
mod script;
mod slots;
mod transaction;

pub use config::{Access, Location, SqliteConfig, Synchronous};
pub use connection::{Connection, Limits};
pub use db::SqliteDb;
pub use pool::{Event, Observer, PooledConnection, SqlitePool};
pub use row::{Cell, Row};
pub use transaction::Transaction;
