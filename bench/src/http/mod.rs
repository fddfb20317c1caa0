//! Whole servers against each other: raw hyper, axum with tower-http, and
//! actix-web.
//!
//! Every server is a process of its own on one core with one worker; the load
//! comes from the other core over loopback. On a shared machine requests per
//! second follow the neighbours, so the figure that counts is the processor
//! time the server's process spends per request, as the kernel accounts it.

pub(crate) mod load;
pub(crate) mod process;

use std::time::Duration;

use crate::harness::{Effort, Selection};
use crate::machine::Machine;
use crate::report::{Gate, Report, Row};
use load::{Load, Measured};
use process::ServerProcess;

const SUBJECT: &str = "plumego";

/// How long and how often to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
}

impl Plan {
    /// Long enough for figures to keep, or for a first look.
    pub(crate) fn of(effort: Effort) -> Self {
        if effort.rounds < Effort::FULL.rounds {
            Self {
                rounds: 3,
                round: Duration::from_millis(250),
            }
        } else {
            Self {
                rounds: 7,
                round: Duration::from_millis(1000),
            }
        }
    }
}

/// One kind of request, the same for every server.
struct Workload {
    name: &'static str,
    request: &'static [u8],
    peers: &'static [&'static str],
    /// Most processor time per request, as a ratio to a peer.
    gates: &'static [(&'static str, f64)],
}

const WORKLOADS: &[Workload] = &[
    Workload {
        name: "ping",
        request: b"GET /ping HTTP/1.1\r\nhost: bench\r\n\r\n",
        peers: &["hyper", "axum", "actix-web"],
        gates: &[("hyper", 1.10), ("axum", 1.00)],
    },
    Workload {
        name: "path parameter",
        request: b"GET /users/4217 HTTP/1.1\r\nhost: bench\r\naccept: */*\r\n\r\n",
        peers: &["axum", "actix-web"],
        gates: &[("axum", 1.00)],
    },
    Workload {
        name: "JSON POST",
        request: b"POST /users HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
            content-length: 72\r\n\r\n\
            {\"name\":\"Ada Lovelace\",\"email\":\"ada@example.test\",\"age\":36,\"admin\":true}",
        peers: &["axum", "actix-web"],
        gates: &[("axum", 1.00)],
    },
    Workload {
        name: "1 KiB JSON, canonical stack",
        request: b"GET /stack/report HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n\
            user-agent: bench\r\n\r\n",
        peers: &["axum", "actix-web"],
        gates: &[("axum", 1.00)],
    },
];

/// Servers by name, in the order of their turns.
const SERVERS: &[&str] = &[SUBJECT, "hyper", "axum", "actix-web"];

/// Most p99 at half load, as a ratio to axum.
const P99_GATE: f64 = 1.10;

/// Runs the workloads that were selected.
pub(crate) fn run(selection: &Selection) -> Result<Report, String> {
    let plan = Plan::of(selection.effort);
    let servers = SERVERS
        .iter()
        .map(|name| ServerProcess::start(name))
        .collect::<Result<Vec<_>, _>>()?;
    process::pin_to_second_core();
    let mut rows = Vec::new();
    for workload in WORKLOADS.iter().filter(|w| selection.includes(w.name)) {
        rows.extend(measure(workload, &servers, plan)?);
    }
    Ok(Report {
        machine: Machine::here(&["hyper", "axum", "tower-http", "actix-web", "tokio"]),
        protocol: format!(
            "{} rounds of {} ms per server and workload, interleaved, medians; {} connections; \
             one worker on core 0, load from core 1; ns is processor time per request unless \
             the scenario says otherwise",
            plan.rounds,
            plan.round.as_millis(),
            load::CONNECTIONS
        ),
        rows,
    })
}

/// Everything measured of one server under one workload.
struct Figures {
    server: &'static str,
    cpu_ns: f64,
    requests_per_second: f64,
    p50_ns: f64,
    p99_ns: f64,
    half_load_p99_ns: f64,
}

fn measure(workload: &Workload, servers: &[ServerProcess], plan: Plan) -> Result<Vec<Row>, String> {
    let taking_part: Vec<_> = servers
        .iter()
        .filter(|server| server.name == SUBJECT || workload.peers.contains(&server.name))
        .collect();
    let full = rounds(workload.request, &taking_part, plan, None)?;
    // Half of what the slowest server can do is half load or less for all.
    let slowest = full
        .iter()
        .map(|runs| median(runs, |m| m.requests_per_second))
        .fold(f64::INFINITY, f64::min);
    let half = rounds(workload.request, &taking_part, plan, Some(slowest / 2.0))?;
    let figures: Vec<Figures> = taking_part
        .iter()
        .zip(full.iter().zip(&half))
        .map(|(server, (full, half))| Figures {
            server: server.name,
            cpu_ns: median(full, |m| m.cpu_ns_per_request),
            requests_per_second: median(full, |m| m.requests_per_second),
            p50_ns: median(full, |m| m.p50_ns),
            p99_ns: median(full, |m| m.p99_ns),
            half_load_p99_ns: median(half, |m| m.p99_ns),
        })
        .collect();
    Ok(rows_of(workload, &figures))
}

/// The same request to all servers in turn, round after round.
pub(crate) fn rounds(
    request: &'static [u8],
    servers: &[&ServerProcess],
    plan: Plan,
    rate: Option<f64>,
) -> Result<Vec<Vec<Measured>>, String> {
    let mut results: Vec<Vec<Measured>> = servers.iter().map(|_| Vec::new()).collect();
    // The first round warms caches and connections up and is not counted.
    for round in 0..=plan.rounds {
        for (server, results) in servers.iter().zip(&mut results) {
            let load = Load {
                address: server.address,
                request,
                status: 200,
                duration: plan.round,
                rate,
            };
            let measured = load.run(server)?;
            if round > 0 {
                results.push(measured);
            }
        }
    }
    Ok(results)
}

/// The median of one figure.
pub(crate) fn median(runs: &[Measured], figure: impl Fn(&Measured) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn rows_of(workload: &Workload, figures: &[Figures]) -> Vec<Row> {
    let Some((own, peers)) = figures.split_first() else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for peer in peers {
        let limit = workload.gates.iter().find(|(name, _)| *name == peer.server);
        rows.push(Row::ratio(
            format!("{}: cpu", workload.name),
            (own.server, own.cpu_ns),
            (peer.server, peer.cpu_ns),
            limit.map(|(_, limit)| Gate::AtMost(*limit)),
        ));
        rows.push(Row::ratio(
            format!("{}: p99, half load", workload.name),
            (own.server, own.half_load_p99_ns),
            (peer.server, peer.half_load_p99_ns),
            (peer.server == "axum").then_some(Gate::AtMost(P99_GATE)),
        ));
    }
    for server in figures {
        for (what, value, unit) in [
            ("requests", server.requests_per_second, "per s"),
            ("p50", server.p50_ns / 1000.0, "us"),
            ("p99", server.p99_ns / 1000.0, "us"),
        ] {
            let scenario = format!("{}: {what}", workload.name);
            rows.push(Row::value(scenario, server.server, value, unit, None));
        }
    }
    rows
}
