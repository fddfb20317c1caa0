//! Every route of the service.

use std::sync::Arc;

use plumego_core::{App, CoreError};
use plumego_health::{CachedProbe, SharedGate};

use crate::domain::ItemService;
use crate::handler::{
    AboutHandler, Endpoints, HealthHandler, ItemHandler, WriteKeyLayer, greet, on,
};

/// What handlers need.
pub(crate) struct Services<S> {
    pub(crate) name: String,
    pub(crate) items: Arc<S>,
    pub(crate) probe: CachedProbe,
    pub(crate) gate: SharedGate,
    pub(crate) write_key: WriteKeyLayer,
    pub(crate) body_bytes_max: u64,
}

/// Registers every route; the first that is refused ends it.
pub(crate) fn register<S: ItemService>(
    app: &mut App,
    services: Services<S>,
) -> Result<(), CoreError> {
    let endpoints = Endpoints::default();
    let about = Arc::new(AboutHandler::new(services.name.clone(), endpoints.clone()));
    let health = HealthHandler::new(services.name, services.probe, services.gate);
    let health = Arc::new(health);
    let items = Arc::new(ItemHandler::new(services.items, services.body_bytes_max));

    app.get("/", on(&about, AboutHandler::index))?;
    app.get("/api/hello", on(&about, AboutHandler::hello))?;
    app.get("/api/info", on(&about, AboutHandler::info))?;

    app.get("/health", on(&health, HealthHandler::live))?;
    app.get("/healthz", on(&health, HealthHandler::live))?;
    app.get("/readyz", on(&health, HealthHandler::ready))?;

    app.get("/api/v1/greet", greet)?;

    let mut reads = app.group("/api/v1/items")?;
    reads.get("", on(&items, ItemHandler::list))?;
    reads.get("/{id}", on(&items, ItemHandler::show))?;

    let mut writes = app.group("/api/v1/items")?;
    writes.layer(services.write_key);
    writes.post("", on(&items, ItemHandler::create))?;
    writes.put("/{id}", on(&items, ItemHandler::replace))?;
    writes.patch("/{id}", on(&items, ItemHandler::change))?;
    writes.delete("/{id}", on(&items, ItemHandler::delete))?;

    endpoints.publish(&app.routes());
    Ok(())
}
