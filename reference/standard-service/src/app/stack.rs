//! The layers around every route, outermost first.

use std::sync::Arc;

use http::request::Parts;
use plumego_log::Logger;
use plumego_metrics::HttpObserver;
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_middleware::cors::{CorsConfig, CorsLayer};
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::{RequestIdConfig, RequestIdLayer};
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_middleware::stack::Stack;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};

use super::AppError;
use crate::config::Config;

/// The order is that of the toolkit: what is inside of `recovery` may panic and
/// is still logged, counted and readable for browsers.
pub(super) fn build(
    config: &Config,
    logger: &Arc<dyn Logger>,
    metrics: Arc<dyn HttpObserver>,
) -> Result<Stack, AppError> {
    let access_log = AccessLogConfig::default()
        .with_logger(Arc::clone(logger))
        .with_skip(is_probe);
    let recovery = RecoveryConfig::new(Arc::clone(logger));
    let body_limit = BodyLimitLayer::new(config.max_body_bytes).logger(Arc::clone(logger));
    let timeout = TimeoutConfig::new(config.request_timeout);
    Ok(Stack::new()
        .push("requestid", RequestIdLayer::new(RequestIdConfig::default()))
        .push("accesslog", AccessLogLayer::new(access_log)?)
        .push("httpmetrics", HttpMetricsLayer::new(metrics))
        .push("securityheaders", SecurityHeadersLayer::default())
        .push("cors", CorsLayer::new(cors(config)?)?)
        .push("recovery", RecoveryLayer::new(recovery))
        .push("bodylimit", body_limit)
        .push("timeout", TimeoutLayer::new(timeout)))
}

fn cors(config: &Config) -> Result<CorsConfig, AppError> {
    let origins = &config.cors_allowed_origins;
    let policy = if origins.is_empty() {
        CorsConfig::any_origin()
    } else {
        CorsConfig::strict(origins)?
    };
    Ok(policy
        .with_headers(["Accept", "Content-Type", "X-Request-ID", "X-Write-Key"])
        .with_exposed_headers(["Location", "X-Request-ID"]))
}

/// Probes come every few seconds and would bury what the log is for.
fn is_probe(parts: &Parts) -> bool {
    matches!(parts.uri.path(), "/health" | "/healthz" | "/readyz")
}

/// The limit in the form that binding takes, which knows no *unlimited*.
pub(super) fn body_bytes_max(config: &Config) -> u64 {
    match config.max_body_bytes {
        0 => u64::MAX,
        bytes => bytes,
    }
}
