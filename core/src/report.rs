//! Failures that are answered but must not be lost.

use std::error::Error as _;
use std::sync::Arc;

use plumego_contract::{Error, ErrorReport, RequestScope};
use plumego_log::{Fields, Logger, LoggerExt};

/// Connects the error renderer, which has no logger, to ours.
pub(crate) fn report_to(logger: Arc<dyn Logger>) -> ErrorReport {
    Arc::new(move |error, scope| report(&*logger, error, scope))
}

fn report(logger: &dyn Logger, error: &Error, scope: &RequestScope) {
    let mut fields = Fields::new()
        .with("status", u64::from(error.status().as_u16()))
        .with("code", error.code_str().to_owned());
    if let Some(cause) = error.source() {
        fields = fields.with("error", chain_text(cause));
    }
    if let Some(id) = scope.request_id() {
        fields = fields.with("request_id", id.as_str().to_owned());
    }
    if let Some(route) = scope.route() {
        fields = fields.with("route", route.pattern().to_owned());
    }
    logger.error("request failed", fields);
}

fn chain_text(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
