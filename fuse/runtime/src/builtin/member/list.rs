//! Methods of `List` that call nothing.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use crate::builtin::Call;
use crate::display;
use crate::fault::{Fault, Outcome};
use crate::heap::{List, ListBuilder, Obj, Ref, list_of};
use crate::meta::Kind;
use crate::ops::{self, check_len};
use crate::value::{Peek, Value};

pub(super) fn receiver<'a>(call: &'a Call<'_>) -> Outcome<List<'a>> {
    list(call, 0)
}

fn list<'a>(call: &'a Call<'_>, index: usize) -> Outcome<List<'a>> {
    let list = call.args[index].peek().as_kind(Kind::List).map(Obj::list);
    list.ok_or_else(|| call.mismatch(index))
}

/// The list taken out of the arguments, to be changed in place if nothing else
/// owns it.
pub(super) fn take(call: &mut Call<'_>) -> Outcome<Ref> {
    receiver(call)?;
    match call.take(0) {
        Value::Ref(list) => Ok(list),
        _ => Err(Fault::internal("a list expected")),
    }
}

/// The receiver where it is, for methods that change it.
fn place<'a>(call: &'a mut Call<'_>) -> Outcome<&'a mut Ref> {
    receiver(call)?;
    match &mut call.args[0] {
        Value::Ref(list) => Ok(list),
        _ => Err(Fault::internal("a list expected")),
    }
}

fn optional(value: Option<Peek<'_>>) -> Outcome<Value> {
    Ok(value.map_or(Value::Null, Peek::to_value))
}

pub(in super::super) fn len(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Int(receiver(call)?.len() as i64))
}

pub(in super::super) fn is_empty(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(receiver(call)?.is_empty()))
}

pub(in super::super) fn first(call: &mut Call<'_>) -> Outcome<Value> {
    optional(receiver(call)?.get(0))
}

pub(in super::super) fn last(call: &mut Call<'_>) -> Outcome<Value> {
    let list = receiver(call)?;
    optional(list.len().checked_sub(1).and_then(|last| list.get(last)))
}

pub(in super::super) fn get(call: &mut Call<'_>) -> Outcome<Value> {
    let index = usize::try_from(call.int(1)?).ok();
    optional(index.and_then(|index| receiver(call).ok()?.get(index)))
}

pub(in super::super) fn slice(call: &mut Call<'_>) -> Outcome<Value> {
    ops::list_slice(receiver(call)?, call.int(1)?, Some(call.int(2)?))
}

/// A number of elements, cut to those that there are.
fn count(call: &Call<'_>, name: &str) -> Outcome<usize> {
    let count = usize::try_from(call.int(1)?)
        .map_err(|_| Fault::invalid_arguments(format!("{name} expects a non-negative count")))?;
    Ok(count.min(receiver(call)?.len()))
}

pub(in super::super) fn take_first(call: &mut Call<'_>) -> Outcome<Value> {
    let count = count(call, "take")?;
    Ok(Value::Ref(receiver(call)?.copy(0, count, 0)))
}

pub(in super::super) fn skip(call: &mut Call<'_>) -> Outcome<Value> {
    let (count, list) = (count(call, "skip")?, receiver(call)?);
    Ok(Value::Ref(list.copy(count, list.len(), 0)))
}

fn find_equal(call: &Call<'_>) -> Outcome<Option<usize>> {
    let wanted = call.args[1].peek();
    Ok(receiver(call)?
        .iter()
        .position(|element| ops::equal(element, wanted)))
}

pub(in super::super) fn contains(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(find_equal(call)?.is_some()))
}

pub(in super::super) fn index_of(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(find_equal(call)?.map(|index| index as i64)))
}

/// Room for more elements, before they are added.
fn check_room(list: List<'_>, more: usize) -> Outcome<()> {
    let len = list.len() + more;
    check_len(len)?;
    check_len(len.saturating_mul(list.elem().slot.size()) / 16)
}

pub(in super::super) fn append(call: &mut Call<'_>) -> Outcome<Value> {
    check_room(receiver(call)?, 1)?;
    let mut list = take(call)?;
    list.list_mut().push(call.take(1));
    Ok(Value::Ref(list))
}

pub(in super::super) fn concat(call: &mut Call<'_>) -> Outcome<Value> {
    let desc = call.result;
    let (list, more) = (call.take(0), call.take(1));
    ops::concat_lists(desc, list, &more)
}

pub(in super::super) fn reverse(call: &mut Call<'_>) -> Outcome<Value> {
    let mut list = take(call)?;
    list.list_mut().reverse();
    Ok(Value::Ref(list))
}

pub(in super::super) fn unique(call: &mut Call<'_>) -> Outcome<Value> {
    let list = receiver(call)?;
    let mut seen: HashMap<u64, Vec<Peek<'_>>> = HashMap::new();
    let mut unique = ListBuilder::new(call.result, 0);
    for element in list.iter() {
        let mut hasher = DefaultHasher::new();
        ops::hash(element, &mut hasher);
        let alike = seen.entry(hasher.finish()).or_default();
        if !alike.iter().any(|other| ops::equal(*other, element)) {
            alike.push(element);
            unique.push(element.to_value());
        }
    }
    Ok(Value::Ref(unique.finish()))
}

pub(in super::super) fn push(call: &mut Call<'_>) -> Outcome<Value> {
    check_room(receiver(call)?, 1)?;
    let value = call.take(1);
    place(call)?.list_mut().push(value);
    Ok(Value::Unit)
}

pub(in super::super) fn insert(call: &mut Call<'_>) -> Outcome<Value> {
    let len = receiver(call)?.len();
    check_room(receiver(call)?, 1)?;
    let index = usize::try_from(call.int(1)?)
        .ok()
        .filter(|index| *index <= len);
    let (index, value) = (index.ok_or_else(Fault::index_bounds)?, call.take(2));
    place(call)?.list_mut().insert(index, value);
    Ok(Value::Unit)
}

pub(in super::super) fn set(call: &mut Call<'_>) -> Outcome<Value> {
    let (index, value) = (call.int(1)?, call.take(2));
    ops::list_set(place(call)?, index, value)?;
    Ok(Value::Unit)
}

pub(in super::super) fn clear(call: &mut Call<'_>) -> Outcome<Value> {
    let list = place(call)?;
    *list = Ref::new_list(list.desc(), 0);
    Ok(Value::Unit)
}

pub(in super::super) fn pop(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(place(call)?.list_mut().pop().unwrap_or(Value::Null))
}

pub(in super::super) fn remove(call: &mut Call<'_>) -> Outcome<Value> {
    let index = call.int(1)?;
    ops::list_remove(place(call)?, index)
}

pub(in super::super) fn sort(call: &mut Call<'_>) -> Outcome<Value> {
    let list = receiver(call)?;
    let mut values: Vec<_> = list.iter().collect();
    values.sort_by(|a, b| ops::sort_order(*a, *b));
    let values = values.into_iter().map(Peek::to_value);
    Ok(Value::Ref(list_of(call.result, values)))
}

pub(in super::super) fn min(call: &mut Call<'_>) -> Outcome<Value> {
    optional(
        receiver(call)?
            .iter()
            .min_by(|a, b| ops::sort_order(*a, *b)),
    )
}

/// The last of the greatest would do as well; the first is what a stable sort
/// puts there.
pub(in super::super) fn max(call: &mut Call<'_>) -> Outcome<Value> {
    optional(
        receiver(call)?
            .iter()
            .rev()
            .max_by(|a, b| ops::sort_order(*a, *b)),
    )
}

pub(in super::super) fn sum(call: &mut Call<'_>) -> Outcome<Value> {
    let list = receiver(call)?;
    if let Some(floats) = list.floats() {
        return Ok(Value::Float(
            floats.iter().fold(0.0, |sum, value| sum + value),
        ));
    }
    let ints = list.ints().ok_or_else(|| call.mismatch(0))?;
    let sum = ints
        .iter()
        .try_fold(0_i64, |sum, value| ops::add(sum, *value));
    sum.map(Value::Int)
}

pub(in super::super) fn chunk(call: &mut Call<'_>) -> Outcome<Value> {
    let size = usize::try_from(call.int(1)?).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| Fault::invalid_arguments("chunk expects a positive size"))?;
    let list = receiver(call)?;
    let chunks = (0..list.len()).step_by(size).map(|start| {
        let end = start.saturating_add(size).min(list.len());
        Value::Ref(list.copy(start, end, 0))
    });
    Ok(Value::Ref(list_of(call.result, chunks)))
}

pub(in super::super) fn join(call: &mut Call<'_>) -> Outcome<Value> {
    let (list, separator) = (receiver(call)?, call.text(1)?);
    display::with_buffer(|out| {
        for (index, element) in list.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(separator.as_bytes());
            }
            display::write(element, out);
            check_len(out.len())?;
        }
        Ok(Value::text(
            std::str::from_utf8(out).expect("the text form is text"),
        ))
    })
}
