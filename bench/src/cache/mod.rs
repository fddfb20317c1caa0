//! The cache in memory, against the map beneath it and against `quick_cache`.
//!
//! The map beneath has no lifetimes, no counters and no bounded keys; the peer
//! has another policy and no lifetimes either. Ratios say what those cost.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use plumego_store::Ttl;
use plumego_store::cache::{
    Cache, CacheExt, LoadOptions, LoadingCache, MemoryCache, MemoryCacheOptions, OnFull, Policy,
};

use crate::harness::{self, Samples, Scaling, Selection, Slice, compare, finish, scale};
use crate::machine::Machine;
use crate::report::{Gate, Report, Row};

/// Operations per slice.
const SLICE: usize = 200;

/// Entries that are there.
const ENTRIES: usize = 10_000;

/// What the budget of the contract allows, in nanoseconds.
const GET_NS: Gate = Gate::AtMost(200.0);
const SET_NS: Gate = Gate::AtMost(600.0);

/// Measures one thing.
type Scenario = fn(&Selection) -> Vec<Row>;

type Moka = moka::sync::Cache<Box<str>, Bytes>;
type Quick = quick_cache::sync::Cache<Box<str>, Bytes>;

/// The subject and its peers.
type Caches = (MemoryCache, Moka, Quick);

pub(crate) fn run(selection: &Selection) -> Report {
    harness::pin(0);
    let mut rows = Vec::new();
    let scenarios: [(&str, Scenario); 6] = [
        ("get, there", get_hit),
        ("get, missing", get_miss),
        ("set, overwriting", set_over),
        ("set, evicting", set_evicting),
        ("incr", incr),
        ("get, every core", parallel),
    ];
    for (name, measure) in scenarios {
        if selection.includes(name) {
            rows.extend(measure(selection));
        }
    }
    if selection.includes("get or load") {
        rows.extend(get_or_load(selection));
    }
    let effort = selection.effort;
    Report {
        machine: Machine::here(&["moka", "quick_cache", "plumego-store"]),
        protocol: format!(
            "{} interleaved rounds of {:?} per subject, medians of slices; {ENTRIES} entries of 100 bytes, each with a lifetime where there are any",
            effort.rounds, effort.round
        ),
        rows,
    }
}

fn keys(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("session/{number:08}"))
        .collect()
}

fn value() -> Bytes {
    Bytes::from(vec![7; 100])
}

fn ours(max_entries: Option<u64>) -> MemoryCache {
    let mut options = MemoryCacheOptions::default();
    if max_entries.is_some() {
        options.max_bytes = None;
        options.max_entries = max_entries;
        options.on_full = OnFull::Evict(Policy::TinyLfu);
    }
    MemoryCache::with_options(options)
        .unwrap_or_else(|error| panic!("the options are good: {error}"))
}

fn full() -> (Caches, Vec<String>) {
    let keys = keys(ENTRIES);
    let (ours, moka, quick) = (ours(None), Moka::new(1 << 30), Quick::new(2 * ENTRIES));
    for key in &keys {
        finish(ours.set(key, value(), Ttl::Default));
        moka.insert(key.as_str().into(), value());
        quick.insert(key.as_str().into(), value());
    }
    ours.settle();
    moka.run_pending_tasks();
    ((ours, moka, quick), keys)
}

/// Runs `work` on a slice of keys, going around.
fn slice<'a>(keys: &'a [String], mut work: impl FnMut(&str) + 'a) -> Slice<'a> {
    let mut at = 0;
    Box::new(move |samples: &mut Samples| {
        let started = Instant::now();
        for _ in 0..SLICE {
            work(black_box(&keys[at]));
            // A step that visits every key, and not in order.
            at = (at + 7_919) % keys.len();
        }
        samples.push(started.elapsed(), SLICE);
    })
}

/// Both ratios, and the figure that the budget is about.
fn rows(scenario: &str, [ours, moka, quick]: [f64; 3], budget: Option<Gate>) -> Vec<Row> {
    let mut rows = vec![
        Row::ratio(scenario, ("MemoryCache", ours), ("moka", moka), None),
        Row::ratio(
            scenario,
            ("MemoryCache", ours),
            ("quick_cache", quick),
            None,
        ),
    ];
    if let Some(budget) = budget {
        rows.push(Row::value(
            scenario,
            "MemoryCache",
            ours,
            "ns",
            Some(budget),
        ));
    }
    rows
}

fn get_hit(selection: &Selection) -> Vec<Row> {
    let (caches, keys) = full();
    rows("get, there", gets(selection, &caches, &keys), Some(GET_NS))
}

fn get_miss(selection: &Selection) -> Vec<Row> {
    let (caches, _) = full();
    let keys: Vec<_> = (0..ENTRIES)
        .map(|number| format!("missing/{number:08}"))
        .collect();
    rows("get, missing", gets(selection, &caches, &keys), None)
}

fn gets(selection: &Selection, (ours, moka, quick): &Caches, keys: &[String]) -> [f64; 3] {
    compare(
        selection.effort,
        [
            slice(keys, |key| finish(ours.get(key))),
            slice(keys, |key| drop(black_box(moka.get(key)))),
            slice(keys, |key| drop(black_box(quick.get(key)))),
        ],
    )
}

fn set_over(selection: &Selection) -> Vec<Row> {
    let (caches, keys) = full();
    let figures = sets(selection, &caches, &keys);
    rows("set, overwriting", figures, Some(SET_NS))
}

fn set_evicting(selection: &Selection) -> Vec<Row> {
    let keys = keys(20 * ENTRIES);
    let capacity = ENTRIES as u64;
    let caches = (
        ours(Some(capacity)),
        Moka::new(capacity),
        Quick::new(ENTRIES),
    );
    rows("set, evicting", sets(selection, &caches, &keys), None)
}

fn sets(selection: &Selection, (ours, moka, quick): &Caches, keys: &[String]) -> [f64; 3] {
    let value = value();
    compare(
        selection.effort,
        [
            slice(keys, |key| {
                finish(ours.set(key, value.clone(), Ttl::Default));
            }),
            slice(keys, |key| moka.insert(key.into(), value.clone())),
            slice(keys, |key| quick.insert(key.into(), value.clone())),
        ],
    )
}

fn incr(selection: &Selection) -> Vec<Row> {
    let keys = keys(1_000);
    let (ours, moka) = (ours(None), Moka::new(1 << 30));
    let Ok(counters) = ours.require_counters() else {
        return Vec::new();
    };
    let add = |text: &[u8]| {
        let number: i64 = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        Bytes::from((number + 1).to_string())
    };
    let [own, theirs] = compare(
        selection.effort,
        [
            slice(&keys, |key| finish(counters.incr(key, 1))),
            slice(&keys, |key| {
                let entry = moka.entry(key.into()).and_upsert_with(|entry| {
                    entry.map_or_else(|| add(b"0"), |entry| add(entry.value()))
                });
                black_box(entry);
            }),
        ],
    );
    vec![Row::ratio(
        "incr",
        ("MemoryCache", own),
        ("moka", theirs),
        None,
    )]
}

fn get_or_load(selection: &Selection) -> Vec<Row> {
    let keys = keys(ENTRIES);
    let (plain, loading) = (ours(None), LoadingCache::new(ours(None)));
    let options = LoadOptions::new(Duration::from_secs(3_600));
    let load = || async { Ok::<_, std::io::Error>(Some(value())) };
    for key in &keys {
        finish(plain.set(key, value(), Ttl::Default));
        finish(loading.get_or_load(key, &options, load));
    }
    let [get, loaded] = compare(
        selection.effort,
        [
            slice(&keys, |key| finish(plain.get(key))),
            slice(&keys, |key| {
                finish(loading.get_or_load(key, &options, load));
            }),
        ],
    );
    let budget = Some(Gate::AtMost(100.0));
    vec![
        Row::ratio(
            "get or load, there",
            ("LoadingCache", loaded),
            ("MemoryCache", get),
            None,
        ),
        Row::value(
            "get or load, beyond get",
            "LoadingCache",
            loaded - get,
            "ns",
            budget,
        ),
    ]
}

fn parallel(selection: &Selection) -> Vec<Row> {
    let ((ours, moka, quick), keys) = full();
    let scaled: [Scaling; 3] = scale(
        selection.effort,
        [
            &|| slice(&keys, |key| finish(ours.get(key))),
            &|| slice(&keys, |key| drop(black_box(moka.get(key)))),
            &|| slice(&keys, |key| drop(black_box(quick.get(key)))),
        ],
    );
    let names = ["MemoryCache", "moka", "quick_cache"];
    let speedups = names.into_iter().zip(&scaled).map(|(name, scaling)| {
        Row::value(
            "get, every core, over one",
            name,
            scaling.speedup(),
            "x",
            None,
        )
    });
    speedups.collect()
}
