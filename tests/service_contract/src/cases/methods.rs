use super::{Case, Check, ITEMS, UNKNOWN_ID, item_target};
use crate::client::{Ask, Service};

pub(super) const CASES: &[Case] = &[
    Case::of_every("HEAD answers like GET without a body", head),
    Case::of_every(
        "HEAD of a failure answers like GET without a body",
        head_of_failure,
    ),
    Case::of_every("OPTIONS tells the methods of a path", options),
    Case::of_every(
        "another method is 405 with the methods of the path",
        not_allowed,
    ),
    Case::of_every("an unknown path is 404", unknown_path),
];

/// Methods by path, as `Allow` lists them; every service has the first two.
const ALLOWED: [(&str, &str); 4] = [
    ("/", "GET, HEAD, OPTIONS"),
    ("/healthz", "GET, HEAD, OPTIONS"),
    (ITEMS, "GET, HEAD, OPTIONS, POST"),
    ("/api/v1/items/17", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
];

fn head(service: &Service) -> Check {
    same_head(service, "/", 200)?;
    if !service.is_canonical() {
        return Ok(());
    }
    same_head(service, "/api/hello", 200)?;
    same_head(service, "/api/v1/greet?name=Ada", 200)?;
    same_head(service, &format!("{ITEMS}?limit=1&offset=1000000000"), 200)
}

fn head_of_failure(service: &Service) -> Check {
    same_head(service, "/nope", 404)?;
    if !service.is_canonical() {
        return Ok(());
    }
    same_head(service, "/api/v1/greet", 400)?;
    same_head(service, &item_target(UNKNOWN_ID), 404)
}

fn same_head(service: &Service, target: &str, status: u16) -> Check {
    // With one id both answers have one length.
    const ID: &str = "contract-head";
    let ask = |method| Ask::new(method, target).header("x-request-id", ID);
    let get = service.send(ask("GET"))?;
    let head = service.send(ask("HEAD"))?;
    get.status(status)?;
    head.status(status)?.has_no_body()?;
    head.has_header("x-request-id", ID)?;
    for name in [
        "content-type",
        "content-length",
        "cache-control",
        "x-content-type-options",
    ] {
        let what = format_args!("`{name}` as for GET expected: {:?}", get.header(name));
        head.require(head.header(name) == get.header(name), what)?;
    }
    head.require(get.header("content-length").is_some(), "a length expected")?;
    Ok(())
}

/// The paths that the service has.
fn paths(service: &Service) -> &'static [(&'static str, &'static str)] {
    match service.is_canonical() {
        true => &ALLOWED,
        false => &ALLOWED[..2],
    }
}

fn options(service: &Service) -> Check {
    for &(target, allowed) in paths(service) {
        let answer = service.send(Ask::new("OPTIONS", target))?;
        answer.status(204)?.has_no_body()?;
        answer.has_header("allow", allowed)?;
        answer.request_id()?;
    }
    Ok(())
}

fn not_allowed(service: &Service) -> Check {
    for &(target, allowed) in paths(service) {
        for method in ["DELETE", "POST", "PATCH", "TRACE", "PURGE"] {
            if allowed.split(", ").any(|known| known == method) {
                continue;
            }
            let answer = service.send(Ask::new(method, target).without_key())?;
            answer.error(405, "method_not_allowed")?;
            answer.has_header("allow", allowed)?;
        }
    }
    Ok(())
}

fn unknown_path(service: &Service) -> Check {
    for target in [
        "/nope",
        "/API/hello",
        "/%C3%A9",
        "/api/v1",
        "/api/v1/items/17/parts",
    ] {
        service.get(target)?.error(404, "not_found")?;
        let ask = Ask::new("POST", target).json("{}").without_key();
        service.send(ask)?.error(404, "not_found")?;
    }
    Ok(())
}
