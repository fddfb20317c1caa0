//! Logs: lines on standard error, through the toolkit's logger.

mod data;
mod encoder;
mod journal;

pub use data::field_value;
pub use encoder::LineEncoder;
pub use journal::Journal;

use std::sync::Arc;
use std::time::Duration;

use plumego_log::{BuiltLogger, Delivery, LogBuilder, LogConfigError, LogFormat, Logger, Overflow};

use crate::options::Options;
use crate::system::{Clock, Stdio};

/// Lines that may wait to be written.
const QUEUE_LINES: usize = 8192;

/// How long flushing may take before the program goes on.
const FLUSH_MAX: Duration = Duration::from_secs(5);

/// A logger that writes lines of Fuse's form to standard error from a thread of
/// its own.
///
/// # Errors
///
/// The thread cannot be started.
pub fn logger(
    options: &Options,
    stdio: &Stdio,
    clock: &Arc<dyn Clock>,
) -> Result<BuiltLogger, LogConfigError> {
    let clock = Arc::clone(clock);
    let encoder = LineEncoder::new(options.log_json, options.color);
    LogBuilder::new()
        .format(LogFormat::Custom(Arc::new(encoder)))
        .output(stdio.error_writer())
        .filter(options.log_filter.clone())
        .delivery(Delivery::NonBlocking {
            capacity: QUEUE_LINES,
            overflow: Overflow::Drop,
        })
        .now(move || clock.now())
        .build()
}

/// Waits until all lines are written.
pub fn flush(logger: &dyn Logger) {
    // A line that cannot be written in this time never will be.
    let _ = logger.flush(FLUSH_MAX);
}

/// A logger of which nothing remains.
pub(crate) fn silent() -> BuiltLogger {
    let built = LogBuilder::new().format(LogFormat::Discard).build();
    built.expect("a logger that writes nothing has nothing that can fail")
}
