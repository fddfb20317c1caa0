//! What the canonical stack costs per request, in allocations.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use plumego_contract::{
    Body, BoxHttpService, Request, RequestScope, Response, ScopeInit, ScopeSettings, sync_fn,
};
use plumego_metrics::NoopCollector;
use plumego_middleware::abuseguard::{AbuseGuardConfig, AbuseGuardLayer};
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_middleware::concurrencylimit::{ConcurrencyLimitConfig, ConcurrencyLimitLayer};
use plumego_middleware::cors::{CorsConfig, CorsLayer};
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::{RequestIdGenerator, RequestIdLayer, UuidGenerator};
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_middleware::stack::Stack;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};
use plumego_security::abuse::AbuseConfig;
use plumego_testkit::allocations::allocations_of;

fn request() -> Request {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = "/users/17".parse().unwrap();
    let scope = RequestScope::new(Arc::new(ScopeSettings::default()), ScopeInit::default());
    request.extensions_mut().insert(scope);
    request
}

fn allocations_per_request(stack: &Stack) -> u64 {
    // Timers need to know where they run.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let handler = sync_fn(|_: Request| Response::new(Body::from_bytes("hello")));
    let service = stack.build(BoxHttpService::from_handler(handler));
    let run = |request| {
        let response = service.handle(request).now_or_never().unwrap();
        response
            .into_body()
            .collect_limited(100)
            .now_or_never()
            .unwrap()
            .unwrap()
    };
    // Whatever is set up once per thread is set up now.
    run(request());
    let request = request();
    allocations_of(|| run(request)).count
}

#[test]
fn an_id_is_one_allocation_and_so_is_a_layer() {
    assert_eq!(allocations_per_request(&Stack::new()), 0);
    assert_eq!(allocations_of(|| UuidGenerator.generate()).count, 1);
    let stack = Stack::new().push("requestid", RequestIdLayer::default());
    // The id, the future, and a header map each for request and response.
    assert_eq!(allocations_per_request(&stack), 4 + HEADER_MAP_GROWTH);
}

/// A header map of one entry allocates an index and a list of entries.
const HEADER_MAP_GROWTH: u64 = 2;

#[test]
fn telemetry_with_sinks_that_discard_stays_far_below_the_budget() {
    let log = AccessLogConfig::default().with_logger(plumego_log::discard());
    let stack = Stack::new()
        .push("requestid", RequestIdLayer::default())
        .push("accesslog", AccessLogLayer::new(log).unwrap())
        .push(
            "httpmetrics",
            HttpMetricsLayer::new(Arc::new(NoopCollector)),
        )
        .push(
            "recovery",
            RecoveryLayer::new(RecoveryConfig::new(plumego_log::discard())),
        );
    assert!(allocations_per_request(&stack) <= 12);
    let stack = stack
        .push(
            "concurrencylimit",
            ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(64)),
        )
        .push("bodylimit", BodyLimitLayer::new(1024))
        .push(
            "timeout",
            TimeoutLayer::new(TimeoutConfig::new(Duration::from_secs(30))),
        );
    let count = allocations_per_request(&stack);
    assert!(count <= 20, "{count} allocations per request");
    let guard = AbuseGuardLayer::local(AbuseConfig::default(), AbuseGuardConfig::default());
    let stack = stack
        .push("securityheaders", SecurityHeadersLayer::default())
        .push("abuseguard", guard.unwrap());
    let count = allocations_per_request(&stack);
    // All twelve layers together have 30.
    assert!(count <= 25, "{count} allocations per request");
}

#[test]
fn a_layer_with_nothing_to_do_allocates_nothing() {
    let stack = Stack::new()
        .push("cors", CorsLayer::new(CorsConfig::any_origin()).unwrap())
        .push("bodylimit", BodyLimitLayer::new(1024));
    assert_eq!(allocations_per_request(&stack), 0);
}

#[test]
fn a_timeout_is_one_allocation_and_a_place_two() {
    let timeout = TimeoutLayer::new(TimeoutConfig::new(Duration::from_secs(30)));
    let stack = Stack::new().push("timeout", timeout);
    assert_eq!(allocations_per_request(&stack), 1);
    // The future, and the body that gives the place back.
    let limit = ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(64));
    let stack = Stack::new().push("concurrencylimit", limit);
    assert_eq!(allocations_per_request(&stack), 2);
}
