//! Runs the suite against a service and says what it found.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use service_contract::{CaseResult, Outcome, Routes, Success, Target, run};

#[derive(Debug, Parser)]
#[command(about = "Run the service contract against a service")]
struct Cli {
    /// Where the service listens, such as http://127.0.0.1:8080
    #[arg(long)]
    url: String,
    /// The key that requests must carry to change items
    #[arg(long, value_name = "KEY")]
    write_key: Option<String>,
    /// How the service writes success: in the envelope, or the bare value
    #[arg(long, value_enum, default_value = "reply")]
    success: Form,
    /// The routes of the service: those of the reference services, or its own
    #[arg(long, value_enum, default_value = "canonical")]
    routes: RoutesFlag,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Reply,
    Bare,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoutesFlag {
    Canonical,
    Own,
}

/// How many cases ended how.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

fn main() -> ExitCode {
    match examine(&Cli::parse()) {
        Ok(count) if count.failed == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            // When not even standard error can be written, the code has to do.
            let _ = writeln!(io::stderr(), "service-contract: {error}");
            ExitCode::from(2)
        }
    }
}

fn examine(cli: &Cli) -> Result<Count, Box<dyn std::error::Error>> {
    let mut target = Target::new(&cli.url).with_success(match cli.success {
        Form::Reply => Success::Reply,
        Form::Bare => Success::Bare,
    });
    target = target.with_routes(match cli.routes {
        RoutesFlag::Canonical => Routes::Canonical,
        RoutesFlag::Own => Routes::Own,
    });
    if let Some(key) = &cli.write_key {
        target = target.with_write_key(key);
    }
    let mut out = io::stdout();
    let mut count = Count::default();
    for result in run(&target)? {
        count.add(&result.outcome);
        writeln!(out, "{}", line(&result))?;
    }
    writeln!(
        out,
        "{} passed, {} failed{}",
        count.passed,
        count.failed,
        count.aside()
    )?;
    Ok(count)
}

fn line(CaseResult { name, outcome }: &CaseResult) -> String {
    match outcome {
        Outcome::Passed => format!("pass  {name}"),
        Outcome::Failed(why) => format!("FAIL  {name}\n    {why}"),
        Outcome::Skipped(why) => format!("skip  {name} ({why})"),
    }
}

impl Count {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Skipped(_) => self.skipped += 1,
        }
    }

    fn aside(&self) -> String {
        match self.skipped {
            0 => String::new(),
            skipped => format!(" ({skipped} skipped)"),
        }
    }
}
