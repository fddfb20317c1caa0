use std::fmt;
use std::sync::Arc;

use plumego_contract::{
    BoxHttpService, Handler, HttpService, Request, RequestScope, ResponseFuture,
};
use plumego_log::{Level, Redactor};
use tower_layer::Layer;

use super::config::{AccessLogConfig, LevelOf, Sink, Skip};
use super::record;
use crate::callback::guarded;
use crate::telemetry::{Detail, Facts, Observer, Outcome, RequestSummary, observe};
use crate::{ConfigError, ConfigErrorKind};

/// Name that log filters match.
pub(super) const TARGET: &str = "plumego_middleware::accesslog";

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
