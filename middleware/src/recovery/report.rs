use std::any::Any;
use std::sync::Arc;

use http::Method;
use http::uri::PathAndQuery;
use plumego_contract::{Request, RequestId, RequestScope};
use plumego_log::{Fields, Level, Logger, Record, names};

use crate::callback::{discard, guarded};
use crate::panic_site;

/// Name that log filters match.
const TARGET: &str = "plumego_middleware::recovery";

/// What the log says about a request that panicked.
pub(super) struct Origin {
    scope: RequestScope,
    method: Method,
    target: Option<PathAndQuery>,
    logger: Arc<dyn Logger>,
}

impl Origin {
    pub(super) fn of(request: &mut Request, logger: &Arc<dyn Logger>) -> Self {
        Self {
            scope: RequestScope::ensure(request).clone(),
            method: request.method().clone(),
            target: request.uri().path_and_query().cloned(),
            logger: Arc::clone(logger),
        }
    }

    pub(super) fn scope(&self) -> &RequestScope {
        &self.scope
    }

    /// Logs a panic that was just caught on this thread.
    pub(super) fn report(&self, message: &str, payload: Box<dyn Any + Send>) {
        let panic_type = type_of(&*payload);
        let site = panic_site::take_last();
        discard(payload);
        guarded(|| {
            if !self.logger.enabled(Level::Error, TARGET) {
                return;
            }
            let location = site.map(|site| format!("{}:{}", site.file, site.line));
            let fields = Fields::new()
                .with(names::METHOD, self.method.as_str())
                .with(
                    names::PATH,
                    self.target.as_ref().map_or("", PathAndQuery::path),
                )
                .with_some(
                    names::REQUEST_ID,
                    self.scope.request_id().map(RequestId::as_str),
                )
                .with("panic_type", panic_type)
                .with_some("location", location);
            let sets = [&fields];
            let record = Record::new(Level::Error, message, self.logger.now())
                .with_target(TARGET)
                .with_fields(&sets);
            self.logger.log(&record);
        });
    }
}

/// The type of a panic's payload, as far as it can be told from outside.
fn type_of(payload: &(dyn Any + Send)) -> &'static str {
    if payload.is::<&'static str>() {
        "str"
    } else if payload.is::<String>() {
        "String"
    } else if payload.is::<plumego_contract::Error>() {
        "Error"
    } else if payload.is::<plumego_contract::BoxError>() {
        "BoxError"
    } else {
        "dyn Any"
    }
}
