//! Calls that run on threads for blocking work, and end when nobody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::connection::Limits;
use crate::db::{DbError, DbErrorKind, DbResult};

/// Tells a statement that nobody waits for it any more, when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Cancel {
    cancelled: Arc<AtomicBool>,
    served: bool,
}

impl Cancel {
    /// Limits that end a statement when this is dropped.
    pub(super) fn limits(&self) -> Limits {
        let cancelled = Arc::clone(&self.cancelled);
        Limits {
            deadline: None,
            cancelled: Some(Arc::new(move || cancelled.load(Ordering::Relaxed))),
        }
    }

    /// The answer is there.
    pub(super) fn served(mut self) {
        self.served = true;
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        if !self.served {
            self.cancelled.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs `work` on a thread for blocking work.
pub(super) async fn blocking<T: Send + 'static>(
    op: &'static str,
    work: impl FnOnce() -> DbResult<T> + Send + 'static,
) -> DbResult<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(DbError::new(DbErrorKind::Closed, op)),
        },
    }
}
