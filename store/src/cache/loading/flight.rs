//! Who loads, and who waits for them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Outcome;

/// The keys that are being loaded.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<String, watch::Receiver<Option<Outcome>>>>);

/// Whether one loads or waits.
pub(super) enum Place {
    Leader(Leader),
    Waiter(Waiter),
}

/// The one that loads. Dropped without an outcome, it lets the next one lead.
pub(super) struct Leader {
    flights: Arc<Flights>,
    key: String,
    sender: Option<watch::Sender<Option<Outcome>>>,
}

/// One that waits.
pub(super) struct Waiter(watch::Receiver<Option<Outcome>>);

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Option<Outcome>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the key, or waits for whoever does.
    pub(super) fn join(self: &Arc<Self>, key: &str) -> Place {
        match self.lock().entry(key.to_owned()) {
            Entry::Occupied(flight) => Place::Waiter(Waiter(flight.get().clone())),
            Entry::Vacant(place) => {
                let (sender, receiver) = watch::channel(None);
                place.insert(receiver);
                Place::Leader(Leader {
                    flights: Arc::clone(self),
                    key: key.to_owned(),
                    sender: Some(sender),
                })
            }
        }
    }
}

impl Leader {
    /// Tells everybody who waits.
    pub(super) fn finish(mut self, outcome: Outcome) {
        if let Some(sender) = self.sender.take() {
            // Whoever comes from here on does not wait for this load.
            self.flights.lock().remove(&self.key);
            sender.send_replace(Some(outcome));
        }
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take() {
            // Gone from the list before anybody is woken, so that one of them
            // finds the place free.
            self.flights.lock().remove(&self.key);
            drop(sender);
        }
    }
}

impl Waiter {
    /// The outcome; `None` if the leader is gone without one.
    pub(super) async fn wait(&mut self) -> Option<Outcome> {
        let outcome = self.0.wait_for(Option::is_some).await.ok()?;
        outcome.clone()
    }
}
