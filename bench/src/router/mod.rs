//! The router against `matchit` and `axum`.

mod extremes;
mod find;
mod parallel;
mod scenarios;
mod service;

use crate::harness::{self, Effort, Selection, compare, uncounted};
use crate::machine::Machine;
use crate::report::{Gate, Report, Row};

use scenarios::Scenario;

const FIND_EACH: Gate = Gate::AtMost(1.15);
const FIND_MEAN: Gate = Gate::AtMost(1.0);
/// A handler that answers at once, and one whose future is boxed, against one
/// whose future is boxed.
const SERVICE: Gate = Gate::AtMost(0.30);
const SERVICE_ASYNC: Gate = Gate::AtMost(0.40);

/// What the counter of allocations adds to each of them, with its release, at
/// least: credited to the peer, which allocates and we do not.
const COUNTER_NS: f64 = 4.0;

pub(crate) fn run(selection: &Selection) -> Report {
    let machine = Machine::here(&["matchit", "axum", "http", "plumego-router"]);
    let effort = selection.effort;
    let mut rows = Vec::new();
    harness::pin(0);
    let mut sequential = scenarios::sequential();
    sequential.retain(|scenario| selection.includes(scenario.name));
    rows.extend(find_rows(effort, &sequential));
    rows.extend(
        sequential
            .iter()
            .flat_map(|scenario| service_rows(effort, scenario)),
    );
    rows.extend(extremes::rows(selection));
    rows.extend(parallel::rows(selection));
    Report {
        machine,
        protocol: format!(
            "{} interleaved rounds of {:?} per subject, medians of slices; the peer is credited {COUNTER_NS} ns per allocation for the counter",
            effort.rounds, effort.round
        ),
        rows,
    }
}

fn find_rows(effort: Effort, all: &[Scenario]) -> Vec<Row> {
    let mut rows: Vec<Row> = all
        .iter()
        .map(|scenario| find_row(effort, scenario))
        .collect();
    if rows.is_empty() {
        return rows;
    }
    let logs: f64 = rows.iter().filter_map(|row| row.ratio).map(f64::ln).sum();
    let mean = (logs / rows.len() as f64).exp();
    let title = "find, geometric mean";
    rows.push(Row {
        peer: Some("matchit"),
        ..Row::value(title, "find", mean, "ratio", Some(FIND_MEAN))
    });
    rows
}

fn find_row(effort: Effort, scenario: &Scenario) -> Row {
    let router = find::frozen(scenario);
    let peer = find::Matchit::new(scenario);
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
    Row::ratio(
        scenario.name,
        ("find", ours),
        ("matchit", theirs),
        Some(FIND_EACH),
    )
    .with_costs(costs.0, costs.1, Some(0.0))
}

fn service_rows(effort: Effort, scenario: &Scenario) -> Vec<Row> {
    let requests = &scenario.requests;
    let asynchronous = service::frozen(scenario, service::Kind::Async);
    let synchronous = service::frozen(scenario, service::Kind::Sync);
    let peer = service::axum(scenario);
    let peer_cost = service::cost_of_theirs(&peer, requests);
    let costs = [&asynchronous, &synchronous].map(|router| service::cost_of_ours(router, requests));
    let dispatch_cost = service::cost_of_dispatch(&synchronous, requests);
    let [
        with_async,
        with_sync,
        bare,
        dispatch,
        theirs,
        empty,
        bare_empty,
        their_empty,
    ] = uncounted(|| {
        compare(
            effort,
            [
                service::ours(&asynchronous, requests),
                service::ours(&synchronous, requests),
                service::ours_without_scope(&asynchronous, requests),
                service::dispatch(&synchronous, requests),
                service::theirs(&peer, requests),
                service::our_requests(requests),
                service::our_requests_without_scope(requests),
                service::their_requests(requests),
            ],
        )
    });
    let theirs = (
        "axum",
        theirs - their_empty - COUNTER_NS * peer_cost.allocations,
    );
    let row =
        |subject, ns: f64, gate| Row::ratio(scenario.name, (subject, ns - empty), theirs, gate);
    vec![
        row("service, async fn", with_async, Some(SERVICE_ASYNC)).with_costs(
            costs[0],
            peer_cost,
            Some(1.0),
        ),
        row("service, sync_fn", with_sync, Some(SERVICE)).with_costs(
            costs[1],
            peer_cost,
            Some(0.0),
        ),
        row("service, makes scope", bare + empty - bare_empty, None),
        row("dispatch", dispatch + empty, None).with_costs(dispatch_cost, peer_cost, Some(0.0)),
    ]
}
