//! Queues, guards, counters and sampling.

use std::{
    io::{self, Write},
    sync::{Arc, OnceLock, mpsc},
    time::Duration,
};

use plumego_log::{
    Delivery, FieldValue, Fields, Level, LogBuilder, LogFormat, Logger, LoggerExt, Overflow,
    Sampling, fields,
};

use crate::support::{FakeClock, Sheet};

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_dropped_guard_has_written_everything() {
    let sheet = Sheet::default();
    let built = LogBuilder::new()
        .output(sheet.clone())
        .delivery(Delivery::non_blocking())
        .build()
        .unwrap();
    for n in 0..1000 {
        built.logger.info("queued", fields! { n });
    }
    drop(built.guard);
    assert_eq!(sheet.lines().len(), 1000);
    built.logger.info("too late", Fields::new());
    assert_eq!(built.logger.stats().dropped, 1);
}

#[test]
fn a_synchronous_logger_outlives_its_guard() {
    let sheet = Sheet::default();
    let logger = LogBuilder::new()
        .output(sheet.clone())
        .build()
        .unwrap()
        .logger;
    logger.info("still here", Fields::new());
    assert_eq!(sheet.lines().len(), 1);
}

#[test]
fn a_full_queue_that_blocks_loses_nothing() {
    let sheet = Sheet::default();
    let delivery = Delivery::NonBlocking {
        capacity: 1,
        overflow: Overflow::Block,
    };
    let built = LogBuilder::new()
        .output(sheet.clone())
        .delivery(delivery)
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|n| built.logger.info("waits", fields! { n })));
        }
    });
    let report = built.guard.shutdown(PATIENCE);
    assert_eq!((report.written, report.dropped), (2000, 0));
    assert_eq!(sheet.lines().len(), 2000);
}

/// Tells when the worker lets go of it.
struct Farewell(mpsc::Sender<()>);

impl Write for Farewell {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.send(()).ok();
    }
}

#[test]
fn the_worker_ends_with_the_last_logger() {
    let (sender, receiver) = mpsc::channel();
    let built = LogBuilder::new()
        .output(Farewell(sender))
        .delivery(Delivery::non_blocking())
        .build()
        .unwrap();
    let derived = built.logger.with_fields(fields! { derived = true });
    drop(built);
    derived.info("after the guard", Fields::new());
    drop(derived);
    assert_eq!(receiver.recv_timeout(PATIENCE), Ok(()));
}

/// A writer that logs to the logger it serves.
#[derive(Clone, Default)]
struct Chatty {
    logger: Arc<OnceLock<Arc<dyn Logger>>>,
    sheet: Sheet,
}

impl Write for Chatty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(logger) = self.logger.get() {
            logger.error("writing", Fields::new());
        }
        self.sheet.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_logs_to_itself_cannot_wait_for_itself() {
    let blocking = Delivery::NonBlocking {
        capacity: 1,
        overflow: Overflow::Block,
    };
    for delivery in [Delivery::Sync, blocking] {
        let writer = Chatty::default();
        let built = LogBuilder::new()
            .output(writer.clone())
            .delivery(delivery)
            .build()
            .unwrap();
        assert!(writer.logger.set(Arc::clone(&built.logger)).is_ok());
        built.logger.info("outer", Fields::new());
        let report = built.guard.shutdown(PATIENCE);
        assert_eq!((report.written, report.dropped), (1, 1), "{delivery:?}");
        assert!(writer.sheet.lines()[0].contains("outer"));
    }
}

/// A value that logs while it is formatted.
struct Talkative(Arc<dyn Logger>);

impl std::fmt::Display for Talkative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.info("inner", Fields::new());
        f.write_str("outer value")
    }
}

#[test]
fn a_value_that_logs_while_it_is_formatted_is_no_deadlock() {
    let sheet = Sheet::default();
    let built = LogBuilder::new().output(sheet.clone()).build().unwrap();
    let value = Talkative(Arc::clone(&built.logger));
    plumego_log::info!(built.logger, "outer", %value);
    let lines = sheet.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with("inner") && lines[1].ends_with("value=\"outer value\""));
}

#[test]
fn every_counter_counts() {
    let sheet = Sheet::default();
    let built = LogBuilder::new()
        .output(sheet)
        .now(FakeClock::new().reader())
        .sampling(Sampling::new(1, 0))
        .build()
        .unwrap();
    let logger = &built.logger;
    logger.info("again", Fields::new());
    logger.info("again", Fields::new());
    logger.warn(
        "long",
        fields! { text = "x".repeat(9000), password = "p", "Bearer" = "Basic abc" },
    );
    logger.log(&plumego_log::Record::new(
        Level::Debug,
        "refused",
        logger.now(),
    ));
    let stats = logger.stats();
    assert_eq!(
        (
            stats.written,
            stats.sampled_out,
            stats.truncated,
            stats.redacted,
            stats.filtered
        ),
        (2, 1, 1, 2, 1)
    );
}

#[test]
fn a_record_after_suppressed_ones_tells_their_number() {
    let (sheet, clock) = (Sheet::default(), FakeClock::new());
    let built = LogBuilder::new()
        .format(LogFormat::Json)
        .output(sheet.clone())
        .now(clock.reader())
        .sampling(Sampling::new(1, 0).per(Duration::from_secs(60)))
        .build()
        .unwrap();
    for _ in 0..5 {
        built.logger.info("busy", fields! { suppressed = "mine" });
    }
    clock.advance(Duration::from_secs(60));
    built.logger.info("busy", Fields::new());
    let lines = sheet.json();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["field.suppressed"], "mine");
    assert_eq!(lines[1]["suppressed"], 4);
}

#[test]
fn a_string_of_any_length_is_a_value() {
    for len in [0, 1, 22, 23, 100] {
        let text = "x".repeat(len);
        assert_eq!(
            FieldValue::from(text.as_str()).as_str(),
            Some(text.as_str())
        );
    }
}
