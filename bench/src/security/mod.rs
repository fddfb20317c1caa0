//! Tokens, headers and limits of `security`, against the library beneath the
//! tokens, `jsonwebtoken`, and another limiter, `governor`.
//!
//! The library beneath has no keysets, no rotation and no lifetimes to check
//! against; the other limiter has no bound on its keys and tells no more than
//! yes or no. Ratios say what those cost.

mod limits;
mod tokens;

use std::hint::black_box;
use std::time::Instant;

use http::{HeaderMap, HeaderValue, Request};
use plumego_contract::Scheme;
use plumego_security::authn::{Authenticator as _, StaticTokens};
use plumego_security::headers::{ApplyContext, HeaderPolicy};
use plumego_security::secret::SecretString;

use crate::harness::{self, Samples, Selection, Slice, compare, cost, finish};
use crate::machine::Machine;
use crate::report::{Gate, Report, Row};

/// Operations per slice.
const SLICE: usize = 100;

/// What goes wrong before anything is measured.
type Problem = Box<dyn std::error::Error>;

pub(crate) fn run(selection: &Selection) -> Result<Report, Problem> {
    harness::pin(0);
    let mut rows = Vec::new();
    if selection.includes("token") {
        rows.extend(tokens::measure(selection)?);
    }
    if selection.includes("limiter") {
        rows.extend(limits::measure(selection)?);
    }
    if selection.includes("headers, strict policy") {
        rows.push(headers(selection)?);
    }
    if selection.includes("bearer, one of 4 static tokens") {
        rows.push(static_tokens(selection)?);
    }
    let effort = selection.effort;
    Ok(Report {
        machine: Machine::here(&["jsonwebtoken", "governor", "plumego-security"]),
        protocol: format!(
            "{} interleaved rounds of {:?} per subject, medians of slices",
            effort.rounds, effort.round
        ),
        rows,
    })
}

/// Runs `work` again and again.
fn slice<'a>(work: impl FnMut() + 'a) -> Slice<'a> {
    slice_of(SLICE, work)
}

/// Runs `work` so often in a slice that it is over before anything interrupts.
fn slice_of<'a>(count: usize, mut work: impl FnMut() + 'a) -> Slice<'a> {
    Box::new(move |samples: &mut Samples| {
        let started = Instant::now();
        for _ in 0..count {
            work();
        }
        samples.push(started.elapsed(), count);
    })
}

fn headers(selection: &Selection) -> Result<Row, Problem> {
    let policy = HeaderPolicy::strict().compile()?;
    let context = ApplyContext::new(Scheme::Https);
    // A map that has room already: what is left is what the policy costs.
    let mut headers = HeaderMap::with_capacity(32);
    let mut apply = || {
        headers.clear();
        policy.apply(&mut headers, &context);
        black_box(&headers);
    };
    apply();
    let allocated = cost(SLICE, || (0..SLICE).for_each(|_| apply()));
    let [ns] = compare(selection.effort, [slice(apply)]);
    let scenario = "headers, strict policy";
    let gate = Some(Gate::AtMost(400.0));
    let row = Row::value(scenario, "CompiledPolicy", ns, "ns", gate);
    Ok(row.with_cost(allocated, Some(0.0)))
}

fn static_tokens(selection: &Selection) -> Result<Row, Problem> {
    let token = |number| format!("{number}-6Jk0w2pQpE7yL3dF9sVnXq");
    let tokens = StaticTokens::new((0..4).map(|n| SecretString::from(token(n))))?;
    let value = HeaderValue::from_str(&format!("Bearer {}", token(3)))?;
    let (head, ()) = Request::builder()
        .header("Authorization", value)
        .body(())?
        .into_parts();
    let [ns] = compare(
        selection.effort,
        [slice(|| finish(tokens.authenticate(&head)))],
    );
    let scenario = "bearer, one of 4 static tokens";
    let gate = Some(Gate::AtMost(1_500.0));
    Ok(Row::value(scenario, "StaticTokens", ns, "ns", gate))
}
