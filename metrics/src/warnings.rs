//! The few lines a collector logs about records it could not take as they were.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use plumego_log::{Fields, Logger, LoggerExt};

use crate::MetricsError;

/// Least time between two warnings about refused records.
const INVALID_EVERY: Duration = Duration::from_secs(60);

/// Warns through a logger, if there is one.
#[derive(Default)]
pub(crate) struct Warnings {
    logger: Option<Arc<dyn Logger>>,
    /// Milliseconds since the epoch of the last warning about a refused record,
    /// plus one; 0 before the first.
    last_invalid_ms: AtomicU64,
}

impl Warnings {
    pub(crate) fn new(logger: Arc<dyn Logger>) -> Self {
        Self {
            logger: Some(logger),
            last_invalid_ms: AtomicU64::new(0),
        }
    }

    /// A record was refused; at most one line per minute.
    #[cold]
    pub(crate) fn invalid(&self, error: &MetricsError, now: impl FnOnce() -> SystemTime) {
        if let Some(logger) = &self.logger
            && self.is_due(now())
        {
            logger.warn(
                "metric record refused",
                Fields::new().with("error", error.to_string()),
            );
        }
    }

    /// A name or label set went past a bound, for the first time of that name.
    #[cold]
    pub(crate) fn folded(&self, name: &str) {
        if let Some(logger) = &self.logger {
            logger.warn(
                "metric series folded",
                Fields::new().with("metric", name.to_owned()),
            );
        }
    }

    /// A target of a fan-out panicked, for the first time.
    #[cold]
    pub(crate) fn target_panicked(&self, position: usize) {
        if let Some(logger) = &self.logger {
            logger.error(
                "metric collector panicked",
                Fields::new().with("position", position as u64),
            );
        }
    }

    fn is_due(&self, now: SystemTime) -> bool {
        let since_epoch = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let now_ms = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX - 1) + 1;
        let last = self.last_invalid_ms.load(Ordering::Relaxed);
        let waited = u128::from(now_ms.abs_diff(last)) >= INVALID_EVERY.as_millis();
        // A clock set back counts as waiting: better one line too many than silence.
        (last == 0 || waited)
            && self
                .last_invalid_ms
                .compare_exchange(last, now_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

impl fmt::Debug for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warnings")
            .field("logger", &self.logger.is_some())
            .finish()
    }
}
