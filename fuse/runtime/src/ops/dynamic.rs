//! Operators on dynamic data: values of type `Value`.

use super::{Comparison, arith, compare};
use crate::fault::{Fault, Outcome};
use crate::heap::{Ref, list_of, map_of};
use crate::meta::{Kind, Slot, well_known};
use crate::value::{Peek, Value};

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl Operator {
    /// As written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }

    fn of_ints(self, a: i64, b: i64) -> Outcome<i64> {
        match self {
            Self::Add => arith::add(a, b),
            Self::Subtract => arith::subtract(a, b),
            Self::Multiply => arith::multiply(a, b),
            Self::Divide => arith::divide(a, b),
            Self::Remainder => arith::remainder(a, b),
        }
    }

    fn of_floats(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::Remainder => a % b,
        }
    }
}

/// The name of the kind of a value in messages and for `kind()`.
#[must_use]
pub fn kind_name(value: Peek<'_>) -> &'static str {
    match value {
        Peek::Unit | Peek::Null => "null",
        Peek::Bool(_) => "Bool",
        Peek::Int(_) => "Int",
        Peek::Float(_) => "Float",
        Peek::Tag(..) => "Map",
        Peek::Obj(object) => match object.desc().kind {
            Kind::String | Kind::Html => "String",
            Kind::Bytes => "Bytes",
            Kind::List => "List",
            // What data makes of records, enums and results.
            _ => "Map",
        },
    }
}

/// `a operator b` where the kinds decide.
///
/// # Errors
///
/// The operator does not take these kinds, or fails on these numbers.
pub fn binary(operator: Operator, a: Value, b: &Value) -> Outcome<Value> {
    match (&a, b) {
        (Value::Int(a), Value::Int(b)) => return operator.of_ints(*a, *b).map(Value::Int),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            return Ok(Value::Float(operator.of_floats(to_float(&a), to_float(b))));
        }
        _ => {}
    }
    if operator == Operator::Add {
        if a.as_text().is_some() || b.as_text().is_some() {
            return arith::concat(a, b);
        }
        match (a.peek().kind(), b.peek().kind()) {
            (Kind::List, Kind::List) => {
                return arith::concat_lists(&well_known::LIST_VALUE, a, b);
            }
            (Kind::Bytes, Kind::Bytes) => {
                let left = a.as_bytes().unwrap_or_default();
                let right = b.as_bytes().unwrap_or_default();
                arith::check_len(left.len() + right.len())?;
                return Ok(Value::bytes(&[left, right].concat()));
            }
            _ => {}
        }
    }
    Err(Fault::operands(
        operator.symbol(),
        kind_name(a.peek()),
        kind_name(b.peek()),
    ))
}

fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(value) => *value as f64,
        Value::Float(value) => *value,
        _ => f64::NAN,
    }
}

/// `-a`
///
/// # Errors
///
/// It is no number, or the result is outside 64 bits.
pub fn negate(a: &Value) -> Outcome<Value> {
    match a {
        Value::Int(a) => arith::negate(*a).map(Value::Int),
        Value::Float(a) => Ok(Value::Float(-a)),
        other => Err(wrong_kind("Int", other.peek())),
    }
}

/// `!a`
///
/// # Errors
///
/// It is no `Bool`.
pub fn not(a: &Value) -> Outcome<bool> {
    condition(a).map(|a| !a)
}

/// A condition, or an operand of `and` and `or`.
///
/// # Errors
///
/// It is no `Bool`.
pub fn condition(a: &Value) -> Outcome<bool> {
    a.as_bool().ok_or_else(|| wrong_kind("Bool", a.peek()))
}

/// The fault of a conversion to `expected` of a whole value.
fn wrong_kind(expected: &str, found: Peek<'_>) -> Fault {
    let reason = format!("expected {expected}, found {}", kind_name(found));
    Fault::cannot_convert("value", &reason)
}

/// `a operator b` where the kinds decide.
///
/// # Errors
///
/// The operands are neither two numbers nor two texts.
pub fn compare(operator: Comparison, a: Peek<'_>, b: Peek<'_>) -> Outcome<bool> {
    let is_number = |value| matches!(value, Peek::Int(_) | Peek::Float(_));
    let comparable = is_number(a) && is_number(b) || a.as_text().is_some() && b.as_text().is_some();
    if !comparable {
        return Err(Fault::comparison(
            operator.symbol(),
            kind_name(a),
            kind_name(b),
        ));
    }
    Ok(operator.holds(compare::order(a, b)))
}

/// `base.name` of dynamic data; an absent key is null.
///
/// # Errors
///
/// The base is null, or no map.
pub fn member(base: Peek<'_>, name: &str) -> Outcome<Value> {
    match base {
        Peek::Null | Peek::Unit => Err(Fault::null_access()),
        base => match base.as_kind(Kind::Map) {
            Some(map) => Ok(map.map().get(name).map_or(Value::Null, Peek::to_value)),
            None => Err(Fault::unknown_field(name)),
        },
    }
}

/// `base[index]` of dynamic data; an absent key is null.
///
/// # Errors
///
/// The base is null or has no elements, the index is of the wrong kind, or
/// outside a list, text or bytes.
pub fn index(base: Peek<'_>, index: Peek<'_>) -> Outcome<Value> {
    let object = match base {
        Peek::Null | Peek::Unit => return Err(Fault::null_access()),
        Peek::Obj(object) => object,
        _ => return Err(wrong_index(index)),
    };
    match (object.desc().kind, index) {
        (Kind::List, Peek::Int(at)) => Ok(super::list_index(object.list(), at)?.to_value()),
        (Kind::String, Peek::Int(at)) => super::text_index(object, at),
        (Kind::Bytes, Peek::Int(at)) => super::bytes_index(object.bytes(), at).map(Value::Int),
        (Kind::Map, _) => match index.as_text() {
            Some(key) => Ok(object.map().get(key).map_or(Value::Null, Peek::to_value)),
            None => Err(Fault::map_index_kind()),
        },
        (Kind::List | Kind::String | Kind::Bytes, _) => Err(Fault::list_index_kind()),
        _ => Err(wrong_index(index)),
    }
}

/// The fault of an index into what has no elements.
fn wrong_index(index: Peek<'_>) -> Fault {
    match index.as_text() {
        Some(_) => Fault::map_index_kind(),
        None => Fault::list_index_kind(),
    }
}

/// `base[index] = value` of dynamic data.
///
/// # Errors
///
/// The base is null or has no elements, the index is of the wrong kind, or
/// outside the list.
pub fn set_element(base: &mut Value, index: &Value, value: Value) -> Outcome<()> {
    element_mut(base, index, |place| *place = value)
}

/// `base.name = value` of dynamic data.
///
/// # Errors
///
/// The base is null, or no map.
pub fn set_member(base: &mut Value, name: &str, value: Value) -> Outcome<()> {
    member_mut(base, name, |place| *place = value)
}

/// Changes `base.name` of dynamic data in place; an absent one begins as null.
///
/// # Errors
///
/// The base is null, or no map.
pub fn member_mut<T>(
    base: &mut Value,
    name: &str,
    change: impl FnOnce(&mut Value) -> T,
) -> Outcome<T> {
    if matches!(base, Value::Null | Value::Unit) {
        return Err(Fault::null_access());
    }
    let object = writable(base).filter(|object| object.desc().kind == Kind::Map);
    Ok(entry_mut(
        object.ok_or_else(Fault::not_a_struct)?,
        name,
        change,
    ))
}

/// Changes `base[index]` of dynamic data in place; an absent entry of a map
/// begins as null.
///
/// # Errors
///
/// As [`set_element`].
pub fn element_mut<T>(
    base: &mut Value,
    index: &Value,
    change: impl FnOnce(&mut Value) -> T,
) -> Outcome<T> {
    if matches!(base, Value::Null | Value::Unit) {
        return Err(Fault::null_access());
    }
    let object = writable(base).ok_or_else(Fault::not_indexable)?;
    match (object.desc().kind, index) {
        (Kind::List, Value::Int(at)) => super::list_element_mut(object, *at, change),
        (Kind::List, _) => Err(Fault::list_index_kind()),
        _ => match index.as_text() {
            Some(key) => Ok(entry_mut(object, key, change)),
            None => Err(Fault::map_index_kind()),
        },
    }
}

fn entry_mut<T>(map: &mut Ref, key: &str, change: impl FnOnce(&mut Value) -> T) -> T {
    let mut map = map.map_mut();
    if map.contains(key) {
        return map.with_entry(key, change).expect("the entry is there");
    }
    let mut value = Value::Null;
    let result = change(&mut value);
    map.set(key, value);
    result
}

/// A list or map of data as one whose elements are of type `Value`.
#[must_use]
pub fn to_value_elements(mut value: Value) -> Value {
    writable(&mut value);
    value
}

/// The list or map that data is, with room for data of any kind in it.
fn writable(base: &mut Value) -> Option<&mut Ref> {
    let Value::Ref(object) = base else {
        return None;
    };
    let desc = object.desc();
    match desc.kind {
        Kind::List if desc.elem().slot != Slot::Dyn => {
            let list = object.obj().list();
            *object = list_of(&well_known::LIST_VALUE, list.iter().map(Peek::to_value));
        }
        Kind::Map if desc.elem().slot != Slot::Dyn => {
            let entries = object.obj().map();
            let entries = entries
                .iter()
                .map(|(key, value)| (key.to_value(), value.to_value()));
            *object = map_of(&well_known::MAP_VALUE, entries);
        }
        Kind::List | Kind::Map => {}
        _ => return None,
    }
    Some(object)
}
