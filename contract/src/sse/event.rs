use std::fmt::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use crate::EncodeError;

/// One server-sent event.
///
/// ```
/// use plumego_contract::sse::Event;
///
/// let event = Event::new().data("one\ntwo").id("7").unwrap();
/// assert_eq!(event.to_bytes(), "id: 7\ndata: one\ndata: two\n\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "an event does nothing unless it is sent"]
pub struct Event {
    comment: Option<String>,
    id: Option<String>,
    event: Option<String>,
    retry: Option<Duration>,
    data: Option<String>,
}

impl Event {
    /// An event without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text that clients ignore.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// Sets the id a client sends back when it reconnects.
    ///
    /// # Errors
    /// [`InvalidEvent`] when it holds CR, LF or NUL.
    pub fn id(mut self, id: impl Into<String>) -> Result<Self, InvalidEvent> {
        let id = id.into();
        if id.contains(['\r', '\n', '\0']) {
            return Err(InvalidEvent);
        }
        self.id = Some(id);
        Ok(self)
    }

    /// Sets the name; without it a client sees a `message`.
    ///
    /// # Errors
    /// [`InvalidEvent`] when it holds CR or LF.
    pub fn event(mut self, name: impl Into<String>) -> Result<Self, InvalidEvent> {
        let name = name.into();
        if name.contains(['\r', '\n']) {
            return Err(InvalidEvent);
        }
        self.event = Some(name);
        Ok(self)
    }

    /// Sets how long a client waits before it reconnects, in milliseconds on
    /// the wire.
    pub fn retry(mut self, wait: Duration) -> Self {
        self.retry = Some(wait);
        self
    }

    /// Sets the data. Line breaks of every kind arrive as LF.
    pub fn data(mut self, data: impl Into<String>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Sets the data to a JSON value, on one line.
    ///
    /// # Errors
    /// [`EncodeError`] when the value cannot be encoded.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, EncodeError> {
        self.data = Some(crate::respond::encode::text(value)?);
        Ok(self)
    }

    /// The event as it is sent, with the blank line that ends it.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut out = String::with_capacity(64);
        if let Some(comment) = &self.comment {
            push_lines(&mut out, ": ", comment);
        }
        for (name, value) in [("id: ", &self.id), ("event: ", &self.event)] {
            if let Some(value) = value {
                push_line(&mut out, name, value);
            }
        }
        if let Some(retry) = self.retry {
            // Writing to text cannot fail.
            let _ = writeln!(out, "retry: {}", retry.as_millis());
        }
        if let Some(data) = &self.data {
            push_lines(&mut out, "data: ", data);
        }
        out.push('\n');
        out.into()
    }
}

fn push_line(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(value);
    out.push('\n');
}

/// Each line of the text on its own; CR, LF and CRLF all end one.
fn push_lines(out: &mut String, name: &str, text: &str) {
    let mut rest = text;
    while let Some(end) = rest.find(['\r', '\n']) {
        push_line(out, name, &rest[..end]);
        let width = if rest[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        rest = &rest[end + width..];
    }
    push_line(out, name, rest);
}

/// An id or a name that would break out of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEvent;

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id or name of an event holds a line break or NUL")
    }
}

impl std::error::Error for InvalidEvent {}

/// A failure of this service: it built an event it cannot send.
impl From<InvalidEvent> for crate::Error {
    fn from(error: InvalidEvent) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_in_order() {
        let event = Event::new()
            .data("d")
            .retry(Duration::from_secs(2))
            .comment("c1\nc2");
        let event = event.event("e").unwrap().id("i").unwrap();
        assert_eq!(
            event.to_bytes(),
            ": c1\n: c2\nid: i\nevent: e\nretry: 2000\ndata: d\n\n"
        );
        assert_eq!(Event::new().data("").to_bytes(), "data: \n\n");
    }

    #[test]
    fn every_line_break_splits_the_data() {
        let event = Event::new().data("a\r\nb\rc\nd\n\ne\r");
        assert_eq!(
            event.to_bytes(),
            "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\ndata: \n\n"
        );
    }

    #[test]
    fn json_stays_on_one_line() {
        let event = Event::new().json(&["a\nb", "c"]).unwrap();
        assert_eq!(event.to_bytes(), "data: [\"a\\nb\",\"c\"]\n\n");
        let odd = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert!(Event::new().json(&odd).is_err());
    }

    #[test]
    fn nothing_can_be_injected() {
        for bad in ["a\nb", "a\rb", "a\r\ndata: x"] {
            assert!(Event::new().id(bad).is_err());
            assert!(Event::new().event(bad).is_err());
        }
        assert!(Event::new().id("a\0").is_err());
    }

    proptest! {
        #[test]
        fn data_reads_back(data in "(?s).{0,40}") {
            let bytes = Event::new().data(data.as_str()).to_bytes();
            let text = std::str::from_utf8(&bytes).unwrap();
            let body = text.strip_suffix("\n\n").unwrap();
            let lines: Vec<_> = body.split('\n').map(|l| l.strip_prefix("data: ").unwrap()).collect();
            let expected = data.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(lines.join("\n"), expected);
            prop_assert!(!body.contains('\r'));
        }
    }
}
