//! The contract between those who log and those who write logs.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{CallSite, Fields, Level, Record};

/// How long [`LoggerExt::fatal`] waits for outstanding records.
pub(crate) const FATAL_FLUSH: Duration = Duration::from_secs(2);

/// Accepts structured records.
///
/// A logger is a value: it is built once, passed down as `Arc<dyn Logger>`, and
/// never registered globally. Implementations must not fail or panic towards
/// the caller and must be usable from any thread. Most code calls the methods of
/// [`LoggerExt`] or the macros ([`info!`](crate::info) and its siblings).
pub trait Logger: Send + Sync + 'static {
    /// Whether a record of this level and target would be written.
    ///
    /// Called before fields are evaluated, so it has to be cheap.
    fn enabled(&self, level: Level, target: &str) -> bool;

    /// Writes a record, when its level passes the filter.
    fn log(&self, record: &Record<'_>);

    /// An independent logger that adds `fields` to each of its records.
    ///
    /// It shares output, filter and redaction with this one, which stays as it is.
    /// Fields of a call win over these, and these over inherited ones.
    fn with_fields(&self, fields: Fields) -> Arc<dyn Logger>;

    /// Waits until everything accepted before the call is written.
    ///
    /// # Errors
    ///
    /// [`FlushError::Timeout`] when that takes longer than `deadline`,
    /// [`FlushError::Output`] when the output refuses to flush.
    fn flush(&self, deadline: Duration) -> Result<(), FlushError>;

    /// What happened to records so far; zeros where a logger does not count.
    fn stats(&self) -> LogStats {
        LogStats::default()
    }

    /// The time stamped on records made through [`LoggerExt`] and the macros.
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Ends the process after a fatal record: exit code 1 unless a hook decides
    /// otherwise.
    fn terminate(&self) -> ! {
        crate::discard::end_process(None)
    }

    /// Whether records of this logger end up as `tracing` events.
    ///
    /// Lets the bridge refuse to build a loop.
    fn emits_tracing_events(&self) -> bool {
        false
    }
}

pub use Logger as StructuredLogger;

/// Calls for people: one method per level.
///
/// The location of a record is that of the call. Methods know no target, so
/// only the default directive of a filter applies to them; the macros know the
/// module. Fields given to a method are evaluated even when the level is
/// disabled; the macros evaluate them only when needed.
///
/// ```
/// use plumego_log::{Fields, LoggerExt, discard};
///
/// let logger = discard();
/// logger.info("item stored", Fields::new().with("id", 17));
/// ```
pub trait LoggerExt: Logger {
    /// Logs at [`Level::Trace`].
    #[track_caller]
    fn trace(&self, message: &str, fields: Fields) {
        self.log_at(Level::Trace, "", message, &fields);
    }

    /// Logs at [`Level::Debug`].
    #[track_caller]
    fn debug(&self, message: &str, fields: Fields) {
        self.log_at(Level::Debug, "", message, &fields);
    }

    /// Logs at [`Level::Info`].
    #[track_caller]
    fn info(&self, message: &str, fields: Fields) {
        self.log_at(Level::Info, "", message, &fields);
    }

    /// Logs at [`Level::Warn`].
    #[track_caller]
    fn warn(&self, message: &str, fields: Fields) {
        self.log_at(Level::Warn, "", message, &fields);
    }

    /// Logs at [`Level::Error`].
    #[track_caller]
    fn error(&self, message: &str, fields: Fields) {
        self.log_at(Level::Error, "", message, &fields);
    }

    /// Logs at [`Level::Fatal`], flushes for at most 2 s and ends the process.
    ///
    /// For binaries only: a library returns an error instead.
    #[track_caller]
    fn fatal(&self, message: &str, fields: Fields) -> ! {
        self.log_at(Level::Fatal, "", message, &fields);
        self.end_process()
    }

    /// Logs at a level chosen at run time, for a given target.
    #[track_caller]
    fn log_at(&self, level: Level, target: &str, message: &str, fields: &Fields) {
        if self.enabled(level, target) {
            self.log_from(level, target, message, fields, CallSite::caller());
        }
    }

    /// Writes a record whose level has been found enabled, with a given call site.
    #[doc(hidden)]
    fn log_from(
        &self,
        level: Level,
        target: &str,
        message: &str,
        fields: &Fields,
        location: CallSite<'_>,
    ) {
        let sets = [fields];
        let record = Record::new(level, message, self.now())
            .with_target(target)
            .with_fields(&sets)
            .with_location(Some(location));
        self.log(&record);
    }

    /// Flushes, then ends the process through [`Logger::terminate`].
    #[doc(hidden)]
    fn end_process(&self) -> ! {
        // A flush that fails cannot be reported any more.
        let _ = self.flush(FATAL_FLUSH);
        self.terminate()
    }
}

impl<L: Logger + ?Sized> LoggerExt for L {}

/// Why a flush did not complete.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// Records were still waiting when the time was over.
    #[error(
        "log records were still waiting when the flush deadline passed: allow more time or look for a blocked output"
    )]
    Timeout,
    /// The output could not be flushed.
    #[error("the log output could not be flushed: check that it is still open and has room")]
    Output(#[source] std::io::Error),
}

/// Counts of what a logger and everything derived from it did with records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogStats {
    /// Records handed to the output in full.
    pub written: u64,
    /// Records handed to [`Logger::log`] that the filter refused. Calls that a
    /// macro or [`LoggerExt`] skipped are not counted: counting would cost more
    /// than the call.
    pub filtered: u64,
    /// Records lost to a full queue, a closed output or a shut-down logger.
    pub dropped: u64,
    /// Records lost because the output failed.
    pub write_errors: u64,
    /// Records that were shortened to keep the bounds.
    pub truncated: u64,
    /// Records left out by sampling.
    pub sampled_out: u64,
    /// Values that were replaced by `***`.
    pub redacted: u64,
}
