use super::{Case, Check, is_utc_time};
use crate::client::Service;
use crate::document::{Liveness, Readiness};

pub(super) const CASES: &[Case] = &[
    Case::of_every("the probes answer", probes),
    Case::new("/healthz says that the process is alive", |service| {
        alive(service, "/healthz")
    }),
    Case::new("/health is an alias of /healthz", |service| {
        alive(service, "/health")
    }),
    Case::new("/readyz says which components are ready", ready),
];

fn probes(service: &Service) -> Check {
    for target in ["/healthz", "/health", "/readyz"] {
        let answer = service.get(target)?;
        let said = answer.members(200)?;
        answer.require(!said.is_empty(), "an object with a state expected")?;
    }
    Ok(())
}

fn alive(service: &Service, target: &str) -> Check {
    let answer = service.get(target)?;
    let liveness = answer.data::<Liveness>(200)?;
    answer
        .has_header("cache-control", "no-store")?
        .require(liveness.status == "ok", "status `ok` expected")?
        .require(!liveness.service.is_empty(), "a service name expected")?
        .require(is_utc_time(&liveness.timestamp), "a UTC time expected")?;
    Ok(())
}

fn ready(service: &Service) -> Check {
    let answer = service.get("/readyz")?;
    let readiness = answer.data::<Readiness>(200)?;
    answer
        .has_header("cache-control", "no-store")?
        .require(readiness.ready, "`ready` expected")?
        .require(is_utc_time(&readiness.timestamp), "a UTC time expected")?
        .require(!readiness.components.is_empty(), "components expected")?;
    Ok(())
}
