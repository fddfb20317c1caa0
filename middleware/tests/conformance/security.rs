//! The suite of `plumego-security` for whatever puts headers on responses.

use std::sync::Arc;

use http::HeaderMap;
use plumego_contract::{
    Body, BoxHttpService, ClientInfo, Request, RequestScope, Response, Scheme, ScopeInit, sync_fn,
};
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_security::BoxFuture;
use plumego_security::conformance::header_policy::{self, Answer, HeaderPolicyFixture};
use plumego_security::headers::{HeaderPolicy, PolicyErrors};
use tower_layer::Layer;

struct ByLayer;

impl HeaderPolicyFixture for ByLayer {
    fn respond<'a>(
        &'a self,
        policy: HeaderPolicy,
        scheme: Scheme,
        headers: HeaderMap,
        answer: Answer,
    ) -> BoxFuture<'a, Result<HeaderMap, PolicyErrors>> {
        Box::pin(async move {
            let layer = SecurityHeadersLayer::new(policy)?;
            let handler = sync_fn(move |_: Request| {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = answer.status;
                response.headers_mut().clone_from(&answer.headers);
                response
            });
            let service = layer.layer(BoxHttpService::from_handler(handler));
            let mut init = ScopeInit::default();
            init.client = ClientInfo::default().with_scheme(scheme);
            let mut request = Request::new(Body::empty());
            *request.headers_mut() = headers;
            let scope = RequestScope::new(Arc::default(), init);
            request.extensions_mut().insert(scope);
            Ok(service.handle(request).await.headers().clone())
        })
    }
}

#[tokio::test]
async fn the_layer_applies_policies_as_it_must() {
    let report = header_policy::run("securityheaders", &ByLayer).await;
    report.assert_passed_except(&[]);
}
