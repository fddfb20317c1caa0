use std::time::Duration;

/// How long a service may take. The default limits nothing: the time is a
/// choice to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeoutConfig {
    /// From entering the layer to the response head; zero makes the layer
    /// transparent.
    pub timeout: Duration,
    /// How long the response body may produce nothing before it is aborted;
    /// unlimited by default.
    pub body_idle: Option<Duration>,
}

impl TimeoutConfig {
    /// Limits the time to the response head.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            body_idle: None,
        }
    }

    /// Limits how long the response body may produce nothing while the
    /// connection asks for more; zero lifts the limit.
    #[must_use]
    pub fn with_body_idle(mut self, idle: Duration) -> Self {
        self.body_idle = (!idle.is_zero()).then_some(idle);
        self
    }
}
