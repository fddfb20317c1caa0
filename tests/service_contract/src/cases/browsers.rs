use super::{Case, Check};
use crate::answer::{Answer, Mismatch};
use crate::client::{Ask, Service};

pub(super) const CASES: &[Case] = &[Case::of_every(
    "every kind of answer carries the headers that protect browsers",
    everywhere,
)];

fn everywhere(service: &Service) -> Check {
    for (method, target, status) in [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/healthz", 200),
        ("OPTIONS", "/", 204),
        ("GET", "/nope", 404),
        ("POST", "/", 405),
        ("GET", "/api/v1/greet", 400),
    ] {
        if target.contains("greet") && !service.is_canonical() {
            continue;
        }
        let answer = service.send(Ask::new(method, target).without_key())?;
        answer.status(status)?;
        is_protected(&answer)?;
    }
    Ok(())
}

/// The baseline, or stricter.
fn is_protected(answer: &Answer) -> Result<(), Mismatch> {
    answer.has_header("x-content-type-options", "nosniff")?;
    let frames = answer.header("x-frame-options");
    answer.require(
        matches!(frames, Some("SAMEORIGIN" | "DENY")),
        "`X-Frame-Options: SAMEORIGIN` or `DENY` expected",
    )?;
    let referrer = answer.header("referrer-policy");
    answer.require(
        matches!(
            referrer,
            Some(
                "strict-origin-when-cross-origin" | "strict-origin" | "same-origin" | "no-referrer"
            )
        ),
        "a `Referrer-Policy` that tells others at most the origin expected",
    )?;
    Ok(())
}
