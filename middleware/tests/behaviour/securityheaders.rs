use std::sync::Arc;

use http::{HeaderValue, Method};
use plumego_contract::{
    Body, ClientInfo, Error, ErrorKind, Handler, Request, RequestScope, Response, Scheme, ScopeInit,
};
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_security::headers::{ApplyMode, Csp, CspNonce, HeaderPolicy, Hsts, Src};
use plumego_testkit::{InProcess, TestResponse};

use crate::support::{around, hello};

fn client(layer: &SecurityHeadersLayer, handler: impl Handler) -> InProcess {
    InProcess::new(around(layer, handler))
}

fn scope(scheme: Scheme) -> RequestScope {
    let mut init = ScopeInit::default();
    init.client = ClientInfo::default().with_scheme(scheme);
    RequestScope::new(Arc::default(), init)
}

async fn get(client: &InProcess, path: &str, scheme: Scheme) -> TestResponse {
    let request = client.request(Method::GET, path);
    request.extension(scope(scheme)).send().await
}

#[tokio::test]
async fn the_default_is_the_baseline_on_every_status() {
    async fn statuses(request: Request) -> Result<Response, Error> {
        match request.uri().path() {
            "/404" => Err(Error::new(ErrorKind::NotFound)),
            path => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = path[1..].parse().unwrap();
                Ok(response)
            }
        }
    }
    let client = client(&SecurityHeadersLayer::default(), statuses);
    for path in ["/200", "/204", "/304", "/404", "/500"] {
        let response = client.get(path).await;
        for (name, value) in [
            ("x-frame-options", "SAMEORIGIN"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path} {name}");
            assert_eq!(response.headers().get_all(name).iter().count(), 1);
        }
    }
    let upgraded = client.get("/101").await;
    assert_eq!(upgraded.headers().len(), 0);
}

#[tokio::test]
async fn hsts_follows_the_scheme_core_decided_and_no_header() {
    let policy = HeaderPolicy {
        hsts: Some(Hsts::year()),
        ..HeaderPolicy::empty()
    };
    let client = client(&SecurityHeadersLayer::new(policy).unwrap(), hello);
    let hsts = |response: &TestResponse| response.header("strict-transport-security").is_some();
    assert!(hsts(&get(&client, "/", Scheme::Https).await));
    assert!(!hsts(&get(&client, "/", Scheme::Http).await));
    let forged = client
        .request(Method::GET, "/")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "proto=https");
    assert!(!hsts(&forged.send().await));
}

#[tokio::test]
async fn a_handler_wins_unless_the_policy_is_enforced() {
    async fn framed(_: Request) -> Response {
        let mut response = Response::new(Body::empty());
        let deny = HeaderValue::from_static("DENY");
        response.headers_mut().insert("x-frame-options", deny);
        response
    }
    let layer = SecurityHeadersLayer::default();
    let response = client(&layer, framed).get("/").await;
    assert_eq!(response.header("x-frame-options"), Some("DENY"));
    let enforced = layer.mode(ApplyMode::Enforce);
    let response = client(&enforced, framed).get("/").await;
    assert_eq!(response.header("x-frame-options"), Some("SAMEORIGIN"));
}

#[tokio::test]
async fn the_page_and_the_header_have_one_nonce() {
    async fn page(request: Request) -> Response {
        let nonce = request.extensions().get::<CspNonce>().unwrap();
        Response::new(Body::from_bytes(nonce.as_str().to_owned()))
    }
    let policy = HeaderPolicy {
        csp: Some(Csp::builder().script_src([Src::Nonce]).build().unwrap()),
        ..HeaderPolicy::baseline()
    };
    let client = client(&SecurityHeadersLayer::new(policy).unwrap(), page);
    let mut before = String::new();
    for _ in 0..3 {
        let response = client.get("/").await;
        let nonce = response.text();
        let value = format!("script-src 'nonce-{nonce}'");
        assert_eq!(response.header("content-security-policy"), Some(&*value));
        assert_eq!(response.header("cache-control"), Some("private"));
        assert_ne!(nonce, before);
        before = nonce;
    }
}

#[test]
fn a_wrong_policy_builds_no_layer() {
    let policy = HeaderPolicy {
        additional: vec![
            ("bad name".into(), "x".into()),
            ("x-a".into(), "a\nb".into()),
        ],
        ..HeaderPolicy::baseline()
    };
    let errors = SecurityHeadersLayer::new(policy).unwrap_err();
    assert_eq!(errors.problems().len(), 2);
}
