use std::time::Duration;

use plumego_contract::{
    BoxHttpService, Handler, HttpService, Request, RequestScope, ResponseFuture,
};
use tokio::time::Instant;
use tower_layer::Layer;

use super::config::TimeoutConfig;
use super::future::{TimedCall, expired};

/// Longest timeout that is told apart from none; a hundred years.
const TIMEOUT_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Limits the time until the response starts. Needs a tokio runtime with time.
#[derive(Clone, Debug)]
pub struct TimeoutLayer {
    config: TimeoutConfig,
}

impl TimeoutLayer {
    /// A layer that works as configured.
    #[must_use]
    pub fn new(config: TimeoutConfig) -> Self {
        Self { config }
    }
}

impl<S: HttpService> Layer<S> for TimeoutLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        let inner = BoxHttpService::new(inner);
        if self.config.timeout.is_zero() {
            return inner;
        }
        BoxHttpService::from_handler(Timeout {
            inner,
            timeout: self.config.timeout.min(TIMEOUT_MAX),
            body_idle: self.config.body_idle.map(|idle| idle.min(TIMEOUT_MAX)),
        })
    }
}

struct Timeout {
    inner: BoxHttpService,
    timeout: Duration,
    body_idle: Option<Duration>,
}

impl Handler for Timeout {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        let now = Instant::now();
        let own = now + self.timeout;
        scope.tighten_deadline(own.into_std());
        let deadline = match scope.deadline().map(Instant::from_std) {
            Some(earlier) => earlier.min(own),
            None => own,
        };
        if deadline <= now || scope.is_cancelled() {
            scope.cancel();
            return ResponseFuture::ready(expired(&scope));
        }
        let inner = self.inner.handle(request);
        ResponseFuture::boxed(TimedCall::new(inner, deadline, scope, self.body_idle))
    }
}
