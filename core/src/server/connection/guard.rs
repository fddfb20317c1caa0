//! The kernel guard: what to do with a panic that escaped every layer.

use std::any::Any;

use plumego_contract::RequestScope;
use plumego_log::{Fields, Logger, LoggerExt};

/// What can be said of a panic without repeating its message, which may hold
/// anything.
pub(super) fn panic_type(payload: &(dyn Any + Send)) -> &'static str {
    if payload.is::<&'static str>() {
        "str"
    } else if payload.is::<String>() {
        "String"
    } else {
        "dynamic"
    }
}

/// Logs a panic with the id of the request. A logger that panics is ignored.
pub(super) fn log_panic(
    logger: &dyn Logger,
    message: &'static str,
    scope: &RequestScope,
    payload: &(dyn Any + Send),
) {
    let write = std::panic::AssertUnwindSafe(|| {
        let mut fields = Fields::new().with("panic_type", panic_type(payload));
        if let Some(id) = scope.request_id() {
            fields = fields.with("request_id", id.as_str().to_owned());
        }
        if let Some(route) = scope.route() {
            fields = fields.with("route", route.pattern().to_owned());
        }
        logger.error(message, fields);
    });
    let _ = std::panic::catch_unwind(write);
}
