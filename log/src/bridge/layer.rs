//! `tracing` events as records.

use std::{cell::Cell, error::Error, fmt, sync::Arc};

use tracing::{
    Event, Level as TracingLevel, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, Scope, SpanRef},
};

use super::BridgeLoopError;
use crate::{CallSite, FieldValue, Fields, Level, Logger, Record};

thread_local! {
    /// Set while an event is written: what the output itself traces is left out.
    static IN_LAYER: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as one that writes an event.
struct Inside;

impl Inside {
    fn enter() -> Option<Self> {
        (!IN_LAYER.replace(true)).then_some(Self)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        IN_LAYER.set(false);
    }
}

/// Hands `tracing` events to a [`Logger`].
///
/// The `message` field becomes the message, the other fields stay fields, and
/// fields of the surrounding spans come as `span.<name>.<field>`; of spans with the
/// same name the innermost wins. Filter and redaction of the logger apply. Events
/// of the `log` crate that arrive through `tracing-log` show their own target and
/// location.
///
/// The application installs the layer; this crate never sets a global subscriber.
///
/// ```
/// use plumego_log::{LogBuilder, LoggerLayer};
/// use tracing_subscriber::prelude::*;
///
/// let built = LogBuilder::new().build()?;
/// let subscriber = tracing_subscriber::registry().with(LoggerLayer::new(built.logger)?);
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info_span!("import", batch = 7).in_scope(|| tracing::info!(rows = 3, "stored"));
/// });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LoggerLayer {
    logger: Arc<dyn Logger>,
}

impl LoggerLayer {
    /// A layer that writes to `logger`.
    ///
    /// # Errors
    ///
    /// [`BridgeLoopError`] when the logger emits `tracing` events itself.
    pub fn new(logger: Arc<dyn Logger>) -> Result<Self, BridgeLoopError> {
        if logger.emits_tracing_events() {
            return Err(BridgeLoopError);
        }
        Ok(Self { logger })
    }

    fn write<'a, S>(&self, event: &Event<'_>, level: Level, context: &Context<'a, S>)
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let metadata = event.metadata();
        let mut collected = Collected::default();
        event.record(&mut collected);
        let origin = Origin::take(metadata.target() == "log", &mut collected.fields);
        let target = origin.target.as_deref().unwrap_or(metadata.target());
        if !self.logger.enabled(level, target) {
            return;
        }
        let file = origin.file.as_deref().or(metadata.file());
        let line = origin.line.or(metadata.line());
        let spans = span_fields(
            context
                .event_scope(event)
                .into_iter()
                .flat_map(Scope::from_root),
        );
        let sets = [&spans, &collected.fields];
        let record = Record::new(level, &collected.message, self.logger.now())
            .with_target(target)
            .with_fields(&sets)
            .with_location(file.zip(line).map(|(file, line)| CallSite::new(file, line)));
        self.logger.log(&record);
    }
}

impl<S> Layer<S> for LoggerLayer
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        id: &span::Id,
        context: Context<'_, S>,
    ) {
        let mut collected = Collected::default();
        attributes.record(&mut collected);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(collected.all()));
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let mut collected = Collected::default();
        values.record(&mut collected);
        if let Some(span) = context.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut()
        {
            fields.merge(&collected.all());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let level = level_of(*event.metadata().level());
        let is_record = event.metadata().target() == "log";
        if !is_record && !self.logger.enabled(level, event.metadata().target()) {
            return;
        }
        if let Some(_inside) = Inside::enter() {
            self.write(event, level, &context);
        }
    }
}

impl fmt::Debug for LoggerLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggerLayer").finish_non_exhaustive()
    }
}

/// Fields of a span, kept with it in the registry.
struct SpanFields(Fields);

fn span_fields<'a, S>(spans: impl Iterator<Item = SpanRef<'a, S>>) -> Fields
where
    S: LookupSpan<'a> + 'a,
{
    let mut all = Fields::new();
    for span in spans {
        if let Some(SpanFields(fields)) = span.extensions().get() {
            for (key, value) in fields.iter() {
                all.set(format!("span.{}.{key}", span.name()), value.clone());
            }
        }
    }
    all
}

/// Where a record of the `log` crate says it comes from.
#[derive(Default)]
struct Origin {
    target: Option<String>,
    file: Option<String>,
    line: Option<u32>,
}

impl Origin {
    fn take(is_record: bool, fields: &mut Fields) -> Self {
        if !is_record {
            return Self::default();
        }
        let mut text = |name| fields.remove(name)?.as_str().map(str::to_owned);
        let module = text("log.module_path");
        let (target, file) = (text("log.target").or(module), text("log.file"));
        let line = fields
            .remove("log.line")
            .and_then(|line| u32::try_from(line.as_u64()?).ok());
        Self { target, file, line }
    }
}

/// The fields of an event or span.
#[derive(Default)]
struct Collected {
    message: String,
    fields: Fields,
}

impl Collected {
    fn set(&mut self, field: &Field, value: impl Into<FieldValue>) {
        self.fields.set(field.name(), value);
    }

    /// A span has no message of its own; a field of that name is one like others.
    fn all(self) -> Fields {
        if self.message.is_empty() {
            self.fields
        } else {
            self.fields.with("message", self.message)
        }
    }
}

impl Visit for Collected {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.set(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.set(field, value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field, FieldValue::error(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = FieldValue::debug(value);
        match (field.name(), value.as_str()) {
            ("message", Some(text)) => text.clone_into(&mut self.message),
            _ => self.set(field, value),
        }
    }
}

fn level_of(level: TracingLevel) -> Level {
    match level {
        TracingLevel::TRACE => Level::Trace,
        TracingLevel::DEBUG => Level::Debug,
        TracingLevel::INFO => Level::Info,
        TracingLevel::WARN => Level::Warn,
        TracingLevel::ERROR => Level::Error,
    }
}
