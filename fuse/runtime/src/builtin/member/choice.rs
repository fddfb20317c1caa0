//! Methods of `Option` and `Result`.

use crate::builtin::Call;
use crate::fault::Outcome;
use crate::heap::{OK, Obj};
use crate::meta::Kind;
use crate::value::Value;

pub(in super::super) fn is_some(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(!call.args[0].is_null()))
}

pub(in super::super) fn is_none(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(call.args[0].is_null()))
}

pub(in super::super) fn option_map(call: &mut Call<'_>) -> Outcome<Value> {
    let content = call.take(0);
    if content.is_null() {
        return Ok(content);
    }
    let Call { ctx, args, .. } = call;
    ctx.call_value(&args[1], &mut [content])
}

fn receiver<'a>(call: &'a Call<'_>) -> Outcome<Obj<'a>> {
    let result = call.args[0].peek().as_kind(Kind::Result);
    result.ok_or_else(|| call.mismatch(0))
}

fn is_success(call: &Call<'_>) -> Outcome<bool> {
    Ok(receiver(call)?.tag() == OK)
}

pub(in super::super) fn is_ok(call: &mut Call<'_>) -> Outcome<Value> {
    is_success(call).map(Value::Bool)
}

pub(in super::super) fn is_err(call: &mut Call<'_>) -> Outcome<Value> {
    is_success(call).map(|success| Value::Bool(!success))
}

/// What is inside, if it is a success or failure as wanted.
fn content(call: &Call<'_>, success: bool) -> Outcome<Value> {
    let result = receiver(call)?;
    Ok(if (result.tag() == OK) == success {
        result.field(0).to_value()
    } else {
        Value::Null
    })
}

pub(in super::super) fn ok(call: &mut Call<'_>) -> Outcome<Value> {
    content(call, true)
}

pub(in super::super) fn err(call: &mut Call<'_>) -> Outcome<Value> {
    content(call, false)
}

/// A result in which the function replaced the content that it is for.
fn map_content(call: &mut Call<'_>, success: bool) -> Outcome<Value> {
    let (desc, is_ok) = (call.result, is_success(call)?);
    let mut content = receiver(call)?.field(0).to_value();
    drop(call.take(0));
    if is_ok == success {
        let Call { ctx, args, .. } = call;
        content = ctx.call_value(&args[1], &mut [content])?;
    }
    Ok(if is_ok {
        Value::ok(desc, content)
    } else {
        Value::err(desc, content)
    })
}

pub(in super::super) fn result_map(call: &mut Call<'_>) -> Outcome<Value> {
    map_content(call, true)
}

pub(in super::super) fn result_map_err(call: &mut Call<'_>) -> Outcome<Value> {
    map_content(call, false)
}
