use super::{Case, Check, ITEMS, delete, is_utc_time, item_target};
use crate::answer::Answer;
use crate::client::{Ask, Service};
use crate::document::Item;

pub(super) const CASES: &[Case] = &[
    Case::new("a created item is returned with its location", created),
    Case::new("an item is trimmed and otherwise kept as it is", kept),
    Case::new("the longest item is accepted", longest),
    Case::new(
        "any JSON media type and a charset of UTF-8 are accepted",
        media_types,
    ),
    Case::new("every item has an id of its own", ids),
];

fn created(service: &Service) -> Check {
    let answer = post(service, r#"{"name":"pen","description":"blue"}"#)?;
    let item = answer.data::<Item>(201)?;
    let checked = check_new(&answer, &item);
    let found = service.get(&item_target(&item.id))?;
    let same = found.data::<Item>(200)?;
    found.require(same == item, format_args!("{item:?} expected"))?;
    delete(service, &item.id)?;
    checked
}

fn check_new(answer: &Answer, item: &Item) -> Check {
    answer
        .has_header("location", &item_target(&item.id))?
        .require(!item.id.is_empty(), "an id expected")?
        .require(item.name == "pen", "the name expected")?
        .require(item.description == "blue", "the description expected")?
        .require(is_utc_time(&item.created_at), "a UTC time expected")?
        .require(item.created_at == item.updated_at, "one time expected")?;
    Ok(())
}

fn kept(service: &Service) -> Check {
    let body = r#"{"description":"\t line\nline \u00e9\"\\ ","name":"  <b>\ud83d\ude00 "}"#;
    let answer = post(service, body)?;
    let item = answer.data::<Item>(201)?;
    delete(service, &item.id)?;
    answer
        .require(item.name == "<b>\u{1f600}", "the name, trimmed, expected")?
        .require(
            item.description == "line\nline \u{e9}\"\\",
            "the description, trimmed, expected",
        )?;
    Ok(())
}

fn longest(service: &Service) -> Check {
    let (name, description) = ("\u{e9}".repeat(200), "\u{1f600}".repeat(2_000));
    let body = format!(r#"{{"name":" {name} ","description":"{description}"}}"#);
    let answer = post(service, &body)?;
    let item = answer.data::<Item>(201)?;
    delete(service, &item.id)?;
    answer.require(item.name == name, "the whole name expected")?;
    Ok(())
}

fn media_types(service: &Service) -> Check {
    for media_type in [
        "application/json; charset=utf-8",
        "Application/JSON;charset=\"UTF-8\"",
        "application/vnd.item+json",
    ] {
        let ask = Ask::new("POST", ITEMS).typed(media_type, r#"{"name":"a","description":"b"}"#);
        let item = service.send(ask)?.data::<Item>(201)?;
        delete(service, &item.id)?;
    }
    Ok(())
}

fn ids(service: &Service) -> Check {
    let mut seen = Vec::new();
    for _ in 0..10 {
        let answer = post(service, r#"{"name":"a","description":"b"}"#)?;
        let item = answer.data::<Item>(201)?;
        answer.require(!seen.contains(&item.id), "a new id expected")?;
        seen.push(item.id);
    }
    seen.iter().try_for_each(|id| delete(service, id))
}

fn post(service: &Service, body: &str) -> Result<Answer, crate::answer::Mismatch> {
    service.send(Ask::new("POST", ITEMS).json(body))
}
