//! Methods of `Map`.

use crate::builtin::Call;
use crate::fault::{Fault, Outcome};
use crate::heap::{Key, Map, Obj, Ref, list_of};
use crate::meta::Kind;
use crate::ops::check_len;
use crate::value::{Peek, Value};

fn receiver<'a>(call: &'a Call<'_>) -> Outcome<Map<'a>> {
    let map = call.args[0].peek().as_kind(Kind::Map).map(Obj::map);
    map.ok_or_else(|| call.mismatch(0))
}

fn take(call: &mut Call<'_>) -> Outcome<Ref> {
    receiver(call)?;
    match call.take(0) {
        Value::Ref(map) => Ok(map),
        _ => Err(Fault::internal("a map expected")),
    }
}

/// The receiver where it is, and the argument that is the key.
fn place<'a>(call: &'a mut Call<'_>) -> Outcome<(&'a mut Ref, Key<'a>)> {
    receiver(call)?;
    let (map, rest) = call.args.split_at_mut(1);
    match (&mut map[0], Key::from_peek(rest[0].peek())) {
        (Value::Ref(map), Some(key)) => Ok((map, key)),
        _ => Err(Fault::internal("a map and a key expected")),
    }
}

fn key<'a>(call: &'a Call<'_>) -> Outcome<Key<'a>> {
    Key::from_peek(call.args[1].peek()).ok_or_else(|| call.mismatch(1))
}

pub(in super::super) fn len(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Int(receiver(call)?.len() as i64))
}

pub(in super::super) fn is_empty(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(receiver(call)?.is_empty()))
}

pub(in super::super) fn has(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(receiver(call)?.contains(key(call)?)))
}

pub(in super::super) fn get(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(receiver(call)?
        .get(key(call)?)
        .map_or(Value::Null, Peek::to_value))
}

pub(in super::super) fn get_or(call: &mut Call<'_>) -> Outcome<Value> {
    if let Some(value) = receiver(call)?.get(key(call)?) {
        return Ok(value.to_value());
    }
    Ok(call.take(2))
}

pub(in super::super) fn keys(call: &mut Call<'_>) -> Outcome<Value> {
    let keys = receiver(call)?.iter().map(|(key, _)| key.to_value());
    Ok(Value::Ref(list_of(call.result, keys)))
}

pub(in super::super) fn values(call: &mut Call<'_>) -> Outcome<Value> {
    let values = receiver(call)?.iter().map(|(_, value)| value.to_value());
    Ok(Value::Ref(list_of(call.result, values)))
}

pub(in super::super) fn merge(call: &mut Call<'_>) -> Outcome<Value> {
    let mut merged = take(call)?;
    let other = call.args[1].peek().as_kind(Kind::Map).map(Obj::map);
    let other = other.ok_or_else(|| call.mismatch(1))?;
    check_len((merged.obj().map().len() + other.len()).saturating_mul(32))?;
    let mut target = merged.map_mut();
    for (key, value) in other.iter() {
        target.set_value(key.to_value(), value.to_value());
    }
    Ok(Value::Ref(merged))
}

/// Calls `visit` with every entry.
fn each(
    call: &mut Call<'_>,
    mut visit: impl FnMut(&mut Call<'_>, Value, Value) -> Outcome<()>,
) -> Outcome<()> {
    let map = take(call)?;
    for place in 0..map.obj().map().places() {
        let entry = map.obj().map().entry(place);
        let entry = entry.map(|(key, value)| (key.to_value(), value.to_value()));
        if let Some((key, value)) = entry {
            visit(call, key, value)?;
        }
        call.ctx.check()?;
    }
    Ok(())
}

pub(in super::super) fn map_values(call: &mut Call<'_>) -> Outcome<Value> {
    let mut made = Ref::new_map(call.result, receiver(call)?.len());
    each(call, |call, key, value| {
        let Call { ctx, args, .. } = call;
        let value = ctx.call_value(&args[1], &mut [value])?;
        made.map_mut().set_value(key, value);
        Ok(())
    })?;
    Ok(Value::Ref(made))
}

pub(in super::super) fn filter(call: &mut Call<'_>) -> Outcome<Value> {
    let mut kept = Ref::new_map(call.result, 0);
    each(call, |call, key, value| {
        let Call { ctx, args, .. } = call;
        let answer = ctx.call_value(&args[1], &mut [key.clone(), value.clone()])?;
        if answer
            .as_bool()
            .ok_or_else(|| Fault::internal("a Bool expected"))?
        {
            kept.map_mut().set_value(key, value);
        }
        Ok(())
    })?;
    Ok(Value::Ref(kept))
}

pub(in super::super) fn set(call: &mut Call<'_>) -> Outcome<Value> {
    let value = call.take(2);
    let (map, key) = place(call)?;
    map.map_mut().set(key, value);
    Ok(Value::Unit)
}

pub(in super::super) fn remove(call: &mut Call<'_>) -> Outcome<Value> {
    let (map, key) = place(call)?;
    Ok(map.map_mut().remove(key).unwrap_or(Value::Null))
}

pub(in super::super) fn clear(call: &mut Call<'_>) -> Outcome<Value> {
    receiver(call)?;
    if let Value::Ref(map) = &mut call.args[0] {
        *map = Ref::new_map(map.desc(), 0);
    }
    Ok(Value::Unit)
}
