//! Delivers lines to their destinations, counts them, and ends.

use std::{
    cell::RefCell,
    io::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use smallvec::SmallVec;

use super::{Lines, Mark, Outcome, Routes, nonblocking::Queue};
use crate::{FlushError, Level, LogStats, ShutdownReport};

/// Counts shared by a logger family.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) written: AtomicU64,
    pub(crate) filtered: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) write_errors: AtomicU64,
    pub(crate) truncated: AtomicU64,
    pub(crate) sampled_out: AtomicU64,
    pub(crate) redacted: AtomicU64,
}

/// Adds to a counter, sparing the shared write when there is nothing to add.
pub(crate) fn count(counter: &AtomicU64, by: u64) {
    if by > 0 {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

impl Counters {
    pub(crate) fn stats(&self) -> LogStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LogStats {
            written: read(&self.written),
            filtered: read(&self.filtered),
            dropped: read(&self.dropped),
            write_errors: read(&self.write_errors),
            truncated: read(&self.truncated),
            sampled_out: read(&self.sampled_out),
            redacted: read(&self.redacted),
        }
    }
}

/// Speaks up about trouble with the output itself.
#[derive(Clone)]
pub(crate) struct Reporter(Arc<dyn Fn(&str) + Send + Sync>);

impl Reporter {
    pub(crate) fn new(report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    pub(crate) fn stderr() -> Self {
        Self::new(|line| {
            // Standard error is the last resort; when it fails nobody can be told.
            let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
        })
    }

    pub(crate) fn report(&self, line: &str) {
        (self.0)(line);
    }
}

/// Counting and reporting, shared by the callers and the worker.
pub(crate) struct Ledger {
    pub(crate) counters: Counters,
    reporter: Reporter,
    reported: AtomicBool,
}

impl Ledger {
    pub(crate) fn new(reporter: Reporter) -> Self {
        Self {
            counters: Counters::default(),
            reporter,
            reported: AtomicBool::new(false),
        }
    }

    /// Books what became of lines; the first error of the family is reported.
    pub(crate) fn book(&self, outcome: &Outcome) {
        count(&self.counters.written, outcome.written);
        count(&self.counters.write_errors, outcome.write_errors);
        count(&self.counters.dropped, outcome.dropped);
        if let Some(error) = &outcome.first_error
            && !self.reported.swap(true, Ordering::Relaxed)
        {
            self.reporter
                .report(&format!("log: failed to write log output: {error}"));
        }
    }
}

/// The way out of a logger family.
pub(crate) struct Outlet {
    pub(crate) ledger: Arc<Ledger>,
    path: Path,
}

enum Path {
    Direct {
        routes: Mutex<Routes>,
        closed: AtomicBool,
    },
    Queued(Queue),
}

impl Outlet {
    pub(crate) fn direct(routes: Routes, ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            path: Path::Direct {
                routes: Mutex::new(routes),
                closed: AtomicBool::new(false),
            },
        }
    }

    pub(crate) fn queued(queue: Queue, ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            path: Path::Queued(queue),
        }
    }

    /// Takes one line, its line end included.
    pub(crate) fn write(&self, level: Level, line: &[u8]) {
        match &self.path {
            Path::Direct { routes, closed } => {
                let mut outcome = Outcome {
                    dropped: 1,
                    ..Outcome::default()
                };
                // A writer that logs to the logger it serves would wait for itself.
                if !closed.load(Ordering::Acquire)
                    && let Some(_writing) = Writing::begin(self.address())
                {
                    let marks = [Mark {
                        level,
                        end: line.len(),
                    }];
                    outcome.dropped = 0;
                    routes.lock().write(Lines::new(line, &marks), &mut outcome);
                }
                self.ledger.book(&outcome);
            }
            Path::Queued(queue) => {
                if !queue.push(level, line) {
                    count(&self.ledger.counters.dropped, 1);
                }
            }
        }
    }

    pub(crate) fn flush(&self, deadline: Duration) -> Result<(), FlushError> {
        match &self.path {
            Path::Direct { routes, .. } => {
                let Some(_writing) = Writing::begin(self.address()) else {
                    return Err(FlushError::Timeout);
                };
                let mut routes = routes.try_lock_for(deadline).ok_or(FlushError::Timeout)?;
                routes.flush().map_err(FlushError::Output)
            }
            Path::Queued(queue) => queue.flush(deadline),
        }
    }

    /// Takes no more lines and writes those it has.
    pub(crate) fn shutdown(&self, deadline: Duration) -> ShutdownReport {
        match &self.path {
            Path::Direct { closed, .. } => {
                closed.store(true, Ordering::Release);
                // Lines are written already; a failing flush shows in no count.
                let _ = self.flush(deadline);
            }
            Path::Queued(queue) => {
                count(&self.ledger.counters.dropped, queue.shutdown(deadline));
            }
        }
        let stats = self.ledger.counters.stats();
        ShutdownReport {
            written: stats.written,
            dropped: stats.dropped + stats.write_errors,
        }
    }

    /// Ends a worker; an outlet without one is only flushed and goes on.
    pub(crate) fn release(&self, deadline: Duration) {
        match &self.path {
            // There is nobody left to tell about a flush that fails.
            Path::Direct { .. } => drop(self.flush(deadline)),
            Path::Queued(_) => drop(self.shutdown(deadline)),
        }
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

thread_local! {
    static WRITING: RefCell<SmallVec<[usize; 2]>> = RefCell::new(SmallVec::new());
}

/// Marks this thread as one that writes for a family.
pub(crate) struct Writing;

impl Writing {
    /// `None` when the thread is writing for this family already.
    fn begin(family: usize) -> Option<Self> {
        WRITING
            .try_with(|writing| {
                let mut writing = writing.try_borrow_mut().ok()?;
                if writing.contains(&family) {
                    return None;
                }
                writing.push(family);
                Some(Self)
            })
            .ok()
            .flatten()
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // A thread that is ending has no marks left to take back.
        let _ = WRITING.try_with(|writing| writing.borrow_mut().pop());
    }
}
