//! Transport layers around any service: correlation, traces, logs and metrics
//! of requests, recovery from panics, limits, and what browsers and proxies
//! need. It knows no business types, resolves no tenants, verifies no tokens
//! and picks no exporters; layers read no environment and invent no success
//! responses.
//!
//! Layers are ordinary `tower` layers. A [`stack::Stack`] names them and keeps
//! the order in which they run; [`compat`] fits foreign layers in and a stack
//! out.
//!
//! ```
//! use std::sync::Arc;
//!
//! use plumego_contract::{Body, BoxHttpService, Error, ErrorKind, Request, X_REQUEST_ID};
//! use plumego_metrics::{BaseCollector, StatsReader};
//! use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
//! use plumego_middleware::httpmetrics::HttpMetricsLayer;
//! use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
//! use plumego_middleware::requestid::RequestIdLayer;
//! use plumego_middleware::stack::Stack;
//!
//! async fn show(_: Request) -> Result<(), Error> {
//!     Err(Error::new(ErrorKind::NotFound).message("no such user"))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let logger = plumego_log::discard();
//! let collector = Arc::new(BaseCollector::default());
//! let stack = Stack::new()
//!     .push("requestid", RequestIdLayer::default())
//!     .push("accesslog", AccessLogLayer::new(AccessLogConfig::default().with_logger(logger.clone()))?)
//!     .push("httpmetrics", HttpMetricsLayer::new(collector.clone()))
//!     .push("recovery", RecoveryLayer::new(RecoveryConfig::new(logger)));
//! assert!(stack.lint().is_empty());
//!
//! let service = stack.build(BoxHttpService::from_handler(show));
//! # futures_util::FutureExt::now_or_never(async {
//! let response = service.handle(Request::new(Body::empty())).await;
//! assert_eq!(response.status(), 404);
//! assert!(response.headers().contains_key(X_REQUEST_ID));
//! drop(response); // the request is over when its response is
//! # }).unwrap();
//! assert_eq!(collector.stats().total_records, 1);
//! # Ok(())
//! # }
//! ```

mod body_end;
mod call;
mod callback;
mod error;
mod headers;
mod hex;
mod panic_site;
mod wire;

pub mod abuseguard;
pub mod accesslog;
pub mod auth;
pub mod bodylimit;
pub mod compat;
#[cfg(feature = "compression")]
pub mod compression;
pub mod concurrencylimit;
pub mod cors;
pub mod csrf;
pub mod debug;
pub mod httpmetrics;
pub mod recovery;
pub mod requestid;
pub mod securityheaders;
pub mod singleflight;
pub mod stack;
pub mod telemetry;
pub mod timeout;
pub mod tracing;

pub use error::{ConfigError, ConfigErrorKind};
