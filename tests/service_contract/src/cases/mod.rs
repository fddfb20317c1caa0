//! The cases. Each says what a client can see, makes its own items and removes
//! them again.

mod about;
mod browsers;
mod create;
mod greet;
mod health;
mod items;
mod key;
mod malformed;
mod methods;
mod pages;
mod request_id;
mod writes;

use crate::Outcome;
use crate::answer::Mismatch;
use crate::client::{Ask, Service};
use crate::document::Item;

const ITEMS: &str = "/api/v1/items";

/// The canonical route table, sorted by path, then method.
const ROUTES: [(&str, &str); 13] = [
    ("GET", "/"),
    ("GET", "/api/hello"),
    ("GET", "/api/info"),
    ("GET", "/api/v1/greet"),
    ("GET", "/api/v1/items"),
    ("POST", "/api/v1/items"),
    ("DELETE", "/api/v1/items/{id}"),
    ("GET", "/api/v1/items/{id}"),
    ("PATCH", "/api/v1/items/{id}"),
    ("PUT", "/api/v1/items/{id}"),
    ("GET", "/health"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
];

type Check = Result<(), Mismatch>;

/// One thing a service promises.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    needs: Needs,
    check: fn(&Service) -> Check,
}

/// What a case is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// What every service has.
    Nothing,
    /// The routes of the reference services.
    Routes,
    /// Those routes, and a write key.
    Key,
}

impl Case {
    /// A case about the canonical routes.
    const fn new(name: &'static str, check: fn(&Service) -> Check) -> Self {
        Self {
            name,
            needs: Needs::Routes,
            check,
        }
    }

    /// A case about every service.
    const fn of_every(name: &'static str, check: fn(&Service) -> Check) -> Self {
        Self {
            name,
            needs: Needs::Nothing,
            check,
        }
    }

    /// A case about the write key.
    const fn with_key(name: &'static str, check: fn(&Service) -> Check) -> Self {
        Self {
            name,
            needs: Needs::Key,
            check,
        }
    }

    pub(crate) fn run(&self, service: &Service) -> Outcome {
        if self.needs != Needs::Nothing && !service.is_canonical() {
            return Outcome::Skipped("needs the canonical routes");
        }
        if self.needs == Needs::Key && service.write_key.is_none() {
            return Outcome::Skipped("needs a write key");
        }
        match (self.check)(service) {
            Ok(()) => Outcome::Passed,
            Err(mismatch) => Outcome::Failed(mismatch.to_string()),
        }
    }
}

/// Every case, in the order in which they are run.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [
        about::CASES,
        health::CASES,
        greet::CASES,
        create::CASES,
        items::CASES,
        writes::CASES,
        pages::CASES,
        key::CASES,
        methods::CASES,
        request_id::CASES,
        browsers::CASES,
        malformed::CASES,
    ]
    .into_iter()
    .flatten()
}

/// The target of an item.
fn item_target(id: &str) -> String {
    format!("{ITEMS}/{id}")
}

/// An id of the right form that no item has.
const UNKNOWN_ID: &str = "00000000-0000-7000-8000-000000000000";

fn create(service: &Service, name: &str) -> Result<Item, Mismatch> {
    let body = format!(r#"{{"name":"{name}","description":"made by the contract suite"}}"#);
    service.send(Ask::new("POST", ITEMS).json(body))?.data(201)
}

fn delete(service: &Service, id: &str) -> Check {
    let answer = service.send(Ask::new("DELETE", item_target(id)))?;
    answer.status(204)?.has_no_body()?;
    Ok(())
}

/// Runs a check with an item that exists, and removes it in any case.
fn with_item(service: &Service, check: impl FnOnce(&Item) -> Check) -> Check {
    let item = create(service, "pen")?;
    let checked = check(&item);
    checked.and(delete(service, &item.id))
}

/// `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, RFC 3339 in UTC.
fn is_utc_time(text: &str) -> bool {
    let form = b"0000-00-00T00:00:00";
    let Some(rest) = text.strip_suffix('Z') else {
        return false;
    };
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let fits = |(byte, form): (u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        other => byte == *other,
    };
    whole.len() == form.len() && whole.bytes().zip(form).all(fits) && digits(fraction)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = all().map(|case| case.name).collect();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn times_are_utc_and_whole() {
        for good in ["2026-04-27T10:30:00Z", "2026-04-27T10:30:00.123456789Z"] {
            assert!(is_utc_time(good), "{good}");
        }
        for bad in [
            "",
            "2026-04-27",
            "2026-04-27T10:30:00",
            "2026-04-27 10:30:00Z",
            "2026-04-27T10:30:00+00:00",
            "2026-04-27T10:30:00.Z",
            "2026-4-27T10:30:00Z",
        ] {
            assert!(!is_utc_time(bad), "{bad}");
        }
    }
}
