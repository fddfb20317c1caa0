//! Fuse programs that serve, as their users run them: the interpreter, a real
//! database, real sockets. What has no peer here is a figure without a gate.

mod language;
mod notes;
mod program;
mod saturation;

use std::time::Duration;

use crate::harness::{Effort, Selection};
use crate::http::Plan;
use crate::machine::Machine;
use crate::report::Report;
use notes::Notes;

/// How long the mixed load lasts, and how many requests a soak makes.
fn lengths(effort: Effort) -> (Duration, usize) {
    if effort.rounds < Effort::FULL.rounds {
        (Duration::from_secs(10), 50_000)
    } else {
        (Duration::from_secs(600), 1_000_000)
    }
}

/// Runs the scenarios that were selected.
pub(crate) fn run(selection: &Selection) -> Result<Report, String> {
    // Before this process keeps itself to one core.
    let machine = Machine::here(&["hyper", "tokio", "rusqlite"]);
    let plan = Plan::of(selection.effort);
    let (mixed, soak) = lengths(selection.effort);
    let mut rows = Vec::new();
    if selection.includes(saturation::SCENARIO) {
        rows.extend(saturation::rows(plan)?);
    }
    if selection.includes(language::SPAWN) {
        rows.extend(language::spawn(plan)?);
    }
    if selection.includes(language::REFUSED) {
        rows.extend(language::refused(plan)?);
    }
    let routes = "notes, routes";
    if selection.includes(notes::SOAK) {
        // One connection of the database: further ones would be opened, and kept,
        // at the moment when so many are needed at once.
        let service = Notes::start(&[("FUSE_DB_POOL_SIZE", "1")])?;
        rows.extend(service.soak(soak)?);
    }
    if selection.includes(routes) || selection.includes(notes::MIXED) {
        let service = Notes::start(&[])?;
        if selection.includes(routes) {
            rows.extend(service.routes(plan)?);
        }
        if selection.includes(notes::MIXED) {
            rows.extend(service.mixed(mixed)?);
        }
    }
    Ok(Report {
        machine,
        protocol: format!(
            "program on core 0, load from core 1; routes and p99: {} rounds of {} ms, medians; \
             mixed load: {} s, waits from the time a request is due; soak: {soak} requests",
            plan.rounds,
            plan.round.as_millis(),
            mixed.as_secs(),
        ),
        rows,
    })
}
