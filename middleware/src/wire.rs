//! What the head of a message says about how the message is carried.

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, UPGRADE};
use http::{HeaderMap, Method, Request, StatusCode};

/// True when the request asks to leave HTTP: an `Upgrade`, or `CONNECT`, which
/// on HTTP/2 is how WebSockets start (RFC 8441).
pub(crate) fn asks_for_upgrade<B>(request: &Request<B>) -> bool {
    request.method() == Method::CONNECT || request.headers().contains_key(UPGRADE)
}

/// True when the connection leaves HTTP with this answer.
pub(crate) fn is_upgrade(method: &Method, status: StatusCode) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS || (method == Method::CONNECT && status.is_success())
}

/// The media type without parameters, as written; empty when there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map_or("", str::trim)
}

/// True when the client asks for server-sent events.
pub(crate) fn accepts_event_stream(headers: &HeaderMap) -> bool {
    list_names(headers, &ACCEPT, "text/event-stream")
}

/// True when `Cache-Control` has the directive, with or without an argument.
pub(crate) fn has_cache_directive(headers: &HeaderMap, directive: &str) -> bool {
    list_names(headers, &CACHE_CONTROL, directive)
}

/// The length a sender declared.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// True when an element of a list field is `name`, up to its parameters or
/// argument.
fn list_names(headers: &HeaderMap, field: &HeaderName, name: &str) -> bool {
    headers.get_all(field).iter().any(|value| {
        value.as_bytes().split(|byte| *byte == b',').any(|element| {
            let end = element.iter().position(|byte| matches!(byte, b';' | b'='));
            let named = &element[..end.unwrap_or(element.len())];
            named.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
        })
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn directives_are_found_among_others() {
        let headers = with(CACHE_CONTROL, "max-age=3, Private=\"x-a\" ,no-store");
        assert!(has_cache_directive(&headers, "private"));
        assert!(has_cache_directive(&headers, "no-store"));
        assert!(has_cache_directive(&headers, "max-age"));
        assert!(!has_cache_directive(&headers, "no-transform"));
        assert!(!has_cache_directive(&headers, "store"));
    }

    #[test]
    fn event_streams_are_asked_for_by_name() {
        for (accept, asked) in [
            ("text/event-stream", true),
            ("text/html, Text/Event-Stream;q=0.5", true),
            ("text/event-streams", false),
            ("*/*", false),
        ] {
            assert_eq!(accepts_event_stream(&with(ACCEPT, accept)), asked);
        }
    }

    #[test]
    fn media_types_lose_their_parameters() {
        let headers = with(CONTENT_TYPE, " text/plain ; charset=utf-8");
        assert_eq!(media_type(&headers), "text/plain");
        assert_eq!(media_type(&HeaderMap::new()), "");
    }
}
