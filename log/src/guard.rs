//! The end of a logger family.

use std::{fmt, sync::Arc, time::Duration};

use crate::sink::outlet::Outlet;

/// How long a dropped guard waits.
const RELEASE: Duration = Duration::from_secs(5);

/// Keeps the output of a logger family going.
///
/// Dropping it writes what is waiting, within 5 s, and stops the worker of
/// [`Delivery::NonBlocking`](crate::Delivery::NonBlocking); records logged after that are counted and lost.
/// With [`Delivery::Sync`](crate::Delivery::Sync) there is no worker: dropping flushes, logging goes on.
#[must_use = "dropping the guard stops the output"]
pub struct LogGuard {
    outlet: Option<Arc<Outlet>>,
}

impl LogGuard {
    pub(crate) fn new(outlet: Option<Arc<Outlet>>) -> Self {
        Self { outlet }
    }

    /// Takes no more records and writes those that are waiting.
    ///
    /// What cannot be written before the deadline counts as dropped.
    pub fn shutdown(mut self, deadline: Duration) -> ShutdownReport {
        self.outlet
            .take()
            .map_or(ShutdownReport::default(), |outlet| {
                outlet.shutdown(deadline)
            })
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        if let Some(outlet) = &self.outlet {
            outlet.release(RELEASE);
        }
    }
}

impl fmt::Debug for LogGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogGuard").finish_non_exhaustive()
    }
}

/// The final account of a logger family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShutdownReport {
    /// Records that reached the output.
    pub written: u64,
    /// Records that were lost: to a full queue, a failing output or the deadline.
    pub dropped: u64,
}
