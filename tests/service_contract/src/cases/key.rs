use super::{Case, Check, ITEMS, ROUTES, UNKNOWN_ID, item_target, with_item};
use crate::client::{Ask, Service};
use crate::document::Item;

pub(super) const CASES: &[Case] = &[
    Case::with_key("a write without the key is refused", without),
    Case::with_key("a write with another key is refused", other),
    Case::with_key("the key is checked before the body", before_the_body),
    Case::with_key("reading needs no key", reading),
];

fn without(service: &Service) -> Check {
    refused(service, &Ask::without_key)
}

fn other(service: &Service) -> Check {
    refused(service, &|ask| ask.with_key("not-the-key-of-anyone"))
}

/// Every write is refused, and the item stays as it is.
fn refused(service: &Service, rekey: &dyn Fn(Ask) -> Ask) -> Check {
    let body = r#"{"name":"never","description":"never"}"#;
    let post = Ask::new("POST", ITEMS).json(body);
    service.send(rekey(post))?.error(401, "unauthorized")?;
    with_item(service, |item| {
        let target = item_target(&item.id);
        for method in ["PUT", "PATCH"] {
            let ask = Ask::new(method, &target).json(body);
            service.send(rekey(ask))?.error(401, "unauthorized")?;
        }
        let ask = Ask::new("DELETE", &target);
        service.send(rekey(ask))?.error(401, "unauthorized")?;
        let answer = service.get(&target)?;
        let now = answer.data::<Item>(200)?;
        answer.require(now == *item, "the item as it was expected")?;
        Ok(())
    })
}

fn before_the_body(service: &Service) -> Check {
    let malformed = Ask::new("POST", ITEMS).typed("text/plain", "{");
    service
        .send(malformed.without_key())?
        .error(401, "unauthorized")?;
    let unknown = Ask::new("DELETE", item_target(UNKNOWN_ID)).without_key();
    service.send(unknown)?.error(401, "unauthorized")?;
    Ok(())
}

fn reading(service: &Service) -> Check {
    for (_, path) in ROUTES.iter().filter(|(method, _)| *method == "GET") {
        let target = path.replace("{id}", UNKNOWN_ID);
        let answer = service.get(&target)?;
        answer.status(match *path {
            "/api/v1/greet" => 400,
            "/api/v1/items/{id}" => 404,
            _ => 200,
        })?;
    }
    Ok(())
}
