//! The store in one file, against the engine beneath it and against SQLite.
//!
//! The engine beneath has no lifetimes, no bounds and no checksums on entries,
//! and its transactions are opened for every operation, as its users do. SQLite
//! has one table with a text key, in its write-ahead log, and syncs as the
//! store does.

mod peers;
mod reads;
mod starts;
mod writes;

use std::io;
use std::path::Path;
use std::sync::Arc;

use plumego_store::kv::{EmbeddedKv, EmbeddedKvOptions, KvStore, SyncPolicy};
use tokio::runtime::Runtime;

use crate::harness::{self, Effort, Selection};
use crate::machine::Machine;
use crate::report::{Report, Row};

pub(crate) fn run(selection: &Selection) -> io::Result<Report> {
    harness::pin(0);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(reads::rows(&runtime, selection)?);
    rows.extend(writes::rows(&runtime, selection)?);
    rows.extend(starts::rows(&runtime, selection)?);
    let effort = selection.effort;
    Ok(Report {
        machine: Machine::here(&["redb", "rusqlite", "plumego-store"]),
        protocol: format!(
            "reads: {} interleaved rounds of {:?} per subject, medians of slices; writes and starts: medians of whole operations, in turns",
            effort.rounds, effort.round
        ),
        rows,
    })
}

/// Whether this run is for figures, not for work on the code.
fn is_full(effort: Effort) -> bool {
    effort.rounds >= Effort::FULL.rounds
}

fn keys(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("session/{number:08}"))
        .collect()
}

fn value() -> Vec<u8> {
    (0..100).collect()
}

fn open(runtime: &Runtime, directory: &Path, sync: SyncPolicy) -> io::Result<Arc<EmbeddedKv>> {
    let options = EmbeddedKvOptions::new(directory)
        .max_entries(10_000_000)
        .max_memory(8 << 30)
        .sync(sync);
    let store = runtime.block_on(options.open()).map_err(io::Error::other)?;
    Ok(Arc::new(store))
}

fn close(runtime: &Runtime, store: &EmbeddedKv) -> io::Result<()> {
    runtime.block_on(store.close()).map_err(io::Error::other)
}

/// The median of some durations, in nanoseconds.
fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}
