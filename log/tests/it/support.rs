//! An output to look into, a clock to turn, and lines read back.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use plumego_log::conformance::Entry;

/// Collects what is written.
#[derive(Clone, Default)]
pub(crate) struct Sheet(Arc<Mutex<Vec<u8>>>);

impl Sheet {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.lines()
            .iter()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// 2026-04-27T10:30:00.123456789Z.
pub(crate) const START_NANOS: u64 = 1_777_285_800_123_456_789;

/// A clock that stands still until it is turned.
#[derive(Clone)]
pub(crate) struct FakeClock(Arc<AtomicU64>);

impl FakeClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START_NANOS)))
    }

    pub(crate) fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(u64::try_from(by.as_nanos()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn reader(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let clock = self.clone();
        move || clock.now()
    }
}

/// Reads JSON lines back.
pub(crate) fn parse_json(lines: &str) -> Result<Vec<Entry>, String> {
    lines.lines().map(parse_json_line).collect()
}

fn parse_json_line(line: &str) -> Result<Entry, String> {
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
    let serde_json::Value::Object(mut members) = value else {
        return Err(format!("not an object: {line}"));
    };
    let mut take = |name: &str| members.remove(name);
    let text = |value: Option<serde_json::Value>| match value {
        Some(serde_json::Value::String(text)) => Ok(text),
        other => Err(format!("{other:?} in {line}")),
    };
    text(take("time"))?;
    let level = text(take("level"))?
        .parse()
        .map_err(|error| format!("{error}: {line}"))?;
    let message = text(take("msg"))?;
    let file = take("file").and_then(|file| file.as_str().map(str::to_owned));
    let line_number = take("line").and_then(|number| u32::try_from(number.as_u64()?).ok());
    let fields = members
        .into_iter()
        .map(|(key, value)| match value {
            serde_json::Value::String(text) => (key, text),
            other => (key, other.to_string()),
        })
        .collect();
    Ok(Entry {
        level,
        message,
        fields,
        location: file.zip(line_number),
    })
}

/// Reads text lines back.
pub(crate) fn parse_text(lines: &str) -> Result<Vec<Entry>, String> {
    lines
        .lines()
        .map(|line| parse_text_line(line).ok_or_else(|| format!("not a text line: {line}")))
        .collect()
}

fn parse_text_line(line: &str) -> Option<Entry> {
    let initial = line.chars().next()?;
    let level = plumego_log::Level::ALL
        .into_iter()
        .find(|level| level.initial() == initial)?;
    let (head, rest) = line.split_once(" [")?;
    if head.len() != "I0427 10:30:00.123456    4242".len() {
        return None;
    }
    let (location, rest) = rest.split_once("] ")?;
    let (file, number) = location.rsplit_once(':')?;
    let location = (file != "???").then(|| Some((file.to_owned(), number.parse().ok()?)));
    let (message, fields) = split_fields(rest);
    Some(Entry {
        level,
        message: unescape(message),
        fields,
        location: location.flatten(),
    })
}

/// The message is what precedes the longest tail made of `key=value` pairs alone.
pub(crate) fn split_fields(rest: &str) -> (&str, BTreeMap<String, String>) {
    for (at, _) in rest.match_indices(' ') {
        if let Some(fields) = pairs(&rest[at..]) {
            return (&rest[..at], fields);
        }
    }
    (rest, BTreeMap::new())
}

fn pairs(mut rest: &str) -> Option<BTreeMap<String, String>> {
    let mut fields = BTreeMap::new();
    while !rest.is_empty() {
        rest = rest.strip_prefix(' ')?;
        let (key, tail) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_text(quoted)?,
            None => {
                let is_key = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
                let end = rest.find(|c| !is_key(c))?;
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        let tail = tail.strip_prefix('=')?;
        let (value, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted_text(quoted)?,
            None => {
                let end = tail.find(' ').unwrap_or(tail.len());
                (tail[..end].to_owned(), &tail[end..])
            }
        };
        if fields.insert(key, value).is_some() {
            return None;
        }
        rest = tail;
    }
    Some(fields)
}

fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((unescape(&text[..at]), &text[at + 1..])),
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let code = rest
            .strip_prefix("u{")
            .and_then(|code| code.split_once('}'));
        let c = match (rest.chars().next(), code) {
            (Some('u'), Some((code, tail))) => {
                rest = tail;
                char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap()
            }
            (Some(c), _) if "nrt\"\\".contains(c) => {
                rest = &rest[1..];
                match c {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                }
            }
            _ => '\\',
        };
        out.push(c);
    }
    out + rest
}
