//! This toolkit as a service is built from it: explicit binding, the canonical
//! order of layers, sinks that keep nothing.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use plumego_contract::{Error, Json, Request, RequestExt, Text, sync_fn};
use plumego_core::{AppConfig, CoreError};
use plumego_log::discard;
use plumego_metrics::NoopCollector;
use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
use plumego_middleware::bodylimit::BodyLimitLayer;
use plumego_middleware::concurrencylimit::{ConcurrencyLimitConfig, ConcurrencyLimitLayer};
use plumego_middleware::cors::{CorsConfig, CorsLayer};
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::RequestIdLayer;
use plumego_middleware::timeout::{TimeoutConfig, TimeoutLayer};
use plumego_middleware::tracing::TracingLayer;

use crate::documents::{Entry, Id, NewUser, User, report};

pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    let app = build().map_err(io::Error::other)?;
    let server = app
        .prepare()
        .map_err(|failed| io::Error::other(failed.source))?;
    server
        .with_listener(listener)
        .serve()
        .await
        .map_err(io::Error::other)
}

fn build() -> Result<plumego_core::App, CoreError> {
    let mut app = plumego_core::with_config(AppConfig::default());
    app.get("/ping", sync_fn(ping))?;
    app.get("/users/{id}", show)?;
    app.post("/users", create)?;
    // Layers of the group, so that the other routes run without them as their
    // counterparts do.
    let mut stack = app.group("/stack")?;
    let log = AccessLogConfig::default().with_logger(discard());
    stack.layer(RequestIdLayer::default());
    stack.layer(TracingLayer::disabled());
    stack.layer(AccessLogLayer::new(log).expect("a sink is given"));
    stack.layer(HttpMetricsLayer::new(Arc::new(NoopCollector)));
    stack.layer(CorsLayer::new(CorsConfig::any_origin()).expect("a legal policy"));
    stack.layer(RecoveryLayer::new(RecoveryConfig::new(discard())));
    stack.layer(ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(
        1000,
    )));
    stack.layer(BodyLimitLayer::new(1 << 20));
    stack.layer(TimeoutLayer::new(TimeoutConfig::new(Duration::from_secs(
        30,
    ))));
    stack.get("/report", full_report)?;
    Ok(app)
}

fn ping(_: Request) -> Text {
    Text::new("pong")
}

async fn show(request: Request) -> Result<Json<Id>, Error> {
    let id = request.param::<String>("id")?;
    Ok(Json(Id { id }))
}

async fn create(mut request: Request) -> Result<Json<User>, Error> {
    let user = request.json::<NewUser>().await?;
    Ok(Json(User { id: 1, user }))
}

async fn full_report(_: Request) -> Json<[Entry; 15]> {
    Json(report())
}
