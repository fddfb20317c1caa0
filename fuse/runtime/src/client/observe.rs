//! What is told of requests to other servers.

use std::time::Duration;

use plumego_log::{Fields, Level, Record};
use url::Url;

use super::exchange::{Answer, Outgoing};
use super::failure::Failure;
use crate::context::Ctx;
use crate::display;
use crate::json::write_string;

/// The name of the record.
const RECORD: &str = "http_client_request";

/// Tells of a request that is over, where that is wanted.
pub(super) fn told(
    ctx: &Ctx,
    request: &Outgoing,
    outcome: &Result<Answer, Failure>,
    took: Duration,
) {
    let runtime = ctx.runtime();
    let seen = Seen::new(outcome);
    let millis = took.as_micros() as f64 / 1000.0;
    if runtime.options().metrics_on_stderr {
        let line = measurement(ctx, request, &seen, millis);
        runtime.stdio().error_line(&line);
    }
    if !runtime.client_settings().log {
        return;
    }
    let id = ctx.ids().map(|ids| ids.request().to_owned());
    let fields = Fields::new()
        .with("duration_ms", millis)
        .with_some("error_code", seen.code)
        .with("method", request.method.as_str().to_owned())
        .with("outcome", seen.outcome)
        .with_some("request_id", id)
        .with("response_bytes", seen.bytes)
        .with("runtime", runtime.backend().as_str())
        .with_some("status", seen.status)
        .with("url", without_secrets(&request.url));
    let sets = [&fields];
    let logger = runtime.logger();
    logger.log(&Record::new(Level::Info, RECORD, logger.now()).with_fields(&sets));
}

/// What is told of an outcome.
struct Seen {
    outcome: &'static str,
    status: Option<u64>,
    bytes: u64,
    code: Option<&'static str>,
}

impl Seen {
    fn new(outcome: &Result<Answer, Failure>) -> Self {
        let (word, answer, code) = match outcome {
            Ok(answer) => ("success", Some(answer), None),
            Err(failure) => ("error", failure.answer.as_deref(), Some(failure.code)),
        };
        Self {
            outcome: word,
            status: answer.map(|answer| u64::from(answer.status.as_u16())),
            bytes: answer.map_or(0, |answer| answer.body.len() as u64),
            code,
        }
    }
}

fn measurement(ctx: &Ctx, request: &Outgoing, seen: &Seen, millis: f64) -> String {
    let mut line = b"metrics: {\"duration_ms\":".to_vec();
    display::float(millis, &mut line);
    let code = seen.code.map(|code| ("error_code", code));
    let texts = [
        ("method", request.method.as_str()),
        ("metric", RECORD),
        ("outcome", seen.outcome),
        ("runtime", ctx.runtime().backend().as_str()),
    ];
    for (name, text) in code.into_iter().chain(texts) {
        line.push(b',');
        write_string(name, &mut line);
        line.push(b':');
        write_string(text, &mut line);
    }
    line.extend_from_slice(format!(",\"response_bytes\":{}", seen.bytes).as_bytes());
    if let Some(status) = seen.status {
        line.extend_from_slice(format!(",\"status\":{status}").as_bytes());
    }
    line.push(b'}');
    String::from_utf8_lossy(&line).into_owned()
}

/// A URL without its query, fragment and user information.
fn without_secrets(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return String::new();
    };
    url.set_query(None);
    url.set_fragment(None);
    // Neither can fail for a URL with a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_logged_without_what_may_be_secret() {
        let url = "https://user:password@host.test:8443/a/b?token=secret#part";
        assert_eq!(without_secrets(url), "https://host.test:8443/a/b");
        assert_eq!(without_secrets("no url"), "");
    }
}
