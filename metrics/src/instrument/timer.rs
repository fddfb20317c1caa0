//! Measuring how long something takes, however it ends.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::LabelValues;
use super::handle::Handle;
use crate::ErrorLabel;

/// Where timers get the time from.
pub(super) type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Measures durations into a histogram of seconds with `N` labels and the label
/// `outcome`.
#[derive(Clone)]
pub struct Timer<const N: usize = 0> {
    handle: Handle,
    clock: Clock,
}

impl<const N: usize> Timer<N> {
    /// The key of the label a timer adds.
    pub const OUTCOME: &'static str = "outcome";
    /// The outcome of what ended without an error.
    pub const OUTCOME_OK: &'static str = "ok";
    /// The outcome of what ended in a panic.
    pub const OUTCOME_PANIC: &'static str = "panic";

    pub(super) fn new(handle: Handle, clock: Clock) -> Self {
        Self { handle, clock }
    }

    /// Starts measuring. The duration is taken when the guard is dropped: at
    /// the end of a block, by a panic, or with a future that is cancelled.
    #[must_use = "a timer measures until its guard is dropped"]
    pub fn start<V: Into<Cow<'static, str>>>(&self, values: [V; N]) -> TimerGuard {
        TimerGuard {
            handle: self.handle.clone(),
            clock: self.clock.clone(),
            started: (self.clock)(),
            values: values.into_iter().map(Into::into).collect(),
            outcome: Cow::Borrowed(Self::OUTCOME_OK),
        }
    }
}

impl<const N: usize> fmt::Debug for Timer<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timer").field(&self.handle.id.get()).finish()
    }
}

/// Something that is being timed.
///
/// The outcome is `ok` unless [`error`](Self::error) says otherwise, and
/// `panic` when a panic drops the guard before it has. To tell work that was
/// cancelled, set the error first and call [`ok`](Self::ok) at the end:
///
/// ```
/// use plumego_metrics::{
///     CardinalityPolicy, ErrorLabel, HistogramDef, InstrumentStore, Meter, MetricName,
/// };
/// use std::sync::Arc;
///
/// const CANCELLED: ErrorLabel = ErrorLabel::from_static("cancelled");
/// let store = Arc::new(InstrumentStore::new(CardinalityPolicy::default()));
/// let meter = Meter::new(store.clone(), "mailer");
/// let sending = meter.timer(HistogramDef::new(MetricName::from_static("mail_send_seconds")))?;
///
/// let mut guard = sending.start::<&str>([]);
/// guard.error(CANCELLED);
/// // ... work that may be dropped half way ...
/// guard.ok();
/// drop(guard);
/// assert_eq!(store.snapshot()[0].labels.get("outcome"), Some("ok"));
/// # Ok::<(), plumego_metrics::MetricsError>(())
/// ```
#[must_use = "a timer measures until its guard is dropped"]
pub struct TimerGuard {
    handle: Handle,
    clock: Clock,
    started: Instant,
    values: Vec<Cow<'static, str>>,
    outcome: Cow<'static, str>,
}

impl TimerGuard {
    /// Says that it ends, or will end, with an error of that class.
    pub fn error(&mut self, class: ErrorLabel) {
        self.outcome = class.into_text();
    }

    /// Takes back what [`error`](Self::error) said.
    pub fn ok(&mut self) {
        self.outcome = Cow::Borrowed(Timer::<0>::OUTCOME_OK);
    }
}

impl Drop for TimerGuard {
    fn drop(&mut self) {
        let seconds = (self.clock)()
            .saturating_duration_since(self.started)
            .as_secs_f64();
        let said_nothing = self.outcome == Timer::<0>::OUTCOME_OK;
        let outcome = if said_nothing && std::thread::panicking() {
            Timer::<0>::OUTCOME_PANIC
        } else {
            &self.outcome
        };
        let mut values: Vec<&str> = self.values.iter().map(|value| &**value).collect();
        values.push(outcome);
        self.handle
            .sink
            .observe(self.handle.id, &LabelValues::new(&values), seconds);
    }
}

impl fmt::Debug for TimerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerGuard")
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
