use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use plumego_contract::{CancelSource, RequestScope};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::key::{Key, KeyDigest};
use super::replay::Replay;

/// What is under way, shared by all services of a layer.
#[derive(Default)]
pub(super) struct Flights {
    table: Mutex<Table>,
    digests: RandomState,
}

#[derive(Default)]
pub(super) struct Table {
    flights: HashMap<Key, Arc<Flight>>,
    pub(super) waiters: usize,
    /// Bounds on those who run alone; an entry lives as long as its users.
    pub(super) alone: HashMap<Key, (Arc<Semaphore>, usize)>,
}

/// One call and those who want its response.
pub(super) struct Flight {
    pub(super) key: Key,
    /// Changes only while the table is locked.
    participants: Mutex<usize>,
    running: OnceLock<(AbortHandle, RequestScope)>,
    outcome: OnceLock<Outcome>,
    done: CancelSource,
}

/// How a flight ended for those who waited.
#[derive(Clone)]
pub(super) enum Outcome {
    Shared(Arc<Replay>),
    Unshareable,
    /// The call panicked or was cut off.
    Failed,
}

/// What a request is to its flight.
pub(super) enum Joined {
    Leader(Participant),
    Waiter(Participant),
}

impl Flights {
    pub(super) fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn digest(&self, key: &Key) -> KeyDigest {
        KeyDigest(self.digests.hash_one(key))
    }

    /// Joins the flight of a key, or starts one.
    pub(super) fn join(flights: &Arc<Self>, key: Key) -> Joined {
        let mut table = flights.lock();
        if let Some(flight) = table.flights.get(&key).cloned() {
            *flight.participants() += 1;
            table.waiters += 1;
            return Joined::Waiter(Participant::new(flights, flight, true));
        }
        let flight = Arc::new(Flight {
            key: Arc::clone(&key),
            participants: Mutex::new(1),
            running: OnceLock::new(),
            outcome: OnceLock::new(),
            done: CancelSource::new(),
        });
        table.flights.insert(key, Arc::clone(&flight));
        Joined::Leader(Participant::new(flights, flight, false))
    }

    /// How many flights can be joined, and how many requests wait.
    pub(super) fn in_flight(&self) -> (usize, usize) {
        let table = self.lock();
        (table.flights.len(), table.waiters)
    }

    /// Ends a flight; the next request of its key starts another.
    pub(super) fn finish(&self, flight: &Arc<Flight>, outcome: Outcome) {
        self.lock().remove(flight);
        // Set once; whoever comes later, such as the guard, changes nothing.
        let _ = flight.outcome.set(outcome);
        flight.done.cancel();
    }
}

impl Table {
    fn remove(&mut self, flight: &Arc<Flight>) {
        let present = self.flights.get(&flight.key);
        if present.is_some_and(|present| Arc::ptr_eq(present, flight)) {
            self.flights.remove(&flight.key);
        }
    }
}

impl Flight {
    fn participants(&self) -> MutexGuard<'_, usize> {
        self.participants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells how to stop the call.
    pub(super) fn runs(&self, task: AbortHandle, scope: RequestScope) {
        let _ = self.running.set((task, scope));
    }

    /// Resolves when the flight ended.
    pub(super) async fn ended(&self) -> Outcome {
        self.done.cancelled().await;
        self.outcome.get().cloned().unwrap_or(Outcome::Failed)
    }

    /// Nobody wants the response any more.
    fn abandon(&self) {
        if let Some((task, scope)) = self.running.get() {
            scope.cancel();
            task.abort();
        }
    }
}

/// A request that wants the response; the last one that leaves before the end
/// stops the call.
pub(super) struct Participant {
    flights: Arc<Flights>,
    flight: Arc<Flight>,
    waits: bool,
}

impl Participant {
    fn new(flights: &Arc<Flights>, flight: Arc<Flight>, waits: bool) -> Self {
        Self {
            flights: Arc::clone(flights),
            flight,
            waits,
        }
    }

    pub(super) fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    pub(super) fn flights(&self) -> &Arc<Flights> {
        &self.flights
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        let mut table = self.flights.lock();
        table.waiters -= usize::from(self.waits);
        let left = {
            let mut participants = self.flight.participants();
            *participants -= 1;
            *participants
        };
        let abandoned = left == 0 && self.flight.outcome.get().is_none();
        if abandoned {
            table.remove(&self.flight);
        }
        drop(table);
        if abandoned {
            self.flight.abandon();
        }
    }
}
