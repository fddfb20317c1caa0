//! What the service says about itself.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use plumego_contract::{Reply, Request};
use plumego_health::Timestamp;
use plumego_router::RouteInfo;
use serde::Serialize;

use crate::domain::now;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The registered routes, known once registration is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints(Arc<OnceLock<Vec<Endpoint>>>);

#[derive(Clone, Debug, Serialize)]
struct Endpoint {
    method: String,
    path: String,
}

impl Endpoints {
    /// Publishes the table. Only the first call counts.
    pub(crate) fn publish(&self, routes: &[RouteInfo]) {
        let mut endpoints: Vec<_> = routes
            .iter()
            .map(|route| Endpoint {
                method: route.method.to_string(),
                path: route.path.clone(),
            })
            .collect();
        endpoints.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        self.0.get_or_init(|| endpoints);
    }

    fn get(&self) -> Vec<Endpoint> {
        self.0.get().cloned().unwrap_or_default()
    }
}

/// Answers who this is and what it offers. It holds nothing secret.
#[derive(Debug)]
pub(crate) struct AboutHandler {
    service: String,
    started_at: SystemTime,
    endpoints: Endpoints,
}

#[derive(Serialize)]
pub(crate) struct Index {
    service: String,
    version: &'static str,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    endpoints: &'static str,
    health: &'static str,
    info: &'static str,
    items: &'static str,
    readiness: &'static str,
    status: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Hello {
    message: String,
    endpoints: Vec<Endpoint>,
}

#[derive(Serialize)]
pub(crate) struct Info {
    service: String,
    version: &'static str,
    language: &'static str,
    os: &'static str,
    arch: &'static str,
    started_at: Timestamp,
    uptime_seconds: u64,
}

impl AboutHandler {
    pub(crate) fn new(service: String, endpoints: Endpoints) -> Self {
        Self {
            service,
            started_at: now(),
            endpoints,
        }
    }

    /// `GET /`
    pub(crate) async fn index(self: Arc<Self>, _: Request) -> Reply<Index> {
        Reply::ok(Index {
            service: self.service.clone(),
            version: VERSION,
            links: Links {
                endpoints: "/api/hello",
                health: "/healthz",
                info: "/api/info",
                items: "/api/v1/items",
                readiness: "/readyz",
                status: "/api/status",
            },
        })
    }

    /// `GET /api/hello`
    pub(crate) async fn hello(self: Arc<Self>, _: Request) -> Reply<Hello> {
        Reply::ok(Hello {
            message: format!("hello from {}", self.service),
            endpoints: self.endpoints.get(),
        })
    }

    /// `GET /api/info`
    pub(crate) async fn info(self: Arc<Self>, _: Request) -> Reply<Info> {
        let uptime = self.started_at.elapsed().unwrap_or_default();
        Reply::ok(Info {
            service: self.service.clone(),
            version: VERSION,
            language: "rust",
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            started_at: self.started_at.into(),
            uptime_seconds: uptime.as_secs(),
        })
    }
}
