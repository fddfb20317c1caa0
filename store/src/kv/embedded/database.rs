//! The engine's database, which stops at nothing that is damaged.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::engine::engine_error;
use super::tables::Place;
use crate::kv::KvResult;

/// Runs what reads pages that may be damaged: the engine panics on some.
pub(super) fn guard<T>(place: &Place, work: impl FnOnce() -> KvResult<T>) -> KvResult<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(place.corrupt("the engine stopped on what it read")))
}

/// A database that is closed when it is dropped, and panics then no more than
/// at any other time.
#[derive(Debug)]
pub(super) struct Database(Option<redb::Database>);

impl Database {
    pub(super) const fn new(database: redb::Database) -> Self {
        Self(Some(database))
    }

    /// Writes what makes the next start fast, and ends it.
    pub(super) fn close(mut self, place: &Place) -> KvResult<()> {
        self.0.take().map_or(Ok(()), |database| {
            guard(place, || {
                database
                    .close()
                    .map_err(|error| engine_error(place, "closing", error))
            })
        })
    }
}

impl Deref for Database {
    type Target = redb::Database;

    fn deref(&self) -> &redb::Database {
        // Only `close` and `drop` take it, and both end the life of `self`.
        self.0.as_ref().unwrap_or_else(|| unreachable!())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(database) = self.0.take() {
            // Closing writes; what it thinks of damaged pages is of no use to
            // anybody.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
        }
    }
}
