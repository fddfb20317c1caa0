//! The same requests on one core and on all of them.

use super::scenarios::{self, Scenario};
use super::{COUNTER_NS, FIND_EACH, SERVICE, find, service};
use crate::harness::{Effort, Selection, scale};
use crate::report::{Gate, Row};

/// Of the throughput that perfect scaling would give.
const EFFICIENCY: Gate = Gate::AtLeast(0.95);

pub(crate) fn rows(selection: &Selection) -> Vec<Row> {
    let fixed = Scenario {
        name: "7 parallel static",
        ..scenarios::fixed()
    };
    let one_param = Scenario {
        name: "8 parallel one param",
        ..scenarios::one_param()
    };
    [fixed, one_param]
        .iter()
        .filter(|scenario| selection.includes(scenario.name))
        .flat_map(|scenario| scenario_rows(selection.effort, scenario))
        .collect()
}

fn scenario_rows(effort: Effort, scenario: &Scenario) -> Vec<Row> {
    let requests = &scenario.requests;
    let router = service::frozen(scenario, service::Kind::Sync);
    let matchit = find::Matchit::new(scenario);
    let axum = service::axum(scenario);
    let allocations = service::cost_of_theirs(&axum, requests).allocations;

    let [
        dispatch,
        looked_up,
        by_matchit,
        called,
        by_axum,
        ends,
        their_ends,
    ] = scale(
        effort,
        [
            &|| service::dispatch(&router, requests),
            &|| find::ours(&router, requests),
            &|| find::matchit(&matchit, requests),
            &|| service::ours(&router, requests),
            &|| service::theirs(&axum, requests),
            &|| service::our_requests(requests),
            &|| service::their_requests(requests),
        ],
    );
    let called_ns = called.parallel_ns - ends.parallel_ns;
    let axum_ns = by_axum.parallel_ns - their_ends.parallel_ns - COUNTER_NS * allocations;
    vec![
        Row {
            peer: Some("one thread"),
            subject_ns: Some(dispatch.parallel_ns),
            peer_ns: Some(dispatch.single_ns),
            ..Row::value(
                scenario.name,
                "dispatch, efficiency",
                dispatch.speedup() / dispatch.threads as f64,
                "ratio",
                Some(EFFICIENCY),
            )
        },
        Row::ratio(
            scenario.name,
            ("find", looked_up.parallel_ns),
            ("matchit", by_matchit.parallel_ns),
            Some(FIND_EACH),
        ),
        Row::ratio(
            scenario.name,
            ("service, sync_fn", called_ns),
            ("axum", axum_ns),
            Some(SERVICE),
        ),
    ]
}
