use std::sync::Arc;

use http::Method;
use http::header::{CONNECTION, HeaderValue};
use http::uri::PathAndQuery;
use plumego_contract::{
    BodyLimitExceeded, Error, ErrorKind, Request, RequestId, RequestScope, Response, write_error,
};
use plumego_log::{Fields, Level, Logger, Record, names};

use crate::callback::guarded;

/// Name that log filters match.
const TARGET: &str = "plumego_middleware::bodylimit";

/// What is needed to refuse a request.
pub(super) struct Refusal {
    scope: RequestScope,
    log: Option<LogEntry>,
}

struct LogEntry {
    logger: Arc<dyn Logger>,
    method: Method,
    target: Option<PathAndQuery>,
}

impl Refusal {
    pub(super) fn of(request: &mut Request, logger: Option<&Arc<dyn Logger>>) -> Self {
        Self {
            scope: RequestScope::ensure(request).clone(),
            log: logger.map(|logger| LogEntry {
                logger: Arc::clone(logger),
                method: request.method().clone(),
                target: request.uri().path_and_query().cloned(),
            }),
        }
    }

    pub(super) fn answer(&self, exceeded: BodyLimitExceeded) -> Response {
        let error = Error::new(ErrorKind::PayloadTooLarge)
            .message("request body exceeds configured limit")
            .detail("max_bytes", exceeded.max_bytes)
            .detail("seen_bytes", exceeded.seen_bytes);
        write_error(&self.scope, &error)
    }

    pub(super) fn report(&self, exceeded: BodyLimitExceeded) {
        let Some(log) = &self.log else { return };
        guarded(|| {
            if !log.logger.enabled(Level::Warn, TARGET) {
                return;
            }
            let id = self.scope.request_id();
            let fields = Fields::new()
                .with(names::METHOD, log.method.as_str())
                .with(
                    names::PATH,
                    log.target.as_ref().map_or("", PathAndQuery::path),
                )
                .with_some(names::REQUEST_ID, id.map(RequestId::as_str))
                .with("max_bytes", exceeded.max_bytes)
                .with("seen_bytes", exceeded.seen_bytes);
            let sets = [&fields];
            let message = names::messages::REQUEST_BODY_TOO_LARGE;
            let record = Record::new(Level::Warn, message, log.logger.now())
                .with_target(TARGET)
                .with_fields(&sets);
            log.logger.log(&record);
        });
    }
}

/// Announces that the connection ends with this response.
pub(super) fn close_connection(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}
