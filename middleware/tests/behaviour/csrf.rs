use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use plumego_contract::Request;
use plumego_middleware::csrf::CsrfLayer;
use plumego_security::csrf::{CrossOriginConfig, CrossOriginGuard};
use plumego_testkit::InProcess;

use crate::support::{around, hello};

#[tokio::test]
async fn forged_requests_are_refused_and_the_handler_does_not_run() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move |request: Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        hello(request)
    };
    let config = CrossOriginConfig {
        cookie_names: vec!["session".into()],
        ..CrossOriginConfig::default()
    };
    let layer = CsrfLayer::new(CrossOriginGuard::new(config).unwrap());
    let client = InProcess::new(around(&layer, handler));
    let forged = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "null"),
        ("cookie", "session=1"),
    ];
    for (name, value) in forged {
        let response = client
            .request(Method::POST, "/")
            .header(name, value)
            .send()
            .await;
        assert_eq!(response.status(), 403);
        let error = response.envelope().error;
        assert_eq!(error.code, "forbidden");
        assert_eq!(error.message, "cross-origin request refused");
        assert!(error.details.is_empty(), "clients are not told more");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    let own = client
        .request(Method::POST, "/")
        .header("sec-fetch-site", "same-origin");
    assert_eq!(own.send().await.text(), "hello");
    let read = client
        .request(Method::GET, "/")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(read.send().await.status(), 200);
}
