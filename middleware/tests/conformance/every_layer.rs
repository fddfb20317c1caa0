//! The cases of the test kit, for each layer of this crate.

use std::sync::Arc;
use std::time::Duration;

use plumego_middleware::abuseguard::{AbuseGuardConfig, AbuseGuardLayer};
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::auth::{authenticate, authorize};
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_middleware::compat;
#[cfg(feature = "compression")]
use plumego_middleware::compression::{CompressionConfig, CompressionLayer};
use plumego_middleware::concurrencylimit::{ConcurrencyLimitConfig, ConcurrencyLimitLayer};
use plumego_middleware::cors::{CorsConfig, CorsLayer};
use plumego_middleware::csrf::CsrfLayer;
use plumego_middleware::debug::{DebugConfig, DebugLayer};
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::RequestIdLayer;
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_middleware::singleflight::{SingleFlightConfig, SingleFlightLayer};
use plumego_middleware::stack::Stack;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};
use plumego_middleware::tracing::TracingLayer;
use plumego_security::BoxFuture;
use plumego_security::abuse::{AbuseConfig, Limiter};
use plumego_security::authn::{Authenticated, Authenticator, AuthnError, Principal, RolePolicy};
use plumego_security::csrf::{CrossOriginConfig, CrossOriginGuard};
use plumego_testkit::RecordingLogger;
use plumego_testkit::layers::{OrderRecorder, check_layer};

use crate::sinks::Sinks;

#[tokio::test]
async fn layers_keep_the_rules_of_all_layers() {
    let sinks = Sinks::default();
    let logger = RecordingLogger::new();
    let log = AccessLogConfig::default().with_logger(logger.as_logger());
    check_layer("requestid", RequestIdLayer::default()).await;
    check_layer("tracing", TracingLayer::new(Arc::new(sinks.clone()))).await;
    check_layer("accesslog", AccessLogLayer::new(log).unwrap()).await;
    check_layer(
        "httpmetrics",
        HttpMetricsLayer::new(Arc::new(sinks.clone())),
    )
    .await;
    let recovery = RecoveryConfig::new(logger.as_logger());
    check_layer("recovery", RecoveryLayer::new(recovery)).await;
    let cors = CorsLayer::new(CorsConfig::any_origin()).unwrap();
    check_layer("cors", cors).await;
    check_layer("securityheaders", SecurityHeadersLayer::default()).await;
    check_layer("abuseguard", sinks.guard.clone()).await;
    let shared = Arc::new(Limiter::new(AbuseConfig::default()).unwrap());
    let shared = AbuseGuardLayer::new(shared, AbuseGuardConfig::default());
    check_layer("abuseguard", shared).await;
    #[cfg(feature = "compression")]
    check_layer(
        "compression",
        CompressionLayer::new(CompressionConfig::default()),
    )
    .await;
    check_layer("concurrencylimit", sinks.limit.clone()).await;
    check_layer("bodylimit", BodyLimitLayer::new(1024)).await;
    let timeout = TimeoutConfig::new(Duration::from_secs(30));
    check_layer("timeout", TimeoutLayer::new(timeout)).await;
    check_layer(
        "compat",
        compat::layer(OrderRecorder::new().layer("foreign")),
    )
    .await;
    check_layer("stack", sinks.stack()).await;
}

/// Recognises everybody.
struct Everybody;

impl Authenticator for Everybody {
    fn authenticate<'a>(
        &'a self,
        _: &'a http::request::Parts,
    ) -> BoxFuture<'a, Result<Authenticated, AuthnError>> {
        let caller = Authenticated::new(Principal::new("everybody"));
        Box::pin(std::future::ready(Ok(caller)))
    }
}

#[tokio::test]
async fn layers_that_decide_do_too() {
    let guard = CrossOriginGuard::new(CrossOriginConfig::default()).unwrap();
    check_layer("csrf", CsrfLayer::new(guard)).await;
    check_layer("auth", authenticate(Arc::new(Everybody))).await;
    let policy = RolePolicy {
        allow_empty: true,
        ..RolePolicy::default()
    };
    let policy = Arc::new(policy.build().unwrap());
    let both = Stack::new()
        .push("auth", authenticate(Arc::new(Everybody)))
        .push("authorize", authorize(policy, "", ""));
    check_layer("auth", both).await;
}

#[tokio::test]
async fn layers_for_groups_and_for_development_do_too() {
    let (singleflight, _) = SingleFlightLayer::new(SingleFlightConfig::default()).unwrap();
    check_layer("singleflight", singleflight).await;
    let debug = DebugConfig::default().with_allow_in_release(true);
    check_layer("debug", DebugLayer::new(debug).unwrap()).await;
}

#[tokio::test]
async fn layers_that_are_disabled_do_too() {
    let off = ConcurrencyLimitConfig::default();
    check_layer("concurrencylimit", ConcurrencyLimitLayer::new(off)).await;
    check_layer("bodylimit", BodyLimitLayer::new(0)).await;
    check_layer("timeout", TimeoutLayer::new(TimeoutConfig::default())).await;
    check_layer("tracing", TracingLayer::disabled()).await;
    check_layer("httpmetrics", HttpMetricsLayer::disabled()).await;
}
