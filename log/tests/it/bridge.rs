//! Events and records cross over in both directions.

use std::sync::{Arc, Mutex};

use plumego_log::{
    BridgeLoopError, Fields, Level, LogBuilder, LogFormat, Logger, LoggerExt, LoggerLayer,
    TracingLogger, fields,
};
use serde_json::json;
use tracing_subscriber::{Layer, layer::Context, prelude::*};

use crate::support::Sheet;

fn through_layer(directives: &str, trace: impl FnOnce()) -> Vec<serde_json::Value> {
    let sheet = Sheet::default();
    let built = LogBuilder::new()
        .format(LogFormat::Json)
        .json_target(true)
        .json_location(true)
        .directives(directives)
        .output(sheet.clone())
        .build()
        .unwrap();
    let layer = LoggerLayer::new(built.logger).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), trace);
    sheet.json()
}

#[test]
fn events_become_records_with_their_spans() {
    let lines = through_layer("info", || {
        let outer =
            tracing::info_span!("request", id = 1, path = "/a", late = tracing::field::Empty);
        let _outer = outer.enter();
        outer.record("late", true);
        let _inner = tracing::info_span!("request", id = 2).entered();
        tracing::warn!(rows = 3, token = "secret", error = %"why", "stored {}", "well");
    });
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(line["msg"], "stored well");
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["target"], "it::bridge");
    assert_eq!(line["file"], "bridge.rs");
    assert_eq!(
        (&line["rows"], &line["token"], &line["error"]),
        (&json!(3), &json!("***"), &json!("why"))
    );
    assert_eq!(line["span.request.id"], 2, "the innermost wins");
    assert_eq!(line["span.request.path"], "/a");
    assert_eq!(line["span.request.late"], true);
}

#[test]
fn the_filter_of_the_logger_applies() {
    let lines = through_layer("error,it::bridge=info,it::bridge::quiet=off", || {
        tracing::debug!("too low");
        tracing::info!("passes");
        tracing::error!(target: "it::bridge::quiet", "silenced");
        tracing::warn!(target: "elsewhere", "too low there");
    });
    assert_eq!(
        lines.iter().map(|line| &line["msg"]).collect::<Vec<_>>(),
        ["passes"]
    );
}

#[test]
fn records_of_the_log_crate_show_their_own_origin() {
    let lines = through_layer("error,driver=info", || {
        tracing::event!(
            target: "log",
            tracing::Level::INFO,
            message = "connected",
            log.target = "driver::pool",
            log.file = "/src/pool.rs",
            log.line = 7
        );
        tracing::event!(
            target: "log",
            tracing::Level::INFO,
            message = "refused",
            log.target = "other"
        );
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["target"], &lines[0]["file"], &lines[0]["line"]),
        (&json!("driver::pool"), &json!("pool.rs"), &json!(7))
    );
    assert_eq!(lines[0].get("log.target"), None);
}

#[test]
fn a_loop_is_refused() {
    let logger = TracingLogger::new().with_fields(fields! { derived = true });
    let refused: Result<LoggerLayer, BridgeLoopError> = LoggerLayer::new(logger);
    assert!(refused.is_err());
}

/// A writer that traces must not cause an event per event.
struct TracingWriter(Sheet);

impl std::io::Write for TracingWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        tracing::error!("writing");
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_the_output_traces_is_left_out() {
    let sheet = Sheet::default();
    let built = LogBuilder::new()
        .output(TracingWriter(sheet.clone()))
        .build()
        .unwrap();
    let layer = LoggerLayer::new(Arc::clone(&built.logger)).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info!("once");
        tracing::info!("twice");
    });
    assert_eq!(sheet.lines().len(), 2);
}

/// Writes down the fields of events.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Note>>>);

/// Names and values of one event.
type Note = Vec<(String, String)>;

impl<S: tracing::Subscriber> Layer<S> for Notes {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= tracing::Level::INFO
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = vec![("level".to_owned(), event.metadata().level().to_string())];
        event.record(
            &mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                fields.push((field.name().to_owned(), format!("{value:?}")));
            },
        );
        self.0.lock().unwrap().push(fields);
    }
}

#[test]
fn records_become_events() {
    let notes = Notes::default();
    let subscriber = tracing_subscriber::registry().with(notes.clone());
    let line = tracing::subscriber::with_default(subscriber, || {
        let logger = TracingLogger::new().with_fields(fields! { component = "db" });
        assert!(!logger.enabled(Level::Debug, ""));
        assert!(logger.enabled(Level::Fatal, ""));
        logger.debug("refused", Fields::new());
        let line = line!() + 1;
        plumego_log::warn!(
            logger,
            "slow query",
            status = 200,
            password = "p",
            rows = 3,
            note = "a b"
        );
        let record = plumego_log::Record::new(Level::Fatal, "the end", logger.now());
        logger.log(&record);
        line
    });
    let notes = notes.0.lock().unwrap();
    let expected = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(notes.len(), 2);
    assert_eq!(
        notes[0],
        expected(&[
            ("level", "WARN"),
            ("message", "\"slow query\""),
            ("log.target", "\"it::bridge\""),
            ("log.file", &format!("{:?}", file!())),
            ("log.line", &line.to_string()),
            ("component", "\"db\""),
            ("status", "200"),
            ("fields", "\"note=\\\"a b\\\" password=*** rows=3\""),
        ])
    );
    assert_eq!(
        notes[1],
        expected(&[
            ("level", "ERROR"),
            ("message", "\"the end\""),
            ("fatal", "true"),
            ("component", "\"db\"")
        ])
    );
}
