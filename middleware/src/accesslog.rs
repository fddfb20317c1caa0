//! One log record per request.
//!
//! The record `request completed` is written when the response is over: after
//! the last byte of the body was handed to the connection, when the client
//! left, or when something panicked. It has the path without the query; no
//! headers but the user agent, and no bodies.
//!
//! ```
//! use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
//!
//! let logger = plumego_log::discard();
//! let config = AccessLogConfig::default()
//!     .with_logger(logger)
//!     .with_skip(|parts| parts.uri.path() == "/healthz");
//! let layer = AccessLogLayer::new(config)?;
//! # let _ = layer;
//! # Ok::<(), plumego_middleware::ConfigError>(())
//! ```

mod record;

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use plumego_contract::{
    BoxHttpService, Handler, HttpService, Request, RequestScope, ResponseFuture,
};
use plumego_log::{Level, Logger, Redactor};
use tower_layer::Layer;

use crate::callback::guarded;
use crate::telemetry::{Detail, Facts, Observer, Outcome, RequestSummary, observe};
use crate::{ConfigError, ConfigErrorKind};

type Hook = Arc<dyn Fn(&RequestSummary<'_>) + Send + Sync>;
type LevelOf = Arc<dyn Fn(&RequestSummary<'_>) -> Level + Send + Sync>;
type Skip = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// Name that log filters match.
const TARGET: &str = "plumego_middleware::accesslog";

/// Where records go and how they look. A sink is required: a logger or a
/// function. All functions are called on the path of requests and must not
/// block; one that panics is ignored.
#[derive(Clone, Default)]
pub struct AccessLogConfig {
    sink: Option<Sink>,
    level: Option<LevelOf>,
    skip: Option<Skip>,
    extra_redacted_keys: Vec<String>,
}

#[derive(Clone)]
enum Sink {
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

/// Writes one record per request.
#[derive(Clone)]
pub struct AccessLogLayer {
    shared: Arc<Shared>,
}

struct Shared {
    sink: Sink,
    level: Option<LevelOf>,
    skip: Option<Skip>,
    redactor: Option<Redactor>,
}

impl AccessLogLayer {
    /// A layer that works as configured.
    ///
    /// # Errors
    /// [`ConfigErrorKind::Missing`] without a sink.
    pub fn new(config: AccessLogConfig) -> Result<Self, ConfigError> {
        let sink = config.sink.ok_or_else(|| {
            ConfigError::new(
                ConfigErrorKind::Missing,
                "accesslog",
                "sink",
                "is missing: give it a logger or a function",
            )
        })?;
        let extra = config.extra_redacted_keys;
        let named = extra.iter().any(|key| !key.trim().is_empty());
        Ok(Self {
            shared: Arc::new(Shared {
                sink,
                level: config.level,
                skip: config.skip,
                redactor: named.then(|| Redactor::standard().with_keys(&extra)),
            }),
        })
    }
}

impl fmt::Debug for AccessLogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLogLayer").finish_non_exhaustive()
    }
}

impl<S: HttpService> Layer<S> for AccessLogLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(AccessLog {
            inner: BoxHttpService::new(inner),
            shared: Arc::clone(&self.shared),
        })
    }
}

struct AccessLog {
    inner: BoxHttpService,
    shared: Arc<Shared>,
}

impl Handler for AccessLog {
    fn call(&self, request: Request) -> ResponseFuture {
        let (mut request, skipped) = self.shared.skips(request);
        if skipped || self.shared.is_silent(&request) {
            return self.inner.handle(request);
        }
        let facts = Facts::of(&mut request, Detail::Full);
        let record = PendingRecord(Arc::clone(&self.shared));
        observe(&self.inner, request, facts, record)
    }
}

impl Shared {
    fn skips(&self, request: Request) -> (Request, bool) {
        let Some(skip) = &self.skip else {
            return (request, false);
        };
        let (parts, body) = request.into_parts();
        let skipped = guarded(|| skip(&parts)).unwrap_or(false);
        (Request::from_parts(parts, body), skipped)
    }

    /// True when nothing would be written at any level, and the request needs
    /// no id from this layer.
    fn is_silent(&self, request: &Request) -> bool {
        let Sink::Logger(logger) = &self.sink else {
            return false;
        };
        !guarded(|| logger.enabled(Level::Fatal, TARGET)).unwrap_or(false)
            && RequestScope::of(request).is_some_and(|scope| {
                scope.decided_request_id().is_some()
                    || scope.settings().generate_request_id.is_some()
            })
    }

    fn level_of(&self, summary: &RequestSummary<'_>) -> Level {
        match &self.level {
            Some(level) => guarded(|| level(summary)).unwrap_or_else(|| default_level(summary)),
            None => default_level(summary),
        }
    }
}

fn default_level(summary: &RequestSummary<'_>) -> Level {
    if summary.status.is_server_error() {
        Level::Error
    } else if summary.outcome != Outcome::Completed {
        Level::Warn
    } else {
        Level::Info
    }
}

struct PendingRecord(Arc<Shared>);

impl Observer for PendingRecord {
    fn end(self, summary: &RequestSummary<'_>) {
        match &self.0.sink {
            Sink::Hook(hook) => hook(summary),
            Sink::Logger(logger) => {
                let level = self.0.level_of(summary);
                if logger.enabled(level, TARGET) {
                    record::write(&**logger, level, summary, self.0.redactor.as_ref());
                }
            }
        }
    }
}
