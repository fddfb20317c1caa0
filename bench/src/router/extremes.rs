//! Many routes, many parameters, requests that no route takes.

use std::time::Instant;

use plumego_contract::{Body, Request, Response, sync_fn};
use plumego_router::Router;

use super::find;
use super::scenarios::{self, Scenario};
use crate::harness::{Effort, Selection, compare, uncounted};
use crate::report::{Gate, Row};

const SCALE: Gate = Gate::AtMost(1.5);
const MISS: Gate = Gate::AtMost(2.0);
const ADVERSARIAL_US: Gate = Gate::AtMost(20.0);
const FREEZE_MS: Gate = Gate::AtMost(100.0);
const FREEZE_MIB: Gate = Gate::AtMost(16.0);

pub(crate) fn rows(selection: &Selection) -> Vec<Row> {
    let effort = selection.effort;
    let mut rows = Vec::new();
    if selection.includes("10 000 routes") {
        rows.extend(ten_thousand(effort));
        rows.extend(freeze());
    }
    if selection.includes("404 and 405") {
        rows.extend(misses(effort));
    }
    if selection.includes("16 params") {
        rows.push(sixteen(effort));
    }
    let adversaries = scenarios::adversarial();
    let adversaries = adversaries
        .iter()
        .filter(|scenario| selection.includes(scenario.name));
    rows.extend(adversaries.map(|scenario| adversarial(effort, scenario)));
    rows
}

/// The same paths in a table of 70 and of 10 000 routes.
fn ten_thousand(effort: Effort) -> Vec<Row> {
    let small = scenarios::seventy();
    let large = scenarios::table("10 000 routes", 5_000, 5_000);
    let (few, many) = (find::frozen(&small), find::frozen(&large));
    let kinds = [
        ("10 000 routes, static", 0..3),
        ("10 000 routes, one param", 3..6),
    ];
    let row = |(name, range): (&'static str, std::ops::Range<usize>)| {
        let requests = &small.requests[range];
        let [many, few] = uncounted(|| {
            compare(
                effort,
                [find::ours(&many, requests), find::ours(&few, requests)],
            )
        });
        Row::ratio(name, ("find", many), ("70 routes", few), Some(SCALE))
    };
    kinds.map(row).into()
}

fn misses(effort: Effort) -> Vec<Row> {
    let scenario = scenarios::seventy();
    let router = find::frozen(&scenario);
    let (missing, wrong) = (scenarios::not_found(), scenarios::wrong_method());
    let [not_found, mismatch, hit] = uncounted(|| {
        compare(
            effort,
            [
                find::ours(&router, &missing),
                find::ours(&router, &wrong),
                find::ours(&router, &scenario.requests),
            ],
        )
    });
    let row = |name, ns, requests: &[_]| {
        let costs = [requests, &scenario.requests].map(|each| find::cost_of_ours(&router, each));
        Row::ratio(name, ("find", ns), ("hit", hit), Some(MISS)).with_costs(
            costs[0],
            costs[1],
            Some(0.0),
        )
    };
    vec![
        row("404", not_found, &missing),
        row("405", mismatch, &wrong),
    ]
}

fn sixteen(effort: Effort) -> Row {
    let scenario = scenarios::sixteen_params();
    let router = find::frozen(&scenario);
    let peer = find::Matchit::new(&scenario);
    let requests = &scenario.requests;
    let costs = (
        find::cost_of_ours(&router, requests),
        find::cost_of_matchit(&peer, requests),
    );
    let [ours, theirs] = uncounted(|| {
        compare(
            effort,
            [
                find::ours(&router, requests),
                find::matchit(&peer, requests),
            ],
        )
    });
    Row::ratio(scenario.name, ("find", ours), ("matchit", theirs), None).with_costs(
        costs.0,
        costs.1,
        Some(0.0),
    )
}

fn adversarial(effort: Effort, scenario: &Scenario) -> Row {
    let router = find::frozen(scenario);
    let [ns] = uncounted(|| compare(effort, [find::ours(&router, &scenario.requests)]));
    Row::value(scenario.name, "find", ns / 1e3, "us", Some(ADVERSARIAL_US))
}

/// Time and memory to freeze 10 000 routes.
fn freeze() -> Vec<Row> {
    let scenario = scenarios::table("freeze of 10 000 routes", 5_000, 5_000);
    let registered = || {
        let mut router = Router::default();
        for (_, path) in &scenario.routes {
            let handler = sync_fn(|_: Request| Response::new(Body::empty()));
            let added = router.get(path, handler);
            added.unwrap_or_else(|error| panic!("a scenario has an invalid route: {error}"));
        }
        router
    };
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let router = registered();
            let started = Instant::now();
            let frozen = router.freeze();
            let elapsed = started.elapsed();
            drop(frozen);
            elapsed.as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let router = registered();
    let memory = allocation_counter::measure(|| drop(router.freeze()));
    let mib = memory.bytes_max as f64 / f64::from(1 << 20);
    vec![
        Row::value(scenario.name, "time", times[2], "ms", Some(FREEZE_MS)),
        Row::value(scenario.name, "memory", mib, "MiB", Some(FREEZE_MIB)),
    ]
}
