//! What the HTTP host of Fuse adds to the toolkit beneath it.
//!
//! Three servers answer `null` behind the same layers: a handler of the toolkit,
//! a route of the Fuse host whose code is an empty function in Rust, and a route
//! of a Fuse program that the interpreter walks. The first two differ by the host
//! alone. As in `http`, every server has one core, and what counts is the
//! processor time of its process per request.

use crate::harness::Selection;
use crate::http::load::CONNECTIONS;
use crate::http::process::{ServerProcess, pin_to_second_core};
use crate::http::{Plan, median, rounds};
use crate::machine::Machine;
use crate::report::{Gate, Report, Row};

const REQUEST: &[u8] = b"GET /api/ping HTTP/1.1\r\nhost: bench\r\naccept: */*\r\n\r\n";

const TOOLKIT: &str = "toolkit";
const HOST: &str = "fuse-host";
const INTERPRETER: &str = "fuse-interp";

/// Most processor time per request of the host, as a ratio to the toolkit.
const GATE: f64 = 1.10;

/// Measures all servers in turn.
pub(crate) fn run(selection: &Selection) -> Result<Report, String> {
    let plan = Plan::of(selection.effort);
    let servers = [TOOLKIT, HOST, INTERPRETER]
        .into_iter()
        .map(|name| ServerProcess::start_of("bench-fuse-server", name))
        .collect::<Result<Vec<_>, _>>()?;
    pin_to_second_core();
    let all: Vec<_> = servers.iter().collect();
    let runs = rounds(REQUEST, &all, plan, None)?;
    let cpu = |index: usize| median(&runs[index], |measured| measured.cpu_ns_per_request);
    let toolkit = (TOOLKIT, cpu(0));
    let mut rows = vec![
        Row::ratio(
            "empty handler: cpu",
            (HOST, cpu(1)),
            toolkit,
            Some(Gate::AtMost(GATE)),
        ),
        Row::ratio(
            "empty Fuse route: cpu",
            (INTERPRETER, cpu(2)),
            toolkit,
            None,
        ),
    ];
    for (server, runs) in servers.iter().zip(&runs) {
        let rate = median(runs, |measured| measured.requests_per_second);
        rows.push(Row::value("requests", server.name, rate, "per s", None));
    }
    Ok(Report {
        machine: Machine::here(&["hyper", "tokio"]),
        protocol: format!(
            "{} rounds of {} ms per server, interleaved, medians; {CONNECTIONS} connections; \
             one worker on core 0, load from core 1; ns is processor time per request",
            plan.rounds,
            plan.round.as_millis(),
        ),
        rows,
    })
}
