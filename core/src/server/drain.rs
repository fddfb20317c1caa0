//! The phased end of a server.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plumego_contract::{CancelSource, RequestScope};
use plumego_health::SharedGate;
use plumego_log::{Fields, Logger, LoggerExt};
use tokio::sync::watch;
use tokio::time::Instant;

use super::registry::{Registry, ServerPhase};
use crate::error::{CoreError, Operation};

/// How long cut connections may take to disappear.
const CUT_LIMIT: Duration = Duration::from_secs(1);

/// How a drain ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Connections that closed in time.
    pub drained: usize,
    /// Connections that were cut at the limit.
    pub aborted: usize,
    /// From the announcement to the end.
    pub elapsed: Duration,
}

/// The drain limit passed with connections still open; they were cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainDeadlineExceeded {
    /// What was drained and what was cut.
    pub report: DrainReport,
}

impl fmt::Display for DrainDeadlineExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "deadline exceeded: {} connections aborted",
            self.report.aborted
        )
    }
}

impl std::error::Error for DrainDeadlineExceeded {}

/// Tells long-lived work on a connection that the server is going down.
///
/// ```
/// use plumego_contract::{Body, Request};
/// use plumego_core::DrainSignal;
///
/// let request = Request::new(Body::empty());
/// assert!(!DrainSignal::of(&request).is_draining());
/// ```
#[derive(Clone, Debug)]
pub struct DrainSignal(CancelSource);

impl DrainSignal {
    /// The signal of the server that received `request`; one that never comes
    /// for a request without a server.
    #[must_use]
    pub fn of<B>(request: &http::Request<B>) -> Self {
        let scope = RequestScope::of(request);
        Self(
            scope
                .map(|s| s.settings().drain.clone())
                .unwrap_or_default(),
        )
    }

    /// True once the drain started.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Resolves when the drain starts.
    pub async fn draining(&self) {
        self.0.cancelled().await;
    }
}

/// What the drain of one server works with.
pub(super) struct Drain {
    pub(super) registry: Arc<Registry>,
    pub(super) gate: SharedGate,
    pub(super) logger: Arc<dyn Logger>,
    /// Raised to close the listener.
    pub(super) stop_accepting: CancelSource,
    /// Told to long-lived streams.
    pub(super) drain: CancelSource,
    /// Told to everything at the limit.
    pub(super) force: CancelSource,
    pub(super) delay: Duration,
    pub(super) progress_interval: Duration,
    progress: Mutex<Progress>,
    limit: watch::Sender<Option<Instant>>,
    outcome: watch::Sender<Option<Outcome>>,
    /// True once the listener is closed, or there never was one.
    listener_closed: watch::Sender<bool>,
}

/// How a drain ended; shared by everyone who asked for it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Drained(DrainReport),
    DeadlineExceeded(DrainReport),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    NotStarted,
    Started,
}

impl Outcome {
    pub(super) fn into_result(self) -> Result<DrainReport, CoreError> {
        match self {
            Self::Drained(report) => Ok(report),
            Self::DeadlineExceeded(report) => Err(CoreError::new(
                Operation::ShutdownApp,
                DrainDeadlineExceeded { report },
            )),
        }
    }
}

impl Drain {
    pub(super) fn new(
        registry: Arc<Registry>,
        gate: SharedGate,
        logger: Arc<dyn Logger>,
        delay: Duration,
        progress_interval: Duration,
    ) -> Self {
        Self {
            registry,
            gate,
            logger,
            stop_accepting: CancelSource::new(),
            drain: CancelSource::new(),
            force: CancelSource::new(),
            delay,
            progress_interval,
            progress: Mutex::new(Progress::NotStarted),
            limit: watch::Sender::new(None),
            outcome: watch::Sender::new(None),
            listener_closed: watch::Sender::new(true),
        }
    }

    /// True once a shutdown was asked for.
    pub(super) fn is_started(&self) -> bool {
        *self.lock() == Progress::Started
    }

    /// The listener is open; the drain waits for [`listener_closed`].
    ///
    /// [`listener_closed`]: Self::listener_closed
    pub(super) fn listener_opened(&self) {
        self.listener_closed.send_replace(false);
    }

    pub(super) fn listener_closed(&self) {
        self.listener_closed.send_replace(true);
    }

    /// Starts the drain, or joins the one that runs; the strictest limit wins.
    pub(super) async fn run(self: &Arc<Self>, limit: Option<Duration>) -> Outcome {
        self.tighten(limit);
        let first = {
            let mut progress = self.lock();
            std::mem::replace(&mut *progress, Progress::Started) == Progress::NotStarted
        };
        if first {
            let drain = Arc::clone(self);
            // A task of its own: the drain goes on when the caller loses
            // interest.
            tokio::spawn(async move {
                let outcome = drain.drive().await;
                drain.outcome.send_replace(Some(outcome));
            });
        }
        self.finished().await
    }

    /// Resolves when a drain that was started has ended.
    pub(super) async fn finished(&self) -> Outcome {
        let mut outcome = self.outcome.subscribe();
        loop {
            if let Some(outcome) = *outcome.borrow_and_update() {
                return outcome;
            }
            if outcome.changed().await.is_err() {
                return Outcome::Drained(DrainReport::default());
            }
        }
    }

    fn tighten(&self, limit: Option<Duration>) {
        let Some(at) = limit.and_then(|limit| Instant::now().checked_add(limit)) else {
            return;
        };
        self.limit.send_if_modified(|current| {
            let stricter = current.is_none_or(|current| at < current);
            if stricter {
                *current = Some(at);
            }
            stricter
        });
    }

    async fn drive(&self) -> Outcome {
        let began = Instant::now();
        self.gate.mark_not_ready("draining");
        self.logger.info("shutdown started", Fields::new());
        let delayed = tokio::select! {
            () = tokio::time::sleep(self.delay) => true,
            () = self.limit_hit() => false,
        };
        self.stop_accepting.cancel();
        let mut closed = self.listener_closed.subscribe();
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = closed.wait_for(|closed| *closed).await;
        let open = self.registry.open();
        self.drain.cancel();
        self.registry.advance(ServerPhase::Draining);
        let in_time = delayed && self.wait_for_connections().await;
        let left = self.registry.open();
        let mut report = DrainReport {
            drained: open.saturating_sub(left),
            aborted: 0,
            elapsed: began.elapsed(),
        };
        if in_time || left == 0 {
            self.log_end("shutdown finished", report);
            return Outcome::Drained(report);
        }
        report.aborted = left;
        self.force.cancel();
        self.registry.advance(ServerPhase::Forced);
        // The tasks of cut connections end at their next poll; what a handler
        // moved to other threads may take longer and is not waited for.
        let _ = tokio::time::timeout(CUT_LIMIT, self.registry.all_closed()).await;
        self.log_end("shutdown limit reached", report);
        Outcome::DeadlineExceeded(report)
    }

    fn log_end(&self, message: &'static str, report: DrainReport) {
        let fields = Fields::new()
            .with("drained", report.drained as u64)
            .with("aborted", report.aborted as u64)
            .with("elapsed", report.elapsed);
        if report.aborted == 0 {
            self.logger.info(message, fields);
        } else {
            self.logger.warn(message, fields);
        }
    }

    /// True when every connection closed before the limit.
    async fn wait_for_connections(&self) -> bool {
        let mut progress = tokio::time::interval(self.progress_interval);
        progress.tick().await;
        loop {
            tokio::select! {
                biased;
                () = self.registry.all_closed() => return true,
                () = self.limit_hit() => return false,
                _ = progress.tick() => {
                    let open = self.registry.open() as u64;
                    let fields = Fields::new().with("open_connections", open);
                    self.logger.info("draining open connections", fields);
                }
            }
        }
    }

    /// Resolves when the limit passes, also when it is tightened meanwhile.
    async fn limit_hit(&self) {
        let mut limit = self.limit.subscribe();
        loop {
            let at = *limit.borrow_and_update();
            let changed = match at {
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => return,
                    changed = limit.changed() => changed,
                },
                None => limit.changed().await,
            };
            if changed.is_err() {
                return std::future::pending().await;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
