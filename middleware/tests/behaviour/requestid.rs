use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use http::header::HeaderName;
use plumego_contract::{
    Body, BoxHttpService, Error, ErrorKind, Request, RequestId, RequestScope, Response, ScopeInit,
    ScopeSettings, X_REQUEST_ID, request_id,
};
use plumego_middleware::requestid::{
    CompactGenerator, RequestIdConfig, RequestIdGenerator, RequestIdLayer, SequentialGenerator,
    UuidGenerator, decide, inbound,
};
use plumego_testkit::{InProcess, TestResponse};

use crate::support::around;

const FROM_HANDLER: &str = "x-seen-header";
const FROM_SCOPE: &str = "x-seen-scope";

/// Answers with the id it sees in the request header and in the scope.
async fn mirror(request: Request) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    if let Some(value) = request.headers().get(X_REQUEST_ID) {
        headers.insert(FROM_HANDLER, value.clone());
    }
    if let Some(id) = request_id(&request) {
        headers.insert(FROM_SCOPE, id.to_header());
    }
    response
}

fn sequential() -> RequestIdConfig {
    RequestIdConfig::default().with_generator(SequentialGenerator::new("gen-").unwrap())
}

fn client(config: RequestIdConfig) -> InProcess {
    InProcess::new(around(&RequestIdLayer::new(config), mirror))
}

fn assert_everywhere(response: &TestResponse, id: &str) {
    for name in ["x-request-id", FROM_HANDLER, FROM_SCOPE] {
        assert_eq!(response.header(name), Some(id), "{name}");
    }
}

#[tokio::test]
async fn an_inbound_id_is_kept_trimmed_or_replaced() {
    let longest = "x".repeat(128);
    let too_long = "x".repeat(129);
    for (sent, expected) in [
        ("req-1", "req-1"),
        ("\treq-1 ", "req-1"),
        (longest.as_str(), longest.as_str()),
        (too_long.as_str(), "gen-0000000000000001"),
        ("two words", "gen-0000000000000001"),
        ("", "gen-0000000000000001"),
    ] {
        let request = client(sequential()).request(http::Method::GET, "/");
        let response = request.header("X-Request-ID", sent).send().await;
        assert_everywhere(&response, expected);
    }
}

#[tokio::test]
async fn inbound_headers_are_tried_in_order_and_count_by_their_first_value() {
    let config = sequential()
        .with_inbound_headers([X_REQUEST_ID, HeaderName::from_static("x-correlation-id")]);
    let client = client(config);
    let request = client.request(http::Method::GET, "/");
    let response = request
        .header("x-correlation-id", "second")
        .header("x-request-id", "not valid")
        .header("x-request-id", "valid-but-later")
        .send()
        .await;
    assert_everywhere(&response, "second");
}

#[tokio::test]
async fn an_inbound_id_that_is_not_trusted_is_not_used() {
    let client = client(sequential().with_trust_inbound(false));
    let request = client.request(http::Method::GET, "/");
    let response = request.header("x-request-id", "forged").send().await;
    assert_everywhere(&response, "gen-0000000000000001");
}

#[tokio::test]
async fn the_id_of_the_scope_wins() {
    let scope = RequestScope::detached();
    scope
        .set_request_id(RequestId::parse("from-scope").unwrap())
        .unwrap();
    let request = client(sequential()).request(http::Method::GET, "/");
    let response = request
        .extension(scope)
        .header("x-request-id", "from-header")
        .send()
        .await;
    assert_everywhere(&response, "from-scope");
}

#[tokio::test]
async fn an_id_the_server_generates_is_decided_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let mut settings = ScopeSettings::default();
    settings.generate_request_id = Some(Arc::new(move || {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        RequestId::parse(format!("server-{call}")).unwrap()
    }));
    let settings = Arc::new(settings);
    let scope = || RequestScope::new(Arc::clone(&settings), ScopeInit::default());

    let request = client(sequential()).request(http::Method::GET, "/");
    let response = request.extension(scope()).send().await;
    assert_everywhere(&response, "server-0");

    let bare = InProcess::new(BoxHttpService::from_handler(mirror));
    let request = bare.request(http::Method::GET, "/");
    let response = request.extension(scope()).send().await;
    assert_eq!(response.header(FROM_SCOPE), Some("server-1"));
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_generator_that_fails_is_replaced_by_the_default_one() {
    let blank = RequestIdConfig::default().with_generator(|| RequestId::parse("  ").ok());
    let panicking = RequestIdConfig::default().with_generator(|| panic!("generator"));
    for config in [blank, panicking] {
        let response = client(config).get("/").await;
        let id = response.header("x-request-id").unwrap().to_owned();
        assert_eq!(id.len(), 36, "a UUID: {id}");
        assert_everywhere(&response, &id);
    }
}

#[tokio::test]
async fn headers_that_are_switched_off_are_left_alone() {
    let client = client(
        sequential()
            .with_set_request_header(false)
            .with_set_response_header(false),
    );
    let request = client.request(http::Method::GET, "/");
    let response = request.header("x-request-id", "not valid").send().await;
    assert_eq!(response.header("x-request-id"), None);
    assert_eq!(response.header(FROM_HANDLER), Some("not valid"));
    assert_eq!(response.header(FROM_SCOPE), Some("gen-0000000000000001"));
}

#[tokio::test]
async fn errors_carry_the_same_id_in_header_and_envelope() {
    async fn refuse(_: Request) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Gone))
    }
    let service = around(&RequestIdLayer::new(sequential()), refuse);
    let response = InProcess::new(service).get("/").await;
    assert_eq!(
        response.header("x-request-id"),
        Some("gen-0000000000000001")
    );
    let envelope = response.envelope();
    assert_eq!(envelope.request_id.as_deref(), Some("gen-0000000000000001"));
}

#[test]
fn deciding_writes_nothing() {
    let config = sequential();
    let (mut parts, ()) = http::Request::new(()).into_parts();
    assert_eq!(decide(&parts, &config).as_str(), "gen-0000000000000001");
    assert!(parts.headers.is_empty());
    parts.headers.insert(X_REQUEST_ID, "mine".parse().unwrap());
    assert_eq!(decide(&parts, &config).as_str(), "mine");
    assert_eq!(inbound(&parts.headers, &config).unwrap().as_str(), "mine");
    let scope = RequestScope::detached();
    let own = RequestId::parse("own").unwrap();
    scope.set_request_id(own).unwrap();
    parts.extensions.insert(scope);
    assert_eq!(decide(&parts, &config).as_str(), "own");
}

fn million_distinct(generator: &(impl RequestIdGenerator + ?Sized)) {
    const THREADS: usize = 8;
    let ids: Vec<Vec<RequestId>> = std::thread::scope(|scope| {
        let make = || {
            (0..125_000)
                .map(|_| generator.generate().unwrap())
                .collect()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(make)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap());
        joined.collect()
    });
    let texts: HashSet<&str> = ids.iter().flatten().map(RequestId::as_str).collect();
    assert_eq!(texts.len(), 1_000_000);
}

#[test]
fn a_million_default_ids_of_eight_threads_differ() {
    million_distinct(&UuidGenerator);
}

#[test]
fn a_million_compact_ids_of_eight_threads_differ() {
    million_distinct(&CompactGenerator);
}

#[test]
fn compact_ids_of_one_thread_grow() {
    let ids: Vec<_> = (0..5_000)
        .map(|_| CompactGenerator.generate().unwrap().as_str().to_owned())
        .collect();
    assert!(ids.is_sorted_by(|earlier, later| earlier < later));
}

#[test]
fn default_ids_say_when_they_were_made() {
    let unix_ms = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis()
    };
    let before = unix_ms();
    let id = RequestIdConfig::default().generate();
    let after = unix_ms();
    let text = id.as_str();
    let parts: Vec<_> = text.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{text}");
    let millis = u128::from_str_radix(&[parts[0], parts[1]].concat(), 16).unwrap();
    assert!((before..=after).contains(&millis), "{text}");
    assert!(parts[2].starts_with('7'), "version of {text}");
    assert!(
        parts[3].starts_with(['8', '9', 'a', 'b']),
        "variant of {text}"
    );
}
