//! Running steps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use plumego_store::db::DbErrorKind;

use super::error::MigrateError;
use super::history::{AppliedStep, History, Run};
use super::step::Step;
use crate::sqlite::{Limits, SqlitePool, Transaction};

/// How long a runner waits for another one.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// Which steps may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Only behind all that ran: a step in between is an error.
    #[default]
    Strict,
    /// Any that did not run, as several packages with steps of their own need.
    Any,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepState {
    /// It did not run.
    Pending,
    /// It ran.
    Applied,
    /// It failed half-way, outside of a transaction.
    Failed,
    /// It ran, and is not known any more.
    Missing,
    /// It ran, and was changed since.
    Modified,
}

impl StepState {
    /// The state in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Modified => "modified",
        }
    }
}

/// One line of a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What the history knows the step by.
    pub key: String,
    /// A name for people.
    pub name: String,
    /// Where it stands.
    pub state: StepState,
    /// When it ran, in RFC 3339.
    pub applied_at: Option<String>,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Names of the steps that ran now, in order.
    pub applied: Vec<String>,
    /// How many had run before.
    pub already: usize,
    /// Names of steps that were changed after they ran.
    pub modified: Vec<String>,
}

/// Steps in order, with the history of those that ran.
pub struct Migrator<H, S> {
    history: H,
    steps: Vec<S>,
    order: Order,
    allow_modified: bool,
    allow_down: bool,
}

impl<H: History, S: Step> Migrator<H, S> {
    /// Steps in the order they are to run; repeatable ones run last.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` when two have one key.
    pub fn new(history: H, mut steps: Vec<S>) -> Result<Self, MigrateError> {
        let mut keys = BTreeSet::new();
        if let Some(twice) = steps.iter().find(|step| !keys.insert(step.key())) {
            return Err(MigrateError::invalid(format!(
                "two steps are known as {}",
                twice.key()
            )));
        }
        steps.sort_by_key(Step::is_repeatable);
        Ok(Self {
            history,
            steps,
            order: Order::default(),
            allow_modified: false,
            allow_down: false,
        })
    }

    /// Which steps may run.
    #[must_use]
    pub const fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Reports steps that were changed after they ran, instead of failing.
    #[must_use]
    pub const fn allow_modified(mut self) -> Self {
        self.allow_modified = true;
        self
    }

    /// Lets [`down`](Self::down) lose data.
    #[must_use]
    pub const fn allow_down(mut self) -> Self {
        self.allow_down = true;
        self
    }

    /// Runs every step that did not run.
    ///
    /// # Errors
    ///
    /// The first failure; what ran before it stays.
    pub fn up(&self, pool: &SqlitePool) -> Result<Report, MigrateError> {
        self.up_to(pool, None, |_| {})
    }

    /// Runs every step up to and with the one of that key, and tells each name
    /// when it is done.
    ///
    /// # Errors
    ///
    /// The first failure; what ran before it stays.
    pub fn up_to(
        &self,
        pool: &SqlitePool,
        last: Option<&str>,
        mut told: impl FnMut(&str),
    ) -> Result<Report, MigrateError> {
        let mut report = self.check(pool)?;
        for step in self.until(last)? {
            if self.run(pool, step)? {
                told(&step.name());
                report.applied.push(step.name());
            }
        }
        report.already = self.until(last)?.len() - report.applied.len();
        Ok(report)
    }

    /// Runs every step that did not run, and undoes all of it.
    ///
    /// # Errors
    ///
    /// The first failure. Steps outside of a transaction cannot be tried.
    pub fn dry_run(&self, pool: &SqlitePool) -> Result<Report, MigrateError> {
        let mut report = self.check(pool)?;
        let mut transaction = begin(pool)?;
        self.history.prepare(transaction.connection())?;
        let applied = self.history.read(transaction.connection())?;
        for step in &self.steps {
            if !is_due(step, applied.get(step.key())) {
                report.already += 1;
                continue;
            }
            if step.without_transaction().is_some() {
                let reason = "it runs outside of a transaction and cannot be tried";
                return Err(MigrateError::step(step.name(), reason));
            }
            transaction = step
                .up(transaction)
                .map_err(|error| MigrateError::step(step.name(), error))?;
            report.applied.push(step.name());
        }
        transaction.rollback()?;
        Ok(report)
    }

    /// Where every step stands, those that are not known any more last. Does
    /// not change the database.
    ///
    /// # Errors
    ///
    /// What the database reports.
    pub fn status(&self, pool: &SqlitePool) -> Result<Vec<Status>, MigrateError> {
        // The table is made inside and undone, so that asking changes nothing.
        let mut transaction = begin(pool)?;
        self.history.prepare(transaction.connection())?;
        let mut applied = self.history.read(transaction.connection())?;
        transaction.rollback()?;
        let mut status = Vec::new();
        for step in &self.steps {
            let there = applied.remove(step.key());
            status.push(Status {
                key: step.key().to_owned(),
                name: step.name(),
                state: state_of(step, there.as_ref()),
                applied_at: there.map(|there| there.applied_at),
            });
        }
        status.extend(applied.into_values().map(|there| Status {
            key: there.key,
            name: there.name,
            state: StepState::Missing,
            applied_at: Some(there.applied_at),
        }));
        Ok(status)
    }

    /// Undoes the last steps that ran.
    ///
    /// # Errors
    ///
    /// `DownNotAllowed`, `Irreversible`, or the first failure.
    pub fn down(&self, pool: &SqlitePool, steps: usize) -> Result<Vec<String>, MigrateError> {
        if !self.allow_down {
            return Err(MigrateError::DownNotAllowed);
        }
        let mut undone = Vec::new();
        for _ in 0..steps {
            let mut transaction = begin(pool)?;
            self.history.prepare(transaction.connection())?;
            let applied = self.history.read(transaction.connection())?;
            let last = self
                .steps
                .iter()
                .rev()
                .find(|step| !step.is_repeatable() && applied.contains_key(step.key()));
            let Some(step) = last else { break };
            let Some(down) = step.down() else {
                return Err(MigrateError::Irreversible { name: step.name() });
            };
            let connection = transaction.connection();
            connection
                .execute_batch(down)
                .map_err(|error| MigrateError::step(step.name(), error))?;
            self.history.forget(connection, step.key())?;
            transaction.commit()?;
            undone.push(step.name());
        }
        Ok(undone)
    }

    /// Remembers every step up to and with the one of that key as if it had
    /// run, for a database that was made in another way.
    ///
    /// # Errors
    ///
    /// What the database reports.
    pub fn baseline(&self, pool: &SqlitePool, last: &str) -> Result<(), MigrateError> {
        let mut transaction = begin(pool)?;
        self.history.prepare(transaction.connection())?;
        let applied = self.history.read(transaction.connection())?;
        for step in self.until(Some(last))? {
            if !applied.contains_key(step.key()) {
                let run = Run {
                    duration_ms: 0,
                    success: true,
                };
                self.history.record(transaction.connection(), step, run)?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Forgets steps that failed half-way, so that they run again, and takes
    /// changed ones as they are now.
    ///
    /// # Errors
    ///
    /// What the database reports.
    pub fn repair(&self, pool: &SqlitePool) -> Result<Vec<String>, MigrateError> {
        let mut transaction = begin(pool)?;
        self.history.prepare(transaction.connection())?;
        let applied = self.history.read(transaction.connection())?;
        let mut repaired = Vec::new();
        for step in &self.steps {
            let connection = transaction.connection();
            match state_of(step, applied.get(step.key())) {
                StepState::Failed => self.history.forget(connection, step.key())?,
                StepState::Modified => {
                    let run = Run {
                        duration_ms: 0,
                        success: true,
                    };
                    self.history.record(connection, step, run)?;
                }
                _ => continue,
            }
            repaired.push(step.name());
        }
        transaction.commit()?;
        Ok(repaired)
    }

    fn until(&self, last: Option<&str>) -> Result<&[S], MigrateError> {
        let Some(last) = last else {
            return Ok(&self.steps);
        };
        let at = self.steps.iter().position(|step| step.key() == last);
        match at {
            Some(at) => Ok(&self.steps[..=at]),
            None => Err(MigrateError::invalid(format!("no step is known as {last}"))),
        }
    }

    /// What would stop a run, before anything is changed.
    fn check(&self, pool: &SqlitePool) -> Result<Report, MigrateError> {
        let status = self.status(pool)?;
        let names = |state: StepState| -> Vec<String> {
            let with = status.iter().filter(|status| status.state == state);
            with.map(|status| status.name.clone()).collect()
        };
        if let Some(name) = names(StepState::Failed).into_iter().next() {
            return Err(MigrateError::NeedsRepair { name });
        }
        let repeatable = |name: &String| {
            self.steps
                .iter()
                .any(|step| step.is_repeatable() && step.name() == *name)
        };
        let mut modified = names(StepState::Modified);
        modified.retain(|name| !repeatable(name));
        if !modified.is_empty() && !self.allow_modified {
            return Err(MigrateError::Modified { names: modified });
        }
        if self.order == Order::Strict {
            let missing = names(StepState::Missing);
            if !missing.is_empty() {
                return Err(MigrateError::Missing { names: missing });
            }
            let known = &status[..self.steps.len()];
            let pending = known
                .iter()
                .position(|status| status.state == StepState::Pending);
            let behind = known.iter().zip(&self.steps).rposition(|(status, step)| {
                status.state != StepState::Pending && !step.is_repeatable()
            });
            if let (Some(pending), Some(behind)) = (pending, behind)
                && pending < behind
            {
                return Err(MigrateError::OutOfOrder {
                    name: known[pending].name.clone(),
                    behind: known[behind].name.clone(),
                });
            }
        }
        Ok(Report {
            modified,
            ..Report::default()
        })
    }

    /// Runs a step unless it ran, which only the lock decides.
    fn run(&self, pool: &SqlitePool, step: &S) -> Result<bool, MigrateError> {
        let mut transaction = begin(pool)?;
        self.history.prepare(transaction.connection())?;
        let applied: BTreeMap<String, AppliedStep> = self.history.read(transaction.connection())?;
        if !is_due(step, applied.get(step.key())) {
            transaction.rollback()?;
            return Ok(false);
        }
        let start = Instant::now();
        if let Some(sql) = step.without_transaction() {
            return self.run_outside(transaction, step, sql).map(|()| true);
        }
        transaction = step
            .up(transaction)
            .map_err(|error| MigrateError::step(step.name(), error))?;
        let run = Run {
            duration_ms: start.elapsed().as_millis().try_into().unwrap_or(i64::MAX),
            success: true,
        };
        self.history.record(transaction.connection(), step, run)?;
        transaction
            .commit()
            .map_err(|error| MigrateError::step(step.name(), error))?;
        Ok(true)
    }

    /// A step outside of a transaction is remembered as failed while it runs:
    /// if it does not come to its end, everybody knows.
    fn run_outside(
        &self,
        mut transaction: Transaction,
        step: &S,
        sql: &str,
    ) -> Result<(), MigrateError> {
        let start = Instant::now();
        let half_way = Run {
            duration_ms: 0,
            success: false,
        };
        self.history
            .record(transaction.connection(), step, half_way)?;
        let mut connection = transaction.commit_and_keep()?;
        connection
            .execute_batch(sql)
            .map_err(|error| MigrateError::step(step.name(), error))?;
        let run = Run {
            duration_ms: start.elapsed().as_millis().try_into().unwrap_or(i64::MAX),
            success: true,
        };
        self.history.record(&mut connection, step, run)?;
        Ok(())
    }
}

impl<H, S> std::fmt::Debug for Migrator<H, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrator")
            .field("steps", &self.steps.len())
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

fn is_due(step: &impl Step, applied: Option<&AppliedStep>) -> bool {
    match applied {
        None => true,
        Some(applied) => {
            step.is_repeatable() && applied.checksum.as_deref() != Some(step.checksum())
        }
    }
}

fn state_of(step: &impl Step, applied: Option<&AppliedStep>) -> StepState {
    match applied {
        None => StepState::Pending,
        Some(applied) if !applied.success => StepState::Failed,
        Some(applied) => match &applied.checksum {
            Some(checksum) if checksum != step.checksum() => StepState::Modified,
            _ => StepState::Applied,
        },
    }
}

/// The exclusive transaction that is also the lock among runners.
fn begin(pool: &SqlitePool) -> Result<Transaction, MigrateError> {
    let limits = Limits {
        deadline: Some(Instant::now() + LOCK_WAIT),
        cancelled: None,
    };
    loop {
        match pool.begin_exclusive(&limits) {
            Ok(mut transaction) => {
                // The limit is for waiting; a step takes as long as it takes.
                transaction.connection().set_limits(Limits::default());
                return Ok(transaction);
            }
            Err(error) if is_locked(&error) && limits.deadline > Some(Instant::now()) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_locked(error: &plumego_store::db::DbError) -> bool {
    use std::error::Error as _;
    let source = error.source().and_then(|source| source.downcast_ref());
    let inner: Option<&plumego_store::db::DbError> = source;
    *error.kind() == DbErrorKind::Locked
        || inner.is_some_and(|inner| *inner.kind() == DbErrorKind::Locked)
}
