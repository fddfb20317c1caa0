//! `time`.

use std::time::{Duration, UNIX_EPOCH};

use super::Call;
use crate::error::standard_error;
use crate::fault::{Fault, Outcome};
use crate::time::{self, FormatError};
use crate::value::Value;

pub(super) fn now(call: &mut Call<'_>) -> Outcome<Value> {
    let now = call.ctx.runtime().clock().now();
    let millis = match now.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    };
    Ok(Value::Int(millis))
}

pub(super) fn monotonic_ms(call: &mut Call<'_>) -> Outcome<Value> {
    let runtime = call.ctx.runtime();
    let elapsed = runtime
        .clock()
        .instant()
        .saturating_duration_since(runtime.started());
    Ok(Value::Int(
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX),
    ))
}

pub(super) fn sleep(call: &mut Call<'_>) -> Outcome<Value> {
    let millis = u64::try_from(call.int(0)?)
        .map_err(|_| Fault::invalid_arguments("time.sleep expects a non-negative duration"))?;
    let interrupt = call.ctx.interrupt().clone();
    call.ctx
        .blocking(|_| interrupt.wait(Duration::from_millis(millis)))?;
    Ok(Value::Unit)
}

fn epoch_out_of_range() -> Fault {
    Fault::invalid_arguments("time.format epoch out of range")
}

pub(super) fn format(call: &mut Call<'_>) -> Outcome<Value> {
    match time::format(call.int(0)?, call.text(1)?) {
        Ok(text) => Ok(Value::text(&text)),
        Err(FormatError::Format) => Err(Fault::invalid_arguments("time.format invalid format")),
        Err(FormatError::Range) => Err(epoch_out_of_range()),
    }
}

pub(super) fn iso(call: &mut Call<'_>) -> Outcome<Value> {
    time::iso(call.int(0)?)
        .map(|text| Value::text(&text))
        .ok_or_else(epoch_out_of_range)
}

pub(super) fn parse(call: &mut Call<'_>) -> Outcome<Value> {
    let format = call.text(1)?;
    let message = format!("time.parse failed for format `{format}`");
    let parsed = time::parse(call.text(0)?, format);
    result(call, parsed, &message)
}

pub(super) fn parse_iso(call: &mut Call<'_>) -> Outcome<Value> {
    let parsed = time::parse_iso(call.text(0)?);
    result(call, parsed, "time.parse_iso failed")
}

fn result(call: &mut Call<'_>, parsed: Option<i64>, message: &str) -> Outcome<Value> {
    if let Some(millis) = parsed {
        return Ok(Value::ok(call.result, Value::Int(millis)));
    }
    let given = vec![
        ("code", Value::text("invalid_time")),
        ("message", Value::text(message)),
        ("status", Value::Int(400)),
    ];
    let error = standard_error(call.ctx, call.result.key(), given)?;
    Ok(Value::err(call.result, error))
}
