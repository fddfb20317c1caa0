//! Opening a store that holds a lot.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use plumego_store::Ttl;
use plumego_store::kv::{KvStore, SyncPolicy, WriteBatch};
use redb::Durability;
use tokio::runtime::Runtime;

use super::peers::Redb;
use crate::harness::Selection;
use crate::report::{Gate, Row};

/// What the budgets of the contract allow for a million entries, in
/// milliseconds.
const CLEAN_MS: Gate = Gate::AtMost(100.0);
const KILLED_MS: Gate = Gate::AtMost(2_000.0);

pub(super) fn rows(runtime: &Runtime, selection: &Selection) -> io::Result<Vec<Row>> {
    if !selection.includes("open") {
        return Ok(Vec::new());
    }
    let full = super::is_full(selection.effort);
    let entries = if full { 1_000_000 } else { 50_000 };
    let directory = tempfile::tempdir()?;
    let (path, peer) = (directory.path().join("kv"), directory.path().join("redb"));
    let killed = directory.path().join("killed");
    fill(runtime, &path, &peer, entries, &killed)?;
    let clean_ms = open_ms(runtime, &path)?;
    let killed_ms = open_ms(runtime, &killed)?;
    let started = Instant::now();
    let redb = Redb::open(&peer)?;
    let redb_ms = started.elapsed().as_secs_f64() * 1e3;
    drop(redb);
    let gate = |gate| full.then_some(gate);
    let name = |how: &str| format!("open, {entries} entries, {how}");
    Ok(vec![
        Row::value(name("closed"), "EmbeddedKv", clean_ms, "ms", gate(CLEAN_MS)),
        Row::value(
            name("killed"),
            "EmbeddedKv",
            killed_ms,
            "ms",
            gate(KILLED_MS),
        ),
        Row::value(name("closed"), "redb", redb_ms, "ms", None),
    ])
}

/// Fills a store and its peer, and copies the file of the store as a killed
/// process would leave it.
fn fill(
    runtime: &Runtime,
    path: &Path,
    peer: &Path,
    entries: usize,
    killed: &Path,
) -> io::Result<()> {
    let interval = SyncPolicy::Interval(Duration::from_secs(5));
    let store = super::open(runtime, path, interval)?;
    let redb = Redb::open(peer)?;
    let (keys, value) = (super::keys(entries), super::value());
    for keys in keys.chunks(10_000) {
        let batch = keys.iter().fold(WriteBatch::new(), |batch, key| {
            batch.put(key.as_str(), value.clone(), Ttl::Never)
        });
        runtime
            .block_on(store.write(batch))
            .map_err(io::Error::other)?;
        redb.put(keys, &value, Durability::None)?;
    }
    redb.put(&keys[..1], &value, Durability::Immediate)?;
    super::close(runtime, &store)?;
    // A write that is synced, and no close: what `kill -9` leaves.
    let store = super::open(runtime, path, SyncPolicy::Immediate)?;
    let set = store.set("last", value.into(), Ttl::Never);
    runtime.block_on(set).map_err(io::Error::other)?;
    std::fs::create_dir(killed)?;
    std::fs::copy(path.join("store.redb"), killed.join("store.redb"))?;
    super::close(runtime, &store)
}

fn open_ms(runtime: &Runtime, path: &Path) -> io::Result<f64> {
    let started = Instant::now();
    let store = super::open(runtime, path, SyncPolicy::Immediate)?;
    let ms = started.elapsed().as_secs_f64() * 1e3;
    super::close(runtime, &store)?;
    Ok(ms)
}
