//! Requests that no good client sends.

use super::{Case, Check};
use crate::client::Service;

pub(super) const CASES: &[Case] = &[
    Case::of_every(
        "a path with dot segments or broken escapes is refused",
        bad_path,
    ),
    Case::of_every("a request that is not HTTP is refused", not_http),
    Case::of_every("a request without Host, or with two, is refused", hosts),
    Case::of_every("a body of two lengths is refused", two_lengths),
    Case::of_every("a head that is too large is refused", large_head),
];

fn bad_path(service: &Service) -> Check {
    for path in [
        "/api/../api/hello",
        "/api/./hello",
        "/api/%2e%2e/hello",
        "/api/%zz",
        "/%ff",
    ] {
        let line = format!("GET {path} HTTP/1.1");
        let answer = service.send_lines(&[&line, "Host: HOST", "Connection: close"])?;
        answer.error(400, "invalid_request_target")?;
    }
    alive(service)
}

fn not_http(service: &Service) -> Check {
    for line in ["nonsense", "GET /\0 HTTP/1.1", "GET / HTTP/9.9"] {
        refused(service, &[line, "Host: HOST"], 400..=505)?;
    }
    alive(service)
}

fn hosts(service: &Service) -> Check {
    refused(service, &["GET / HTTP/1.1", "Connection: close"], 400..=400)?;
    refused(
        service,
        &["GET / HTTP/1.1", "Host: HOST", "Host: other"],
        400..=400,
    )?;
    alive(service)
}

fn two_lengths(service: &Service) -> Check {
    let post = "POST /api/v1/items HTTP/1.1";
    for lengths in [
        ["Content-Length: 2", "Content-Length: 3"],
        ["Content-Length: 2", "Transfer-Encoding: chunked"],
        ["Content-Length: two", "Connection: close"],
    ] {
        refused(
            service,
            &[post, "Host: HOST", lengths[0], lengths[1]],
            400..=400,
        )?;
    }
    alive(service)
}

fn large_head(service: &Service) -> Check {
    let line = format!("GET /{} HTTP/1.1", "x".repeat(10_000));
    refused(
        service,
        &[&line, "Host: HOST", "Connection: close"],
        414..=414,
    )?;
    let header = format!("X-Large: {}", "x".repeat(100_000));
    refused(
        service,
        &["GET / HTTP/1.1", "Host: HOST", &header],
        431..=431,
    )?;
    alive(service)
}

/// Whether with an envelope or without one is not said: some answers are made
/// before there is a request.
fn refused(service: &Service, lines: &[&str], statuses: std::ops::RangeInclusive<u16>) -> Check {
    let answer = service.send_lines(lines)?;
    let what = format_args!("a status in {statuses:?} expected");
    answer.require(statuses.contains(&answer.status_code()), what)?;
    Ok(())
}

/// One bad client does not concern the next.
fn alive(service: &Service) -> Check {
    service.get("/healthz")?.status(200)?;
    Ok(())
}
