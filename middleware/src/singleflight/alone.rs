use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::flights::Flights;
use super::key::Key;

/// How many requests of one key run alone at a time.
const ALONE_MAX: usize = 16;

/// A request that may run alone; the next one may when it is dropped.
pub(super) struct Alone {
    _permit: Option<OwnedSemaphorePermit>,
    _user: User,
}

/// Keeps the bound of a key alive.
struct User {
    flights: Arc<Flights>,
    key: Key,
}

impl Alone {
    /// Waits until fewer than the most run alone.
    pub(super) async fn enter(flights: Arc<Flights>, key: Key) -> Self {
        let (semaphore, user) = User::of(flights, key);
        // The semaphore is never closed, so this is a permit.
        let permit = semaphore.acquire_owned().await.ok();
        Self {
            _permit: permit,
            _user: user,
        }
    }
}

impl User {
    fn of(flights: Arc<Flights>, key: Key) -> (Arc<Semaphore>, Self) {
        let semaphore = {
            let mut table = flights.lock();
            let entry = table.alone.entry(Arc::clone(&key));
            let (semaphore, users) =
                entry.or_insert_with(|| (Arc::new(Semaphore::new(ALONE_MAX)), 0));
            *users += 1;
            Arc::clone(semaphore)
        };
        (semaphore, Self { flights, key })
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let mut table = self.flights.lock();
        if let Some((_, users)) = table.alone.get_mut(&self.key) {
            *users -= 1;
            if *users == 0 {
                table.alone.remove(&self.key);
            }
        }
    }
}
