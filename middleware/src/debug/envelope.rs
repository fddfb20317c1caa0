use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::response::Parts;
use http::uri::Uri;
use http::{Method, StatusCode};
use plumego_contract::{Error, RequestScope, Response, write_error};

use super::config::DebugConfig;
use crate::headers::overlay_headers;

/// Longest preview of a body, in bytes.
const PREVIEW_BYTES_MAX: usize = 1024;

/// The request that an envelope speaks of.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) scope: RequestScope,
}

/// Writes the envelope in place of the body of a response.
pub(super) fn rewrite(asked: &Asked, config: &DebugConfig, bare: Parts, body: &[u8]) -> Response {
    let (status, mut headers) = (bare.status, bare.headers);
    let coded = headers.contains_key(CONTENT_ENCODING);
    let preview = config.include_body && !body.is_empty() && !coded;
    let error = describe(asked, config, status, preview.then_some(body));
    let envelope = write_error(&asked.scope, &error);
    let (mut parts, body) = envelope.into_parts();
    for name in [
        CONTENT_LENGTH,
        CONTENT_TYPE,
        CONTENT_ENCODING,
        TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
    overlay_headers(&mut parts.headers, &headers);
    // Statuses above 599 have no error of their own, and stay all the same.
    parts.status = status;
    parts.extensions = bare.extensions;
    Response::from_parts(parts, body)
}

fn describe(asked: &Asked, config: &DebugConfig, status: StatusCode, body: Option<&[u8]>) -> Error {
    let mut error = Error::from_status(status.as_u16());
    if let Some(reason) = status.canonical_reason() {
        error = error.message(reason.to_ascii_lowercase());
    }
    if config.include_request {
        error = error
            .detail("method", asked.method.as_str())
            .detail("path", asked.uri.path());
    }
    if config.include_query
        && let Some(query) = asked.uri.query().filter(|query| !query.is_empty())
    {
        error = error.detail("query", query);
    }
    if status == StatusCode::NOT_FOUND
        && let Some(hint) = &config.not_found_hint
    {
        error = error.detail("hint", hint.as_str());
    }
    match body {
        Some(body) => error.detail("response_preview", preview(body)),
        None => error,
    }
}

fn preview(body: &[u8]) -> String {
    let start = &body[..body.len().min(PREVIEW_BYTES_MAX)];
    let mut text = String::from_utf8_lossy(start).into_owned();
    if start.len() < body.len() {
        // A character cut in two is no part of the preview.
        if std::str::from_utf8(start).is_err_and(|error| error.error_len().is_none()) {
            text.pop();
        }
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_are_cut_at_a_character() {
        assert_eq!(preview(b"short"), "short");
        assert_eq!(preview(&[b'x'; 1024]), "x".repeat(1024));
        assert_eq!(preview(&[b'x'; 1025]), format!("{}...", "x".repeat(1024)));
        let odd = format!("x{}", "é".repeat(600));
        assert_eq!(preview(odd.as_bytes()), format!("x{}...", "é".repeat(511)));
        assert_eq!(preview(b"a\xffb"), "a\u{fffd}b");
    }
}
