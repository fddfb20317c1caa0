//! Every route of the service.

use std::sync::Arc;

use plumego_core::{App, CoreError};
use plumego_health::{CachedProbe, SharedGate};
use plumego_metrics::InstrumentStore;
use plumego_middleware::auth::AuthenticateLayer;
use plumego_middleware::csrf::CsrfLayer;

use crate::domain::{ItemService, ProfileStore};
use crate::handler::{
    AboutHandler, Endpoints, HealthHandler, ItemHandler, MetricsHandler, Policy, ProfileHandler,
    StatusHandler, WriteKeyLayer, greet, on,
};

/// What handlers need.
pub(crate) struct Services<S, P> {
    pub(crate) name: String,
    pub(crate) items: Arc<S>,
    pub(crate) profiles: Arc<P>,
    pub(crate) measured: Arc<InstrumentStore>,
    pub(crate) policy: Policy,
    pub(crate) probe: CachedProbe,
    pub(crate) gate: SharedGate,
    pub(crate) same_site: CsrfLayer,
    pub(crate) write_key: WriteKeyLayer,
    pub(crate) api_guard: AuthenticateLayer,
    pub(crate) ops_guard: AuthenticateLayer,
    pub(crate) body_bytes_max: u64,
}

/// Registers every route; the first that is refused ends it.
pub(crate) fn register<S: ItemService, P: ProfileStore>(
    app: &mut App,
    services: Services<S, P>,
) -> Result<(), CoreError> {
    let endpoints = Endpoints::default();
    let about = Arc::new(AboutHandler::new(services.name.clone(), endpoints.clone()));
    let health = HealthHandler::new(services.name, services.probe, services.gate);
    let health = Arc::new(health);
    let status = Arc::new(StatusHandler::new(services.policy));
    let items = Arc::new(ItemHandler::new(services.items, services.body_bytes_max));
    let profile = Arc::new(ProfileHandler::new(services.profiles));
    let metrics = Arc::new(MetricsHandler::new(services.measured));

    app.get("/", on(&about, AboutHandler::index))?;
    app.get("/api/hello", on(&about, AboutHandler::hello))?;
    app.get("/api/info", on(&about, AboutHandler::info))?;
    app.get("/api/status", on(&status, StatusHandler::show))?;

    app.get("/health", on(&health, HealthHandler::live))?;
    app.get("/healthz", on(&health, HealthHandler::live))?;
    app.get("/readyz", on(&health, HealthHandler::ready))?;

    app.get("/api/v1/greet", greet)?;

    let mut reads = app.group("/api/v1/items")?;
    reads.get("", on(&items, ItemHandler::list))?;
    reads.get("/{id}", on(&items, ItemHandler::show))?;

    let mut writes = app.group("/api/v1/items")?;
    writes.layer(services.same_site);
    writes.layer(services.write_key);
    writes.post("", on(&items, ItemHandler::create))?;
    writes.put("/{id}", on(&items, ItemHandler::replace))?;
    writes.patch("/{id}", on(&items, ItemHandler::change))?;
    writes.delete("/{id}", on(&items, ItemHandler::delete))?;

    let mut tenants = app.group("/api/profile")?;
    tenants.layer(services.api_guard);
    tenants.get("", on(&profile, ProfileHandler::show))?;

    let mut operators = app.group("/ops")?;
    operators.layer(services.ops_guard);
    operators.get("/metrics", on(&metrics, MetricsHandler::show))?;

    endpoints.publish(&app.routes());
    Ok(())
}
