//! The layers around every route, outermost first.

use std::sync::Arc;

use http::request::Parts;
use plumego_log::Logger;
use plumego_metrics::HttpObserver;
use plumego_middleware::abuseguard::{AbuseGuardConfig, AbuseGuardLayer};
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_middleware::cors::{CorsConfig, CorsLayer};
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::{RequestIdConfig, RequestIdLayer};
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_middleware::stack::Stack;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};

use plumego_contract::Clock;
use plumego_security::abuse::AbuseConfig;
use plumego_security::headers::{Csp, HeaderPolicy, Src};

use super::AppError;
use crate::config::Config;

/// The order is that of the toolkit: what is inside of `recovery` may panic and
/// is still logged, counted and readable for browsers.
pub(super) fn build(
    config: &Config,
    logger: &Arc<dyn Logger>,
    metrics: Arc<dyn HttpObserver>,
    clock: &Arc<dyn Clock>,
) -> Result<Stack, AppError> {
    let access_log = AccessLogConfig::default()
        .with_logger(Arc::clone(logger))
        .with_skip(is_probe);
    let recovery = RecoveryConfig::new(Arc::clone(logger));
    let body_limit = BodyLimitLayer::new(config.body_limit_bytes).logger(Arc::clone(logger));
    let timeout = TimeoutConfig::new(config.request_timeout);
    Ok(Stack::new()
        .push("requestid", RequestIdLayer::new(RequestIdConfig::default()))
        .push("accesslog", AccessLogLayer::new(access_log)?)
        .push("httpmetrics", HttpMetricsLayer::new(metrics))
        .push("securityheaders", SecurityHeadersLayer::new(headers()?)?)
        .push("cors", CorsLayer::new(cors(config)?)?)
        .push("recovery", RecoveryLayer::new(recovery))
        .push("abuseguard", abuse_guard(config, logger, clock)?)
        .push("bodylimit", body_limit)
        .push("timeout", TimeoutLayer::new(timeout)))
}

/// No answer is a page, so nothing may be loaded, framed, or sent from one.
/// `base-uri` and `form-action` do not fall back to `default-src`.
fn headers() -> Result<HeaderPolicy, AppError> {
    let nothing = Csp::builder()
        .default_src([Src::None])
        .object_src([Src::None])
        .base_uri([Src::None])
        .form_action([Src::None])
        .frame_ancestors([Src::None])
        .build()?;
    Ok(HeaderPolicy {
        csp: Some(nothing),
        ..HeaderPolicy::api()
    })
}

/// One bucket per client address. Probes are not counted, since a flood from
/// the node they come from must not get the service killed.
fn abuse_guard(
    config: &Config,
    logger: &Arc<dyn Logger>,
    clock: &Arc<dyn Clock>,
) -> Result<AbuseGuardLayer, AppError> {
    let limits = AbuseConfig::default()
        .with_rate(f64::from(config.rate_limit.get()))
        .with_capacity(config.rate_burst.get())
        .with_clock(Arc::clone(clock));
    let answers = AbuseGuardConfig::default()
        .with_logger(Arc::clone(logger))
        .with_clock(Arc::clone(clock))
        .with_skip(is_probe);
    Ok(AbuseGuardLayer::local(limits, answers)?)
}

fn cors(config: &Config) -> Result<CorsConfig, AppError> {
    let origins = &config.cors_allowed_origins;
    let policy = if origins.is_empty() {
        CorsConfig::any_origin()
    } else {
        CorsConfig::strict(origins)?
    };
    Ok(policy
        .with_headers([
            "Accept",
            "Authorization",
            "Content-Type",
            "X-Request-ID",
            "X-Tenant-ID",
            "X-Write-Key",
        ])
        .with_exposed_headers(["Location", "Retry-After", "X-Request-ID"]))
}

/// Probes come every few seconds and would bury what the log is for.
fn is_probe(parts: &Parts) -> bool {
    matches!(parts.uri.path(), "/health" | "/healthz" | "/readyz")
}
