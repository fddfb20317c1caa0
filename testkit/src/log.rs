use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plumego_log::{FieldValue, Fields, FlushError, Level, Logger, Record, Text};

/// One record as a test sees it.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Severity.
    pub level: Level,
    /// Constant message.
    pub message: String,
    /// Fields in order, the later of two equal keys last.
    pub fields: Vec<(String, String)>,
}

impl LogEntry {
    /// The value of a field as text.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&str> {
        let mut fields = self.fields.iter().rev();
        let (_, value) = fields.find(|(own, _)| own == key)?;
        Some(value)
    }
}

/// A logger that keeps what it is given. Clones share the records.
#[derive(Clone, Debug, Default)]
pub struct RecordingLogger {
    entries: Arc<Mutex<Vec<LogEntry>>>,
    base: Fields,
}

impl RecordingLogger {
    /// An empty recorder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The recorder as the logger that products take.
    #[must_use]
    pub fn as_logger(&self) -> Arc<dyn Logger> {
        Arc::new(self.clone())
    }

    /// Everything recorded so far.
    #[must_use]
    pub fn entries(&self) -> Vec<LogEntry> {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The records with this message.
    #[must_use]
    pub fn with_message(&self, message: &str) -> Vec<LogEntry> {
        let mut entries = self.entries();
        entries.retain(|entry| entry.message == message);
        entries
    }

    /// True when `text` occurs anywhere in what was logged.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.entries().iter().any(|entry| {
            let mut values = entry.fields.iter().map(|(_, value)| value);
            entry.message.contains(text) || values.any(|value| value.contains(text))
        })
    }
}

impl Logger for RecordingLogger {
    fn enabled(&self, _: Level, _: &str) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let sets = std::iter::once(&self.base).chain(record.fields.iter().copied());
        let fields = sets
            .flat_map(Fields::iter)
            .map(|(key, value)| (key.to_owned(), text_of(value)))
            .collect();
        let entry = LogEntry {
            level: record.level,
            message: record.message.to_owned(),
            fields,
        };
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    }

    fn with_fields(&self, fields: Fields) -> Arc<dyn Logger> {
        let mut derived = self.clone();
        for (key, value) in fields {
            derived.base = derived.base.with(key, value);
        }
        Arc::new(derived)
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }
}

fn text_of(value: &FieldValue) -> String {
    match value {
        FieldValue::Null => String::new(),
        FieldValue::Bool(value) => value.to_string(),
        FieldValue::I64(value) => value.to_string(),
        FieldValue::U64(value) => value.to_string(),
        FieldValue::F64(value) => value.to_string(),
        FieldValue::Str(text) => text.as_str().to_owned(),
        FieldValue::Error(chain) => {
            let links: Vec<_> = chain.links().iter().map(Text::as_str).collect();
            links.join(": ")
        }
        other => format!("{other:?}"),
    }
}
