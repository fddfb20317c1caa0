//! The table that remembers which steps ran.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use plumego_store::db::{DbResult, Identifier};

use super::step::Step;
use crate::sqlite::Connection;

/// A step that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedStep {
    /// What the history knows it by.
    pub key: String,
    /// A name for people.
    pub name: String,
    /// When, in RFC 3339.
    pub applied_at: String,
    /// What it did; absent in rows of before checksums were kept.
    pub checksum: Option<String>,
    /// Whether it came to its end.
    pub success: bool,
}

/// A table of steps that ran. Its statements run on the connection and inside
/// the transaction of the step.
pub trait History: Send + Sync {
    /// Makes the table, or brings an older form of it up to date.
    ///
    /// # Errors
    ///
    /// What the database reports.
    fn prepare(&self, connection: &mut Connection) -> DbResult<()>;

    /// All steps that ran, by key.
    ///
    /// # Errors
    ///
    /// What the database reports.
    fn read(&self, connection: &mut Connection) -> DbResult<BTreeMap<String, AppliedStep>>;

    /// Remembers a step, or that it failed.
    ///
    /// # Errors
    ///
    /// What the database reports.
    fn record(&self, connection: &mut Connection, step: &dyn Step, run: Run) -> DbResult<()>;

    /// Forgets a step.
    ///
    /// # Errors
    ///
    /// What the database reports.
    fn forget(&self, connection: &mut Connection, key: &str) -> DbResult<()>;
}

/// How a step ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// How long, in milliseconds.
    pub duration_ms: i64,
    /// Whether it came to its end.
    pub success: bool,
}

/// The moment, in RFC 3339 and UTC, to milliseconds.
pub(crate) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// The table of numbered steps: `schema_migrations(version, name, checksum,
/// applied_at, duration_ms, success, applied_by)`.
#[derive(Clone, Debug)]
pub struct VersionHistory {
    table: Identifier,
    applied_by: String,
}

impl Default for VersionHistory {
    fn default() -> Self {
        let table = Identifier::parse("schema_migrations").expect("the name is an identifier");
        Self::new(table, "plumego")
    }
}

impl VersionHistory {
    /// A table of that name, with who applies in its rows.
    pub fn new(table: Identifier, applied_by: impl Into<String>) -> Self {
        Self {
            table,
            applied_by: applied_by.into(),
        }
    }

    fn table(&self) -> String {
        self.table.quoted(plumego_store::db::Dialect::Sqlite)
    }
}

impl History for VersionHistory {
    fn prepare(&self, connection: &mut Connection) -> DbResult<()> {
        let table = self.table();
        connection.execute_batch(&format!(
            "create table if not exists {table} (version text primary key not null, \
             name text not null, checksum text not null, applied_at text not null, \
             duration_ms integer not null, success integer not null, applied_by text not null)"
        ))
    }

    fn read(&self, connection: &mut Connection) -> DbResult<BTreeMap<String, AppliedStep>> {
        let sql = format!(
            "select version, name, checksum, applied_at, success from {}",
            self.table()
        );
        let mut applied = BTreeMap::new();
        connection.query(&sql, &[], |row| {
            let step = AppliedStep {
                key: row.text(0)?.to_owned(),
                name: row.text(1)?.to_owned(),
                checksum: Some(row.text(2)?.to_owned()),
                applied_at: row.text(3)?.to_owned(),
                success: row.int(4)? != 0,
            };
            applied.insert(step.key.clone(), step);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(applied)
    }

    fn record(&self, connection: &mut Connection, step: &dyn Step, run: Run) -> DbResult<()> {
        let sql = format!(
            "insert or replace into {} values (?, ?, ?, ?, ?, ?, ?)",
            self.table()
        );
        let values = [
            step.key().into(),
            step.name().into(),
            step.checksum().into(),
            now().into(),
            run.duration_ms.into(),
            run.success.into(),
            self.applied_by.clone().into(),
        ];
        connection.execute(&sql, &values).map(drop)
    }

    fn forget(&self, connection: &mut Connection, key: &str) -> DbResult<()> {
        let sql = format!("delete from {} where version = ?", self.table());
        connection.execute(&sql, &[key.into()]).map(drop)
    }
}
