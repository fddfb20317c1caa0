use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use plumego_log::{Level, Logger};

use crate::telemetry::RequestSummary;

pub(super) type Hook = Arc<dyn Fn(&RequestSummary<'_>) + Send + Sync>;
pub(super) type LevelOf = Arc<dyn Fn(&RequestSummary<'_>) -> Level + Send + Sync>;
pub(super) type Skip = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// Where records go and how they look. A sink is required: a logger or a
/// function. All functions are called on the path of requests and must not
/// block; one that panics is ignored.
#[derive(Clone, Default)]
pub struct AccessLogConfig {
    pub(super) sink: Option<Sink>,
    pub(super) level: Option<LevelOf>,
    pub(super) skip: Option<Skip>,
    pub(super) extra_redacted_keys: Vec<String>,
}

#[derive(Clone)]
pub(super) enum Sink {
    Logger(Arc<dyn Logger>),
    Hook(Hook),
}

impl AccessLogConfig {
    /// Writes records to a logger.
    #[must_use]
    pub fn with_logger(mut self, logger: Arc<dyn Logger>) -> Self {
        self.sink = Some(Sink::Logger(logger));
        self
    }

    /// Hands summaries to a function instead of a logger. Levels and redacted
    /// keys do not apply to it.
    #[must_use]
    pub fn with_sink(mut self, sink: impl Fn(&RequestSummary<'_>) + Send + Sync + 'static) -> Self {
        self.sink = Some(Sink::Hook(Arc::new(sink)));
        self
    }

    /// Chooses the level of a record. By default a status of 500 and above is
    /// `Error`, a request that did not complete is `Warn`, others are `Info`.
    #[must_use]
    pub fn with_level(
        mut self,
        level: impl Fn(&RequestSummary<'_>) -> Level + Send + Sync + 'static,
    ) -> Self {
        self.level = Some(Arc::new(level));
        self
    }

    /// Leaves requests out, such as health probes. By default none.
    #[must_use]
    pub fn with_skip(mut self, skip: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.skip = Some(Arc::new(skip));
        self
    }

    /// Fields to mask besides those the logger masks anyway: those whose name
    /// contains one of these words. Words are trimmed, blank ones ignored.
    #[must_use]
    pub fn with_extra_redacted_keys<K: Into<String>>(
        mut self,
        keys: impl IntoIterator<Item = K>,
    ) -> Self {
        self.extra_redacted_keys = keys.into_iter().map(Into::into).collect();
        self
    }
}

impl fmt::Debug for AccessLogConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLogConfig")
            .field("sink", &self.sink.is_some())
            .field("level", &self.level.is_some())
            .field("skip", &self.skip.is_some())
            .field("extra_redacted_keys", &self.extra_redacted_keys)
            .finish()
    }
}
