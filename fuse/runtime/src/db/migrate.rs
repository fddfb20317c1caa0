//! Migrations of a program.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use plumego_store::db::DbResult;
use plumego_x_data::migrate::{
    AppliedStep, History, MigrateError, Migrator, Order, Run, Step, StepResult, StepState,
};
use plumego_x_data::sqlite::{Connection, Transaction};

use super::unit;
use crate::context::{Ctx, Unit};
use crate::display;
use crate::heap::ERR;
use crate::interrupt::Interrupt;
use crate::meta::Migration;
use crate::runtime::Runtime;
use crate::value::Value;

const TABLE: &str = "__fuse_migrations";

/// How a run of migrations went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// What ran now, in order, as `package/name`.
    pub applied: Vec<String>,
    /// How many had run before.
    pub already: usize,
    /// What was edited after it ran.
    pub edited: Vec<String>,
}

/// Where a migration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// `package/name`.
    pub name: String,
    /// Where it stands.
    pub state: MigrationState,
    /// When it ran, in RFC 3339.
    pub applied_at: Option<String>,
}

/// Where a migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// It did not run.
    Pending,
    /// It ran.
    Applied,
    /// It ran, and was edited since.
    Edited,
    /// It ran, and the program does not have it any more.
    Missing,
}

impl MigrationState {
    /// The state in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Edited => "edited",
            Self::Missing => "missing",
        }
    }
}

/// Why migrations stopped. What ran before stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationFailed {
    message: String,
}

impl fmt::Display for MigrationFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for MigrationFailed {}

impl From<MigrateError> for MigrationFailed {
    fn from(error: MigrateError) -> Self {
        let message = match &error {
            MigrateError::Modified { names } => {
                let names = names.iter().map(|name| edited(name));
                names.collect::<Vec<_>>().join("\n")
            }
            MigrateError::Db(error) => super::error::reason(error),
            other => other.to_string(),
        };
        Self { message }
    }
}

/// The line about a migration that was edited after it ran.
#[must_use]
pub fn edited(name: &str) -> String {
    format!("migration {name} was edited after it was applied")
}

/// How migrations run.
#[derive(Clone, Copy, Debug, Default)]
pub struct MigrateOptions<'o> {
    /// Whether everything is undone in the end.
    pub dry_run: bool,
    /// Whether an edited migration is an error.
    pub strict: bool,
    /// Where to copy the database to, before anything runs.
    pub backup: Option<&'o Path>,
}

/// Runs what did not run yet, and tells each name when it is done.
pub(crate) fn run(
    runtime: &Runtime,
    options: MigrateOptions<'_>,
    told: impl FnMut(&str),
) -> Result<MigrationReport, MigrationFailed> {
    let open = opened(runtime)?;
    let mut migrator = migrator(runtime)?;
    if !options.strict {
        migrator = migrator.allow_modified();
    }
    if let Some(target) = options.backup {
        open.pool.backup(target).map_err(MigrateError::from)?;
    }
    let report = if options.dry_run {
        migrator.dry_run(&open.pool)?
    } else {
        migrator.up_to(&open.pool, None, told)?
    };
    Ok(MigrationReport {
        applied: report.applied,
        already: report.already,
        edited: report.modified,
    })
}

/// Where every migration stands. Changes nothing.
pub(crate) fn status(runtime: &Runtime) -> Result<Vec<MigrationStatus>, MigrationFailed> {
    let open = opened(runtime)?;
    let status = migrator(runtime)?.status(&open.pool)?;
    let status = status.into_iter().map(|status| MigrationStatus {
        name: status.name,
        state: match status.state {
            StepState::Pending => MigrationState::Pending,
            StepState::Modified => MigrationState::Edited,
            StepState::Missing => MigrationState::Missing,
            _ => MigrationState::Applied,
        },
        applied_at: status.applied_at,
    });
    Ok(status.collect())
}

fn opened(runtime: &Runtime) -> Result<&super::settings::Open, MigrationFailed> {
    runtime
        .database()
        .open(runtime)
        .map_err(|fault| MigrationFailed {
            message: fault.message().to_owned(),
        })
}

fn migrator(runtime: &Runtime) -> Result<Migrator<FuseHistory, FuseStep>, MigrationFailed> {
    let steps = runtime.meta().migrations.iter();
    let steps = steps
        .map(|migration| FuseStep::new(runtime.clone(), migration))
        .collect();
    // Packages interleave, so that a new step may come before one that ran.
    Ok(Migrator::new(FuseHistory, steps)?.order(Order::Any))
}

/// `package/name`, or the name alone where there is no package.
fn shown(package: &str, name: &str) -> String {
    if package.is_empty() {
        name.to_owned()
    } else {
        format!("{package}/{name}")
    }
}

/// What the engine knows a migration by: neither name holds the separator.
fn key(package: &str, name: &str) -> String {
    format!("{package}{SEPARATOR}{name}")
}

fn parts(key: &str) -> (&str, &str) {
    key.split_once(SEPARATOR).unwrap_or(("", key))
}

const SEPARATOR: char = '\u{1f}';

/// A `migration` block as a step.
struct FuseStep {
    runtime: Runtime,
    migration: &'static Migration,
    key: String,
}

impl FuseStep {
    fn new(runtime: Runtime, migration: &'static Migration) -> Self {
        Self {
            runtime,
            migration,
            key: key(migration.package, migration.name),
        }
    }
}

impl Step for FuseStep {
    fn key(&self) -> &str {
        &self.key
    }

    fn name(&self) -> String {
        shown(self.migration.package, self.migration.name)
    }

    fn checksum(&self) -> &str {
        self.migration.checksum
    }

    fn up(&self, transaction: Transaction) -> StepResult {
        let mut ctx = Ctx::new(self.runtime.clone(), Unit::Migration, Interrupt::default());
        unit::lend(&mut ctx, transaction);
        let outcome = ctx.call(self.migration.function, &mut []);
        let transaction = unit::take_back(&mut ctx);
        let value = outcome.map_err(|fault| fault.message().to_owned())?;
        if let Some(error) = failure(&value) {
            return Err(error.into());
        }
        transaction.ok_or_else(|| "the migration ended its transaction".into())
    }
}

/// The display form of a failure that a block ended with.
fn failure(value: &Value) -> Option<String> {
    let result = value
        .as_obj()
        .filter(|object| object.desc().kind == crate::meta::Kind::Result)?;
    (result.tag() == ERR).then(|| display::to_string(result.field(0)))
}

/// The table `__fuse_migrations(package, name, applied_at, checksum)`.
struct FuseHistory;

impl History for FuseHistory {
    fn prepare(&self, connection: &mut Connection) -> DbResult<()> {
        let mut columns = Vec::new();
        connection.query(
            "select name from pragma_table_info(?)",
            &[TABLE.into()],
            |row| {
                columns.push(row.text(0)?.to_owned());
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let has = |name: &str| columns.iter().any(|column| column == name);
        if columns.is_empty() {
            return connection.execute_batch(&create(TABLE));
        }
        if has("id") && !has("name") {
            // The first form knew one package and no checksums.
            let applied_at = if has("applied_at") {
                "applied_at"
            } else {
                "''"
            };
            return connection.execute_batch(&format!(
                "{}; insert into {TABLE}_new (package, name, applied_at) \
                 select '', cast(id as text), {applied_at} from {TABLE}; \
                 drop table {TABLE}; alter table {TABLE}_new rename to {TABLE}",
                create(&format!("{TABLE}_new"))
            ));
        }
        if !has("checksum") {
            return connection
                .execute_batch(&format!("alter table {TABLE} add column checksum text"));
        }
        Ok(())
    }

    fn read(&self, connection: &mut Connection) -> DbResult<BTreeMap<String, AppliedStep>> {
        let mut applied = BTreeMap::new();
        let sql = format!("select package, name, applied_at, checksum from {TABLE}");
        connection.query(&sql, &[], |row| {
            let key = key(row.text(0)?, row.text(1)?);
            let checksum = match row.cell(3)? {
                plumego_x_data::sqlite::Cell::Text(text) => Some(text.to_owned()),
                _ => None,
            };
            let step = AppliedStep {
                key: key.clone(),
                name: shown(row.text(0)?, row.text(1)?),
                applied_at: row.text(2)?.to_owned(),
                checksum,
                success: true,
            };
            applied.insert(key, step);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(applied)
    }

    fn record(&self, connection: &mut Connection, step: &dyn Step, _: Run) -> DbResult<()> {
        let (package, name) = parts(step.key());
        let sql = format!(
            "insert or replace into {TABLE} (package, name, applied_at, checksum) \
             values (?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?)"
        );
        let values = [package.into(), name.into(), step.checksum().into()];
        connection.execute(&sql, &values).map(drop)
    }

    fn forget(&self, connection: &mut Connection, key: &str) -> DbResult<()> {
        let (package, name) = parts(key);
        let sql = format!("delete from {TABLE} where package = ? and name = ?");
        connection
            .execute(&sql, &[package.into(), name.into()])
            .map(drop)
    }
}

fn create(table: &str) -> String {
    format!(
        "create table {table} (package text not null default '', name text not null, \
         applied_at text not null, checksum text, primary key (package, name))"
    )
}
