//! The form of log lines.

use std::time::{SystemTime, UNIX_EPOCH};

use plumego_log::{EncodeRecord, Encoder, FieldValue, Level};

use crate::display;
use crate::json::write_string;

/// Writes `[LEVEL] message`, or a JSON object with keys in order: for records that
/// carry fields, and for all if so configured.
#[derive(Clone, Copy, Debug)]
pub struct LineEncoder {
    json: bool,
    color: bool,
}

impl LineEncoder {
    /// Lines that are all JSON if `json`; the level of others is coloured if `color`.
    #[must_use]
    pub fn new(json: bool, color: bool) -> Self {
        Self { json, color }
    }

    fn text(self, record: &EncodeRecord<'_>, out: &mut Vec<u8>) {
        out.push(b'[');
        if self.color {
            out.extend_from_slice(b"\x1b[");
            out.extend_from_slice(color_of(record.level()));
            out.push(b'm');
        }
        out.extend_from_slice(record.level().name().as_bytes());
        if self.color {
            out.extend_from_slice(b"\x1b[0m");
        }
        out.extend_from_slice(b"] ");
        display::escape_controls(record.message(), out);
    }

    fn object(self, record: &EncodeRecord<'_>, out: &mut Vec<u8>) {
        let level = record.level().name().to_ascii_lowercase();
        let (level, message) = (FieldValue::from(level), FieldValue::from(record.message()));
        let time = self.json.then(|| FieldValue::from(rfc3339(record.time())));
        let module = Some(record.target()).filter(|target| self.json && !target.is_empty());
        let module = module.map(FieldValue::from);
        let mut entries: Vec<(&str, &FieldValue)> = record.fields().collect();
        entries.push(("level", &level));
        entries.push(("message", &message));
        entries.extend(time.as_ref().map(|time| ("ts", time)));
        entries.extend(module.as_ref().map(|module| ("module", module)));
        entries.sort_by_key(|(name, _)| *name);
        for (index, (name, value)) in entries.into_iter().enumerate() {
            out.push(if index == 0 { b'{' } else { b',' });
            write_string(name, out);
            out.push(b':');
            write_value(value, out);
        }
        if record.is_truncated() {
            out.extend_from_slice(b",\"truncated\":true");
        }
        out.push(b'}');
    }
}

impl Encoder for LineEncoder {
    fn encode(&self, record: &EncodeRecord<'_>, out: &mut Vec<u8>) {
        if self.json || record.fields().len() > 0 {
            self.object(record, out);
        } else {
            self.text(record, out);
        }
        // What is cut from a line of JSON would leave none.
        if out.len() > record.line_bytes_max() && out.first() == Some(&b'{') {
            record.mark_truncated();
            out.clear();
            let level = record.level().name().to_ascii_lowercase();
            out.extend_from_slice(format!("{{\"level\":\"{level}\",\"message\":").as_bytes());
            write_string(record.message(), out);
            out.extend_from_slice(b",\"truncated\":true}");
        }
    }
}

fn color_of(level: Level) -> &'static [u8] {
    match level {
        Level::Trace => b"90",
        Level::Debug => b"36",
        Level::Info => b"32",
        Level::Warn => b"33;1",
        Level::Error | Level::Fatal => b"31;1",
    }
}

fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    crate::time::iso(millis).unwrap_or_default()
}

/// A value of a field as JSON, numbers as Fuse writes them.
fn write_value(value: &FieldValue, out: &mut Vec<u8>) {
    match value {
        FieldValue::Null => out.extend_from_slice(b"null"),
        FieldValue::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
        FieldValue::I64(value) => display::int(*value, out),
        FieldValue::U64(value) => out.extend_from_slice(value.to_string().as_bytes()),
        FieldValue::F64(value) => crate::json::encode(crate::Peek::Float(*value), out),
        FieldValue::Str(text) => write_string(text, out),
        FieldValue::Time(time) => write_string(&rfc3339(*time), out),
        FieldValue::Error(chain) => write_string(&chain.to_string(), out),
        FieldValue::Redacted => write_string("***", out),
        FieldValue::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(item, out);
            }
            out.push(b']');
        }
        FieldValue::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            out.push(b'{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(key.as_str(), out);
                out.push(b':');
                write_value(value, out);
            }
            out.push(b'}');
        }
        FieldValue::Json(value) => out.extend_from_slice(value.to_string().as_bytes()),
        // Spans of time, bytes, and what may be added: as the toolkit shows it.
        other => write_string(&format!("{other:?}"), out),
    }
}
