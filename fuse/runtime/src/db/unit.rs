//! What a unit of work holds of the database: its transaction, and what its
//! last write did.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use plumego_store::db::{DbResult, ExecResult};
use plumego_x_data::sqlite::{Connection, Limits, PooledConnection, Transaction};

use super::error;
use crate::context::Ctx;
use crate::fault::{Fault, FaultCode, Outcome};
use crate::telemetry::{SpanEnd, SpanKind, operation};

/// How long a transaction may be open before a warning says so.
const LONG: Duration = Duration::from_secs(1);

/// The database as one unit of work sees it.
#[derive(Debug, Default)]
pub(crate) struct UnitState {
    transaction: Option<Open>,
    /// Rows that the latest write changed, and the last row it added.
    pub(super) last: ExecResult,
}

#[derive(Debug)]
struct Open {
    transaction: Transaction,
    since: Instant,
    /// Whether somebody else ends it: a migration runs inside one.
    borrowed: bool,
}

/// Begins the transaction of a unit of work.
///
/// # Errors
///
/// One is open already, or the database gives none.
pub fn begin(ctx: &mut Ctx) -> Outcome<()> {
    if ctx.db.transaction.is_some() {
        return Err(nested());
    }
    let limits = limits(ctx);
    let runtime = ctx.runtime().clone();
    let open = runtime.database().open(&runtime)?;
    let transaction = open
        .pool
        .begin_with(&limits)
        .map_err(|error| failed(ctx, || error::plain("db begin failed", &error)))?;
    ctx.db.transaction = Some(Open {
        transaction,
        since: Instant::now(),
        borrowed: false,
    });
    Ok(())
}

/// Makes the transaction of a unit of work permanent.
///
/// # Errors
///
/// The database refuses; it is rolled back then.
pub fn commit(ctx: &mut Ctx) -> Outcome<()> {
    let Some(open) = ctx.db.transaction.take() else {
        return Err(Fault::internal("there is no transaction to commit"));
    };
    warn_if_long(ctx, open.since);
    open.transaction
        .commit()
        .map_err(|error| error::plain("db commit failed", &error))
}

/// Undoes the transaction of a unit of work. A connection that cannot is
/// closed, which undoes it too.
pub fn rollback(ctx: &mut Ctx) {
    if let Some(open) = ctx.db.transaction.take() {
        warn_if_long(ctx, open.since);
        let _ = open.transaction.rollback();
    }
}

/// Lets a unit of work run inside a transaction of its caller.
pub(super) fn lend(ctx: &mut Ctx, transaction: Transaction) {
    ctx.db.transaction = Some(Open {
        transaction,
        since: Instant::now(),
        borrowed: true,
    });
}

/// Takes the transaction back.
pub(super) fn take_back(ctx: &mut Ctx) -> Option<Transaction> {
    ctx.db
        .transaction
        .take_if(|open| open.borrowed)
        .map(|open| open.transaction)
}

fn nested() -> Fault {
    Fault::new(
        FaultCode::TransactionNested,
        "db transaction already active",
    )
}

fn warn_if_long(ctx: &Ctx, since: Instant) {
    let open = since.elapsed();
    if open > LONG {
        let message = format!("db transaction was open for {} ms", open.as_millis());
        ctx.warn(&message);
    }
}

/// When statements of a unit of work must end.
fn limits(ctx: &Ctx) -> Limits {
    let word = Arc::clone(ctx.interrupt().word());
    Limits {
        deadline: ctx.interrupt().deadline(),
        cancelled: Some(Arc::new(move || word.load(Ordering::Relaxed) != 0)),
    }
}

/// Runs `work` on the connection of the transaction, or on one that fits the
/// statement.
///
/// # Errors
///
/// The unit of work was stopped before, or there is no database.
pub(super) fn run<T>(
    ctx: &mut Ctx,
    sql: &str,
    work: impl FnOnce(&mut Connection, usize) -> DbResult<T>,
) -> Outcome<DbResult<T>> {
    ctx.check()?;
    let runtime = ctx.runtime().clone();
    let open = runtime.database().open(&runtime)?;
    let meters = runtime.telemetry().meters();
    let began = meters.as_ref().map(|_| Instant::now());
    let call = |ctx: &mut Ctx| match &mut ctx.db.transaction {
        Some(active) => work(active.transaction.connection(), open.rows_max),
        None => {
            let limits = limits(ctx);
            let connection = open.pool.for_statement(sql, &limits);
            connection
                .and_then(|mut connection: PooledConnection| work(&mut connection, open.rows_max))
        }
    };
    let done = ctx.traced(SpanKind::Db, call, |done| {
        let end = SpanEnd {
            status: None,
            error: done.as_ref().err().map(error::code),
        };
        (operation(sql).to_owned(), end)
    });
    if let (Some(meters), Some(began)) = (meters, began) {
        meters.db_call(sql, done.is_ok(), began.elapsed());
    }
    Ok(done)
}

/// As [`run`], with what the database reports as a fault.
///
/// # Errors
///
/// The database gives no connection, or `work` fails; then with what stopped
/// the unit of work, if anything did.
pub(super) fn with<T>(
    ctx: &mut Ctx,
    sql: &str,
    fault: impl FnOnce(&Ctx, &plumego_store::db::DbError) -> Fault,
    work: impl FnOnce(&mut Connection, usize) -> DbResult<T>,
) -> Outcome<T> {
    let done = run(ctx, sql, work)?;
    done.map_err(|error| failed(ctx, || fault(ctx, &error)))
}

/// What stopped the unit of work, if anything did; else what the database says.
fn failed(ctx: &Ctx, fault: impl FnOnce() -> Fault) -> Fault {
    match ctx.interrupt().check_deadline() {
        Err(stopped) => stopped,
        Ok(()) => fault(),
    }
}
