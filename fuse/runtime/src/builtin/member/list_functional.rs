//! Methods of `List` that call a function for each element, in order, on the
//! thread that calls. A fault of the function ends them.

use super::list::{receiver, take};
use crate::builtin::Call;
use crate::fault::{Fault, Outcome};
use crate::heap::{ListBuilder, Ref, list_of};
use crate::ops;
use crate::value::{Peek, Value};

/// Calls `visit` with every element until it says that it is enough.
fn each(
    call: &mut Call<'_>,
    mut visit: impl FnMut(&mut Call<'_>, Value) -> Outcome<bool>,
) -> Outcome<()> {
    let list = take(call)?;
    for index in 0..list.obj().list().len() {
        let element = list.obj().list().get(index).map(Peek::to_value);
        let element = element.ok_or_else(Fault::index_bounds)?;
        if !visit(call, element)? {
            break;
        }
        call.ctx.check()?;
    }
    Ok(())
}

/// What the function in argument 1 makes of an element.
fn apply(call: &mut Call<'_>, element: Value) -> Outcome<Value> {
    let Call { ctx, args, .. } = call;
    ctx.call_value(&args[1], &mut [element])
}

fn accepts(call: &mut Call<'_>, element: Value) -> Outcome<bool> {
    let answer = apply(call, element)?;
    answer
        .as_bool()
        .ok_or_else(|| Fault::internal("a Bool expected"))
}

pub(in super::super) fn map(call: &mut Call<'_>) -> Outcome<Value> {
    let mut made = ListBuilder::new(call.result, receiver(call)?.len());
    each(call, |call, element| {
        made.push(apply(call, element)?);
        Ok(true)
    })?;
    Ok(Value::Ref(made.finish()))
}

pub(in super::super) fn filter(call: &mut Call<'_>) -> Outcome<Value> {
    let mut kept = ListBuilder::new(call.result, 0);
    each(call, |call, element| {
        if accepts(call, element.clone())? {
            kept.push(element);
        }
        Ok(true)
    })?;
    Ok(Value::Ref(kept.finish()))
}

pub(in super::super) fn flat_map(call: &mut Call<'_>) -> Outcome<Value> {
    let desc = call.result;
    let mut joined = Value::Ref(Ref::new_list(desc, 0));
    each(call, |call, element| {
        let part = apply(call, element)?;
        joined = ops::concat_lists(desc, joined.take(), &part)?;
        Ok(true)
    })?;
    Ok(joined)
}

/// `xs.reduce(init, f)`; the accumulator is moved along, so that the function can
/// change it in place.
pub(in super::super) fn reduce(call: &mut Call<'_>) -> Outcome<Value> {
    let mut accumulator = call.take(1);
    each(call, |call, element| {
        let Call { ctx, args, .. } = call;
        accumulator = ctx.call_value(&args[2], &mut [accumulator.take(), element])?;
        Ok(true)
    })?;
    Ok(accumulator)
}

pub(in super::super) fn any(call: &mut Call<'_>) -> Outcome<Value> {
    let mut found = false;
    each(call, |call, element| {
        found = accepts(call, element)?;
        Ok(!found)
    })?;
    Ok(Value::Bool(found))
}

pub(in super::super) fn all(call: &mut Call<'_>) -> Outcome<Value> {
    let mut held = true;
    each(call, |call, element| {
        held = accepts(call, element)?;
        Ok(held)
    })?;
    Ok(Value::Bool(held))
}

pub(in super::super) fn count(call: &mut Call<'_>) -> Outcome<Value> {
    let mut count = 0;
    each(call, |call, element| {
        count += i64::from(accepts(call, element)?);
        Ok(true)
    })?;
    Ok(Value::Int(count))
}

pub(in super::super) fn find(call: &mut Call<'_>) -> Outcome<Value> {
    let mut found = Value::Null;
    each(call, |call, element| {
        if accepts(call, element.clone())? {
            found = element;
            return Ok(false);
        }
        Ok(true)
    })?;
    Ok(found)
}

pub(in super::super) fn sort_by(call: &mut Call<'_>) -> Outcome<Value> {
    let desc = call.result;
    let mut keyed = Vec::new();
    each(call, |call, element| {
        keyed.push((apply(call, element.clone())?, element));
        Ok(true)
    })?;
    keyed.sort_by(|(a, _), (b, _)| ops::sort_order(a.peek(), b.peek()));
    Ok(Value::Ref(list_of(
        desc,
        keyed.into_iter().map(|(_, element)| element),
    )))
}

pub(in super::super) fn group_by(call: &mut Call<'_>) -> Outcome<Value> {
    let desc = call.result;
    let mut groups = Ref::new_map(desc, 0);
    each(call, |call, element| {
        let key = apply(call, element.clone())?;
        let name = key
            .as_text()
            .ok_or_else(|| Fault::internal("a String expected"))?;
        let mut groups = groups.map_mut();
        if groups.contains(name) {
            groups.with_entry(name, |group| {
                if let Value::Ref(group) = group {
                    group.list_mut().push(element);
                }
            });
        } else {
            groups.set(name, Value::Ref(list_of(desc.elem(), [element])));
        }
        Ok(true)
    })?;
    Ok(Value::Ref(groups))
}
