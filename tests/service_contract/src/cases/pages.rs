//! Lists, read in parts. Other items may be there; only ours are looked at.

use serde_json::value::RawValue;

use super::{Case, Check, ITEMS, create, delete};
use crate::answer::{Answer, Mismatch};
use crate::client::Service;
use crate::document::{Item, PageMeta};

pub(super) const CASES: &[Case] = &[
    Case::new("items are listed in the order of their creation", in_order),
    Case::new("a page has at most its limit, 20 by default", limits),
    Case::new("meta says what was asked for and how many there are", meta),
    Case::new("an offset beyond the end gives an empty page", beyond),
    Case::new(
        "a limit or offset out of range is refused, both at once",
        out_of_range,
    ),
    Case::new("a limit or offset that is no number is refused", no_number),
];

/// A page, with its meta where the service writes one.
struct Listed {
    answer: Answer,
    items: Vec<Item>,
    meta: Option<PageMeta>,
}

fn list(service: &Service, query: &str) -> Result<Listed, Mismatch> {
    let answer = service.get(&format!("{ITEMS}?{query}"))?;
    let (items, meta) = answer.data_and_meta::<Vec<Item>>(200)?;
    let meta = meta.map(|meta| page_meta(&answer, &meta)).transpose()?;
    Ok(Listed {
        answer,
        items,
        meta,
    })
}

fn page_meta(answer: &Answer, meta: &RawValue) -> Result<PageMeta, Mismatch> {
    let what = |error| answer.mismatch(format_args!("total, limit and offset expected: {error}"));
    serde_json::from_str(meta.get()).map_err(what)
}

/// Every item there is, page by page.
fn everything(service: &Service) -> Result<Vec<Item>, Mismatch> {
    let mut all = Vec::new();
    loop {
        let mut page = list(service, &format!("limit=100&offset={}", all.len()))?;
        if page.items.is_empty() {
            return Ok(all);
        }
        all.append(&mut page.items);
    }
}

/// Runs a check with this many items of ours, and removes them in any case.
fn with_items(service: &Service, count: usize, check: impl FnOnce(&[Item]) -> Check) -> Check {
    let mut items = Vec::new();
    for number in 0..count {
        items.push(create(service, &format!("item {number}"))?);
    }
    let checked = check(&items);
    let deleted = items.iter().try_for_each(|item| delete(service, &item.id));
    checked.and(deleted)
}

fn in_order(service: &Service) -> Check {
    with_items(service, 5, |ours| {
        let mut found = everything(service)?;
        found.retain(|item| ours.iter().any(|own| own.id == item.id));
        let answer = service.get(ITEMS)?;
        answer.require(
            found == ours,
            "our items, each once, oldest first, expected",
        )?;
        Ok(())
    })
}

fn limits(service: &Service) -> Check {
    with_items(service, 21, |_| {
        for (query, size) in [("", 20), ("limit=", 20), ("limit=1", 1), ("limit=21", 21)] {
            let page = list(service, query)?;
            let what = format_args!("{size} items expected");
            page.answer.require(page.items.len() == size, what)?;
        }
        list(service, "limit=100").map(drop)
    })
}

fn meta(service: &Service) -> Check {
    with_items(service, 2, |_| {
        let total = everything(service)?.len();
        let offset = total - 1;
        let page = list(service, &format!("limit=7&offset={offset}"))?;
        page.answer
            .require(page.items.len() == 1, "the last item expected")?;
        let Some(meta) = page.meta else {
            let has_none = service.success == crate::Success::Bare;
            return page.answer.require(has_none, "meta expected").map(drop);
        };
        let told = (meta.total, meta.limit, meta.offset);
        let what = format_args!("total {total}, limit 7, offset {offset} expected");
        page.answer.require(told == (total, 7, offset), what)?;
        Ok(())
    })
}

fn beyond(service: &Service) -> Check {
    let page = list(service, "offset=1000000000")?;
    page.answer
        .require(page.items.is_empty(), "no items expected")?;
    Ok(())
}

fn out_of_range(service: &Service) -> Check {
    let (limit, offset) = (
        ("query.limit", "out_of_range"),
        ("query.offset", "out_of_range"),
    );
    for (query, problems) in [
        ("limit=0", &[limit][..]),
        ("limit=101", &[limit]),
        ("limit=-1", &[limit]),
        ("offset=-1", &[offset]),
        ("limit=0&offset=-1", &[limit, offset]),
    ] {
        service
            .get(&format!("{ITEMS}?{query}"))?
            .invalid(problems)?;
    }
    Ok(())
}

fn no_number(service: &Service) -> Check {
    let (limit, offset) = (
        ("query.limit", "type_mismatch"),
        ("query.offset", "type_mismatch"),
    );
    for (query, problems) in [
        ("limit=ten", &[limit][..]),
        ("limit=1.5", &[limit]),
        ("offset=1e3", &[offset]),
        ("offset=a&limit=b", &[limit, offset]),
    ] {
        service
            .get(&format!("{ITEMS}?{query}"))?
            .invalid(problems)?;
    }
    let twice = service.get(&format!("{ITEMS}?limit=1&limit=2"))?;
    twice.invalid(&[("query.limit", "duplicate_field")])?;
    Ok(())
}
