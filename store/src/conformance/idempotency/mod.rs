//! The suite every store of idempotency records must pass.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, SystemTime};
//! use plumego_contract::{Clock, ManualClock};
//! use plumego_store::BoxFuture;
//! use plumego_store::conformance::idempotency::{IdempotencyFixture, run};
//! use plumego_store::idempotency::{
//!     ClaimStore, IdempotencyResult, MemoryIdempotencyOptions, MemoryIdempotencyStore,
//! };
//!
//! struct Memory(ManualClock);
//!
//! impl IdempotencyFixture for Memory {
//!     fn name(&self) -> &str {
//!         "MemoryIdempotencyStore"
//!     }
//!
//!     fn open<'a>(&'a self, max_response: usize) -> BoxFuture<'a, IdempotencyResult<Arc<dyn ClaimStore>>> {
//!         let mut options = MemoryIdempotencyOptions::default();
//!         options.max_response = max_response;
//!         options.clock = self.clock();
//!         let store: Arc<dyn ClaimStore> = Arc::new(MemoryIdempotencyStore::with_options(options));
//!         Box::pin(std::future::ready(Ok(store)))
//!     }
//!
//!     fn clock(&self) -> Arc<dyn Clock> {
//!         Arc::new(self.0.clone())
//!     }
//!
//!     fn advance(&self, by: Duration) {
//!         self.0.advance(by);
//!     }
//! }
//!
//! # #[tokio::main] async fn main() {
//! let report = run(&Memory(ManualClock::new(SystemTime::now()))).await;
//! // Memory has no backend, no tables, and ends with the process.
//! report.assert_passed_except(&["ID-12", "ID-13", "ID-14"]);
//! # }
//! ```

mod claims;
mod model;
mod races;
mod records;

use std::sync::Arc;
use std::time::Duration;

use plumego_contract::Clock;

use super::Report;
use super::report::{self, Stop, cases};
use crate::BoxFuture;
use crate::idempotency::{ClaimStore, IdempotencyResult, RESPONSE_BYTES_DEFAULT};

/// The store, as the suite needs it. What it does not have keeps its default.
pub trait IdempotencyFixture: Send + Sync + 'static {
    /// What the report calls the store.
    fn name(&self) -> &str;

    /// A new, empty store that takes responses of up to `max_response` bytes.
    fn open<'a>(
        &'a self,
        max_response: usize,
    ) -> BoxFuture<'a, IdempotencyResult<Arc<dyn ClaimStore>>>;

    /// The clock that the stores read.
    fn clock(&self) -> Arc<dyn Clock>;

    /// Moves that clock.
    fn advance(&self, by: Duration);

    /// Another store over the backend of the one that `open` made last, as
    /// another process would have; `None` if it has none.
    fn another<'a>(&'a self) -> BoxFuture<'a, Option<Arc<dyn ClaimStore>>> {
        Box::pin(std::future::ready(None))
    }

    /// Ends the process that has the store that `open` made last, and opens it
    /// anew; `None` if its records end with it.
    fn restart<'a>(&'a self) -> BoxFuture<'a, Option<IdempotencyResult<Arc<dyn ClaimStore>>>> {
        Box::pin(std::future::ready(None))
    }

    /// Makes the backend unreachable; false if there is none.
    fn break_backend<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    /// Tries to make a store with this table; `None` if there are no tables.
    fn open_table(&self, table: &str) -> Option<IdempotencyResult<()>> {
        let _ = table;
        None
    }

    /// Steps of the model test and of the histories. 10 000 unless a store is
    /// too slow for it.
    fn steps(&self) -> usize {
        10_000
    }
}

/// Runs every case.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
pub async fn run(fixture: &(dyn IdempotencyFixture + 'static)) -> Report {
    let cases = cases!(dyn IdempotencyFixture:
        ("ID-01", "every row of the state table", claims::state_table),
        ("ID-02", "of 64 racers one wins", races::one_winner),
        ("ID-03", "an expired record is taken by either", records::expired),
        ("ID-04", "a lease that is over is taken over", claims::take_over),
        ("ID-05", "what speaks against completion, in its order", records::classification),
        ("ID-06", "keys and records are checked", records::validation),
        ("ID-07", "responses are kept to the byte", records::responses),
        ("ID-08", "what is completed stays as it is", claims::completed_twice),
        ("ID-09", "delete says whether there was a record", records::delete),
        ("ID-10", "when it was created is kept, when it changed moves", records::timestamps),
        ("ID-11", "expired records are purged", records::purge),
        ("ID-12", "a backend that is down is unavailable", records::backend_down),
        ("ID-13", "a bad table is refused when the store is made", records::bad_table),
        ("ID-14", "a crash between claim and completion", claims::crash),
        ("ID-M", "random operations agree with a plain map", model::agrees),
        ("ID-L", "concurrent histories are linearizable, key by key", races::linearizable),
    );
    report::run("idempotency", fixture.name(), fixture, cases).await
}

async fn open(fixture: &dyn IdempotencyFixture) -> Result<Arc<dyn ClaimStore>, Stop> {
    Ok(fixture.open(RESPONSE_BYTES_DEFAULT).await?)
}
