//! Bringing a schema up to date: in order, once, whoever starts first.
//!
//! A [`Step`] is a file with SQL, a function, or anything else that changes a
//! database; a [`History`] is the table that remembers which ones ran. The
//! [`Migrator`] runs the rest, each in one exclusive transaction with its row,
//! so that of several processes that start together one does the work and the
//! others find it done.
//!
//! ```
//! use plumego_x_data::migrate::{Migrator, SqlStep, VersionHistory};
//! use plumego_x_data::sqlite::{SqliteConfig, SqlitePool};
//!
//! let pool = SqlitePool::open(SqliteConfig::memory())?;
//! let steps = vec![SqlStep::new(1, "notes").with_up("create table notes (id integer primary key)")];
//! let migrator = Migrator::new(VersionHistory::default(), steps)?;
//! assert_eq!(migrator.up(&pool)?.applied.len(), 1);
//! assert_eq!(migrator.up(&pool)?.applied.len(), 0);
//! # Ok::<(), plumego_x_data::migrate::MigrateError>(())
//! ```

mod engine;
mod error;
mod files;
mod history;
mod step;

pub use engine::{Migrator, Order, Report, Status, StepState};
pub use error::MigrateError;
pub use files::{FileError, read_directory, read_files};
pub use history::{AppliedStep, History, Run, VersionHistory};
pub use step::{SqlStep, Step, StepResult, checksum};
