//! Fuse values as fields of log records.

use plumego_log::FieldValue;

use crate::display;
use crate::heap::{OK, Obj};
use crate::meta::Kind;
use crate::value::Peek;

/// Levels that are looked into; the logger shows fewer.
const DEPTH_MAX: usize = 20;

/// A value as a field; containers keep their shape, as JSON has it.
#[must_use]
pub fn field_value(value: Peek<'_>) -> FieldValue {
    convert(value, DEPTH_MAX)
}

fn convert(value: Peek<'_>, depth: usize) -> FieldValue {
    let object = match value {
        Peek::Unit | Peek::Null => return FieldValue::Null,
        Peek::Bool(value) => return value.into(),
        Peek::Int(value) => return value.into(),
        Peek::Float(value) => return value.into(),
        Peek::Tag(tag, desc) => return tagged(desc.variants[usize::from(tag)].name, None),
        Peek::Obj(object) => object,
    };
    if depth == 0 {
        return FieldValue::Null;
    }
    let below = |value| convert(value, depth - 1);
    match object.desc().kind {
        Kind::List => FieldValue::List(object.list().iter().map(below).collect()),
        Kind::Map => {
            let entries = object.map();
            let entries = entries
                .iter()
                .map(|(key, value)| (display::to_string(key).into(), below(value)));
            FieldValue::Map(entries.collect())
        }
        Kind::Record => {
            let fields = object.desc().fields.iter().enumerate();
            let fields = fields.map(|(at, field)| (field.name.into(), below(object.field(at))));
            FieldValue::Map(fields.collect())
        }
        Kind::Enum => {
            let name = object.desc().variants[usize::from(object.tag())].name;
            tagged(name, payload(object, depth))
        }
        Kind::Result => tagged(
            if object.tag() == OK { "Ok" } else { "Err" },
            payload(object, depth),
        ),
        _ => FieldValue::from(display::to_string(value)),
    }
}

fn payload(object: Obj<'_>, depth: usize) -> Option<FieldValue> {
    match object.field_count() {
        0 => None,
        1 => Some(convert(object.field(0), depth - 1)),
        count => {
            let values = (0..count).map(|at| convert(object.field(at), depth - 1));
            Some(FieldValue::List(values.collect()))
        }
    }
}

fn tagged(name: &str, data: Option<FieldValue>) -> FieldValue {
    let data = data.map(|data| ("data".into(), data));
    let entries = data
        .into_iter()
        .chain([("type".into(), FieldValue::from(name))]);
    FieldValue::Map(entries.collect())
}
