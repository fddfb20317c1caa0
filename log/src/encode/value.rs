//! Field values as JSON and as plain text.

use serde_json::Value;

use super::{base64, duration, escape, time::UtcTime};
use crate::{ErrorChain, FieldValue, limits};

/// Appends a value as JSON. Stops early, with an incomplete value, once `out`
/// is longer than `limit`; the caller then takes the value back.
pub(super) fn write_json(out: &mut Vec<u8>, value: &FieldValue, limit: usize) {
    match value {
        FieldValue::Null => out.extend_from_slice(b"null"),
        FieldValue::Str(text) => escape::write_json(out, text),
        FieldValue::Error(chain) => escape::write_json(out, &joined(chain)),
        FieldValue::F64(number) if !number.is_finite() => quoted(out, value),
        FieldValue::Bytes(_)
        | FieldValue::Duration(_)
        | FieldValue::Time(_)
        | FieldValue::Redacted => quoted(out, value),
        FieldValue::Bool(_) | FieldValue::I64(_) | FieldValue::U64(_) | FieldValue::F64(_) => {
            write_plain(out, value);
        }
        FieldValue::List(items) => sequence(out, b'[', b']', items, limit, |out, item| {
            write_json(out, item, limit);
        }),
        FieldValue::Map(entries) => {
            sequence(out, b'{', b'}', entries, limit, |out, (key, item)| {
                member(out, key.as_str());
                write_json(out, item, limit);
            });
        }
        FieldValue::Json(json) => write_document(out, json, limit),
    }
}

fn write_document(out: &mut Vec<u8>, json: &Value, limit: usize) {
    match json {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(flag) => write_bool(out, *flag),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => escape::write_json(out, text),
        Value::Array(items) => sequence(out, b'[', b']', items, limit, |out, item| {
            write_document(out, item, limit);
        }),
        Value::Object(members) => {
            sequence(out, b'{', b'}', members, limit, |out, (key, item)| {
                member(out, key);
                write_document(out, item, limit);
            });
        }
    }
}

fn sequence<T>(
    out: &mut Vec<u8>,
    open: u8,
    close: u8,
    items: impl IntoIterator<Item = T>,
    limit: usize,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if out.len() > limit {
            return;
        }
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(close);
}

fn member(out: &mut Vec<u8>, key: &str) {
    escape::write_json(out, key);
    out.push(b':');
}

/// Texts that need no escaping, in quotes.
fn quoted(out: &mut Vec<u8>, value: &FieldValue) {
    out.push(b'"');
    write_plain(out, value);
    out.push(b'"');
}

/// Appends a value as text without quotes or escapes; lists and maps as JSON.
pub(super) fn write_plain(out: &mut Vec<u8>, value: &FieldValue) {
    match value {
        FieldValue::Null => out.extend_from_slice(b"null"),
        FieldValue::Bool(flag) => write_bool(out, *flag),
        FieldValue::I64(number) => {
            out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes());
        }
        FieldValue::U64(number) => {
            out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes());
        }
        FieldValue::F64(number) => write_float(out, *number),
        FieldValue::Str(text) => out.extend_from_slice(text.as_bytes()),
        FieldValue::Bytes(bytes) => write_bytes(out, bytes),
        FieldValue::Duration(span) => duration::write(out, *span),
        FieldValue::Time(time) => UtcTime::from(*time).write_rfc3339(out),
        FieldValue::Error(chain) => out.extend_from_slice(joined(chain).as_bytes()),
        FieldValue::Redacted => out.extend_from_slice(limits::MASK.as_bytes()),
        FieldValue::Json(Value::String(text)) => out.extend_from_slice(text.as_bytes()),
        FieldValue::List(_) | FieldValue::Map(_) | FieldValue::Json(_) => {
            write_json(out, value, usize::MAX);
        }
    }
}

fn joined(chain: &ErrorChain) -> std::borrow::Cow<'_, str> {
    match chain.links() {
        [only] => only.as_str().into(),
        _ => chain.to_string().into(),
    }
}

fn write_bool(out: &mut Vec<u8>, flag: bool) {
    out.extend_from_slice(if flag { b"true" } else { b"false" });
}

fn write_float(out: &mut Vec<u8>, number: f64) {
    if number.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 {
            b"Infinity"
        } else {
            b"-Infinity"
        });
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
    }
}

fn write_number(out: &mut Vec<u8>, number: &serde_json::Number) {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), ..) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        (_, Some(number), _) => {
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        (.., number) => write_float(out, number.unwrap_or(f64::NAN)),
    }
}

/// At most 1 KiB of the bytes; a cut is marked.
fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"base64:");
    base64::write(out, limits::head(bytes, limits::BINARY_BYTES_MAX));
    if bytes.len() > limits::BINARY_BYTES_MAX {
        out.extend_from_slice(limits::ELLIPSIS.as_bytes());
    }
}
