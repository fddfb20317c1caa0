//! One line of text per record, for people.

use super::{EncodeRecord, Encoder, escape, escape::Style, time::UtcTime, value};
use crate::{FieldValue, Level, limits};

/// Room kept for the end of a line that had to be cut.
const TAIL: &[u8] = b" truncated=true";
/// Longest file name.
const NAME_BYTES_MAX: usize = 128;
/// A string shorter than this is left out rather than cut.
const STRING_BYTES_MIN: usize = 64;

/// Writes `Lmmdd hh:mm:ss.uuuuuu PPPPPPP [file:line] message key=value …`.
///
/// `L` is the initial of the level, the time is UTC, `P` the process id. Values
/// that hold blanks, quotes, `=`, controls or invisible characters are quoted
/// and escaped; the message is escaped for controls. A line cannot be broken or
/// reach a terminal's control sequences, whatever the values are.
#[derive(Clone, Debug)]
pub struct TextEncoder {
    process_id: u32,
    color: bool,
}

impl TextEncoder {
    /// An encoder without colour that shows the id of this process.
    #[must_use]
    pub fn new() -> Self {
        Self {
            process_id: std::process::id(),
            color: false,
        }
    }

    /// Shows another process id.
    #[must_use]
    pub const fn with_process_id(mut self, process_id: u32) -> Self {
        self.process_id = process_id;
        self
    }

    /// Whether the initial of the level is coloured with ANSI sequences.
    #[must_use]
    pub const fn with_color(mut self, on: bool) -> Self {
        self.color = on;
        self
    }

    fn head(&self, record: &EncodeRecord<'_>, out: &mut Vec<u8>) {
        if self.color {
            out.extend_from_slice(color(record.level).as_bytes());
            out.push(record.level.initial() as u8);
            out.extend_from_slice(b"\x1b[0m");
        } else {
            out.push(record.level.initial() as u8);
        }
        UtcTime::from(record.time).write_short(out);
        out.push(b' ');
        let mut buffer = itoa::Buffer::new();
        let process_id = buffer.format(self.process_id);
        out.extend(std::iter::repeat_n(
            b' ',
            7_usize.saturating_sub(process_id.len()),
        ));
        out.extend_from_slice(process_id.as_bytes());
        out.extend_from_slice(b" [");
        match record.location {
            Some(site) => {
                let limit = out.len() + NAME_BYTES_MAX;
                escape::write_within(out, site.file_name(), Style::Message, limit);
                out.push(b':');
                out.extend_from_slice(itoa::Buffer::new().format(site.line).as_bytes());
            }
            None => out.extend_from_slice(b"???:1"),
        }
        out.extend_from_slice(b"] ");
    }
}

impl Default for TextEncoder {
    fn default() -> Self {
        Self::new()
    }
}

fn color(level: Level) -> &'static str {
    match level {
        Level::Trace | Level::Debug => "\x1b[2m",
        Level::Info => "\x1b[32m",
        Level::Warn => "\x1b[33m",
        Level::Error | Level::Fatal => "\x1b[31m",
    }
}

/// Appends ` key=value`, or what fits of it; `false` when something is missing.
fn pair(out: &mut Vec<u8>, key: &str, field: &FieldValue, limit: usize) -> bool {
    let start = out.len();
    out.push(b' ');
    let value_start = write_pair(out, key, field);
    if out.len() <= limit {
        return true;
    }
    match field {
        FieldValue::Str(text) if value_start + STRING_BYTES_MIN < limit => {
            out.truncate(value_start);
            out.push(b'"');
            escape::write_within(out, text, Style::Quoted, limit - 1);
            out.push(b'"');
        }
        _ => out.truncate(start),
    }
    false
}

/// Appends `key=value` and gives the position of the value.
pub(super) fn write_pair(out: &mut Vec<u8>, key: &str, field: &FieldValue) -> usize {
    escape::write_key(out, key);
    out.push(b'=');
    let value_start = out.len();
    write_value(out, field);
    value_start
}

fn write_value(out: &mut Vec<u8>, field: &FieldValue) {
    match field {
        FieldValue::Str(text) => escape::write_value(out, text),
        FieldValue::Error(_) | FieldValue::List(_) | FieldValue::Map(_) | FieldValue::Json(_) => {
            escape::write_value(out, &super::plain_text(field));
        }
        _ => value::write_plain(out, field),
    }
}

impl Encoder for TextEncoder {
    fn encode(&self, record: &EncodeRecord<'_>, out: &mut Vec<u8>) {
        let limit = record.line_bytes_max.max(limits::LINE_BYTES_MIN) - TAIL.len() + out.len();
        self.head(record, out);
        if escape::write_within(out, record.message, Style::Message, limit) {
            record.mark_truncated();
        }
        for field in record.fields {
            if !pair(out, &field.key, &field.value, limit) {
                record.mark_truncated();
            }
        }
        if record.is_truncated() {
            out.extend_from_slice(TAIL);
        }
    }
}
