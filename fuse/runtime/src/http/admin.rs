//! Health of the process and what is measured of it, on a listener of its own:
//! for whoever runs it, and not for its clients.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{CACHE_CONTROL, HeaderValue};
use plumego_contract::code::COMPONENT_UNHEALTHY;
use plumego_contract::{Error, ErrorKind, Reply, Request};
use plumego_core::{App, AppConfig, AppDependencies};
use plumego_health::{
    BoxError, CachedProbe, ComponentChecker, FnChecker, ProbePolicy, ProbeSet, ReadinessGate,
    ReadinessStatus, SharedGate, Timestamp,
};
use plumego_x_observability::{Exporter as _, PrometheusCollector, PrometheusExporter};
use serde::Serialize;

use super::kernel_log::KernelLogger;
use super::service::refused;
use crate::context::{Ctx, Unit};
use crate::db;
use crate::fault::Outcome;
use crate::interrupt::Interrupt;
use crate::runtime::Runtime;

/// How long the database has to answer.
const DATABASE_WAIT: Duration = Duration::from_secs(1);

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Liveness and readiness of a program that serves at `gate`, listening at an
/// address.
///
/// # Errors
///
/// A part of the toolkit refuses what it is given.
pub(super) fn app(
    runtime: &Runtime,
    gate: SharedGate,
    collector: Arc<PrometheusCollector>,
    address: &str,
) -> Outcome<App> {
    let meta = runtime.meta();
    let named = meta.app.map_or("fuse", |app| app.name);
    let service = if meta.name.is_empty() {
        named
    } else {
        meta.name
    };
    let checkers = db::is_configured(runtime).then(|| database(runtime.clone()));
    let set = ProbeSet::new(checkers).map_err(|error| refused(&error))?;
    let probe = CachedProbe::new(set, ProbePolicy::default());
    let logger = Arc::new(KernelLogger(Arc::clone(runtime.logger())));
    let config = AppConfig::default().with_addr(address);
    let mut app = App::new(config, AppDependencies::default().with_logger(logger));
    let runtime = runtime.clone();
    app.get("/healthz", move |_: Request| {
        let now = runtime.clock().now().into();
        async move { live(service, now) }
    })
    .map_err(|error| refused(&error))?;
    app.get("/readyz", move |_: Request| {
        ready(probe.clone(), gate.clone())
    })
    .map_err(|error| refused(&error))?;
    app.get("/metrics", PrometheusExporter::new(collector).handler())
        .map_err(|error| refused(&error))?;
    Ok(app)
}

#[derive(Serialize)]
struct Liveness {
    status: &'static str,
    service: &'static str,
    timestamp: Timestamp,
}

/// The process answers. Asks no component, so that a broken database does not get
/// the process killed.
fn live(service: &'static str, timestamp: Timestamp) -> Reply<Liveness> {
    Reply::ok(Liveness {
        status: "ok",
        service,
        timestamp,
    })
    .header(CACHE_CONTROL, NO_STORE)
}

/// Whether traffic may be sent here.
async fn ready(probe: CachedProbe, gate: SharedGate) -> Result<Reply<ReadinessStatus>, Error> {
    let gate = gate.state();
    let report = probe.get().await;
    let status = report.readiness(&gate).public();
    if status.ready {
        return Ok(Reply::ok(status).header(CACHE_CONTROL, NO_STORE));
    }
    Err(not_ready(gate, &status).header(CACHE_CONTROL, NO_STORE))
}

/// Names what is missing; why is for the log.
fn not_ready(gate: ReadinessGate, status: &ReadinessStatus) -> Error {
    if let Some(reason) = gate.reason() {
        return Error::new(ErrorKind::Unavailable)
            .message(format!("not ready: {reason}"))
            .detail("reason", reason);
    }
    let failed = status.components.iter().filter(|(_, ready)| !**ready);
    let names: Vec<_> = failed.map(|(name, _)| name.clone()).collect();
    Error::coded(&COMPONENT_UNHEALTHY)
        .message(status.reason.clone())
        .detail("components", names)
}

fn database(runtime: Runtime) -> Arc<dyn ComponentChecker> {
    let check = move || {
        let runtime = runtime.clone();
        async move {
            let asking = tokio::task::spawn_blocking(move || ask(runtime));
            asking.await.map_err(BoxError::from)?
        }
    };
    Arc::new(FnChecker::new("database", check).with_timeout(DATABASE_WAIT))
}

fn ask(runtime: Runtime) -> Result<(), BoxError> {
    let interrupt = Interrupt::new(Instant::now().checked_add(DATABASE_WAIT));
    let mut ctx = Ctx::new(runtime, Unit::Boundary, interrupt);
    let answer = db::ask(&mut ctx, "select 1");
    answer.map_err(|fault| fault.message().to_owned().into())
}
