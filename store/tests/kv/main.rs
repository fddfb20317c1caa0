//! Every key/value store passes the suites.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

mod durability;
mod embedded;
mod memory;
mod place;
mod sqlite;
