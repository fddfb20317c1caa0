//! Log lines: hostile values stay on one line and within their bounds.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use plumego_log::{Fields, Filter, Level, LogBuilder, LogFormat, LoggerExt, Redactor};

/// A line is at most 64 KiB, its line feed included.
const LINE_BYTES_MAX: usize = 64 * 1024 + 1;

pub(crate) fn redactor(data: &[u8]) {
    let redactor = Redactor::standard();
    let text = String::from_utf8_lossy(data);
    let once = redactor.text(&text).into_owned();
    assert_eq!(redactor.text(&once), once, "redaction is idempotent");
    let _ = redactor.url(&text);
}

/// Directives by themselves on the first line, then a target.
pub(crate) fn filter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (directives, target) = text.split_once('\n').unwrap_or((&text, ""));
    let Ok(filter) = directives.parse::<Filter>() else {
        return;
    };
    assert_eq!(filter.to_string().parse().as_ref(), Ok(&filter), "{filter}");
    let levels = [
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
    ];
    let allowed = levels.map(|level| filter.allows(level, target));
    assert!(
        allowed.is_sorted(),
        "a higher level passes where a lower one does"
    );
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn encoders(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (key, value) = text.split_once('\n').unwrap_or((&text, ""));
    for format in [LogFormat::Text, LogFormat::Json] {
        let output = Captured::default();
        let built = LogBuilder::new()
            .format(format.clone())
            .output(output.clone())
            .build()
            .expect("a legal configuration");
        let fields = Fields::new()
            .with(key.to_owned(), value.to_owned())
            .with("bytes", bytes::Bytes::copy_from_slice(data));
        built.logger.info(&text, fields);
        drop(built);
        let line = output.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1, "one line");
        assert!(line.ends_with(b"\n") && line.len() <= LINE_BYTES_MAX);
        if matches!(format, LogFormat::Json) {
            let parsed: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
            assert_eq!(parsed["level"], "INFO");
        }
    }
}
