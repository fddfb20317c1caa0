use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

const QUEUE_TIMEOUT: Duration = Duration::from_millis(100);
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(super) type Exempt = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// How many requests may run and wait. The default limits nothing.
#[derive(Clone)]
#[non_exhaustive]
pub struct ConcurrencyLimitConfig {
    /// Requests that run at the same time; zero disables the layer.
    pub max_concurrent: usize,
    /// Requests that wait for a place besides those that run. Default: none.
    pub queue_depth: usize,
    /// Longest wait for a place. Default: 100 ms, which zero stands for.
    pub queue_timeout: Duration,
    /// What refused clients are told to wait; sent in whole seconds, rounded
    /// up, at least 1. Default: 1 s.
    pub retry_after: Duration,
    /// Whether an upgraded connection keeps its place until its
    /// [`UpgradePermit`](super::UpgradePermit) is dropped. Default: the place
    /// is free once the upgrade is answered.
    pub hold_upgrades: bool,
    pub(super) exempt: Option<Exempt>,
}

impl Default for ConcurrencyLimitConfig {
    fn default() -> Self {
        Self::new(0)
    }
}

impl ConcurrencyLimitConfig {
    /// At most this many requests at a time, and no queue.
    #[must_use]
    pub fn new(max_concurrent: usize) -> Self {
        Self {
            max_concurrent,
            queue_depth: 0,
            queue_timeout: QUEUE_TIMEOUT,
            retry_after: RETRY_AFTER,
            hold_upgrades: false,
            exempt: None,
        }
    }

    /// Sets [`queue_depth`](Self::queue_depth).
    #[must_use]
    pub fn with_queue_depth(mut self, depth: usize) -> Self {
        self.queue_depth = depth;
        self
    }

    /// Sets [`queue_timeout`](Self::queue_timeout).
    #[must_use]
    pub fn with_queue_timeout(mut self, timeout: Duration) -> Self {
        self.queue_timeout = timeout;
        self
    }

    /// Sets [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = wait;
        self
    }

    /// Sets [`hold_upgrades`](Self::hold_upgrades).
    #[must_use]
    pub fn with_hold_upgrades(mut self, hold: bool) -> Self {
        self.hold_upgrades = hold;
        self
    }

    /// Lets requests through that are not counted, such as health probes. The
    /// function must not block; one that panics exempts nothing.
    #[must_use]
    pub fn with_exempt(mut self, exempt: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.exempt = Some(Arc::new(exempt));
        self
    }

    pub(super) fn effective_queue_timeout(&self) -> Duration {
        if self.queue_timeout.is_zero() {
            QUEUE_TIMEOUT
        } else {
            self.queue_timeout
        }
    }
}

impl fmt::Debug for ConcurrencyLimitConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimitConfig")
            .field("max_concurrent", &self.max_concurrent)
            .field("queue_depth", &self.queue_depth)
            .field("queue_timeout", &self.queue_timeout)
            .field("retry_after", &self.retry_after)
            .field("hold_upgrades", &self.hold_upgrades)
            .field("exempt", &self.exempt.is_some())
            .finish()
    }
}
