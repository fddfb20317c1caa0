//! The database of a program: one, opened when it is used first.
//!
//! Pool, statements and errors are those of the family for data; this adds
//! what a Fuse program sees of them: values, the query builder, the transaction
//! of a unit of work, migrations, and messages.

mod error;
mod keyword;
mod migrate;
mod query;
pub(crate) mod raw;
mod rows;
mod settings;
#[cfg(test)]
mod tests;
mod unit;

pub use migrate::{
    MigrateOptions, MigrationFailed, MigrationReport, MigrationState, MigrationStatus, edited,
};
pub(crate) use migrate::{run as migrate, status};
pub(crate) use query::builtins as query_builtins;
pub(crate) use raw::ask;
pub(crate) use settings::{Database, is_configured};
pub(crate) use unit::UnitState;
pub use unit::{begin, commit, rollback};
