use std::sync::Arc;

use http::HeaderMap;
use plumego_contract::{ErrorFormat, RequestScope, ScopeInit, prefers_problem_json};

/// A scope that says the same of the request but is not cancelled with it,
/// because others wait for the response as well.
pub(super) fn independent(scope: &RequestScope, headers: &HeaderMap) -> RequestScope {
    let settings = scope.settings();
    let mut init = ScopeInit::default();
    init.client = scope.client().clone();
    init.request_id = scope.request_id().cloned();
    init.trace = scope.trace();
    init.prefers_problem =
        settings.rendering.format == ErrorFormat::Negotiate && prefers_problem_json(headers);
    init.started_at = Some(scope.started_at());
    let own = RequestScope::new(Arc::new(settings.clone()), init);
    if let Some(deadline) = scope.deadline() {
        own.tighten_deadline(deadline);
    }
    copy_route(scope, &own);
    own
}

/// Lets layers outside see a route that matched inside.
pub(super) fn copy_route(from: &RequestScope, to: &RequestScope) {
    if to.route().is_none()
        && let Some(route) = from.route()
    {
        // Taken in the meantime, it is known anyway.
        let _ = to.set_route(route.clone());
    }
}
