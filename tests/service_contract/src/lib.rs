//! A black-box suite for every service that claims the contract: it knows a URL
//! and nothing else, sends requests, and compares what comes back byte for
//! byte. It does not start services, does not know what they are written in,
//! and does not depend on the order of its cases or on an empty store; while it
//! runs it wants to be the only one that writes.
//!
//! What may differ between two services: ids, times, the text of messages, the
//! optional members `pointer` and `params` of a field problem, what `/` and
//! `/api/info` say beyond `service` and `version`, how success is written
//! ([`Success`]), and, for a service that is about something else than items,
//! which routes there are ([`Routes`]).
//!
//! ```
//! use service_contract::{Outcome, Success, Target, run};
//!
//! // Nothing listens there, which is not the contract.
//! let target = Target::new("http://127.0.0.1:1").with_success(Success::Bare);
//! let outcomes: Vec<_> = run(&target)?.map(|result| result.outcome).collect();
//! assert!(outcomes.iter().all(|outcome| !matches!(outcome, Outcome::Passed)));
//! # Ok::<(), service_contract::InvalidTarget>(())
//! ```

mod answer;
mod cases;
mod client;
mod document;
mod target;

use client::Service;
pub use target::{InvalidTarget, Routes, Success, Target};

/// The program of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The service keeps this part of the contract.
    Passed,
    /// It does not: the request, what was expected, and the answer.
    Failed(String),
    /// The case needs something the suite was not given.
    Skipped(&'static str),
}

/// A case and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// What the case is about, as a sentence.
    pub name: &'static str,
    /// What became of it.
    pub outcome: Outcome,
}

/// Runs every case, one after the other, as the iterator is asked.
///
/// # Errors
/// When the target has no usable URL or key.
pub fn run(target: &Target) -> Result<impl Iterator<Item = CaseResult>, InvalidTarget> {
    let service = Service::new(target)?;
    let results = cases::all().map(move |case| CaseResult {
        name: case.name,
        outcome: case.run(&service),
    });
    Ok(results)
}
