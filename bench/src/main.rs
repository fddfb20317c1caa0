//! Benchmarks against peers: `bench NAME [--json] [--quick]`.
//!
//! Every benchmark measures subject and peers in one run, interleaved, prints
//! raw figures with ratios, and fails when a ratio misses its gate. `--quick`
//! measures a tenth as long, for work on the code; its figures are noisy.

mod harness;
mod machine;
mod report;
mod router;

use std::io::Write as _;
use std::process::ExitCode;

use report::{Form, Report};

const USAGE: &str = "usage: bench NAME [--json] [--quick]\n\nbenchmarks:\n  router   dispatch against matchit and axum\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    let form = if flag("--json") {
        Form::Json
    } else {
        Form::Text
    };
    let effort = if flag("--quick") {
        harness::Effort::QUICK
    } else {
        harness::Effort::FULL
    };
    let mut names = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"));
    let report = match names.next().map(String::as_str) {
        Some("router") => router::run(effort),
        _ => return usage(),
    };
    finish(&report, form)
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
