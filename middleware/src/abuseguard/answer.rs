//! What clients and the log are told.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use plumego_contract::{Error, ErrorKind, Request, RequestId, RequestScope, Response, write_error};
use plumego_log::{Fields, Level, Logger, Record, names};
use plumego_security::abuse::{AbuseError, Decision};

use super::config::AbuseGuardConfig;
use super::{X_RATELIMIT_LIMIT, X_RATELIMIT_REMAINING, X_RATELIMIT_RESET};
use crate::callback::guarded;
use crate::headers::secs_ceil;

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Name that log filters match.
const TARGET: &str = "plumego_middleware::abuseguard";

/// What a client is told to wait whose request no bucket could ever hold.
const NEVER: Duration = Duration::from_secs(60);

pub(super) struct Answers {
    headers: bool,
    draft_headers: bool,
    /// Unix time of the check.
    now: Duration,
    logger: Option<Arc<dyn Logger>>,
}

impl Answers {
    pub(super) fn new(config: &AbuseGuardConfig) -> Self {
        let since = config.clock.now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            headers: config.headers,
            draft_headers: config.draft_headers,
            now: since.unwrap_or_default(),
            logger: config.logger.clone(),
        }
    }

    pub(super) fn tells_clients(&self) -> bool {
        self.headers || self.draft_headers
    }

    /// Adds the rate headers. Those of a limiter further inside are closer to
    /// what the client asked for, and stay.
    pub(super) fn mark(&self, mut response: Response, decision: &Decision) -> Response {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return response;
        }
        let headers = response.headers_mut();
        if self.headers && !headers.contains_key(X_RATELIMIT_LIMIT) {
            headers.insert(X_RATELIMIT_LIMIT, decision.limit.into());
            headers.insert(X_RATELIMIT_REMAINING, decision.remaining.into());
            headers.insert(X_RATELIMIT_RESET, self.full_at(decision).into());
        }
        if self.draft_headers && !headers.contains_key(RATELIMIT) {
            self.add_draft(headers, decision);
        }
        response
    }

    /// draft-ietf-httpapi-ratelimit-headers-09, one policy without a window.
    fn add_draft(&self, headers: &mut HeaderMap, decision: &Decision) {
        let policy = format!("\"default\";q={}", decision.limit);
        let wait = decision.retry_after.unwrap_or(decision.reset_after);
        let state = format!("\"default\";r={};t={}", decision.remaining, secs_ceil(wait));
        for (name, text) in [(RATELIMIT_POLICY, policy), (RATELIMIT, state)] {
            // Digits and fixed text are legal in a header.
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }

    /// When the bucket is full again, in Unix seconds, rounded up.
    fn full_at(&self, decision: &Decision) -> u64 {
        secs_ceil(self.now.saturating_add(decision.reset_after))
    }

    pub(super) fn refuse(&self, request: &mut Request, decision: &Decision) -> Response {
        self.report(request, decision);
        let wait = decision.retry_after.unwrap_or(NEVER);
        let mut error = Error::new(ErrorKind::RateLimited)
            .message("too many requests")
            .detail("limit", decision.limit)
            .detail("remaining", decision.remaining)
            .detail("retry_after", secs_ceil(wait).max(1))
            .retry_after(wait);
        let full_at = i64::try_from(self.full_at(decision)).ok();
        if let Some(at) = full_at.and_then(|at| Timestamp::from_second(at).ok()) {
            error = error.detail("reset_at", at.to_string());
        }
        let response = write_error(RequestScope::ensure(request), &error);
        self.mark(response, decision)
    }

    pub(super) fn fail(&self, request: &mut Request, error: AbuseError) -> Response {
        if let AbuseError::InvalidCost { capacity, .. } = error {
            let never = Decision::new(capacity, 0, Duration::ZERO, Some(NEVER));
            return self.refuse(request, &never);
        }
        let error = Error::new(ErrorKind::Unavailable).wrap(error);
        write_error(RequestScope::ensure(request), &error)
    }

    fn report(&self, request: &Request, decision: &Decision) {
        let Some(logger) = &self.logger else { return };
        guarded(|| {
            if !logger.enabled(Level::Warn, TARGET) {
                return;
            }
            let id = RequestScope::of(request).and_then(RequestScope::request_id);
            let fields = Fields::new()
                .with(names::METHOD, request.method().as_str())
                .with(names::PATH, request.uri().path())
                .with_some(names::REQUEST_ID, id.map(RequestId::as_str))
                .with("limit", decision.limit)
                .with("remaining", decision.remaining);
            let sets = [&fields];
            let message = names::messages::REQUEST_RATE_LIMITED;
            let record = Record::new(Level::Warn, message, logger.now())
                .with_target(TARGET)
                .with_fields(&sets);
            logger.log(&record);
        });
    }
}
