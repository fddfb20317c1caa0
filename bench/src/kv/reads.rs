//! Reading what is in memory.

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use plumego_store::Ttl;
use plumego_store::kv::{KvStore, ScanRequest, SyncPolicy, WriteBatch};
use redb::Durability;
use tokio::runtime::Runtime;

use super::peers::{Redb, Sqlite};
use crate::harness::{Samples, Selection, Slice, compare, finish};
use crate::report::{Gate, Row};

/// Operations per slice.
const SLICE: usize = 50;

const ENTRIES: usize = 50_000;

/// What the budget of the contract allows, in nanoseconds.
const GET_NS: Gate = Gate::AtMost(3_000.0);

fn slice<'a>(keys: &'a [String], operations: usize, mut work: impl FnMut(&str) + 'a) -> Slice<'a> {
    let mut at = 0;
    Box::new(move |samples: &mut Samples| {
        let started = Instant::now();
        for _ in 0..operations {
            work(black_box(&keys[at]));
            at = (at + 7_919) % keys.len();
        }
        samples.push(started.elapsed(), operations);
    })
}

pub(super) fn rows(runtime: &Runtime, selection: &Selection) -> io::Result<Vec<Row>> {
    let names = ["get, there", "get, missing", "scan, 1000 with values"];
    if !names.iter().any(|name| selection.includes(name)) {
        return Ok(Vec::new());
    }
    let directory = tempfile::tempdir()?;
    let keys = super::keys(ENTRIES);
    let value = super::value();
    let store = super::open(runtime, &directory.path().join("kv"), SyncPolicy::Immediate)?;
    let redb = Redb::open(&directory.path().join("redb"))?;
    let mut sqlite = Sqlite::open(&directory.path().join("sqlite"), "FULL")?;
    for keys in keys.chunks(5_000) {
        let batch = keys.iter().fold(WriteBatch::new(), |batch, key| {
            batch.put(key.as_str(), value.clone(), Ttl::Never)
        });
        runtime
            .block_on(store.write(batch))
            .map_err(io::Error::other)?;
        redb.put(keys, &value, Durability::Immediate)?;
        sqlite.put(keys, &value)?;
    }
    warm(runtime, &*store, &keys)?;
    let missing: Vec<_> = keys.iter().map(|key| format!("{key}/none")).collect();
    let mut rows = Vec::new();
    let _entered = runtime.enter();
    for (name, keys) in [("get, there", &keys), ("get, missing", &missing)] {
        if !selection.includes(name) {
            continue;
        }
        let [own, beneath, peer] = compare(
            selection.effort,
            [
                slice(keys, SLICE, |key| finish(store.get(key))),
                slice(keys, SLICE, |key| drop(black_box(redb.get(key)))),
                slice(keys, SLICE, |key| drop(black_box(sqlite.get(key)))),
            ],
        );
        rows.extend(ratios(name, [own, beneath, peer]));
        rows.push(Row::value(name, "EmbeddedKv", own, "ns", Some(GET_NS)));
    }
    let name = "scan, 1000 with values";
    if selection.includes(name) {
        let request = ScanRequest::prefix("").with_values();
        let [own, beneath, peer] = compare(
            selection.effort,
            [
                slice(&keys, 1, |_| finish(store.scan(request))),
                slice(&keys, 1, |_| _ = black_box(redb.scan(1_000))),
                slice(&keys, 1, |_| _ = black_box(sqlite.scan(1_000))),
            ],
        );
        rows.extend(ratios(name, [own, beneath, peer]));
    }
    super::close(runtime, &store)?;
    Ok(rows)
}

/// Waits until the pages of the store are in memory: until then it reads on the
/// blocking pool.
fn warm(runtime: &Runtime, store: &dyn KvStore, keys: &[String]) -> io::Result<()> {
    runtime.block_on(async {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let started = Instant::now();
            for key in &keys[..100] {
                store.get(key).await.map_err(io::Error::other)?;
            }
            // A hundred reads from memory take well below a millisecond.
            if started.elapsed() < Duration::from_millis(1) || Instant::now() > until {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

/// To the engine beneath, and to the peer.
fn ratios(name: &str, [own, beneath, peer]: [f64; 3]) -> [Row; 2] {
    [("redb", beneath), ("sqlite", peer)]
        .map(|other| Row::ratio(name, ("EmbeddedKv", own), other, None))
}
