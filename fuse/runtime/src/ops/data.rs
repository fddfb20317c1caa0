//! Values as data: what becomes of them where a `Value` is expected.

use crate::display;
use crate::heap::{List, Map, OK, Obj, Ref};
use crate::meta::{Kind, TypeDesc, well_known};
use crate::value::{Peek, Value};

/// The value as data: records, enums and results become the maps that JSON makes
/// of them, markup its text. Data is returned as it is.
///
/// Values that are no data (functions, tasks, queries) become null.
#[must_use]
pub fn to_data(value: &Value) -> Value {
    if is_data(value.peek()) {
        value.clone()
    } else {
        normalise(value.peek())
    }
}

/// Whether nothing in the value has to become something else to be data.
fn is_data(value: Peek<'_>) -> bool {
    match value {
        Peek::Unit | Peek::Tag(..) => false,
        Peek::Null | Peek::Bool(_) | Peek::Int(_) | Peek::Float(_) => true,
        Peek::Obj(object) => is_data_type(object.desc()),
    }
}

/// Whether all values of a type are data.
fn is_data_type(desc: &'static TypeDesc) -> bool {
    let mut desc = desc;
    loop {
        desc = match desc.kind {
            Kind::List | Kind::Option => desc.elem(),
            Kind::Map if desc.key().is_text() => desc.elem(),
            Kind::String | Kind::Id | Kind::Email | Kind::Bytes | Kind::Value => return true,
            Kind::Bool | Kind::Int | Kind::Float => return true,
            _ => return false,
        };
    }
}

/// The value as data, all of its containers made anew. Works without recursion.
#[must_use]
pub fn normalise(value: Peek<'_>) -> Value {
    if let Some(cell) = value.as_kind(Kind::Cell) {
        // Cells lie in no other value.
        return normalise(cell.cell_get().peek());
    }
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut done = begin(value, &mut open);
    loop {
        let Some(top) = open.last_mut() else {
            return done.unwrap_or_default();
        };
        if let Some(part) = done.take() {
            top.accept(part);
        }
        done = match top.next() {
            Some(child) => begin(child, &mut open),
            None => open.pop().map(Open::finish),
        };
    }
}

/// A container of which some parts are done.
struct Open<'a> {
    source: Source<'a>,
    next: usize,
    /// The key under which the next part belongs.
    key: Option<Value>,
    target: Ref,
    /// The variant whose payload this is.
    tag: Option<&'static str>,
}

enum Source<'a> {
    List(List<'a>),
    Map(Map<'a>),
    Record(Obj<'a>),
    Payload(Obj<'a>),
}

impl<'a> Open<'a> {
    fn next(&mut self) -> Option<Peek<'a>> {
        loop {
            let at = self.next;
            self.next += 1;
            match &self.source {
                Source::List(list) => return list.get(at),
                Source::Map(map) if at >= map.places() => return None,
                Source::Map(map) => {
                    if let Some((key, value)) = map.entry(at) {
                        self.key = Some(match key {
                            Peek::Int(key) => Value::text(&key.to_string()),
                            key => key.to_value(),
                        });
                        return Some(value);
                    }
                }
                Source::Record(object) => {
                    let field = object.desc().fields.get(at)?;
                    self.key = Some(Value::text(field.name));
                    return Some(object.field(at));
                }
                Source::Payload(object) => {
                    return (at < object.field_count()).then(|| object.field(at));
                }
            }
        }
    }

    fn accept(&mut self, part: Value) {
        match self.key.take() {
            Some(key) => {
                self.target.map_mut().set_value(key, part);
            }
            None => self.target.list_mut().push(part),
        }
    }

    fn finish(self) -> Value {
        let Some(tag) = self.tag else {
            return Value::Ref(self.target);
        };
        let mut target = self.target;
        let data = match target.obj().list().len() {
            0 => None,
            1 => target.list_mut().pop(),
            _ => Some(Value::Ref(target)),
        };
        tagged(tag, data)
    }
}

/// The value if it has no parts; otherwise its container is opened.
fn begin<'a>(value: Peek<'a>, open: &mut Vec<Open<'a>>) -> Option<Value> {
    let object = match value {
        Peek::Unit => return Some(Value::Null),
        Peek::Tag(tag, desc) => return Some(tagged(desc.variants[usize::from(tag)].name, None)),
        Peek::Obj(object) => object,
        scalar => return Some(scalar.to_value()),
    };
    let map = || Ref::new_map(&well_known::MAP_VALUE, 0);
    let list = || Ref::new_list(&well_known::LIST_VALUE, 0);
    let (source, target, tag) = match object.desc().kind {
        Kind::List => (Source::List(object.list()), list(), None),
        Kind::Map => (Source::Map(object.map()), map(), None),
        Kind::Record => (Source::Record(object), map(), None),
        Kind::Enum => {
            let name = object.desc().variants[usize::from(object.tag())].name;
            (Source::Payload(object), list(), Some(name))
        }
        Kind::Result => {
            let name = if object.tag() == OK { "Ok" } else { "Err" };
            (Source::Payload(object), list(), Some(name))
        }
        Kind::Html => return Some(Value::text(&display::to_string(value))),
        Kind::String | Kind::Bytes => return Some(value.to_value()),
        _ => return Some(Value::Null),
    };
    open.push(Open {
        source,
        next: 0,
        key: None,
        target,
        tag,
    });
    None
}

/// A variant as JSON shows it.
fn tagged(name: &str, data: Option<Value>) -> Value {
    let mut map = Ref::new_map(&well_known::MAP_VALUE, 2);
    {
        let mut map = map.map_mut();
        if let Some(data) = data {
            map.set("data", data);
        }
        map.set("type", Value::text(name));
    }
    Value::Ref(map)
}
