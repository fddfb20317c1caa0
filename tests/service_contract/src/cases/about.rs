use serde_json::Value;
use serde_json::value::RawValue;

use super::{Case, Check, ROUTES};
use crate::answer::Mismatch;
use crate::client::{Ask, Service};
use crate::document::Hello;

pub(super) const CASES: &[Case] = &[
    Case::new("/ names the service and its version", index),
    Case::new("/api/info names the service and its version", info),
    Case::new("/api/hello lists every route and no other", hello),
    Case::new("what /api/hello lists is there", listed_routes_exist),
];

fn index(service: &Service) -> Check {
    let data = named(service, "/")?;
    let links = data["links"].as_object();
    let answer = service.get("/")?;
    answer.require(
        links.is_some_and(|links| !links.is_empty()),
        "`links` expected",
    )?;
    for target in links.into_iter().flat_map(|links| links.values()) {
        let target = target.as_str().unwrap_or_default();
        service.get(target)?.status(200)?;
    }
    Ok(())
}

fn info(service: &Service) -> Check {
    named(service, "/api/info").map(drop)
}

/// What stands around `service` and `version` is the service's own affair.
fn named(service: &Service, target: &str) -> Result<Value, Mismatch> {
    let answer = service.get(target)?;
    let raw = answer.data::<Box<RawValue>>(200)?;
    let data: Value = serde_json::from_str(raw.get())
        .map_err(|error| answer.mismatch(format_args!("an object expected: {error}")))?;
    for member in ["service", "version"] {
        let named = data[member].as_str().is_some_and(|text| !text.is_empty());
        answer.require(named, format_args!("a text `{member}` expected"))?;
    }
    Ok(data)
}

fn hello(service: &Service) -> Check {
    let answer = service.get("/api/hello")?;
    let hello = answer.data::<Hello>(200)?;
    answer.require(!hello.message.is_empty(), "a message expected")?;
    let listed = hello.endpoints.iter();
    let listed: Vec<_> = listed
        .map(|endpoint| (endpoint.method.as_str(), endpoint.path.as_str()))
        .collect();
    let what = format_args!("the endpoints {ROUTES:?} expected");
    answer.require(listed == ROUTES, what)?;
    Ok(())
}

fn listed_routes_exist(service: &Service) -> Check {
    for endpoint in service.get("/api/hello")?.data::<Hello>(200)?.endpoints {
        let target = endpoint.path.replace("{id}", "17");
        let answer = service.send(Ask::new("OPTIONS", target))?;
        let allowed = answer.status(204)?.header("allow").unwrap_or_default();
        let found = allowed.split(", ").any(|method| method == endpoint.method);
        answer.require(
            found,
            format_args!("{} in `Allow` expected", endpoint.method),
        )?;
    }
    Ok(())
}
