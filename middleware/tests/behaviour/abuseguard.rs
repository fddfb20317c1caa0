use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use http::Method;
use plumego_contract::{ClientInfo, ConnectionInfo, ManualClock, Request, RequestScope, ScopeInit};
use plumego_log::Level;
use plumego_middleware::abuseguard::{AbuseGuardConfig, AbuseGuardLayer};
use plumego_security::BoxFuture;
use plumego_security::abuse::{AbuseConfig, AbuseError, AbuseGuard, Decision, Limiter, OnError};
use plumego_testkit::{InProcess, RecordingLogger, TestResponse};

use crate::support::{PanickingLogger, around, hello};

/// Tuesday, 14 November 2023, 22:13:20 UTC.
const NOW: u64 = 1_700_000_000;

fn manual() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
}

/// One token per ten seconds, two at most.
fn limits(clock: &ManualClock) -> AbuseConfig {
    AbuseConfig::default()
        .with_rate(0.1)
        .with_capacity(2)
        .with_clock(Arc::new(clock.clone()))
}

fn layer(clock: &ManualClock, config: AbuseGuardConfig) -> AbuseGuardLayer {
    let config = config.with_clock(Arc::new(clock.clone()));
    AbuseGuardLayer::local(limits(clock), config).unwrap()
}

fn client(layer: &AbuseGuardLayer) -> InProcess {
    InProcess::new(around(layer, hello))
}

/// A request whose connection comes from `peer`, and whose client is `ip` as
/// far as core can tell.
fn scope(peer: &str, ip: Option<&str>) -> RequestScope {
    let mut connection = ConnectionInfo::default();
    connection.peer = Some(SocketAddr::new(peer.parse().unwrap(), 4711));
    let mut client = ClientInfo::direct(Arc::new(connection));
    if let Some(ip) = ip {
        client = client.with_ip(ip.parse().unwrap());
    }
    let mut init = ScopeInit::default();
    init.client = client;
    RequestScope::new(Arc::default(), init)
}

async fn get(client: &InProcess, peer: &str) -> TestResponse {
    let request = client.request(Method::GET, "/");
    request.extension(scope(peer, None)).send().await
}

fn rate_headers(response: &TestResponse) -> [Option<&str>; 4] {
    [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "retry-after",
    ]
    .map(|name| response.header(name))
}

#[tokio::test]
async fn a_burst_then_429_then_the_rate() {
    let clock = manual();
    let client = client(&layer(&clock, AbuseGuardConfig::default()));
    let first = get(&client, "192.0.2.1").await;
    assert_eq!(first.status(), 200);
    assert_eq!(
        rate_headers(&first),
        [Some("2"), Some("1"), Some("1700000010"), None]
    );
    assert_eq!(get(&client, "192.0.2.1").await.status(), 200);
    clock.advance(Duration::from_millis(500));
    let denied = get(&client, "192.0.2.1").await;
    assert_eq!(denied.status(), 429);
    let reset = Some("1700000020");
    assert_eq!(
        rate_headers(&denied),
        [Some("2"), Some("0"), reset, Some("10")]
    );
    let error = denied.envelope().error;
    assert_eq!(
        (&*error.code, &*error.message),
        ("rate_limited", "too many requests")
    );
    assert_eq!(error.details["limit"], 2);
    assert_eq!(error.details["remaining"], 0);
    assert_eq!(error.details["retry_after"], 10);
    assert_eq!(error.details["reset_at"], "2023-11-14T22:13:40Z");
    assert_eq!(get(&client, "192.0.2.2").await.status(), 200);
    clock.advance(Duration::from_millis(9_499));
    assert_eq!(
        get(&client, "192.0.2.1").await.header("retry-after"),
        Some("1")
    );
    clock.advance(Duration::from_millis(1));
    assert_eq!(get(&client, "192.0.2.1").await.status(), 200);
    assert_eq!(get(&client, "192.0.2.1").await.status(), 429);
}

#[tokio::test]
async fn refused_requests_do_not_reach_the_handler() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move |request: Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        hello(request)
    };
    let layer = layer(&manual(), AbuseGuardConfig::default());
    let client = InProcess::new(around(&layer, handler));
    let mut tasks = Vec::new();
    for _ in 0..100 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            get(&client, "192.0.2.1").await.status()
        }));
    }
    let mut allowed = 0;
    for task in tasks {
        allowed += usize::from(task.await.unwrap() == 200);
    }
    assert_eq!((allowed, calls.load(Ordering::SeqCst)), (2, 2));
    assert_eq!(layer.limiter().unwrap().metrics().rejected, 98);
}

#[tokio::test]
async fn headers_can_be_left_out_or_drafted() {
    let clock = manual();
    let silent = client(&layer(
        &clock,
        AbuseGuardConfig::default().with_headers(false),
    ));
    let response = get(&silent, "192.0.2.1").await;
    assert_eq!(rate_headers(&response), [None; 4]);
    let drafted = AbuseGuardConfig::default()
        .with_headers(false)
        .with_draft_headers(true);
    let drafted = client(&layer(&clock, drafted));
    let response = get(&drafted, "192.0.2.1").await;
    assert_eq!(response.header("ratelimit-policy"), Some("\"default\";q=2"));
    assert_eq!(response.header("ratelimit"), Some("\"default\";r=1;t=10"));
    assert_eq!(rate_headers(&response), [None; 4]);
}

#[tokio::test]
async fn skipped_requests_are_not_counted() {
    let skip = |parts: &http::request::Parts| match parts.uri.path() {
        "/healthz" => true,
        "/panic" => panic!("on purpose"),
        _ => false,
    };
    let layer = layer(&manual(), AbuseGuardConfig::default().with_skip(skip));
    let client = client(&layer);
    for _ in 0..5 {
        let response = client.get("/healthz").await;
        assert_eq!(response.status(), 200);
        assert_eq!(rate_headers(&response), [None; 4]);
    }
    let statuses = [
        client.get("/panic").await,
        client.get("/panic").await,
        client.get("/panic").await,
    ];
    assert_eq!(statuses.map(|response| response.status()), [200, 200, 429]);
}

#[tokio::test]
async fn a_forged_header_does_not_change_the_bucket() {
    let client = client(&layer(&manual(), AbuseGuardConfig::default()));
    let mut statuses = Vec::new();
    for i in 0..3 {
        let address = format!("198.51.100.{i}");
        let request = client
            .request(Method::GET, "/")
            .header("x-forwarded-for", &address)
            .header("x-real-ip", &address)
            .extension(scope("192.0.2.1", None));
        statuses.push(request.send().await.status());
    }
    assert_eq!(statuses, [200, 200, 429]);
    // What core found out through a trusted proxy does.
    let behind_proxy = client
        .request(Method::GET, "/")
        .extension(scope("192.0.2.1", Some("198.51.100.9")));
    assert_eq!(behind_proxy.send().await.status(), 200);
}

#[tokio::test]
async fn one_client_has_many_addresses_in_ipv6() {
    let client = client(&layer(&manual(), AbuseGuardConfig::default()));
    for (peer, status) in [
        ("2001:db8:1:2::1", 200),
        ("2001:db8:1:2:ffff::", 200),
        ("2001:db8:1:2::3", 429),
        ("2001:db8:1:3::1", 200),
        ("::ffff:192.0.2.1", 200),
        ("192.0.2.1", 200),
        ("::ffff:192.0.2.1", 429),
    ] {
        assert_eq!(get(&client, peer).await.status(), status, "{peer}");
    }
}

#[tokio::test]
async fn without_a_key_the_connection_counts() {
    for key in [None, Some(String::new()), Some(" \t".to_owned())] {
        let config = AbuseGuardConfig::default().with_key(move |_| key.clone());
        let client = client(&layer(&manual(), config));
        let mut statuses = Vec::new();
        for peer in ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"] {
            // Not the address that proxies report, which the key ignored.
            let request = client.request(Method::GET, "/");
            let request = request.extension(scope(peer, Some("198.51.100.1")));
            statuses.push(request.send().await.status());
        }
        assert_eq!(statuses, [200, 200, 429, 200]);
    }
    let panicking = AbuseGuardConfig::default().with_key(|_| panic!("on purpose"));
    let client = client(&layer(&manual(), panicking));
    assert_eq!(get(&client, "192.0.2.1").await.status(), 200);
    // Clients without any address share a bucket, and are limited.
    for status in [200, 200, 429] {
        assert_eq!(client.get("/").await.status(), status);
    }
}

#[tokio::test]
async fn requests_may_cost_more_or_nothing() {
    let cost = |parts: &http::request::Parts| match parts.uri.path() {
        "/batch" => 2,
        "/huge" => 3,
        "/free" => 0,
        _ => panic!("on purpose"),
    };
    let client = client(&layer(
        &manual(),
        AbuseGuardConfig::default().with_cost(cost),
    ));
    for (path, status) in [
        ("/huge", 429),
        ("/free", 200),
        ("/one", 200),
        ("/batch", 429),
        ("/one", 200),
        ("/free", 200),
        ("/one", 429),
    ] {
        let response = client.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.header("x-ratelimit-limit"), Some("2"));
        assert_eq!(response.header("retry-after").is_some(), status == 429);
    }
}

/// A limiter elsewhere, that does not answer.
struct Down;

impl AbuseGuard for Down {
    fn check<'a>(&'a self, _: &'a str, _: u32) -> BoxFuture<'a, Result<Decision, AbuseError>> {
        Box::pin(ready(Err(AbuseError::Unavailable(
            "connection refused".into(),
        ))))
    }
}

#[tokio::test]
async fn a_limiter_that_does_not_answer_is_replaced_as_configured() {
    let on_error = |on_error| {
        let config = AbuseGuardConfig::default().with_on_error(on_error);
        client(&AbuseGuardLayer::new(Arc::new(Down), config))
    };
    let closed = on_error(OnError::FailClosed).get("/").await;
    assert_eq!(closed.status(), 503);
    assert_eq!(closed.envelope().error.code, "service_unavailable");
    assert!(!closed.text().contains("refused"));
    let open = on_error(OnError::FailOpen).get("/").await;
    assert_eq!(open.status(), 200);
    assert_eq!(rate_headers(&open), [None; 4]);
    let local = Limiter::new(AbuseConfig::default().with_capacity(1).with_rate(0.001));
    let local = on_error(OnError::Local(local.unwrap()));
    assert_eq!(local.get("/").await.header("x-ratelimit-limit"), Some("1"));
    assert_eq!(local.get("/").await.status(), 429);
}

#[tokio::test]
async fn two_layers_may_share_a_limiter() {
    let limiter: Arc<dyn AbuseGuard> = Arc::new(Limiter::new(limits(&manual())).unwrap());
    let layer = || AbuseGuardLayer::new(Arc::clone(&limiter), AbuseGuardConfig::default());
    let (one, other) = (client(&layer()), client(&layer()));
    assert_eq!(get(&one, "192.0.2.1").await.status(), 200);
    assert_eq!(get(&other, "192.0.2.1").await.status(), 200);
    assert_eq!(get(&one, "192.0.2.1").await.status(), 429);
}

#[tokio::test]
async fn the_limiter_inside_tells_the_client() {
    let clock = manual();
    let inner = layer(&clock, AbuseGuardConfig::default());
    let wide = AbuseConfig::default().with_clock(Arc::new(clock.clone()));
    let outer = AbuseGuardLayer::local(wide, AbuseGuardConfig::default()).unwrap();
    let service = tower_layer::Layer::layer(&outer, around(&inner, hello));
    let client = InProcess::new(service);
    let response = client.get("/").await;
    assert_eq!(response.header("x-ratelimit-limit"), Some("2"));
    assert_eq!(
        response
            .headers()
            .get_all("x-ratelimit-limit")
            .iter()
            .count(),
        1
    );
}

#[tokio::test]
async fn refusals_are_logged_without_the_key() {
    let logger = RecordingLogger::new();
    let config = AbuseGuardConfig::default()
        .with_logger(logger.as_logger())
        .with_key(|_| Some("api-key-17".to_owned()));
    let client = client(&layer(&manual(), config));
    for _ in 0..3 {
        client.get("/items?token=abc").await;
    }
    let records = logger.with_message("request rate limited");
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].level, Level::Warn);
    assert_eq!(records[0].field("path"), Some("/items"));
    assert_eq!(records[0].field("limit"), Some("2"));
    assert_eq!(records[0].field("remaining"), Some("0"));
    assert!(!logger.contains("api-key") && !logger.contains("abc"));
}

#[tokio::test]
async fn a_logger_that_panics_changes_nothing() {
    let config = AbuseGuardConfig::default().with_logger(Arc::new(PanickingLogger));
    let client = client(&layer(&manual(), config));
    for status in [200, 200, 429] {
        assert_eq!(client.get("/").await.status(), status);
    }
}

#[test]
fn limits_that_are_none_build_no_layer() {
    let layer = AbuseGuardLayer::local(
        AbuseConfig::default().with_rate(f64::NAN),
        AbuseGuardConfig::default(),
    );
    assert!(matches!(
        layer,
        Err(AbuseError::InvalidConfig { field: "rate", .. })
    ));
}
