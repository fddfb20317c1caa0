//! Methods of `String` that take a regular expression.

use std::sync::Arc;

use regex::Regex;

use crate::builtin::Call;
use crate::fault::{Fault, Outcome};
use crate::heap::list_of;
use crate::meta::well_known;
use crate::ops::check_len;
use crate::value::Value;

fn pattern(call: &Call<'_>) -> Outcome<Arc<Regex>> {
    let pattern = call.text(1)?;
    call.ctx.runtime().patterns().get(pattern).map_err(|error| {
        // The library shows the pattern over several lines; the last says why.
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default();
        let reason = reason.trim().trim_start_matches("error: ");
        Fault::invalid_arguments(format!("invalid regex: {reason}"))
    })
}

pub(in super::super) fn matches(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(pattern(call)?.is_match(call.text(0)?)))
}

pub(in super::super) fn find_all(call: &mut Call<'_>) -> Outcome<Value> {
    let pattern = pattern(call)?;
    let found = pattern
        .find_iter(call.text(0)?)
        .map(|found| Value::text(found.as_str()));
    Ok(Value::Ref(list_of(&well_known::LIST_STRING, found)))
}

pub(in super::super) fn replace_regex(call: &mut Call<'_>) -> Outcome<Value> {
    let pattern = pattern(call)?;
    let replaced = pattern.replace_all(call.text(0)?, call.text(2)?);
    check_len(replaced.len())?;
    Ok(Value::text(&replaced))
}
