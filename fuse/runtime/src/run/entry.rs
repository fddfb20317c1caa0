//! The entries of a program.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::{Exit, PanicReport};
use plumego_log::{Level, Record};

use crate::cli::{self, Bound};
use crate::context::{Ctx, Unit};
use crate::error::{Failure, compact, of_fields, of_value};
use crate::fault::{Fault, FaultCode};
use crate::heap::ERR;
use crate::interrupt::Interrupt;
use crate::meta::{FnId, Kind, Main, Test};
use crate::options::unknown_variables;
use crate::runtime::Runtime;
use crate::value::Value;

impl Runtime {
    /// Runs the program as a command does: `main` if there are arguments, else `app`,
    /// else `main` if it can be called without; and then ends what the program left
    /// running.
    #[must_use]
    pub fn run(&self, args: &[OsString]) -> Exit {
        let exit = self.on_deep_stack(|| self.start(args));
        self.finish(exit)
    }

    fn start(&self, args: &[OsString]) -> Exit {
        self.mention_unknown_variables();
        if let Err(failure) = crate::config::resolve(self) {
            return Exit::Failure(failure);
        }
        let meta = self.meta();
        let failed = |message: &str| Exit::Failure(Fault::error(message).into());
        match (&meta.main, &meta.app) {
            (Some(main), _) if !args.is_empty() => self.call_main(main, args),
            (None, _) if !args.is_empty() => failed("no root fn main found for CLI binding"),
            (_, Some(app)) => self.call_app(app.function),
            (Some(main), None) if main.params.iter().all(|param| param.default.is_some()) => {
                self.call_main(main, args)
            }
            _ => failed("no app found"),
        }
    }

    /// One line for all variables that look as if they meant something.
    fn mention_unknown_variables(&self) {
        if !self.options().log_filter.allows(Level::Debug, "") {
            return;
        }
        let unknown = unknown_variables(self.environment());
        if !unknown.is_empty() {
            let message = format!("unknown environment variables: {}", unknown.join(", "));
            let logger = self.logger();
            logger.log(&Record::new(Level::Debug, &message, logger.now()));
        }
    }

    fn call_app(&self, function: FnId) -> Exit {
        let mut ctx = Ctx::new(self.clone(), Unit::Program, Interrupt::default());
        match ended(ctx.call(function, &mut [])) {
            Ok(_) => Exit::Success,
            Err(failure) => Exit::Failure(failure),
        }
    }

    fn call_main(&self, main: &'static Main, args: &[OsString]) -> Exit {
        let mut ctx = Ctx::new(self.clone(), Unit::Program, Interrupt::default());
        let mut values = match cli::bind(&mut ctx, main, args) {
            Ok(Bound::Call(values)) => values,
            Ok(Bound::Help) => return self.show(&cli::usage(self.meta(), main)),
            Ok(Bound::Version) => return self.show(&cli::version(self.meta())),
            Ok(Bound::Invalid(problems)) => {
                let surplus = problems.surplus();
                return Exit::Invalid(compact(&of_fields(problems.into_fields(), surplus)));
            }
            Err(fault) => return failed_main(Failure::Fault(fault)),
        };
        let value = match ended(ctx.call(main.function, &mut values)) {
            Ok(value) => value,
            Err(failure) => return failed_main(failure),
        };
        match cli::exit_status(main.result, &value).map(u8::try_from) {
            None => Exit::Success,
            Some(Ok(status @ 0..=125)) => Exit::Status(status),
            Some(_) => Exit::Failure(Fault::invalid_arguments("exit status out of range").into()),
        }
    }

    fn show(&self, page: &str) -> Exit {
        match self.stdio().print(page.as_bytes()) {
            Ok(()) => Exit::Success,
            Err(error) => Exit::Failure(Fault::error(error.to_string()).into()),
        }
    }

    /// Runs a test. Configuration is resolved first, so that a runtime that was made
    /// for one test has fresh values.
    ///
    /// # Errors
    ///
    /// How the test failed.
    pub fn run_test(&self, test: &Test) -> Result<(), Failure> {
        self.run_test_with(test, Interrupt::default())
    }

    /// The same for a test that may take so long: one that takes longer is ended,
    /// and has failed.
    ///
    /// # Errors
    ///
    /// How the test failed.
    pub fn run_test_within(&self, test: &Test, limit: Duration) -> Result<(), Failure> {
        let interrupt = Interrupt::new(Instant::now().checked_add(limit));
        let (done, waiting) = mpsc::channel::<()>();
        let ended = std::thread::scope(|scope| {
            let late = &interrupt;
            scope.spawn(move || {
                if waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                    late.time_out();
                }
            });
            let ended = self.run_test_with(test, interrupt.clone());
            drop(done);
            ended
        });
        ended.map_err(|failure| match failure {
            Failure::Fault(fault) if fault.code() == FaultCode::Timeout => {
                let message = format!("timed out after {} ms", limit.as_millis());
                Fault::new(FaultCode::Timeout, message).into()
            }
            failure => failure,
        })
    }

    fn run_test_with(&self, test: &Test, interrupt: Interrupt) -> Result<(), Failure> {
        let exit = self.on_deep_stack(|| {
            if let Err(failure) = crate::config::resolve(self) {
                return Exit::Failure(failure);
            }
            let mut ctx = Ctx::new(self.clone(), Unit::Test, interrupt);
            match ended(ctx.call(test.function, &mut [])) {
                Ok(_) => Exit::Success,
                Err(failure) => Exit::Failure(failure),
            }
        });
        self.flush_logs();
        match exit {
            Exit::Failure(failure) => Err(failure),
            Exit::Panic(report) => {
                let text = format!("panic_kind={} {}", report.kind, report.message);
                Err(Fault::internal(text).into())
            }
            _ => Ok(()),
        }
    }

    /// Runs on a thread whose stack holds the deepest nesting of calls.
    fn on_deep_stack(&self, run: impl FnOnce() -> Exit + Send) -> Exit {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("fuse-main".to_owned())
                .stack_size(self.code().stack_bytes())
                .spawn_scoped(scope, || {
                    catch_unwind(AssertUnwindSafe(run))
                        .unwrap_or_else(|panic| Exit::Panic(PanicReport::new(&*panic)))
                });
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(exit)) => exit,
                Ok(Err(panic)) => Exit::Panic(PanicReport::new(&*panic)),
                Err(error) => {
                    Exit::Failure(Fault::error(format!("cannot start a thread: {error}")).into())
                }
            }
        })
    }

    /// Writes what is not written yet, in the order that a reader expects: output,
    /// logs, measurements.
    fn finish(&self, exit: Exit) -> Exit {
        let written = self.stdio().flush();
        self.flush_logs();
        if self.options().metrics_on_stderr
            && let Some(snapshot) = self.tasks().snapshot()
        {
            self.stdio()
                .error_line(&format!("metrics: {}", snapshot.to_json("metric")));
        }
        if self.stdio().output_is_closed() {
            return Exit::Success;
        }
        if let Some(directory) = &self.options().crash_dir
            && matches!(exit, Exit::Failure(_) | Exit::Panic(_))
        {
            let reason = exit.text(self.meta(), true).unwrap_or_default();
            if let Err(error) = self.journal().write(directory, &reason) {
                self.stdio().error_line(&format!("FUSE_CRASH_DIR: {error}"));
            }
        }
        match written {
            Err(error) if matches!(exit, Exit::Success | Exit::Status(_)) => {
                let message = format!("cannot write to standard output: {error}");
                Exit::Failure(Fault::error(message).into())
            }
            _ => exit,
        }
    }
}

/// What a unit of work ended with: an error value is a failure.
fn ended(outcome: Result<Value, Fault>) -> Result<Value, Failure> {
    let value = outcome.map_err(Failure::Fault)?;
    let error = value
        .peek()
        .as_kind(Kind::Result)
        .filter(|result| result.tag() == ERR);
    match error.map(|result| result.field(0).to_value()) {
        Some(error) => Err(Failure::of_error(error)),
        None => Ok(value),
    }
}

/// The end of `main`: a validation is the answer to its arguments.
fn failed_main(failure: Failure) -> Exit {
    if !failure.is_validation() {
        return Exit::Failure(failure);
    }
    Exit::Invalid(match &failure {
        Failure::Error(value) => compact(&of_value(value.value().peek())),
        Failure::Fault(_) => failure.text(),
    })
}
