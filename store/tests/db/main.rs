//! SQLite keeps what it promises.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

mod asynchronous;
mod pool;
mod sqlite;
mod suite;
