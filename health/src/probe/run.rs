//! One run of all checks, each with a deadline.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use super::report::ProbeReport;
use super::set::{Entry, ProbeSet};
use crate::{CheckOutcome, HealthState, HealthStatus, Timestamp};

const TIMED_OUT: &str = "check timed out";
const PANICKED: &str = "check panicked";
const NOT_RUN: &str = "check not run";

/// Bounds of one probe.
#[derive(Clone)]
#[non_exhaustive]
pub struct ProbePolicy {
    /// Longest one check may take; 2 s by default.
    pub timeout: Duration,
    /// Longest the whole probe may take; 5 s by default.
    pub overall: Duration,
    /// Most checks at a time; 8 by default, at least 1.
    pub concurrency: usize,
    /// What the wall clock says; only for timestamps.
    pub now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

impl Default for ProbePolicy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(2),
            overall: Duration::from_secs(5),
            concurrency: 8,
            now: Arc::new(SystemTime::now),
        }
    }
}

impl ProbePolicy {
    /// Sets the longest one check may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the longest the whole probe may take.
    #[must_use]
    pub fn with_overall(mut self, overall: Duration) -> Self {
        self.overall = overall;
        self
    }

    /// Sets how many checks run at a time; 0 is taken as 1.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Sets the wall clock.
    #[must_use]
    pub fn with_now(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.now = Arc::new(now);
        self
    }
}

impl fmt::Debug for ProbePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbePolicy")
            .field("timeout", &self.timeout)
            .field("overall", &self.overall)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

/// Runs every check of the set once and reports what they saw.
///
/// Checks start in name order, at most [`concurrency`](ProbePolicy::concurrency)
/// at a time, each in a task of its own. The deadline of a check is the
/// earliest of its own [`timeout`](crate::ComponentChecker::timeout), the
/// policy's, and the end of the whole probe.
///
/// | What happens | State | Message |
/// |---|---|---|
/// | the check answers | the answer's | the answer's |
/// | it misses its deadline; its future is dropped | unhealthy | `check timed out` |
/// | it panics | unhealthy | `check panicked` |
/// | it could not start before the end | unknown | `check not run` |
///
/// Deadlines are kept from outside the checks, so that on a runtime with
/// several workers a check that blocks its thread does not hold up the report.
/// In a program built with `panic = "abort"` a panicking check ends the process.
/// Dropping the future of this function cancels all running checks.
///
/// # Panics
///
/// Outside a Tokio runtime with a timer.
///
/// ```
/// use plumego_health::{probe, BoxError, FnChecker, HealthState, ProbePolicy, ProbeSet, StaticChecker};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let set = ProbeSet::new([
///     Arc::new(StaticChecker::new("cache", HealthState::Healthy)) as _,
///     Arc::new(FnChecker::new("db", || async { Err::<(), BoxError>("refused".into()) })) as _,
/// ])?;
/// let report = probe(&set, &ProbePolicy::default()).await;
/// assert_eq!(report.components["cache"].health.status, HealthState::Healthy);
/// assert_eq!(report.components["db"].health.message, "check failed");
/// assert_eq!(report.cause("db").map(ToString::to_string).as_deref(), Some("refused"));
/// # Ok(()) }
/// ```
pub async fn probe(set: &ProbeSet, policy: &ProbePolicy) -> ProbeReport {
    let started = Instant::now();
    let mut run = Run {
        policy,
        waiting: set.entries(),
        ends: far(started, policy.overall),
        tasks: JoinSet::new(),
        running: HashMap::new(),
        report: ProbeReport::new((policy.now)().into()),
    };
    while let Some(next_deadline) = run.start_more() {
        match timeout_at(next_deadline, run.tasks.join_next_with_id()).await {
            Ok(Some(ended)) => run.settle(ended),
            Ok(None) => break,
            Err(_) => run.expire(),
        }
    }
    run.skip_waiting();
    run.report.duration = started.elapsed();
    run.report
}

/// A probe under way.
struct Run<'a> {
    policy: &'a ProbePolicy,
    waiting: &'a [Entry],
    ends: Instant,
    tasks: JoinSet<Ended>,
    running: HashMap<Id, Running<'a>>,
    report: ProbeReport,
}

/// A check under way.
struct Running<'a> {
    entry: &'a Entry,
    started: Instant,
    deadline: Instant,
    task: AbortHandle,
}

/// A check that answered.
struct Ended {
    outcome: CheckOutcome,
    at: SystemTime,
    instant: Instant,
}

impl<'a> Run<'a> {
    /// Starts what may start; the next deadline, or `None` when nothing runs.
    fn start_more(&mut self) -> Option<Instant> {
        while self.running.len() < self.policy.concurrency.max(1)
            && Instant::now() < self.ends
            && let Some((entry, rest)) = self.waiting.split_first()
        {
            self.waiting = rest;
            self.start(entry);
        }
        self.running.values().map(|check| check.deadline).min()
    }

    fn start(&mut self, entry: &'a Entry) {
        let started = Instant::now();
        let allowed = entry
            .timeout
            .map_or(self.policy.timeout, |own| own.min(self.policy.timeout));
        let (checker, now) = (entry.checker.clone(), self.policy.now.clone());
        let task = self.tasks.spawn(async move {
            let outcome = checker.check().await;
            Ended {
                outcome,
                at: now(),
                instant: Instant::now(),
            }
        });
        let deadline = far(started, allowed).min(self.ends);
        self.running.insert(
            task.id(),
            Running {
                entry,
                started,
                deadline,
                task,
            },
        );
    }

    /// Takes the end of a task. One that missed its deadline is no longer known.
    fn settle(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(check) = self.running.remove(&id) else {
            return;
        };
        match ended {
            Ok((_, ended)) => {
                let took = ended.instant.saturating_duration_since(check.started);
                self.report_check(check.entry, ended.outcome, ended.at, took);
            }
            Err(_) => self.report_failure(&check, PANICKED),
        }
    }

    /// Gives up every check whose deadline has passed.
    fn expire(&mut self) {
        let now = Instant::now();
        let (late, in_time) = self
            .running
            .drain()
            .partition(|(_, check)| check.deadline <= now);
        self.running = in_time;
        let late: HashMap<Id, Running<'a>> = late;
        for check in late.into_values() {
            check.task.abort();
            self.report_failure(&check, TIMED_OUT);
        }
    }

    fn report_failure(&mut self, check: &Running<'a>, message: &'static str) {
        let at = (self.policy.now)();
        self.report_check(
            check.entry,
            CheckOutcome::unhealthy(message),
            at,
            check.started.elapsed(),
        );
    }

    fn report_check(
        &mut self,
        entry: &Entry,
        outcome: CheckOutcome,
        at: SystemTime,
        took: Duration,
    ) {
        let at = Timestamp::from(at);
        let health = HealthStatus::new(outcome.state, at)
            .with_public_message(outcome.public_message)
            .with_details(outcome.details)
            .with_detail("last_check", at.to_string())
            .with_detail(
                "check_duration_ms",
                u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            )
            .with_detail("check_attempts", 1)
            .details_public(&outcome.public_details)
            .with_duration(took);
        self.report
            .insert(&entry.name, entry.component(health), outcome.cause);
    }

    fn skip_waiting(&mut self) {
        let at = (self.policy.now)();
        for entry in self.waiting {
            let health = HealthStatus::new(HealthState::Unknown, at)
                .with_public_message(NOT_RUN)
                .with_detail("check_attempts", 0);
            self.report
                .insert(&entry.name, entry.component(health), None);
        }
    }
}

/// `start + wait`, or about thirty years on if that cannot be represented.
fn far(start: Instant, wait: Duration) -> Instant {
    const LONG: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    start.checked_add(wait.min(LONG)).unwrap_or(start)
}
