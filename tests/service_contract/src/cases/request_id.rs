use super::{Case, Check, ITEMS, delete};
use crate::client::{Ask, Service};
use crate::document::Item;

pub(super) const CASES: &[Case] = &[
    Case::of_every(
        "a request id that is sent is echoed in header and body",
        echoed,
    ),
    Case::of_every("the longest and oddest request ids are echoed", legal),
    Case::of_every("an illegal request id is replaced", replaced),
    Case::of_every("every request without an id gets one of its own", generated),
    Case::of_every("every kind of answer carries a request id", everywhere),
];

fn echoed(service: &Service) -> Check {
    for (target, status) in [("/", 200), ("/nope", 404), ("/api/v1/greet", 400)] {
        if status == 400 && !service.is_canonical() {
            continue;
        }
        let ask = Ask::new("GET", target).header("x-request-id", "contract-17");
        let answer = service.send(ask)?;
        answer
            .status(status)?
            .has_header("x-request-id", "contract-17")?;
        if status != 200 {
            let code = if status == 404 {
                "not_found"
            } else {
                "validation_error"
            };
            answer.error(status, code)?;
        }
    }
    Ok(())
}

fn legal(service: &Service) -> Check {
    for id in [
        "x".repeat(128),
        "-_.:/+=@".to_owned(),
        "\"<>{}\\".to_owned(),
    ] {
        let ask = Ask::new("GET", "/nope").header("x-request-id", &id);
        let answer = service.send(ask)?;
        answer.error(404, "not_found")?;
        answer.has_header("x-request-id", &id)?;
    }
    Ok(())
}

fn replaced(service: &Service) -> Check {
    for id in [
        "x".repeat(129),
        "two words".to_owned(),
        "caf\u{e9}".to_owned(),
    ] {
        let ask = Ask::new("GET", "/nope").header("x-request-id", &id);
        let answer = service.send(ask)?;
        answer.error(404, "not_found")?;
        let other = answer.request_id()?;
        answer.require(other != id, "another request id expected")?;
    }
    Ok(())
}

fn generated(service: &Service) -> Check {
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..10 {
        let answer = service.get("/")?;
        let id = answer.status(200)?.request_id()?;
        answer.require(
            !seen.iter().any(|other| other == id),
            "a new request id expected",
        )?;
        seen.push(id.to_owned());
    }
    Ok(())
}

fn everywhere(service: &Service) -> Check {
    if service.is_canonical() {
        let created =
            service.send(Ask::new("POST", ITEMS).json(r#"{"name":"a","description":"b"}"#))?;
        let item = created.data::<Item>(201)?;
        created.request_id()?;
        delete(service, &item.id)?;
        let refused = service.get("/api/v1/items?limit=0")?;
        refused.status(400)?.request_id()?;
    }
    for (method, target, status) in [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("HEAD", "/", 200),
        ("OPTIONS", "/", 204),
        ("POST", "/", 405),
        ("GET", "/nope", 404),
    ] {
        let answer = service.send(Ask::new(method, target).without_key())?;
        answer.status(status)?.request_id()?;
    }
    Ok(())
}
