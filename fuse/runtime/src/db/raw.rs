//! Statements that the program writes itself.

use plumego_store::db::{DbError, Value as DbValue};

use super::error;
use super::rows::{self, Limit};
use super::unit;
use crate::builtin::Call;
use crate::context::Ctx;
use crate::fault::{Fault, FaultCode, Outcome};
use crate::meta::TypeDesc;
use crate::value::Value;

/// A statement with its parameters.
struct Statement {
    sql: String,
    params: Vec<DbValue>,
}

fn statement(call: &Call<'_>) -> Outcome<Statement> {
    Ok(Statement {
        sql: call.text(0)?.to_owned(),
        params: rows::params(&call.args[1])?,
    })
}

/// The fault of a failed statement; a result that is too large says only that.
pub(super) fn failed<'a>(
    what: &'static str,
    sql: &'a str,
    params: &'a [DbValue],
) -> impl FnOnce(&Ctx, &DbError) -> Fault + 'a {
    move |ctx, error| {
        if matches!(
            error.kind(),
            plumego_store::db::DbErrorKind::TooManyRows { .. }
        ) {
            return Fault::new(FaultCode::Db, "db result too large");
        }
        error::statement(what, error, sql, params, ctx.runtime().is_development())
    }
}

pub(super) fn run_exec(ctx: &mut Ctx, sql: &str, params: &[DbValue]) -> Outcome<()> {
    let done = unit::with(ctx, sql, failed("exec", sql, params), |connection, _| {
        connection.execute(sql, params)
    })?;
    ctx.db.last = done;
    Ok(())
}

/// Runs SQL for the sake of whether that works.
///
/// # Errors
///
/// It does not.
pub(crate) fn ask(ctx: &mut Ctx, sql: &str) -> Outcome<()> {
    run_query(ctx, "query", sql, &[], true).map(drop)
}

pub(super) fn run_query(
    ctx: &mut Ctx,
    what: &'static str,
    sql: &str,
    params: &[DbValue],
    first: bool,
) -> Outcome<Vec<Value>> {
    unit::with(ctx, sql, failed(what, sql, params), |connection, most| {
        let limit = if first {
            Limit::First
        } else {
            Limit::AtMost(most)
        };
        rows::maps(connection, sql, params, limit)
    })
}

pub(crate) fn exec(call: &mut Call<'_>) -> Outcome<Value> {
    let Statement { sql, params } = statement(call)?;
    run_exec(call.ctx, &sql, &params)?;
    Ok(Value::Unit)
}

pub(crate) fn query(call: &mut Call<'_>) -> Outcome<Value> {
    let Statement { sql, params } = statement(call)?;
    let rows = run_query(call.ctx, "query", &sql, &params, false)?;
    Ok(rows::list(call.result, rows))
}

pub(crate) fn one(call: &mut Call<'_>) -> Outcome<Value> {
    let Statement { sql, params } = statement(call)?;
    let rows = run_query(call.ctx, "one", &sql, &params, true)?;
    Ok(Value::option(rows.into_iter().next()))
}

/// The forms that return a failure instead of faulting.
fn attempt(
    call: &mut Call<'_>,
    work: impl FnOnce(&mut Ctx, &Statement, &'static TypeDesc) -> Outcome<Result<Value, DbError>>,
) -> Outcome<Value> {
    let statement = statement(call)?;
    let result = call.result;
    Ok(match work(call.ctx, &statement, result.elem())? {
        Ok(value) => Value::ok(result, value),
        Err(error) => Value::err(result, error::value(result.key(), &error)),
    })
}

/// Runs `work` on a connection; what the database reports is a value.
fn reported<T>(
    ctx: &mut Ctx,
    sql: &str,
    work: impl FnOnce(&mut plumego_x_data::sqlite::Connection, usize) -> plumego_store::db::DbResult<T>,
) -> Outcome<Result<T, DbError>> {
    let done = unit::run(ctx, sql, work)?;
    if done.is_err() {
        // A unit of work that was stopped ends; it does not get a value.
        ctx.interrupt().check_deadline()?;
    }
    Ok(done)
}

pub(crate) fn try_exec(call: &mut Call<'_>) -> Outcome<Value> {
    attempt(call, |ctx, Statement { sql, params }, _| {
        let done = reported(ctx, sql, |connection, _| connection.execute(sql, params))?;
        Ok(done.map(|done| {
            ctx.db.last = done;
            Value::Unit
        }))
    })
}

pub(crate) fn try_query(call: &mut Call<'_>) -> Outcome<Value> {
    attempt(call, |ctx, Statement { sql, params }, desc| {
        let rows = reported(ctx, sql, |connection, most| {
            rows::maps(connection, sql, params, Limit::AtMost(most))
        })?;
        Ok(rows.map(|rows| rows::list(desc, rows)))
    })
}

pub(crate) fn try_one(call: &mut Call<'_>) -> Outcome<Value> {
    attempt(call, |ctx, Statement { sql, params }, _| {
        let rows = reported(ctx, sql, |connection, _| {
            rows::maps(connection, sql, params, Limit::First)
        })?;
        Ok(rows.map(|rows| Value::option(rows.into_iter().next())))
    })
}

pub(crate) fn changes(call: &mut Call<'_>) -> Outcome<Value> {
    let rows = call.ctx.db.last.rows_affected;
    Ok(Value::Int(i64::try_from(rows).unwrap_or(i64::MAX)))
}

pub(crate) fn last_id(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Int(call.ctx.db.last.last_insert_id.unwrap_or(0)))
}
