//! What the toolkit's kernel logs, under a name of its own: the log of a program
//! is its author's, and what the kernel says of its work has to be asked for.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plumego_log::{Fields, FlushError, Level, Logger, Record};

/// Name that log filters match.
const TARGET: &str = "plumego_core";

/// Gives records without a target that of the kernel.
pub(super) struct KernelLogger(pub(super) Arc<dyn Logger>);

fn target_of(target: &str) -> &str {
    if target.is_empty() { TARGET } else { target }
}

impl Logger for KernelLogger {
    fn enabled(&self, level: Level, target: &str) -> bool {
        self.0.enabled(level, target_of(target))
    }

    fn log(&self, record: &Record<'_>) {
        let named = Record::new(record.level, record.message, record.time)
            .with_target(target_of(record.target))
            .with_fields(record.fields);
        self.0.log(&named);
    }

    fn with_fields(&self, fields: Fields) -> Arc<dyn Logger> {
        Arc::new(Self(self.0.with_fields(fields)))
    }

    fn flush(&self, deadline: Duration) -> Result<(), FlushError> {
        self.0.flush(deadline)
    }

    fn now(&self) -> SystemTime {
        self.0.now()
    }
}
