//! Indexes and slices, counted from 0; text by scalar values.

use std::ops::Range;

use crate::fault::{Fault, Outcome};
use crate::heap::{Key, List, Map, Obj, Ref};
use crate::value::{Peek, Value};

/// `index` as a position below `len`.
fn position(index: i64, len: usize) -> Outcome<usize> {
    usize::try_from(index)
        .ok()
        .filter(|index| *index < len)
        .ok_or_else(Fault::index_bounds)
}

/// `start` and `end` as a range within `len`.
fn span(start: i64, end: i64, len: usize) -> Outcome<Range<usize>> {
    let start = usize::try_from(start).map_err(|_| Fault::index_bounds())?;
    let end = usize::try_from(end).map_err(|_| Fault::index_bounds())?;
    if start > end || end > len {
        return Err(Fault::index_bounds());
    }
    Ok(start..end)
}

/// `list[index]`
///
/// # Errors
///
/// There is no such element.
pub fn list_index(list: List<'_>, index: i64) -> Outcome<Peek<'_>> {
    list.get(position(index, list.len())?)
        .ok_or_else(Fault::index_bounds)
}

/// `list[index] = value`
///
/// # Errors
///
/// There is no such element.
///
/// # Panics
///
/// If it is no list, or the value is not of the element type: a defect of
/// whoever made the program.
pub fn list_set(list: &mut Ref, index: i64, value: Value) -> Outcome<()> {
    let index = position(index, list.obj().list().len())?;
    list.list_mut().set(index, value);
    Ok(())
}

/// Changes `list[index]` in place.
///
/// # Errors
///
/// There is no such element.
///
/// # Panics
///
/// As [`list_set`].
pub fn list_element_mut<T>(
    list: &mut Ref,
    index: i64,
    change: impl FnOnce(&mut Value) -> T,
) -> Outcome<T> {
    let index = position(index, list.obj().list().len())?;
    Ok(list.list_mut().with_element(index, change))
}

/// Removes `list[index]`.
///
/// # Errors
///
/// There is no such element.
///
/// # Panics
///
/// As [`list_set`].
pub fn list_remove(list: &mut Ref, index: i64) -> Outcome<Value> {
    let index = position(index, list.obj().list().len())?;
    Ok(list.list_mut().remove(index))
}

/// The elements from `start` to before `end`, or to the end of the list.
///
/// # Errors
///
/// The range is not within the list.
pub fn list_slice(list: List<'_>, start: i64, end: Option<i64>) -> Outcome<Value> {
    let end = end.unwrap_or(list.len() as i64);
    let range = span(start, end, list.len())?;
    Ok(Value::Ref(list.copy(range.start, range.end, 0)))
}

/// `map[key]`, where an absent key is a fault.
///
/// # Errors
///
/// There is no such entry.
pub fn map_index<'a>(map: Map<'a>, key: Key<'_>) -> Outcome<Peek<'a>> {
    map.get(key).ok_or_else(|| match key {
        Key::Text(key) => Fault::missing_key(key),
        Key::Int(key) => Fault::missing_key(&key.to_string()),
    })
}

/// The byte at which the scalar value number `index` begins, or the length of
/// the text if that is its number of scalar values. At once for ASCII.
#[must_use]
pub fn text_position(text: Obj<'_>, index: usize) -> Option<usize> {
    if text.is_ascii() {
        return (index <= text.bytes().len()).then_some(index);
    }
    let chars = text.text_chars();
    if index > chars {
        return None;
    }
    let text = text.text();
    // Counted from the end that is nearer.
    if index <= chars / 2 {
        let mut starts = text.char_indices().map(|(at, _)| at);
        return starts.nth(index).or(Some(text.len()));
    }
    if index == chars {
        return Some(text.len());
    }
    text.char_indices()
        .rev()
        .map(|(at, _)| at)
        .nth(chars - 1 - index)
}

/// `text[index]`: text of one scalar value.
///
/// # Errors
///
/// There is no such scalar value.
pub fn text_index(text: Obj<'_>, index: i64) -> Outcome<Value> {
    let index = position(index, text.text_chars())?;
    let start = text_position(text, index).ok_or_else(Fault::index_bounds)?;
    let rest = &text.text()[start..];
    let len = rest.chars().next().map_or(0, char::len_utf8);
    Ok(Value::text(&rest[..len]))
}

/// The scalar values from `start` to before `end`, or to the end of the text.
///
/// # Errors
///
/// The range is not within the text.
pub fn text_slice(text: Obj<'_>, start: i64, end: Option<i64>) -> Outcome<Value> {
    let chars = text.text_chars();
    let range = span(start, end.unwrap_or(chars as i64), chars)?;
    if range == (0..chars) {
        return Ok(Value::Ref(text.to_ref()));
    }
    let at = |index| text_position(text, index).ok_or_else(Fault::index_bounds);
    Ok(Value::text(&text.text()[at(range.start)?..at(range.end)?]))
}

/// `bytes[index]`
///
/// # Errors
///
/// There is no such octet.
pub fn bytes_index(bytes: &[u8], index: i64) -> Outcome<i64> {
    Ok(i64::from(bytes[position(index, bytes.len())?]))
}

/// The octets from `start` to before `end`, or to the end.
///
/// # Errors
///
/// The range is not within the bytes.
pub fn bytes_slice(bytes: &[u8], start: i64, end: Option<i64>) -> Outcome<Value> {
    let range = span(start, end.unwrap_or(bytes.len() as i64), bytes.len())?;
    Ok(Value::bytes(&bytes[range]))
}
