//! Threads and the end of the process.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    thread,
};

use super::{Outcome, Setup, Subject, Violation};
use crate::{Delivery, Level, LoggerExt, Overflow, fields};

const THREADS: u64 = 32;
const RECORDS: u64 = 1_000;

pub(super) fn threads(subject: &dyn Subject) -> Result<Outcome, Violation> {
    for delivery in [
        Delivery::Sync,
        Delivery::NonBlocking {
            capacity: 256,
            overflow: Overflow::Block,
        },
    ] {
        hammer(subject, delivery)?;
    }
    Ok(Outcome::Held)
}

fn hammer(subject: &dyn Subject, delivery: Delivery) -> Result<(), Violation> {
    let fixture = subject.build(Setup {
        delivery,
        ..Setup::default()
    });
    let derived = fixture.logger.with_fields(fields! { side = "derived" });
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let logger = if thread % 2 == 0 {
                &fixture.logger
            } else {
                &derived
            };
            scope.spawn(move || {
                for n in 0..RECORDS {
                    logger.info("many threads", fields! { thread, n, pad = "some text" });
                }
            });
        }
    });
    let entries = fixture.entries()?;
    ensure_eq!(
        entries.len() as u64,
        THREADS * RECORDS,
        "records that came out"
    );
    let mut seen = BTreeSet::new();
    let mut last = vec![None; usize::try_from(THREADS).unwrap_or(0)];
    for entry in &entries {
        let number = |key: &str| {
            entry
                .fields
                .get(key)
                .and_then(|value| value.parse::<u64>().ok())
        };
        let (Some(thread), Some(n)) = (number("thread"), number("n")) else {
            return Err(Violation::new(format!(
                "a record lost its fields: {entry:?}"
            )));
        };
        ensure!(
            seen.insert((thread, n)),
            "record {n} of thread {thread} came twice"
        );
        let before = usize::try_from(thread)
            .ok()
            .and_then(|thread| last.get_mut(thread));
        ensure!(
            before.is_some_and(|last| last.replace(n) < Some(n)),
            "records of thread {thread} lost their order"
        );
    }
    Ok(())
}

/// What the hook throws instead of ending the process of the suite.
struct Ended;

pub(super) fn fatal(subject: &dyn Subject) -> Result<Outcome, Violation> {
    let setup = Setup {
        fatal_hook: Some(Arc::new(|| resume_unwind(Box::new(Ended)))),
        ..Setup::default()
    };
    let fixture = subject.build(setup);
    let end = catch_unwind(AssertUnwindSafe(|| {
        fixture.logger.fatal("ending", fields! { code = 7 });
    }));
    ensure!(
        end.is_err_and(|thrown| thrown.is::<Ended>()),
        "the hook was not run"
    );
    // Read without a flush: that was the business of `fatal`.
    let entries = (fixture.entries)().map_err(Violation::new)?;
    ensure_eq!(entries.len(), 1, "records written before the end");
    ensure_eq!(entries[0].level, Level::Fatal, "its level");
    match subject.fatal_in_child() {
        None => {}
        Some((code, output)) => {
            ensure_eq!(code, Some(1), "exit code of the child process");
            ensure!(
                output.contains("ending"),
                "the child wrote no fatal record: {output:?}"
            );
        }
    }
    Ok(Outcome::Held)
}
