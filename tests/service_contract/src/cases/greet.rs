use super::{Case, Check};
use crate::client::Service;
use crate::document::Greeting;

pub(super) const CASES: &[Case] = &[
    Case::new("greet greets by name", by_name),
    Case::new("greet decodes and trims the name", decoded),
    Case::new("greet without a name is refused", without_name),
    Case::new("greet with two names is refused", two_names),
    Case::new("greet with broken text is refused", broken_text),
];

fn by_name(service: &Service) -> Check {
    greets(service, "name=Ada", "hello, Ada")?;
    greets(service, "name=Ada&ignored=1", "hello, Ada")
}

fn decoded(service: &Service) -> Check {
    greets(service, "name=+Ada%20L%C3%B6we%09", "hello, Ada L\u{f6}we")?;
    greets(service, "name=%22%5C%3Cb%3E", "hello, \"\\<b>")
}

fn greets(service: &Service, query: &str, expected: &str) -> Check {
    let answer = service.get(&format!("/api/v1/greet?{query}"))?;
    let greeting = answer.data::<Greeting>(200)?;
    let what = format_args!("{expected:?} expected");
    answer.require(greeting.message == expected, what)?;
    Ok(())
}

fn without_name(service: &Service) -> Check {
    for query in ["", "?", "?name", "?name=", "?name=%20%09", "?nam=Ada"] {
        let answer = service.get(&format!("/api/v1/greet{query}"))?;
        answer.invalid(&[("query.name", "missing_field")])?;
    }
    Ok(())
}

fn two_names(service: &Service) -> Check {
    let answer = service.get("/api/v1/greet?name=Ada&name=Bob")?;
    answer.invalid(&[("query.name", "duplicate_field")])?;
    Ok(())
}

fn broken_text(service: &Service) -> Check {
    for name in ["%ff", "%zz", "%2"] {
        let answer = service.get(&format!("/api/v1/greet?name={name}"))?;
        answer.invalid(&[("query.name", "invalid_encoding")])?;
    }
    Ok(())
}
