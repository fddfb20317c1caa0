//! Turns prepared records into lines.

mod base64;
mod duration;
mod escape;
mod json;
mod text;
mod time;
mod value;

use std::{borrow::Cow, cell::Cell, time::SystemTime};

pub use json::JsonEncoder;
pub use text::TextEncoder;
pub(crate) use time::UtcTime;

use crate::{CallSite, FieldValue, Level};

/// Writes one record as one line.
///
/// A host runtime or a command with its own line format supplies one; filter,
/// redaction, delivery and rotation stay the same. A panic loses the record,
/// which is counted, and never reaches the caller.
pub trait Encoder: Send + Sync + 'static {
    /// Appends the line, without the line end, to `out`.
    ///
    /// What exceeds [`EncodeRecord::line_bytes_max`] is cut afterwards, and a
    /// line break inside becomes a blank; encoders that care avoid both.
    fn encode(&self, record: &EncodeRecord<'_>, out: &mut Vec<u8>);

    /// Names this format uses itself. A caller's field of such a name arrives as
    /// `field.<name>`.
    fn reserved_names(&self) -> &[&'static str] {
        &[]
    }

    /// Whether an error with causes should also arrive as a list named
    /// `<name>.chain`.
    fn lists_error_chains(&self) -> bool {
        false
    }
}

/// A record as an encoder sees it: merged, sorted, redacted and bounded.
#[derive(Debug)]
pub struct EncodeRecord<'a> {
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: &'a str,
    pub(crate) time: SystemTime,
    pub(crate) location: Option<CallSite<'a>>,
    pub(crate) fields: &'a [EncodeField<'a>],
    pub(crate) line_bytes_max: usize,
    pub(crate) truncated: Cell<bool>,
}

/// One field of an [`EncodeRecord`].
#[derive(Clone, Debug)]
pub(crate) struct EncodeField<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) value: Cow<'a, FieldValue>,
}

impl<'a> EncodeRecord<'a> {
    /// Severity.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Name that filters match; empty when unknown.
    #[must_use]
    pub fn target(&self) -> &'a str {
        self.target
    }

    /// The message, redacted and at most 8 KiB long; it may hold control characters.
    #[must_use]
    pub fn message(&self) -> &'a str {
        self.message
    }

    /// When the event happened.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// Call site, when known.
    #[must_use]
    pub fn location(&self) -> Option<CallSite<'a>> {
        self.location
    }

    /// The fields in byte order of their names, each name once.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &FieldValue)> {
        self.fields.iter().map(|field| (&*field.key, &*field.value))
    }

    /// Longest line in bytes, the line end not counted.
    #[must_use]
    pub fn line_bytes_max(&self) -> usize {
        self.line_bytes_max
    }

    /// Whether something was cut; a line should then say `truncated=true`.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated.get()
    }

    /// Says that the encoder had to cut something.
    pub fn mark_truncated(&self) {
        self.truncated.set(true);
    }
}

/// A value as it would stand in a text line, without quotes.
pub(crate) fn plain_text(value: &FieldValue) -> String {
    let mut out = Vec::new();
    value::write_plain(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

/// `key=value` as it stands in a text line.
#[cfg(feature = "tracing")]
pub(crate) fn text_pair(key: &str, value: &FieldValue) -> String {
    let mut out = Vec::new();
    text::write_pair(&mut out, key, value);
    String::from_utf8_lossy(&out).into_owned()
}
