use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use plumego_health::SharedGate;

use super::drain::{Drain, DrainReport};
use super::registry::ConnectionCounts;
use crate::error::CoreError;

/// Watches and ends a server from anywhere. Clones are handles to the same
/// server.
#[derive(Clone)]
pub struct ServerHandle {
    pub(super) drain: Arc<Drain>,
    pub(super) default_limit: Option<Duration>,
}

impl ServerHandle {
    /// Drains the server; `None` means the configured `shutdown_timeout`.
    ///
    /// Concurrent calls join the running drain and the strictest limit wins.
    /// Dropping the future does not stop the drain. Before the server serves,
    /// this marks it as stopped.
    ///
    /// # Errors
    /// Operation `shutdown_app` with a
    /// [`DrainDeadlineExceeded`](crate::DrainDeadlineExceeded) when connections
    /// had to be cut.
    pub async fn shutdown(&self, limit: Option<Duration>) -> Result<DrainReport, CoreError> {
        let limit = limit.or(self.default_limit);
        self.drain.run(limit).await.into_result()
    }

    /// Open connections now.
    #[must_use]
    pub fn connections(&self) -> ConnectionCounts {
        self.drain.registry.counts()
    }

    /// True once a shutdown was asked for.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.drain.is_started()
    }

    /// The readiness gate the server drives: open while it serves, closed with
    /// reason `draining` from the start of a shutdown on.
    #[must_use]
    pub fn gate(&self) -> SharedGate {
        self.drain.gate.clone()
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("connections", &self.connections())
            .field("is_draining", &self.is_draining())
            .finish()
    }
}
