//! Writing, synced and unsynced, alone and together.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plumego_store::Ttl;
use plumego_store::kv::{EmbeddedKv, KvStore, SyncPolicy};
use redb::Durability;
use tokio::runtime::Runtime;

use super::median;
use super::peers::{Redb, Sqlite};
use crate::harness::Selection;
use crate::report::{Gate, Row};

/// Callers that write at one time.
const CALLERS: usize = 64;

/// By how much group commit must beat a lone caller.
const TOGETHER: Gate = Gate::AtLeast(20.0);

pub(super) fn rows(runtime: &Runtime, selection: &Selection) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    if selection.includes("set, synced") {
        rows.extend(alone(runtime, selection, true)?);
    }
    if selection.includes("set, unsynced") {
        rows.extend(alone(runtime, selection, false)?);
    }
    if selection.includes("set, synced, 64 callers") {
        rows.extend(together(runtime, selection)?);
    }
    Ok(rows)
}

/// One caller: each write is done before the next begins.
fn alone(runtime: &Runtime, selection: &Selection, synced: bool) -> io::Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let rounds = if super::is_full(selection.effort) {
        300
    } else {
        40
    };
    let (name, sync, durability, synchronous) = if synced {
        (
            "set, synced",
            SyncPolicy::Immediate,
            Durability::Immediate,
            "FULL",
        )
    } else {
        let interval = SyncPolicy::Interval(Duration::from_millis(500));
        ("set, unsynced", interval, Durability::None, "OFF")
    };
    let store = super::open(runtime, &directory.path().join("kv"), sync)?;
    let redb = Redb::open(&directory.path().join("redb"))?;
    let mut sqlite = Sqlite::open(&directory.path().join("sqlite"), synchronous)?;
    let (keys, value) = (super::keys(rounds), super::value());
    let mut figures = [const { Vec::new() }; 3];
    for key in keys.chunks(1) {
        let started = Instant::now();
        let set = store.set(&key[0], value.clone().into(), Ttl::Never);
        runtime.block_on(set).map_err(io::Error::other)?;
        figures[0].push(started.elapsed().as_secs_f64() * 1e9);
        let started = Instant::now();
        redb.put(key, &value, durability)?;
        figures[1].push(started.elapsed().as_secs_f64() * 1e9);
        let started = Instant::now();
        sqlite.put(key, &value)?;
        figures[2].push(started.elapsed().as_secs_f64() * 1e9);
    }
    super::close(runtime, &store)?;
    let [own, beneath, peer] = figures.map(median);
    Ok(vec![
        Row::ratio(name, ("EmbeddedKv", own), ("redb", beneath), None),
        Row::ratio(name, ("EmbeddedKv", own), ("sqlite", peer), None),
    ])
}

/// Throughput of many callers, over that of one.
fn together(runtime: &Runtime, selection: &Selection) -> io::Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let store = super::open(runtime, &directory.path().join("kv"), SyncPolicy::Immediate)?;
    let length = selection.effort.round * selection.effort.rounds;
    let one = throughput(runtime, &store, 1, length)?;
    let many = throughput(runtime, &store, CALLERS, length)?;
    let stats = runtime.block_on(store.stats()).map_err(io::Error::other)?;
    super::close(runtime, &store)?;
    let name = "set, synced, 64 callers";
    Ok(vec![
        Row::value("set, synced, 1 caller", "EmbeddedKv", one, "/s", None),
        Row::value(name, "EmbeddedKv", many, "/s", None),
        Row::value(
            "set, 64 callers over 1",
            "EmbeddedKv",
            many / one,
            "x",
            Some(TOGETHER),
        ),
        Row::value(
            "set, writes per commit",
            "EmbeddedKv",
            stats.group_commit_mean,
            "writes",
            None,
        ),
    ])
}

fn throughput(
    runtime: &Runtime,
    store: &Arc<EmbeddedKv>,
    callers: usize,
    length: Duration,
) -> io::Result<f64> {
    let until = Instant::now() + length;
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let store = Arc::clone(store);
            runtime.spawn(async move {
                let (mut writes, value) = (0_u64, bytes::Bytes::from(super::value()));
                while Instant::now() < until {
                    let key = format!("caller/{caller:02}/{:04}", writes % 1_000);
                    store.set(&key, value.clone(), Ttl::Never).await?;
                    writes += 1;
                }
                Ok::<_, plumego_store::kv::KvError>(writes)
            })
        })
        .collect();
    let mut writes = 0;
    for task in tasks {
        let done = runtime.block_on(task).map_err(io::Error::other)?;
        writes += done.map_err(io::Error::other)?;
    }
    Ok(writes as f64 / started.elapsed().as_secs_f64())
}
