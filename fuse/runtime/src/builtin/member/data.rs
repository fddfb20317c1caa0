//! Methods of `Value`.

use crate::builtin::Call;
use crate::fault::{Fault, Outcome};
use crate::heap::{Obj, list_of};
use crate::meta::{Kind, well_known};
use crate::ops;
use crate::value::{Peek, Value};

pub(in super::super) fn is_null(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(matches!(
        call.args[0],
        Value::Null | Value::Unit
    )))
}

pub(in super::super) fn kind(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::text(ops::kind_name(call.args[0].peek())))
}

fn object<'a>(call: &'a Call<'_>, kind: Kind) -> Option<Obj<'a>> {
    call.args[0].peek().as_kind(kind)
}

pub(in super::super) fn keys(call: &mut Call<'_>) -> Outcome<Value> {
    if matches!(call.args[0], Value::Null | Value::Unit) {
        return Err(Fault::null_access());
    }
    let map = object(call, Kind::Map).ok_or_else(|| Fault::unknown_field("keys"))?;
    let keys = map.map().iter().map(|(key, _)| key.to_value());
    Ok(Value::Ref(list_of(&well_known::LIST_STRING, keys)))
}

pub(in super::super) fn len(call: &mut Call<'_>) -> Outcome<Value> {
    let value = call.args[0].peek();
    let len = match value {
        Peek::Null | Peek::Unit => return Err(Fault::null_access()),
        Peek::Obj(object) => match object.desc().kind {
            Kind::List => Some(object.list().len()),
            Kind::Map => Some(object.map().len()),
            Kind::String => Some(object.text_chars()),
            Kind::Bytes => Some(object.bytes().len()),
            _ => None,
        },
        _ => None,
    };
    let len = len.ok_or_else(|| {
        let found = ops::kind_name(value);
        Fault::cannot_convert("value", &format!("expected List, found {found}"))
    })?;
    Ok(Value::Int(len as i64))
}

pub(in super::super) fn as_int(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(call.args[0].as_int()))
}

pub(in super::super) fn as_float(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(match call.args[0] {
        Value::Int(value) => Value::Float(value as f64),
        Value::Float(value) => Value::Float(value),
        _ => Value::Null,
    })
}

pub(in super::super) fn as_bool(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(call.args[0].as_bool()))
}

pub(in super::super) fn as_text(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(if call.args[0].as_text().is_some() {
        call.take(0)
    } else {
        Value::Null
    })
}

pub(in super::super) fn as_list(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(elements(call, Kind::List))
}

pub(in super::super) fn as_map(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(elements(call, Kind::Map))
}

fn elements(call: &mut Call<'_>, kind: Kind) -> Value {
    if object(call, kind).is_none() {
        return Value::Null;
    }
    ops::to_value_elements(call.take(0))
}
