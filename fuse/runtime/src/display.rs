//! The text form of values: what `print`, interpolation and `+` show.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::heap::{List, Map, OK, Obj};
use crate::meta::Kind;
use crate::value::{Peek, Value};

/// Appends the text form of a value.
///
/// Works without recursion: a value nested a million times is shown like any other.
pub fn write(value: Peek<'_>, out: &mut Vec<u8>) {
    if let Some(cell) = value.as_kind(Kind::Cell) {
        // Cells lie in no other value, and show their content.
        let content = cell.cell_get();
        write(content.peek(), out);
        return;
    }
    let mut open = Vec::new();
    begin(value, out, &mut open);
    while let Some(part) = open.last_mut() {
        match part.next(out) {
            Some(child) => begin(child, out, &mut open),
            None => {
                open.pop();
            }
        }
    }
}

/// The text form of a value.
#[must_use]
pub fn to_string(value: Peek<'_>) -> String {
    if let Some(text) = value.as_text() {
        return text.to_owned();
    }
    let mut out = Vec::new();
    write(value, &mut out);
    String::from_utf8(out).expect("the text form is text")
}

/// The parts of text to be joined into one `String`, with one allocation for it.
#[must_use]
pub fn concat(parts: &[Value]) -> Value {
    with_buffer(|out| {
        for part in parts {
            write(part.peek(), out);
        }
        Value::text(std::str::from_utf8(out).expect("the text form is text"))
    })
}

/// Lends a buffer that keeps its room between calls.
pub(crate) fn with_buffer<T>(use_it: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    /// Room beyond which a buffer is not kept.
    const KEEP: usize = 64 * 1024;
    thread_local! {
        static BUFFER: std::cell::Cell<Vec<u8>> = const { std::cell::Cell::new(Vec::new()) };
    }
    let mut buffer = BUFFER.take();
    buffer.clear();
    let result = use_it(&mut buffer);
    if buffer.capacity() <= KEEP {
        BUFFER.set(buffer);
    }
    result
}

/// A value that has begun and not ended.
enum Open<'a> {
    List(List<'a>, usize),
    Map(Map<'a>, usize, bool),
    Fields(Obj<'a>, usize),
    Payload(Obj<'a>, usize),
}

impl<'a> Open<'a> {
    /// Writes what stands before the next part and returns it, or the end.
    fn next(&mut self, out: &mut Vec<u8>) -> Option<Peek<'a>> {
        match self {
            Self::List(list, index) => {
                let Some(child) = list.get(*index) else {
                    out.push(b']');
                    return None;
                };
                separate(*index > 0, out);
                *index += 1;
                Some(child)
            }
            Self::Map(map, place, begun) => {
                while *place < map.places() {
                    let entry = map.entry(*place);
                    *place += 1;
                    if let Some((key, value)) = entry {
                        separate(*begun, out);
                        *begun = true;
                        scalar(key, out);
                        out.extend_from_slice(b": ");
                        return Some(value);
                    }
                }
                out.push(b'}');
                None
            }
            Self::Fields(object, index) => {
                let Some(field) = object.desc().fields.get(*index) else {
                    out.push(b')');
                    return None;
                };
                separate(*index > 0, out);
                out.extend_from_slice(field.name.as_bytes());
                out.push(b'=');
                *index += 1;
                Some(object.field(*index - 1))
            }
            Self::Payload(object, index) => {
                if *index == object.field_count() {
                    out.push(b')');
                    return None;
                }
                separate(*index > 0, out);
                *index += 1;
                Some(object.field(*index - 1))
            }
        }
    }
}

fn separate(needed: bool, out: &mut Vec<u8>) {
    if needed {
        out.extend_from_slice(b", ");
    }
}

fn begin<'a>(value: Peek<'a>, out: &mut Vec<u8>, open: &mut Vec<Open<'a>>) {
    let Peek::Obj(object) = value else {
        return scalar(value, out);
    };
    let desc = object.desc();
    match desc.kind {
        Kind::List => {
            out.push(b'[');
            open.push(Open::List(object.list(), 0));
        }
        Kind::Map => {
            out.push(b'{');
            open.push(Open::Map(object.map(), 0, false));
        }
        Kind::Record => {
            out.extend_from_slice(desc.name.as_bytes());
            out.push(b'(');
            open.push(Open::Fields(object, 0));
        }
        Kind::Enum => {
            variant(
                desc.name,
                desc.variants[usize::from(object.tag())].name,
                out,
            );
            if object.field_count() > 0 {
                out.push(b'(');
                open.push(Open::Payload(object, 0));
            }
        }
        Kind::Result => {
            let name: &[u8] = if object.tag() == OK { b"Ok(" } else { b"Err(" };
            out.extend_from_slice(name);
            open.push(Open::Payload(object, 0));
        }
        _ => scalar(value, out),
    }
}

/// Values without parts.
fn scalar(value: Peek<'_>, out: &mut Vec<u8>) {
    match value {
        Peek::Unit => out.extend_from_slice(b"()"),
        Peek::Null => out.extend_from_slice(b"null"),
        Peek::Bool(true) => out.extend_from_slice(b"true"),
        Peek::Bool(false) => out.extend_from_slice(b"false"),
        Peek::Int(value) => int(value, out),
        Peek::Float(value) => float(value, out),
        Peek::Tag(tag, desc) => variant(desc.name, desc.variants[usize::from(tag)].name, out),
        Peek::Obj(object) => match object.desc().kind {
            Kind::String => out.extend_from_slice(object.text().as_bytes()),
            Kind::Bytes => base64(object.bytes(), out),
            Kind::Html => crate::html::render(object, out),
            Kind::Task => out.extend_from_slice(b"<task>"),
            Kind::Query => out.extend_from_slice(b"<query>"),
            _ => out.extend_from_slice(b"<fn>"),
        },
    }
}

fn variant(name: &str, variant: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'.');
    out.extend_from_slice(variant.as_bytes());
}

/// Appends an `Int`.
pub fn int(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a `Float`: the fewest digits that read back as the same number, in
/// positions from 1e-5 to below 1e16, else with an exponent.
pub fn float(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"inf" } else { b"-inf" });
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    }
}

/// The text form of a `Float`.
#[must_use]
pub fn float_text(value: f64) -> String {
    let mut out = Vec::new();
    float(value, &mut out);
    String::from_utf8(out).expect("digits are text")
}

/// Appends base64: the standard alphabet, padded.
pub fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let len = bytes.len().div_ceil(3) * 4;
    out.resize(start + len, 0);
    STANDARD
        .encode_slice(bytes, &mut out[start..])
        .expect("there is room for all digits");
}

/// Appends text as one line: line ends and other control characters, but for tabs,
/// are escaped.
pub(crate) fn escape_controls(text: &str, out: &mut Vec<u8>) {
    for letter in text.chars() {
        match letter {
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.push(b'\t'),
            letter if letter.is_control() => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(letter)).as_bytes());
            }
            letter => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}
