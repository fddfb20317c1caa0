//! `json.encode`, `json.decode`, `v.decode<T>()`, and `parse` of `Id` and `Email`.

use super::Call;
use crate::decode::{DataMode, Invalid, decode_data, decode_json, decode_json_value};
use crate::display;
use crate::error::validation_value;
use crate::fault::{Fault, Outcome};
use crate::json::{self, DEPTH_MAX};
use crate::ops::check_len;
use crate::validate::{Path, Problems, constraints};
use crate::value::{Peek, Value};

fn encoded(call: &Call<'_>, encode: fn(Peek<'_>, &mut Vec<u8>)) -> Outcome<Value> {
    display::with_buffer(|out| {
        encode(call.args[0].peek(), out);
        check_len(out.len())?;
        Ok(Value::text(
            std::str::from_utf8(out).expect("JSON of text is text"),
        ))
    })
}

pub(super) fn encode(call: &mut Call<'_>) -> Outcome<Value> {
    encoded(call, json::encode)
}

pub(super) fn encode_pretty(call: &mut Call<'_>) -> Outcome<Value> {
    encoded(call, json::encode_pretty)
}

pub(super) fn decode(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(decode_json_value(call.text(0)?)?)
}

/// The type argument, which the checker has made sure of.
fn target(call: &Call<'_>) -> Outcome<&'static crate::meta::TypeDesc> {
    call.type_arg
        .ok_or_else(|| Fault::internal("a type argument expected"))
}

/// `Ok` with the value, or `Err` with what is wrong.
fn result(call: &mut Call<'_>, decoded: Result<Value, Invalid>, root: &str) -> Outcome<Value> {
    match decoded {
        Ok(value) => Ok(Value::ok(call.result, value)),
        Err(invalid) => {
            let fields = invalid.into_fields(root);
            let error = validation_value(call.ctx, call.result.key(), fields)?;
            Ok(Value::err(call.result, error))
        }
    }
}

pub(super) fn decode_typed(call: &mut Call<'_>) -> Outcome<Value> {
    let (desc, text) = (target(call)?, call.take(0));
    let text = text
        .as_text()
        .ok_or_else(|| Fault::internal("text expected"))?;
    let decoded = decode_json(call.ctx, desc, text, DEPTH_MAX, "value")?;
    result(call, decoded, "value")
}

pub(super) fn value_decode(call: &mut Call<'_>) -> Outcome<Value> {
    let (desc, data) = (target(call)?, call.take(0));
    let decoded = decode_data(call.ctx, desc, data.peek(), DataMode::Decode, "value")?;
    result(call, decoded, "value")
}

/// `Id.parse(s)` and `Email.parse(s)`.
pub(super) fn parse(call: &mut Call<'_>) -> Outcome<Value> {
    let (desc, text) = (call.result.elem(), call.take(0));
    let mut problems = Problems::new();
    constraints(
        call.ctx,
        desc,
        text.peek(),
        &Path::root("value"),
        &mut problems,
    )?;
    let decoded = match problems.is_empty() {
        true => Ok(text),
        false => Err(Invalid::Problems(problems)),
    };
    result(call, decoded, "value")
}
