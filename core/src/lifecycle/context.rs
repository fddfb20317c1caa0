use std::time::{Duration, Instant};

/// What a phase of a component is told: until when it has to be done.
///
/// ```
/// use std::time::Duration;
/// use plumego_core::LifecycleContext;
///
/// let cx = LifecycleContext::within(Duration::from_secs(15));
/// assert!(cx.remaining().unwrap() <= Duration::from_secs(15));
/// assert_eq!(LifecycleContext::new().remaining(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifecycleContext {
    deadline: Option<Instant>,
}

impl LifecycleContext {
    /// No deadline.
    #[must_use]
    pub const fn new() -> Self {
        Self { deadline: None }
    }

    /// A deadline this far from now; none when that is beyond what the clock
    /// can tell.
    #[must_use]
    pub fn within(limit: Duration) -> Self {
        Self {
            deadline: now().checked_add(limit),
        }
    }

    /// Sets the deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// When the phase has to be done.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How much time is left; zero after the deadline, `None` without one.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(now()))
    }

    /// The context of one of `components` that are still to come: an equal
    /// share of what remains, but at least `least`.
    pub(super) fn share(&self, components: usize, least: Duration) -> Self {
        let Some(remaining) = self.remaining() else {
            return *self;
        };
        let count = u32::try_from(components.max(1)).unwrap_or(u32::MAX);
        Self::within((remaining / count).max(least))
    }
}

/// The runtime's clock, so that tests can move it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
