//! Records as `tracing` events.

use std::{sync::Arc, time::Duration};

use tracing::{Level as TracingLevel, Value};

use crate::{
    FieldValue, Fields, FlushError, Level, Logger, Record, Redactor,
    encode::{EncodeField, plain_text},
    names,
    prepare::{BaseFields, Changes, Layout, prepare, show_message},
};

/// A logger whose records are `tracing` events, for applications with a
/// subscriber stack of their own.
///
/// Names of fields are fixed when a `tracing` call is compiled, so the shared
/// names of [`names`] become fields of the event, and all others are written into
/// its field `fields` as `key=value`. Events have the target `plumego_log`; the
/// target and call site of the record are in `log.target`, `log.file` and
/// `log.line`. `Fatal` becomes an error with `fatal=true`. The subscriber filters;
/// redaction has happened before it sees anything.
#[derive(Clone, Debug)]
pub struct TracingLogger {
    redactor: Redactor,
    base: BaseFields,
}

impl TracingLogger {
    /// A logger without fields, with the standard redaction.
    #[must_use]
    pub fn new() -> Self {
        Self {
            redactor: Redactor::standard(),
            base: BaseFields::default(),
        }
    }

    /// Replaces the redaction rules, usually by extended standard ones.
    #[must_use]
    pub fn with_redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }
}

impl Default for TracingLogger {
    fn default() -> Self {
        Self::new()
    }
}

impl Logger for TracingLogger {
    fn enabled(&self, level: Level, _: &str) -> bool {
        match level {
            Level::Trace => tracing::enabled!(target: "plumego_log", TracingLevel::TRACE),
            Level::Debug => tracing::enabled!(target: "plumego_log", TracingLevel::DEBUG),
            Level::Info => tracing::enabled!(target: "plumego_log", TracingLevel::INFO),
            Level::Warn => tracing::enabled!(target: "plumego_log", TracingLevel::WARN),
            Level::Error | Level::Fatal => {
                tracing::enabled!(target: "plumego_log", TracingLevel::ERROR)
            }
        }
    }

    fn log(&self, record: &Record<'_>) {
        let mut changes = Changes::default();
        let layout = Layout {
            reserved: &[],
            error_chains: false,
        };
        let fields = prepare(
            &self.base,
            record.fields,
            &self.redactor,
            layout,
            &mut changes,
        );
        let message = show_message(&self.redactor, record.message, &mut changes);
        emit(record, &message, &Shown::new(&fields));
    }

    fn with_fields(&self, fields: Fields) -> Arc<dyn Logger> {
        let (base, _) = self.base.extended(&fields, &self.redactor);
        Arc::new(Self {
            redactor: self.redactor.clone(),
            base,
        })
    }

    /// Events are with the subscriber at once; it has its own ways to flush.
    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }

    fn emits_tracing_events(&self) -> bool {
        true
    }
}

/// A value in a type that `tracing` knows.
enum Scalar {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(String),
}

impl Scalar {
    fn new(value: &FieldValue) -> Self {
        match value {
            FieldValue::Bool(value) => Self::Bool(*value),
            FieldValue::I64(value) => Self::I64(*value),
            FieldValue::U64(value) => Self::U64(*value),
            FieldValue::F64(value) => Self::F64(*value),
            other => Self::Text(plain_text(other)),
        }
    }

    fn as_value(&self) -> &dyn Value {
        match self {
            Self::Bool(value) => value,
            Self::I64(value) => value,
            Self::U64(value) => value,
            Self::F64(value) => value,
            Self::Text(value) => value,
        }
    }
}

/// Fields sorted into those with a name of their own and the others.
struct Shown {
    /// In the order of [`names::ALL`].
    named: [Option<Scalar>; names::ALL.len()],
    others: String,
}

impl Shown {
    fn new(fields: &[EncodeField<'_>]) -> Self {
        let mut shown = Self {
            named: [const { None }; names::ALL.len()],
            others: String::new(),
        };
        for field in fields {
            match names::ALL.binary_search(&&*field.key) {
                Ok(index) => shown.named[index] = Some(Scalar::new(&field.value)),
                Err(_) => {
                    if !shown.others.is_empty() {
                        shown.others.push(' ');
                    }
                    shown
                        .others
                        .push_str(&crate::encode::text_pair(&field.key, &field.value));
                }
            }
        }
        shown
    }

    fn get(&self, name: &str) -> Option<&dyn Value> {
        let index = names::ALL.binary_search(&name).ok()?;
        self.named[index].as_ref().map(Scalar::as_value)
    }
}

macro_rules! event_with {
    ($level:expr, $record:ident, $message:ident, $shown:ident, $($name:ident),+) => {
        tracing::event!(
            target: "plumego_log",
            $level,
            message = $message,
            log.target = Some($record.target).filter(|target| !target.is_empty()),
            log.file = $record.location.map(|site| site.file),
            log.line = $record.location.map(|site| site.line),
            fatal = ($record.level == Level::Fatal).then_some(true),
            $($name = $shown.get(stringify!($name)),)+
            fields = Some($shown.others.as_str()).filter(|fields| !fields.is_empty()),
        )
    };
}

macro_rules! event_at {
    ($level:expr, $record:ident, $message:ident, $shown:ident) => {
        event_with!(
            $level,
            $record,
            $message,
            $shown,
            attempt,
            bytes,
            bytes_in,
            client_ip,
            component,
            duration,
            duration_ms,
            error,
            error_kind,
            method,
            outcome,
            path,
            protocol,
            request_id,
            route,
            route_name,
            span_id,
            status,
            tenant_id,
            trace_id,
            user_agent
        )
    };
}

fn emit(record: &Record<'_>, message: &str, shown: &Shown) {
    match record.level {
        Level::Trace => event_at!(TracingLevel::TRACE, record, message, shown),
        Level::Debug => event_at!(TracingLevel::DEBUG, record, message, shown),
        Level::Info => event_at!(TracingLevel::INFO, record, message, shown),
        Level::Warn => event_at!(TracingLevel::WARN, record, message, shown),
        Level::Error | Level::Fatal => event_at!(TracingLevel::ERROR, record, message, shown),
    }
}
