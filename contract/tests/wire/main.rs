//! What clients and servers see of the contract.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod binding;
mod envelope;
mod handlers;
mod schema;
mod streams;
mod success;
mod taxonomy;

use std::sync::{Arc, Mutex};

use http::HeaderMap;
use plumego_contract::{
    Body, ErrorRendering, IntoResponse, RequestId, RequestScope, Response, ScopeInit, ScopeSettings,
};

/// A response read to its end.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect_limited(1 << 20).await.unwrap();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.into()).unwrap(),
        }
    }

    async fn of(value: impl IntoResponse) -> Self {
        Self::read(value.into_response(&RequestScope::detached())).await
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

fn scope_with(rendering: ErrorRendering) -> RequestScope {
    let mut settings = ScopeSettings::default();
    settings.rendering = rendering;
    RequestScope::new(Arc::new(settings), ScopeInit::default())
}

fn with_id(scope: RequestScope, id: &str) -> RequestScope {
    scope.set_request_id(RequestId::parse(id).unwrap()).unwrap();
    scope
}

/// A scope and the causes it was told of.
fn reporting() -> (RequestScope, Arc<Mutex<Vec<String>>>) {
    let causes = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&causes);
    let rendering = ErrorRendering::default().with_report(Arc::new(move |error, _| {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        heard.lock().unwrap().push(cause.unwrap_or_default());
    }));
    (scope_with(rendering), causes)
}

fn request(headers: &[(&str, &str)], body: impl Into<Body>) -> plumego_contract::Request {
    let mut request = plumego_contract::Request::new(body.into());
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request
}
