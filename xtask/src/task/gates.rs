//! `cargo xtask gates`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use plumego_control::api::Extractor;
use plumego_control::gates::{Gate, Plan, Report, run as run_gates};
use plumego_control::report::EXIT_CANNOT_RUN;

/// Flags of `gates`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these gates.
    #[arg(value_parser = gate)]
    gates: Vec<Gate>,
    /// Only what builds nothing.
    #[arg(long)]
    quick: bool,
    /// All but these gates.
    #[arg(long, value_parser = gate, value_name = "GATE")]
    skip: Vec<Gate>,
    /// Print one JSON document instead of the table.
    #[arg(long)]
    json: bool,
    /// Let warnings fail too, with exit code 2.
    #[arg(long)]
    strict_warnings: bool,
    /// Mark violations without Unicode.
    #[arg(long)]
    ascii: bool,
    /// The workspace to check, instead of this repository.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

fn gate(id: &str) -> Result<Gate, String> {
    Gate::from_id(id).ok_or_else(|| {
        let known: Vec<_> = Gate::ALL.iter().map(|gate| gate.id()).collect();
        format!("the gates are: {}", known.join(", "))
    })
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let plan = plan(args)?;
    let report = match run_gates(&plan, |gate| eprintln!("gate {gate}: {}", gate.title())) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("gates: {:#}", anyhow::Error::new(error));
            return Ok(ExitCode::from(EXIT_CANNOT_RUN));
        }
    };
    print(args, &report)?;
    Ok(ExitCode::from(report.exit_code(args.strict_warnings)))
}

fn plan(args: &Args) -> anyhow::Result<Plan> {
    let asked = |gate: &Gate| args.gates.is_empty() || args.gates.contains(gate);
    let mut gates = Vec::new();
    let mut skipped = Vec::new();
    for gate in Gate::ALL.into_iter().filter(asked) {
        if args.skip.contains(&gate) {
            skipped.push((gate, "skipped on request".to_owned()));
        } else if args.quick && gate.builds() {
            skipped.push((gate, "deferred: it needs a build".to_owned()));
        } else {
            gates.push(gate);
        }
    }
    Ok(Plan {
        start: args.workspace.clone().unwrap_or_else(crate::command::root),
        gates,
        skipped,
        extractor: Extractor::new(std::env::current_exe().context("cannot find this program")?),
    })
}

fn print(args: &Args, report: &Report) -> anyhow::Result<()> {
    if args.json {
        println!("{}", report.json().context("cannot write the report")?);
    } else {
        eprint!("{}", report.details(args.ascii));
        print!("{}", report.table());
    }
    Ok(())
}
