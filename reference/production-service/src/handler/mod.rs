//! HTTP only: decode, call the domain, write the reply.

mod about;
mod greet;
mod guard;
mod health;
mod items;
mod metrics;
mod profile;
mod status;
mod write_key;

use std::sync::Arc;

use plumego_contract::{Handler, IntoResponse, Request};

pub(crate) use about::{AboutHandler, Endpoints};
pub(crate) use greet::greet;
pub(crate) use guard::{api_guard, ops_guard};
pub(crate) use health::HealthHandler;
pub(crate) use items::ItemHandler;
pub(crate) use metrics::MetricsHandler;
pub(crate) use profile::ProfileHandler;
pub(crate) use status::{Guard, Guards, Limits, Policy, StatusHandler, Timeouts};
pub(crate) use write_key::WriteKeyLayer;

/// A route handler from a method of a shared handler struct.
pub(crate) fn on<H, F, Fut, R>(handler: &Arc<H>, method: F) -> impl Handler
where
    H: Send + Sync + 'static,
    F: Fn(Arc<H>, Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    let handler = Arc::clone(handler);
    move |request| method(Arc::clone(&handler), request)
}
