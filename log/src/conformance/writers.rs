//! Loggers on writers that fail, block and overflow.

use std::{
    io::{self, ErrorKind, Write},
    panic::resume_unwind,
    sync::Arc,
    thread,
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

use super::{Outcome, PATIENCE, Setup, Subject, Violation};
use crate::{BuiltLogger, Delivery, Fields, FlushError, Level, LoggerExt, Overflow, fields};

type Verdict = Result<Outcome, Violation>;

/// Collects what is written, as its mode allows.
#[derive(Clone, Default)]
struct Sheet {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<SheetState>,
    opened: Condvar,
}

#[derive(Default)]
struct SheetState {
    mode: Mode,
    text: Vec<u8>,
    /// Writers that wait for the gate.
    waiting: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Open,
    Closed,
    ByteByByte,
    Fails,
    Panics,
}

impl Sheet {
    fn new(mode: Mode) -> Self {
        let sheet = Self::default();
        sheet.set(mode);
        sheet
    }

    fn set(&self, mode: Mode) {
        self.shared.state.lock().mode = mode;
        self.shared.opened.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shared.state.lock().text).into_owned()
    }

    /// Waits until a writer stands before the closed gate.
    fn wait_for_writer(&self) {
        let mut state = self.shared.state.lock();
        while state.waiting == 0 {
            self.shared.opened.wait(&mut state);
        }
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.shared.state.lock();
        while state.mode == Mode::Closed {
            state.waiting += 1;
            self.shared.opened.notify_all();
            self.shared.opened.wait(&mut state);
            state.waiting -= 1;
        }
        let count = match state.mode {
            Mode::Fails => return Err(ErrorKind::StorageFull.into()),
            Mode::Panics => {
                drop(state);
                resume_unwind(Box::new("writer"))
            }
            Mode::ByteByByte => 1,
            Mode::Open | Mode::Closed => bytes.len(),
        };
        state.text.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn build(subject: &dyn Subject, setup: Setup, sheet: &Sheet) -> Option<BuiltLogger> {
    subject.build_on(setup, Box::new(sheet.clone()), None)
}

pub(super) fn bad_writers(subject: &dyn Subject) -> Verdict {
    let Some(_) = build(subject, Setup::default(), &Sheet::default()) else {
        return Ok(Outcome::NotApplicable);
    };
    for mode in [Mode::Fails, Mode::Panics] {
        for delivery in [Delivery::Sync, Delivery::non_blocking()] {
            failing(subject, mode, delivery)?;
        }
    }
    short_writes(subject)?;
    blocking(subject)
}

fn failing(subject: &dyn Subject, mode: Mode, delivery: Delivery) -> Verdict {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&reports);
    let report = Arc::new(move |line: &str| heard.lock().push(line.to_owned()));
    let sheet = Sheet::new(mode);
    let Some(built) = build(
        subject,
        Setup {
            delivery,
            report,
            ..Setup::default()
        },
        &sheet,
    ) else {
        return Ok(Outcome::NotApplicable);
    };
    let derived = built.logger.with_fields(fields! { derived = true });
    for _ in 0..3 {
        built.logger.info("lost", Fields::new());
        derived.error("lost too", Fields::new());
    }
    // Whether flushing a failed output fails is up to the output.
    let _ = built.logger.flush(PATIENCE);
    sheet.set(Mode::Open);
    built.logger.info("back again", Fields::new());
    let flushed = built.logger.flush(PATIENCE);
    ensure!(flushed.is_ok(), "flush after recovery: {flushed:?}");
    let stats = built.logger.stats();
    ensure_eq!(
        (stats.write_errors, stats.written),
        (6, 1),
        "lost and written records"
    );
    let entries = subject.parse(&sheet.text()).map_err(Violation::new)?;
    ensure_eq!(entries.len(), 1, "whole lines after recovery");
    let reports = reports.lock();
    ensure_eq!(reports.len(), 1, "reports");
    ensure!(
        reports[0].starts_with("log: failed to write log output: "),
        "the report reads {:?}",
        reports[0]
    );
    Ok(Outcome::Held)
}

fn short_writes(subject: &dyn Subject) -> Verdict {
    let sheet = Sheet::new(Mode::ByteByByte);
    let Some(built) = build(subject, Setup::default(), &sheet) else {
        return Ok(Outcome::NotApplicable);
    };
    for n in 0..3 {
        built.logger.info("short", fields! { n });
    }
    let entries = subject.parse(&sheet.text()).map_err(Violation::new)?;
    ensure_eq!(entries.len(), 3, "lines in spite of short writes");
    ensure_eq!(built.logger.stats().written, 3, "records counted");
    Ok(Outcome::Held)
}

fn blocking(subject: &dyn Subject) -> Verdict {
    let sheet = Sheet::new(Mode::Closed);
    let Some(built) = build(subject, Setup::default(), &sheet) else {
        return Ok(Outcome::NotApplicable);
    };
    let logger = &built.logger;
    let flushed = thread::scope(|scope| {
        scope.spawn(|| logger.info("blocked", Fields::new()));
        sheet.wait_for_writer();
        let flushed = logger.flush(Duration::from_millis(1));
        logger.debug("disabled calls pass", Fields::new());
        sheet.set(Mode::Open);
        flushed
    });
    ensure!(
        matches!(flushed, Err(FlushError::Timeout)),
        "flush of a blocked writer: {flushed:?}"
    );
    ensure_eq!(
        subject.parse(&sheet.text()).map(|e| e.len()),
        Ok(1),
        "lines after the block"
    );
    Ok(Outcome::Held)
}

pub(super) fn error_output(subject: &dyn Subject) -> Verdict {
    for delivery in [Delivery::Sync, Delivery::non_blocking()] {
        let (main, errors) = (Sheet::default(), Sheet::default());
        let setup = Setup {
            delivery,
            ..Setup::at(Level::Trace)
        };
        let built = subject.build_on(
            setup,
            Box::new(main.clone()),
            Some(Box::new(errors.clone())),
        );
        let Some(built) = built else {
            return Ok(Outcome::NotApplicable);
        };
        for level in Level::ALL {
            built.logger.log_at(level, "", "split", &Fields::new());
        }
        let flushed = built.logger.flush(PATIENCE);
        ensure!(flushed.is_ok(), "flush: {flushed:?}");
        let levels = |sheet: &Sheet| {
            let entries = subject.parse(&sheet.text()).map_err(Violation::new)?;
            Ok(entries
                .into_iter()
                .map(|entry| entry.level)
                .collect::<Vec<_>>())
        };
        let (low, high) = Level::ALL.split_at(4);
        ensure_eq!(levels(&main)?, low, "levels in the main output");
        ensure_eq!(levels(&errors)?, high, "levels in the error output");
    }
    Ok(Outcome::Held)
}

pub(super) fn deadlines(subject: &dyn Subject) -> Verdict {
    let sheet = Sheet::new(Mode::Closed);
    let Some(built) = build(subject, Setup::queued(16, Overflow::Drop), &sheet) else {
        return Ok(Outcome::NotApplicable);
    };
    for n in 0..3 {
        built.logger.info("waiting", fields! { n });
    }
    let flushed = built.logger.flush(Duration::from_millis(1));
    ensure!(
        matches!(flushed, Err(FlushError::Timeout)),
        "flush of a blocked queue: {flushed:?}"
    );
    let logger = Arc::clone(&built.logger);
    let report = built.guard.shutdown(Duration::from_millis(1));
    ensure_eq!(
        (report.written, report.dropped),
        (0, 3),
        "a shutdown past its deadline"
    );
    logger.info("after the end", Fields::new());
    ensure_eq!(
        logger.stats().dropped,
        4,
        "a record after the end is counted"
    );
    sheet.set(Mode::Open);
    orderly_end(subject)
}

fn orderly_end(subject: &dyn Subject) -> Verdict {
    for delivery in [Delivery::Sync, Delivery::non_blocking()] {
        let sheet = Sheet::default();
        let setup = Setup {
            delivery,
            ..Setup::default()
        };
        let Some(built) = build(subject, setup, &sheet) else {
            return Ok(Outcome::NotApplicable);
        };
        for n in 0..100 {
            built.logger.info("kept", fields! { n });
        }
        let report = built.guard.shutdown(PATIENCE);
        ensure_eq!(
            (report.written, report.dropped),
            (100, 0),
            "an orderly shutdown"
        );
        built.logger.info("after the end", Fields::new());
        ensure_eq!(
            built.logger.stats().dropped,
            1,
            "a record after the end is counted"
        );
        let lines = subject.parse(&sheet.text()).map(|entries| entries.len());
        ensure_eq!(lines, Ok(100), "lines written by an orderly shutdown");
    }
    Ok(Outcome::Held)
}

pub(super) fn overflow(subject: &dyn Subject) -> Verdict {
    let sheet = Sheet::new(Mode::Closed);
    let Some(built) = build(subject, Setup::queued(4, Overflow::Drop), &sheet) else {
        return Ok(Outcome::NotApplicable);
    };
    for n in 0..10 {
        built.logger.info("overflow", fields! { n });
    }
    ensure_eq!(
        built.logger.stats().dropped,
        6,
        "records beyond the capacity"
    );
    built
        .logger
        .error("no room within its patience", Fields::new());
    ensure_eq!(
        built.logger.stats().dropped,
        7,
        "an error that found no room"
    );
    sheet.set(Mode::Open);
    let flushed = built.logger.flush(PATIENCE);
    ensure!(flushed.is_ok(), "flush: {flushed:?}");
    let report = built.guard.shutdown(PATIENCE);
    ensure_eq!((report.written, report.dropped), (4, 7), "the account");
    let entries = subject.parse(&sheet.text()).map_err(Violation::new)?;
    let told: u64 = entries
        .iter()
        .filter(|entry| entry.message == "log records dropped")
        .filter_map(|entry| entry.fields.get("count")?.parse::<u64>().ok())
        .sum();
    ensure_eq!(told, 7, "the count in the log");
    errors_wait(subject)
}

/// An error that finds no room is written when room comes in time. The machine
/// may be slow, so it gets several chances.
fn errors_wait(subject: &dyn Subject) -> Verdict {
    for _ in 0..20 {
        let sheet = Sheet::new(Mode::Closed);
        let Some(built) = build(subject, Setup::queued(1, Overflow::Drop), &sheet) else {
            return Ok(Outcome::NotApplicable);
        };
        built.logger.info("takes the room", Fields::new());
        sheet.wait_for_writer();
        let logger = &built.logger;
        thread::scope(|scope| {
            scope.spawn(|| logger.error("waits", Fields::new()));
            sheet.set(Mode::Open);
        });
        if built.guard.shutdown(PATIENCE).dropped == 0 {
            return Ok(Outcome::Held);
        }
    }
    Err(Violation::new("an error never waited for room"))
}
