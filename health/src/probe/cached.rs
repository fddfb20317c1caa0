//! A probe whose report is shared by everybody who asks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{ProbePolicy, ProbeReport, ProbeSet, probe};

/// How long a report is good.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CachedProbeOptions {
    /// A report younger than this is returned as it is; 1 s by default.
    pub max_age: Duration,
    /// Whether an older report is returned at once while a new one is made;
    /// false by default.
    pub stale_while_revalidate: bool,
    /// A report older than this is never returned; ten times `max_age` when
    /// `None`.
    pub max_stale: Option<Duration>,
}

impl Default for CachedProbeOptions {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(1),
            stale_while_revalidate: false,
            max_stale: None,
        }
    }
}

impl CachedProbeOptions {
    /// Sets how long a report counts as fresh.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Sets whether an older report is returned while a new one is made.
    #[must_use]
    pub fn with_stale_while_revalidate(mut self, stale_while_revalidate: bool) -> Self {
        self.stale_while_revalidate = stale_while_revalidate;
        self
    }

    /// Sets from what age on a report is never returned.
    #[must_use]
    pub fn with_max_stale(mut self, max_stale: Duration) -> Self {
        self.max_stale = Some(max_stale);
        self
    }

    /// From what age on a report is not returned at all.
    fn age_limit(&self) -> Duration {
        if self.stale_while_revalidate {
            self.max_stale.unwrap_or(self.max_age.saturating_mul(10))
        } else {
            self.max_age
        }
    }
}

/// A probe that runs at most once per `max_age`, however often it is asked.
///
/// While a probe runs everybody who asks waits for the same one, so the load on
/// dependencies does not grow with the rate of requests. A caller that goes
/// away does not cancel it. A report of failures is kept like any other. Clones
/// share one report.
///
/// ```
/// use plumego_health::{CachedProbe, HealthState, ProbePolicy, ProbeSet, SharedGate, StaticChecker};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let set = ProbeSet::new([Arc::new(StaticChecker::new("db", HealthState::Healthy)) as _])?;
/// let probe = CachedProbe::new(set, ProbePolicy::default());
/// let gate = SharedGate::new();
/// gate.mark_ready();
/// assert!(probe.get().await.readiness(&gate.state()).ready);
/// assert!(Arc::ptr_eq(&probe.get().await, &probe.get().await));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CachedProbe {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    set: ProbeSet,
    policy: ProbePolicy,
    options: CachedProbeOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<(Instant, Arc<ProbeReport>)>,
    running: Option<watch::Receiver<Option<Arc<ProbeReport>>>>,
}

/// What a caller gets: a report, or the wait for one.
enum Found {
    Report(Arc<ProbeReport>),
    Running(watch::Receiver<Option<Arc<ProbeReport>>>),
}

impl CachedProbe {
    /// A probe with the default options.
    #[must_use]
    pub fn new(set: ProbeSet, policy: ProbePolicy) -> Self {
        Self::with_options(set, policy, CachedProbeOptions::default())
    }

    /// A probe with options.
    #[must_use]
    pub fn with_options(set: ProbeSet, policy: ProbePolicy, options: CachedProbeOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                set,
                policy,
                options,
                state: Mutex::default(),
            }),
        }
    }

    /// A report that is fresh enough: the last one, or that of a probe that
    /// runs now.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime with a timer, when a probe has to run.
    pub async fn get(&self) -> Arc<ProbeReport> {
        let mut running = match self.find() {
            Found::Report(report) => return report,
            Found::Running(running) => running,
        };
        if let Ok(done) = running.wait_for(Option::is_some).await
            && let Some(report) = done.as_ref()
        {
            return report.clone();
        }
        // The shared run was lost with its runtime, or the policy's clock
        // panicked; whoever still waits here finds out for itself.
        Arc::new(probe(&self.shared.set, &self.shared.policy).await)
    }

    fn find(&self) -> Found {
        let mut state = self.shared.lock();
        let options = &self.shared.options;
        let last = state
            .last
            .as_ref()
            .map(|(at, report)| (at.elapsed(), report.clone()));
        match last {
            Some((age, report)) if age < options.max_age => Found::Report(report),
            Some((age, report)) if age < options.age_limit() => {
                self.join_or_start(&mut state);
                Found::Report(report)
            }
            _ => Found::Running(self.join_or_start(&mut state)),
        }
    }

    fn join_or_start(&self, state: &mut State) -> watch::Receiver<Option<Arc<ProbeReport>>> {
        if let Some(running) = &state.running {
            return running.clone();
        }
        let (done, running) = watch::channel(None);
        let run = RunningProbe {
            shared: self.shared.clone(),
        };
        tokio::spawn(async move {
            let report = Arc::new(probe(&run.shared.set, &run.shared.policy).await);
            run.shared.lock().last = Some((Instant::now(), report.clone()));
            drop(run);
            done.send_replace(Some(report));
        });
        state.running = Some(running.clone());
        running
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change of the state is one assignment, so no panic leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for the next probe when this one ends, however it ends.
struct RunningProbe {
    shared: Arc<Shared>,
}

impl Drop for RunningProbe {
    fn drop(&mut self) {
        self.shared.lock().running = None;
    }
}
