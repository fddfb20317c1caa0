//! `env` and its kin.

use super::Call;
use crate::decode::{float_of_text, int_of_text};
use crate::fault::{Fault, FaultCode, Outcome};
use crate::value::Value;

/// The variable that the first argument names, and the name.
fn variable<'a>(call: &'a Call<'_>) -> Outcome<(&'a str, Option<&'a str>)> {
    let name = call.text(0)?;
    if name.is_empty() {
        return Err(Fault::invalid_arguments(
            "environment variable name must not be empty",
        ));
    }
    let value = call.ctx.runtime().environment().get(name);
    let value = value.map_err(|error| Fault::error(error.to_string()))?;
    Ok((name, value))
}

pub(super) fn env(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(variable(call)?.1.map_or(Value::Null, Value::text))
}

/// The variable as a value of a kind.
fn typed(call: &Call<'_>, kind: &str, read: impl FnOnce(&str) -> Option<Value>) -> Outcome<Value> {
    let (name, Some(text)) = variable(call)? else {
        return Ok(Value::Null);
    };
    let text = text.trim();
    read(text).ok_or_else(|| {
        let shown = match crate::meta::is_secret_text(name, text) {
            true => "<redacted>".into(),
            false => crate::validate::echo(text),
        };
        let message = format!("invalid {kind}: {shown} (env {name})");
        Fault::new(FaultCode::ConfigDecode, message)
    })
}

pub(super) fn env_int(call: &mut Call<'_>) -> Outcome<Value> {
    typed(call, "Int", |text| int_of_text(text).ok())
}

pub(super) fn env_float(call: &mut Call<'_>) -> Outcome<Value> {
    typed(call, "Float", |text| float_of_text(text).ok())
}

pub(super) fn env_bool(call: &mut Call<'_>) -> Outcome<Value> {
    typed(call, "Bool", |text| match text {
        _ if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        _ if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        _ => None,
    })
}
