use super::{Case, Check, UNKNOWN_ID, create, delete, item_target, with_item};
use crate::answer::{Answer, Mismatch};
use crate::client::{Ask, Service};
use crate::document::Item;

pub(super) const CASES: &[Case] = &[
    Case::new(
        "PUT replaces both fields and keeps id and creation",
        replaced,
    ),
    Case::new("PATCH changes what is given", changed),
    Case::new("PATCH keeps what is absent, null or blank", unchanged),
    Case::new("DELETE removes the item and no other", deleted),
    Case::new("an item that is not there is 404 with its id", missing),
    Case::new("a long id is echoed in part", long_id),
];

fn replaced(service: &Service) -> Check {
    with_item(service, |item| {
        let body = r#"{"name":" nib ","description":" red "}"#;
        let answer = write(service, "PUT", item, body)?;
        let now = answer.data::<Item>(200)?;
        answer
            .require(now.name == "nib", "the new name expected")?
            .require(now.description == "red", "the new description expected")?;
        keeps_origin(&answer, item, &now)
    })
}

fn changed(service: &Service) -> Check {
    with_item(service, |item| {
        let answer = write(service, "PATCH", item, r#"{"name":" nib "}"#)?;
        let now = answer.data::<Item>(200)?;
        answer
            .require(now.name == "nib", "the new name expected")?
            .require(
                now.description == item.description,
                "the old description expected",
            )?;
        keeps_origin(&answer, item, &now)?;
        let answer = write(service, "PATCH", item, r#"{"name":"a","description":"b"}"#)?;
        let now = answer.data::<Item>(200)?;
        answer.require(
            (now.name.as_str(), now.description.as_str()) == ("a", "b"),
            "both new values expected",
        )?;
        Ok(())
    })
}

fn unchanged(service: &Service) -> Check {
    with_item(service, |item| {
        for blank in [r#""""#, r#"" \t""#, "null"] {
            let body = format!(r#"{{"name":{blank},"description":"green"}}"#);
            let answer = write(service, "PATCH", item, &body)?;
            let now = answer.data::<Item>(200)?;
            answer
                .require(now.name == item.name, "the old name expected")?
                .require(now.description == "green", "the new description expected")?;
        }
        Ok(())
    })
}

fn keeps_origin(answer: &Answer, before: &Item, now: &Item) -> Check {
    answer
        .require(now.id == before.id, "the same id expected")?
        .require(
            now.created_at == before.created_at,
            "the same creation expected",
        )?
        .require(super::is_utc_time(&now.updated_at), "a UTC time expected")?;
    Ok(())
}

fn deleted(service: &Service) -> Check {
    with_item(service, |kept| {
        let item = create(service, "gone")?;
        delete(service, &item.id)?;
        let target = item_target(&item.id);
        not_found(&service.get(&target)?, &item.id)?;
        let again = service.send(Ask::new("DELETE", target))?;
        not_found(&again, &item.id)?;
        service.get(&item_target(&kept.id))?.data::<Item>(200)?;
        Ok(())
    })
}

fn missing(service: &Service) -> Check {
    for id in [UNKNOWN_ID, "17", "-", "%C3%A9"] {
        let shown = if id == "%C3%A9" { "\u{e9}" } else { id };
        let target = item_target(id);
        not_found(&service.get(&target)?, shown)?;
        not_found(&service.send(Ask::new("DELETE", &target))?, shown)?;
        let whole = r#"{"name":"a","description":"b"}"#;
        for method in ["PUT", "PATCH"] {
            not_found(&service.send(Ask::new(method, &target).json(whole))?, shown)?;
        }
    }
    Ok(())
}

fn long_id(service: &Service) -> Check {
    let answer = service.get(&item_target(&"x".repeat(200)))?;
    not_found(&answer, &"x".repeat(64))
}

fn not_found(answer: &Answer, id: &str) -> Check {
    let error = answer.error(404, "not_found")?;
    let details = error.details.unwrap_or_default();
    let named = details.len() == 1 && details.get("id").is_some_and(|shown| shown == id);
    answer.require(
        named,
        format_args!("details with the id {id:?} alone expected"),
    )?;
    Ok(())
}

fn write(
    service: &Service,
    method: &'static str,
    item: &Item,
    body: &str,
) -> Result<Answer, Mismatch> {
    service.send(Ask::new(method, item_target(&item.id)).json(body))
}
