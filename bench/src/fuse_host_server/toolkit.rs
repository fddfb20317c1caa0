//! A handler of the toolkit, behind the layers of the Fuse host.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use plumego_contract::{Json, Request, X_REQUEST_ID, sync_fn};
use plumego_core::{App, AppConfig};
use plumego_log::discard;
use plumego_metrics::NoopCollector;
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_middleware::concurrencylimit::{ConcurrencyLimitConfig, ConcurrencyLimitLayer};
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::{PrefixedGenerator, RequestIdConfig, RequestIdLayer};
use plumego_middleware::securityheaders::SecurityHeadersLayer;
use plumego_middleware::stack::Stack;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};

pub(crate) fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    crate::tell(listener.local_addr()?)?;
    let server = build()
        .map_err(io::Error::other)?
        .prepare()
        .map_err(|failed| io::Error::other(failed.source))?;
    // As the host runs it: connections on the worker, the rest on this thread.
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    threads
        .block_on(async { server.with_listener(listener).serve().await })
        .map_err(io::Error::other)
}

fn build() -> Result<App, Box<dyn std::error::Error + Send + Sync>> {
    let ids = RequestIdConfig::default()
        .with_inbound_headers([X_REQUEST_ID, HeaderName::from_static("x-correlation-id")])
        .with_generator(PrefixedGenerator::new("req-")?);
    let mut app = plumego_core::with_config(AppConfig::default().with_request_id(ids.clone()));
    app.layers(
        Stack::new()
            .push("requestid", RequestIdLayer::new(ids))
            .push(
                "httpmetrics",
                HttpMetricsLayer::new(Arc::new(NoopCollector)),
            )
            .push("securityheaders", SecurityHeadersLayer::default())
            .push(
                "recovery",
                RecoveryLayer::new(RecoveryConfig::new(discard())),
            )
            .push(
                "concurrencylimit",
                ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(1024)),
            )
            .push("bodylimit", BodyLimitLayer::new(1 << 20))
            .push(
                "timeout",
                TimeoutLayer::new(TimeoutConfig::new(Duration::from_secs(30))),
            ),
    );
    app.get("/api/ping", sync_fn(ping))?;
    Ok(app)
}

fn ping(_: Request) -> Json<()> {
    Json(())
}
