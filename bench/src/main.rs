//! Benchmarks against peers: `bench NAME [--json] [--quick] [--only TEXT]`.
//!
//! Every benchmark measures subject and peers in one run, interleaved, prints
//! raw figures with ratios, and fails when a ratio misses its gate. `--quick`
//! measures a tenth as long and `--only` those scenarios whose name contains
//! the text, for work on the code.

mod cache;
mod fuse_front;
mod fuse_host;
mod fuse_service;
mod harness;
mod http;
mod kv;
mod machine;
mod report;
mod router;
mod security;

use std::io::Write as _;
use std::process::ExitCode;

use harness::{Effort, Selection};
use report::{Form, Report};

const USAGE: &str = "usage: bench NAME [--json] [--quick] [--only TEXT]\n\nbenchmarks:\n  router        dispatch against matchit and axum\n  http          whole servers against hyper, axum with tower-http and actix-web\n  fuse-front    the front end of Fuse over 50 000 lines\n  fuse-host     the HTTP host of Fuse against the toolkit beneath it\n  fuse-service  programs that serve: a full pool, a mixed load, a soak\n  kv            the embedded key/value store against redb and SQLite\n  cache         the in-process cache against moka and quick_cache\n  security      tokens, headers and limits against jsonwebtoken and governor\n";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut name, mut form, mut selection) = (None, Form::Text, Selection::default());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => form = Form::Json,
            "--quick" => selection.effort = Effort::QUICK,
            "--only" => selection.only = arguments.next().unwrap_or_default(),
            _ if name.is_none() => name = Some(argument),
            _ => return usage(),
        }
    }
    let report = match name.as_deref() {
        Some("router") => Ok(router::run(&selection)),
        Some("http") => http::run(&selection),
        Some("fuse-front") => fuse_front::run(&selection),
        Some("fuse-host") => fuse_host::run(&selection),
        Some("fuse-service") => fuse_service::run(&selection),
        Some("kv") => kv::run(&selection).map_err(|problem| problem.to_string()),
        Some("security") => security::run(&selection).map_err(|problem| problem.to_string()),
        Some("cache") => Ok(cache::run(&selection)),
        _ => return usage(),
    };
    match report {
        Ok(report) => finish(&report, form),
        Err(problem) => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(std::io::stderr(), "bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    // Nothing is left to do when standard error is closed.
    let _ = std::io::stderr().write_all(USAGE.as_bytes());
    ExitCode::from(2)
}

fn finish(report: &Report, form: Form) -> ExitCode {
    let written = report.write(&mut std::io::stdout().lock(), form);
    if written.is_ok() && report.passes() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
