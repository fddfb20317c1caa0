use std::sync::Arc;

use http::HeaderMap;
use plumego_contract::{
    BoxHttpService, Handler, HttpService, Request, RequestId, RequestScope, ResponseFuture,
    X_REQUEST_ID,
};
use tower_layer::Layer;

use super::{RequestIdConfig, inbound};
use crate::call;

/// Gives every request an id and writes it into the scope, the request header
/// and the response header, also of errors and of answers of inner layers.
#[derive(Clone, Debug)]
pub struct RequestIdLayer {
    config: Arc<RequestIdConfig>,
}

impl RequestIdLayer {
    /// A layer that works as configured.
    #[must_use]
    pub fn new(config: RequestIdConfig) -> Self {
        Self {
            config: Arc::new(config),
        }
    }
}

impl Default for RequestIdLayer {
    fn default() -> Self {
        Self::new(RequestIdConfig::default())
    }
}

impl<S: HttpService> Layer<S> for RequestIdLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(RequestIds {
            inner: BoxHttpService::new(inner),
            config: Arc::clone(&self.config),
        })
    }
}

struct RequestIds {
    inner: BoxHttpService,
    config: Arc<RequestIdConfig>,
}

impl Handler for RequestIds {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        let id = settle(&scope, request.headers(), &self.config);
        if self.config.set_request_header {
            request.headers_mut().insert(X_REQUEST_ID, id.to_header());
        }
        let answer = self.inner.handle(request);
        if !self.config.set_response_header {
            return answer;
        }
        call::then(answer, move |mut response| {
            response.headers_mut().insert(X_REQUEST_ID, id.to_header());
            response
        })
    }
}

/// Decides the id of a request unless its scope has one, and keeps it there.
pub(crate) fn settle(
    scope: &RequestScope,
    headers: &HeaderMap,
    config: &RequestIdConfig,
) -> RequestId {
    if let Some(id) = scope.request_id() {
        return id.clone();
    }
    let id = inbound(headers, config).unwrap_or_else(|| config.generate());
    match scope.set_request_id(id.clone()) {
        Ok(()) => id,
        // Decided by someone else in the meantime; that one counts.
        Err(refused) => scope.request_id().cloned().unwrap_or(refused),
    }
}
