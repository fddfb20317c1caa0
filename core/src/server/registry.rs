//! The open connections of a server and the phase of its life.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit};

use super::connection::timers::{ConnectionState, Phase};

/// How far a server has come in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum ServerPhase {
    Running = 0,
    /// Connections finish what they have and close.
    Draining = 1,
    /// Connections are cut.
    Forced = 2,
}

/// Open connections, by kind. `active` counts those that answer at least one
/// request; `upgraded` those that speak another protocol now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionCounts {
    /// All open connections.
    pub open: usize,
    /// Those with a request under way.
    pub active: usize,
    /// Those handed over to another protocol.
    pub upgraded: usize,
}

/// Every open connection of one server.
#[derive(Default)]
pub(crate) struct Registry {
    phase: AtomicU8,
    next_id: AtomicU64,
    open: AtomicUsize,
    connections: Mutex<HashMap<u64, Arc<ConnectionState>>>,
    closed: Notify,
}

impl Registry {
    /// Admits a connection. It counts as open until the guard is dropped.
    pub(crate) fn admit(
        self: &Arc<Self>,
        state: &Arc<ConnectionState>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> ConnectionGuard {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::AcqRel);
        self.lock().insert(id, Arc::clone(state));
        ConnectionGuard {
            registry: Arc::clone(self),
            id,
            _permit: permit,
        }
    }

    pub(crate) fn phase(&self) -> ServerPhase {
        match self.phase.load(Ordering::Acquire) {
            0 => ServerPhase::Running,
            1 => ServerPhase::Draining,
            _ => ServerPhase::Forced,
        }
    }

    /// Moves on to `phase` and tells every connection.
    pub(crate) fn advance(&self, phase: ServerPhase) {
        self.phase.fetch_max(phase as u8, Ordering::AcqRel);
        let connections: Vec<_> = self.lock().values().cloned().collect();
        for connection in connections {
            if phase == ServerPhase::Forced {
                connection.abort();
            }
            connection.notify();
        }
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    pub(crate) fn counts(&self) -> ConnectionCounts {
        let connections = self.lock();
        let mut counts = ConnectionCounts {
            open: connections.len(),
            ..ConnectionCounts::default()
        };
        for connection in connections.values() {
            counts.active += usize::from(connection.in_flight() > 0);
            counts.upgraded += usize::from(connection.phase() == Phase::Upgraded);
        }
        counts
    }

    /// Resolves when no connection is open.
    pub(crate) async fn all_closed(&self) {
        loop {
            let closed = self.closed.notified();
            let mut closed = std::pin::pin!(closed);
            // Registered before the look at the count, so that a close in
            // between is not missed.
            closed.as_mut().enable();
            if self.open() == 0 {
                return;
            }
            closed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<ConnectionState>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one open connection; dropping it closes the books on it.
pub(crate) struct ConnectionGuard {
    registry: Arc<Registry>,
    id: u64,
    _permit: Option<OwnedSemaphorePermit>,
}

impl fmt::Debug for ConnectionGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectionGuard").field(&self.id).finish()
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.id);
        if self.registry.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.registry.closed.notify_waiters();
        }
    }
}
