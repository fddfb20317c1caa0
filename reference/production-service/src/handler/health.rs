//! Liveness and readiness, as probes ask for them.

use std::sync::Arc;

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use plumego_contract::{Error, ErrorKind, Reply, Request, code::COMPONENT_UNHEALTHY};
use plumego_health::{CachedProbe, ReadinessGate, ReadinessStatus, SharedGate, Timestamp};
use serde::Serialize;

use crate::domain::now;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Answers probes.
#[derive(Debug)]
pub(crate) struct HealthHandler {
    service: String,
    probe: CachedProbe,
    gate: SharedGate,
}

#[derive(Serialize)]
pub(crate) struct Liveness {
    status: &'static str,
    service: String,
    timestamp: Timestamp,
}

impl HealthHandler {
    pub(crate) fn new(service: String, probe: CachedProbe, gate: SharedGate) -> Self {
        Self {
            service,
            probe,
            gate,
        }
    }

    /// `GET /healthz` and its alias `GET /health`: the process answers. Asks no
    /// component, so that a broken dependency does not get the process killed.
    pub(crate) async fn live(self: Arc<Self>, _: Request) -> Reply<Liveness> {
        Reply::ok(Liveness {
            status: "ok",
            service: self.service.clone(),
            timestamp: now().into(),
        })
        .header(CACHE_CONTROL, NO_STORE)
    }

    /// `GET /readyz`: whether traffic may be sent here.
    pub(crate) async fn ready(
        self: Arc<Self>,
        _: Request,
    ) -> Result<Reply<ReadinessStatus>, Error> {
        let gate = self.gate.state();
        let report = self.probe.get().await;
        let status = report.readiness(&gate).public();
        if status.ready {
            return Ok(Reply::ok(status).header(CACHE_CONTROL, NO_STORE));
        }
        Err(refusal(gate, &status))
    }
}

/// Names what is missing; why it failed is for the log and for operators.
fn refusal(gate: ReadinessGate, status: &ReadinessStatus) -> Error {
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

#[cfg(test)]
mod tests {
    use plumego_contract::Body;
    use plumego_health::{
        ComponentChecker, Criticality, HealthState, ProbePolicy, ProbeSet, StaticChecker,
    };

    use super::*;

    fn handler(checkers: Vec<Arc<dyn ComponentChecker>>, gate: &SharedGate) -> Arc<HealthHandler> {
        let set = ProbeSet::new(checkers).unwrap();
        let probe = CachedProbe::new(set, ProbePolicy::default());
        Arc::new(HealthHandler::new("test".to_owned(), probe, gate.clone()))
    }

    fn open_gate() -> SharedGate {
        let gate = SharedGate::new();
        gate.mark_ready();
        gate
    }

    async fn ask(handler: Arc<HealthHandler>) -> Result<Reply<ReadinessStatus>, Error> {
        handler.ready(Request::new(Body::empty())).await
    }

    fn component(name: &str, state: HealthState) -> Arc<dyn ComponentChecker> {
        Arc::new(StaticChecker::new(name, state))
    }

    #[tokio::test]
    async fn every_failing_component_is_named() {
        let checkers = vec![
            component("cache", HealthState::Unhealthy),
            component("items", HealthState::Healthy),
            component("mail", HealthState::Unknown),
        ];
        let error = ask(handler(checkers, &open_gate())).await.unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.code_str()),
            (503, "component_unhealthy")
        );
        let details = error.details_map();
        assert_eq!(details["components"], serde_json::json!(["cache", "mail"]));
    }

    #[tokio::test]
    async fn what_is_degraded_or_not_critical_does_not_take_the_service_out() {
        let aside = StaticChecker::new("mail", HealthState::Unhealthy)
            .with_criticality(Criticality::NonCritical);
        let checkers = vec![component("items", HealthState::Degraded), Arc::new(aside)];
        assert!(ask(handler(checkers, &open_gate())).await.is_ok());
    }

    #[tokio::test]
    async fn before_the_server_listens_and_while_it_drains_it_is_not_ready() {
        let gate = SharedGate::new();
        let checkers = vec![component("items", HealthState::Healthy)];
        let handler = handler(checkers, &gate);
        let error = ask(Arc::clone(&handler)).await.unwrap_err();
        assert_eq!(error.details_map()["reason"], "starting");

        gate.mark_ready();
        assert!(ask(Arc::clone(&handler)).await.is_ok());

        gate.mark_not_ready("draining");
        let error = ask(handler).await.unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.code_str()),
            (503, "service_unavailable")
        );
        assert_eq!(error.details_map()["reason"], "draining");
    }
}
