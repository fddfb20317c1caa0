//! `fuse test`: runs the test blocks of a program.

mod coverage;
mod junit;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use fuse_runtime::db::MigrateOptions;
use fuse_runtime::meta::Test;
use fuse_runtime::system::Stdio;

use super::{Outcome, with_steps};
use crate::failure::{Ended, Failure, Reported};
use crate::output::{Output, Verbosity};
use crate::program::{AssetFlags, Preparation, Program, ProgramFlags};
use crate::write::replace_file;

#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    program: ProgramFlags,

    #[command(flatten)]
    assets: AssetFlags,

    /// Run the tests whose name contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Tests that run at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,

    /// Give every test a database of its own [default: the manifest's, else on]
    #[arg(long, overrides_with = "no_isolate_db")]
    isolate_db: bool,

    /// Let tests use the configured database
    #[arg(long)]
    no_isolate_db: bool,

    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write what the tests executed of the package, in the format of lcov
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
}

/// How long a test may take where no manifest says so, in milliseconds.
const TIMEOUT_MS: u64 = 60_000;

/// How a test ended.
struct Ran {
    test: &'static Test,
    failure: Option<String>,
    took: Duration,
}

/// How tests are run.
#[derive(Clone, Copy)]
struct Runner<'a> {
    program: &'a Program,
    isolate: bool,
    /// How long a test may take.
    limit: Duration,
    /// Whether what a test prints is marked with its name.
    prefix: bool,
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    with_steps(output, || {
        let preparation = Preparation {
            tests: true,
            counting: flags.coverage.is_some(),
            assets: Some(flags.assets),
            ..Preparation::default()
        };
        let program = Program::prepare(&flags.program, preparation, output)?;
        let isolated = program.manifest.as_ref().is_none_or(|m| m.test.isolate_db);
        let runner = Runner {
            program: &program,
            isolate: flags.isolate_db || (isolated && !flags.no_isolate_db),
            limit: Duration::from_millis(
                program
                    .manifest
                    .as_ref()
                    .map_or(TIMEOUT_MS, |m| m.test.timeout_ms),
            ),
            prefix: output.verbosity == Verbosity::Verbose,
        };
        let wanted = |test: &&Test| {
            let filter = flags.filter.as_deref().unwrap_or_default();
            test.name.contains(filter)
        };
        let tests: Vec<&'static Test> = program.meta().tests.iter().filter(wanted).collect();
        let results = run_all(&tests, runner, usize::from(flags.jobs), output)?;
        if let Some(path) = &flags.junit {
            let xml = junit::document(program.meta().name, &results);
            replace_file(path, xml.as_bytes()).map_err(|problem| Failure::write(path, &problem))?;
        }
        if let Some((path, counts)) = flags.coverage.as_ref().zip(program.counts()) {
            let text = coverage::tracefile(program.canonical(), counts);
            replace_file(path, text.as_bytes())
                .map_err(|problem| Failure::write(path, &problem))?;
        }
        let failed = results.iter().filter(|ran| ran.failure.is_some()).count();
        output.result(&match (results.len(), failed) {
            (0, _) => "0 tests\n".to_owned(),
            (all, 0) => format!("ok ({all} tests)\n"),
            (all, failed) => format!("FAILED ({failed} failed of {all} tests)\n"),
        });
        if failed > 0 {
            return Err(Reported.into());
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Runs tests on `jobs` threads, and prints their lines in order.
fn run_all(
    tests: &[&'static Test],
    runner: Runner<'_>,
    jobs: usize,
    output: &Output,
) -> Result<Vec<Ran>, Ended> {
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(tests.len()) {
            let send = send.clone();
            let next = &next;
            scope.spawn(move || {
                while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if send.send(runner.run(test)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        in_order(tests, &receive, output)
    })
}

/// The results in the order of the tests, each printed as soon as those before
/// it are.
fn in_order(
    tests: &[&'static Test],
    receive: &mpsc::Receiver<Result<Ran, Failure>>,
    output: &Output,
) -> Result<Vec<Ran>, Ended> {
    let mut waiting: Vec<Ran> = Vec::new();
    let mut done: Vec<Ran> = Vec::with_capacity(tests.len());
    for ran in receive {
        waiting.push(ran?);
        while let Some(at) = tests.get(done.len()).and_then(|test| {
            let same = |ran: &Ran| std::ptr::eq(ran.test, *test);
            waiting.iter().position(same)
        }) {
            let ran = waiting.swap_remove(at);
            output.result(&match &ran.failure {
                None => format!("ok {}\n", ran.test.name),
                Some(message) => format!("FAILED {}: {message}\n", ran.test.name),
            });
            done.push(ran);
        }
    }
    Ok(done)
}

impl Runner<'_> {
    /// Runs one test with configuration, and a database, of its own.
    fn run(self, test: &'static Test) -> Result<Ran, Failure> {
        let printed = TestOutput {
            prefix: self.prefix.then(|| format!("[{}] ", test.name)),
            at_line_start: true,
        };
        let stdio = Stdio::new(io::empty(), printed, io::stderr());
        let database = self.database();
        let runtime = self.program.runtime(&database, stdio)?;
        let started = Instant::now();
        let prepared = if self.isolate && !self.program.meta().migrations.is_empty() {
            let configured = runtime.resolve_config().map_err(|failure| failure.text());
            configured.and_then(|()| {
                let migrated = runtime.migrate(MigrateOptions::default(), |_| {});
                let failed = |problem| format!("migration error: {problem}");
                migrated.map(drop).map_err(failed)
            })
        } else {
            Ok(())
        };
        let ran = prepared.and_then(|()| {
            let ran = runtime.run_test_within(test, self.limit);
            ran.map_err(|failure| failure.text())
        });
        // What a test printed is on standard error; a stream that is gone takes no more.
        let _ = runtime.stdio().flush();
        runtime.close_database();
        Ok(Ran {
            test,
            failure: ran.err(),
            took: started.elapsed(),
        })
    }

    /// Which database tests use, where it is not the one of the environment.
    fn database(self) -> Vec<(&'static str, OsString)> {
        if !self.isolate {
            return Vec::new();
        }
        let named = self.program.variable("FUSE_TEST_DB_URL").cloned();
        vec![(
            "FUSE_DB_URL",
            named.unwrap_or_else(|| "sqlite::memory:".into()),
        )]
    }
}

/// What a test prints, on standard error.
struct TestOutput {
    prefix: Option<String>,
    at_line_start: bool,
}

impl Write for TestOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stderr = io::stderr().lock();
        let Some(prefix) = &self.prefix else {
            return stderr.write(bytes);
        };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.at_line_start {
                stderr.write_all(prefix.as_bytes())?;
            }
            stderr.write_all(line)?;
            self.at_line_start = line.ends_with(b"\n");
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
