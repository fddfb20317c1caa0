//! Encoding of values.

use super::write_string;
use crate::display;
use crate::heap::{List, Map, OK, Obj};
use crate::meta::Kind;
use crate::value::Peek;

/// Appends a value as compact JSON: keys ascending by their bytes, no white space.
///
/// Works without recursion. What has no JSON (functions, tasks) becomes `null`;
/// the checker lets none through.
pub fn encode(value: Peek<'_>, out: &mut Vec<u8>) {
    write(value, false, out);
}

/// As [`encode`], over several lines with two spaces for every level.
pub fn encode_pretty(value: Peek<'_>, out: &mut Vec<u8>) {
    write(value, true, out);
}

fn write(value: Peek<'_>, pretty: bool, out: &mut Vec<u8>) {
    if let Some(cell) = value.as_kind(Kind::Cell) {
        // Cells lie in no other value.
        return write(cell.cell_get().peek(), pretty, out);
    }
    let mut open: Vec<Open<'_>> = Vec::new();
    begin(value, out, &mut open);
    while let Some(depth) = open.len().checked_sub(1) {
        let top = &mut open[depth];
        let Some(part) = top.next() else {
            let is_empty = top.written == 0;
            let close = top.close();
            open.pop();
            if pretty && !is_empty {
                new_line(depth, out);
            }
            out.push(close);
            continue;
        };
        if top.written > 0 {
            out.push(b',');
        }
        top.written += 1;
        if pretty {
            new_line(depth + 1, out);
        }
        match part {
            Part::Item(item) => begin(item, out, &mut open),
            Part::Entry(key, value) => {
                write_key(key, out);
                colon(pretty, out);
                begin(value, out, &mut open);
            }
            Part::Field(json_key, value) => {
                // The key in the type ends with the colon.
                out.extend_from_slice(json_key.as_bytes());
                if pretty {
                    out.push(b' ');
                }
                begin(value, out, &mut open);
            }
            Part::Payload(object) => {
                write_string("data", out);
                colon(pretty, out);
                out.push(b'[');
                open.push(Open::new(Source::Payload(object)));
            }
            Part::Tag(name) => {
                write_string("type", out);
                colon(pretty, out);
                write_string(name, out);
            }
        }
    }
}

fn colon(pretty: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if pretty { b": " } else { b":" });
}

fn new_line(depth: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.resize(out.len() + depth * 2, b' ');
}

fn write_key(key: Peek<'_>, out: &mut Vec<u8>) {
    match key {
        Peek::Int(key) => {
            out.push(b'"');
            display::int(key, out);
            out.push(b'"');
        }
        key => write_string(key.as_text().unwrap_or_default(), out),
    }
}

/// A container that has begun and not ended.
struct Open<'a> {
    source: Source<'a>,
    next: usize,
    /// Parts so far, for the commas.
    written: usize,
}

enum Source<'a> {
    List(List<'a>),
    /// Entries in the order of JSON.
    Map(Vec<(Peek<'a>, Peek<'a>)>),
    Record(Obj<'a>),
    /// The object around a variant or result: its data, if any, and its name.
    Tagged(Obj<'a>, &'static str),
    /// Several values that a variant carries.
    Payload(Obj<'a>),
}

/// What comes next in a container.
enum Part<'a> {
    Item(Peek<'a>),
    Entry(Peek<'a>, Peek<'a>),
    Field(&'static str, Peek<'a>),
    Payload(Obj<'a>),
    Tag(&'static str),
}

impl<'a> Open<'a> {
    fn new(source: Source<'a>) -> Self {
        Self {
            source,
            next: 0,
            written: 0,
        }
    }

    fn next(&mut self) -> Option<Part<'a>> {
        let at = self.next;
        self.next += 1;
        match &self.source {
            Source::List(list) => list.get(at).map(Part::Item),
            Source::Map(entries) => entries
                .get(at)
                .map(|(key, value)| Part::Entry(*key, *value)),
            Source::Record(object) => {
                let index = *object.desc().sorted.get(at)? as usize;
                let field = &object.desc().fields[index];
                Some(Part::Field(field.json_key, object.field(index)))
            }
            Source::Tagged(object, name) => match (at, object.field_count()) {
                (0, 0) | (1, 1..) => Some(Part::Tag(name)),
                (0, 1) => Some(Part::Field("\"data\":", object.field(0))),
                (0, _) => Some(Part::Payload(*object)),
                _ => None,
            },
            Source::Payload(object) => {
                (at < object.field_count()).then(|| Part::Item(object.field(at)))
            }
        }
    }

    fn close(&self) -> u8 {
        match self.source {
            Source::List(_) | Source::Payload(_) => b']',
            _ => b'}',
        }
    }
}

/// Writes a value without parts, or begins a container.
fn begin<'a>(value: Peek<'a>, out: &mut Vec<u8>, open: &mut Vec<Open<'a>>) {
    match value {
        Peek::Unit | Peek::Null => out.extend_from_slice(b"null"),
        Peek::Bool(true) => out.extend_from_slice(b"true"),
        Peek::Bool(false) => out.extend_from_slice(b"false"),
        Peek::Int(value) => display::int(value, out),
        Peek::Float(value) => float(value, out),
        Peek::Tag(tag, desc) => {
            out.extend_from_slice(b"{\"type\":");
            write_string(desc.variants[usize::from(tag)].name, out);
            out.push(b'}');
        }
        Peek::Obj(object) => begin_object(object, out, open),
    }
}

fn begin_object<'a>(object: Obj<'a>, out: &mut Vec<u8>, open: &mut Vec<Open<'a>>) {
    let source = match object.desc().kind {
        Kind::String => return write_string(object.text(), out),
        Kind::Bytes => {
            out.push(b'"');
            display::base64(object.bytes(), out);
            return out.push(b'"');
        }
        Kind::Html => {
            let mut markup = Vec::new();
            crate::html::render(object, &mut markup);
            return write_string(&String::from_utf8_lossy(&markup), out);
        }
        Kind::List => Source::List(object.list()),
        Kind::Map => Source::Map(sorted(object.map())),
        Kind::Record => Source::Record(object),
        Kind::Enum => {
            let variant = &object.desc().variants[usize::from(object.tag())];
            Source::Tagged(object, variant.name)
        }
        Kind::Result => Source::Tagged(object, if object.tag() == OK { "Ok" } else { "Err" }),
        _ => return out.extend_from_slice(b"null"),
    };
    let bracket = match source {
        Source::List(_) => b'[',
        _ => b'{',
    };
    out.push(bracket);
    open.push(Open::new(source));
}

fn sorted(map: Map<'_>) -> Vec<(Peek<'_>, Peek<'_>)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|(a, _), (b, _)| match (a, b) {
        // Numbers are written as text, and so they are sorted.
        (Peek::Int(a), Peek::Int(b)) => a.to_string().cmp(&b.to_string()),
        _ => a.as_text().cmp(&b.as_text()),
    });
    entries
}

/// Numbers as they are shown, without a fraction of nothing; what is no number
/// is null. The two zeros are equal, and so they are written alike.
fn float(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        return out.extend_from_slice(b"null");
    }
    display::float(value + 0.0, out);
    if out.ends_with(b".0") {
        out.truncate(out.len() - 2);
    }
}
