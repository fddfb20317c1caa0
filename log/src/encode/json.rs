//! One JSON object per line.

use super::{EncodeRecord, Encoder, escape, escape::Style, time::UtcTime, value};
use crate::{FieldValue, limits};

/// Room kept for the end of a line that had to be cut.
const TAIL: &[u8] = b",\"truncated\":true}";
/// Longest target or file name.
const NAME_BYTES_MAX: usize = 128;
/// A string shorter than this is left out rather than cut.
const STRING_BYTES_MIN: usize = 64;

const RESERVED: [&str; 6] = ["time", "level", "msg", "target", "file", "line"];

/// Writes records as JSON objects: `time`, `level` and `msg` first, then, when
/// asked for, `target`, `file` and `line`, then the fields in byte order of their
/// names.
///
/// Every line is valid JSON (RFC 8259) in UTF-8. Controls and the separators
/// `U+2028` and `U+2029` are escaped, HTML characters are not.
#[derive(Clone, Debug, Default)]
pub struct JsonEncoder {
    location: bool,
    target: bool,
}

impl JsonEncoder {
    /// An encoder that writes neither location nor target.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            location: false,
            target: false,
        }
    }

    /// Whether to write the call site as `file` and `line`.
    #[must_use]
    pub const fn with_location(mut self, on: bool) -> Self {
        self.location = on;
        self
    }

    /// Whether to write `target`.
    #[must_use]
    pub const fn with_target(mut self, on: bool) -> Self {
        self.target = on;
        self
    }

    fn head(&self, record: &EncodeRecord<'_>, out: &mut Vec<u8>, limit: usize) {
        out.extend_from_slice(b"{\"time\":\"");
        UtcTime::from(record.time).write_rfc3339(out);
        out.extend_from_slice(b"\",\"level\":\"");
        out.extend_from_slice(record.level.name().as_bytes());
        out.extend_from_slice(b"\",\"msg\":\"");
        // The optional members below need up to two names and a line number.
        let rest = usize::from(self.target) * 2 * NAME_BYTES_MAX
            + usize::from(self.location) * 2 * NAME_BYTES_MAX;
        if escape::write_within(out, record.message, Style::Json, limit - 1 - rest) {
            record.mark_truncated();
        }
        out.push(b'"');
        if self.target && !record.target.is_empty() {
            name(out, ",\"target\":\"", record.target);
        }
        if let Some(site) = record.location.filter(|_| self.location) {
            name(out, ",\"file\":\"", site.file_name());
            out.extend_from_slice(b",\"line\":");
            out.extend_from_slice(itoa::Buffer::new().format(site.line).as_bytes());
        }
    }
}

fn name(out: &mut Vec<u8>, opening: &str, text: &str) {
    out.extend_from_slice(opening.as_bytes());
    let limit = out.len() + NAME_BYTES_MAX;
    escape::write_within(out, text, Style::Json, limit);
    out.push(b'"');
}

/// Appends one member, or what fits of it; `false` when something is missing.
fn member(out: &mut Vec<u8>, key: &str, field: &FieldValue, limit: usize) -> bool {
    let start = out.len();
    out.push(b',');
    escape::write_json(out, key);
    out.push(b':');
    let value_start = out.len();
    value::write_json(out, field, limit);
    if out.len() <= limit {
        return true;
    }
    match field {
        FieldValue::Str(text) if value_start + STRING_BYTES_MIN < limit => {
            out.truncate(value_start);
            out.push(b'"');
            escape::write_within(out, text, Style::Json, limit - 1);
            out.push(b'"');
        }
        _ => out.truncate(start),
    }
    false
}

impl Encoder for JsonEncoder {
    fn encode(&self, record: &EncodeRecord<'_>, out: &mut Vec<u8>) {
        let limit = record.line_bytes_max.max(limits::LINE_BYTES_MIN) - TAIL.len() + out.len();
        self.head(record, out, limit);
        for field in record.fields {
            if !member(out, &field.key, &field.value, limit) {
                record.mark_truncated();
            }
        }
        out.extend_from_slice(if record.is_truncated() { TAIL } else { b"}" });
    }

    fn reserved_names(&self) -> &[&'static str] {
        match (self.target, self.location) {
            (false, false) => &RESERVED[..3],
            (true, false) => &RESERVED[..4],
            (true, true) => &RESERVED,
            (false, true) => &["time", "level", "msg", "file", "line"],
        }
    }

    fn lists_error_chains(&self) -> bool {
        true
    }
}
