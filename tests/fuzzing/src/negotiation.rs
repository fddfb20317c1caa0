//! Request headers that choose between answers.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_ENCODING, HeaderMap,
    HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
    ORIGIN, VARY,
};
use http::{Method, StatusCode};
use plumego_contract::conditional::{ETag, Outcome, evaluate};
use plumego_contract::{Body, BoxHttpService, Request, Text, sync_fn};
use plumego_middleware::compression::{Algorithm, CompressionConfig, CompressionLayer};
use plumego_middleware::cors::{CorsConfig, CorsLayer};
use tower_layer::Layer;

use crate::now;

fn answer() -> BoxHttpService {
    BoxHttpService::from_handler(sync_fn(|_| Text::new("text")))
}

fn varies_by(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers
        .get_all(VARY)
        .iter()
        .any(|value| value.to_str().is_ok_and(|v| v.contains(name.as_str())))
}

/// Only a coding that was named is used, and one named without a quality is.
pub(crate) fn accept_encoding(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let config = CompressionConfig::default()
        .with_min_size(1)
        .with_level(Algorithm::Brotli, 0);
    let service = CompressionLayer::new(config).layer(answer());
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(ACCEPT_ENCODING, value);
    let response = now(service.handle(request));

    let lower = String::from_utf8_lossy(data).to_ascii_lowercase();
    let named: BTreeSet<_> = lower
        .split(',')
        .filter_map(|element| element.split(';').next())
        .map(|name| name.trim_matches(|c: char| c.is_ascii_whitespace()))
        .map(|name| if name == "x-gzip" { "gzip" } else { name })
        .collect();
    match response.headers().get(CONTENT_ENCODING) {
        Some(coding) => {
            let coding = coding.to_str().expect("visible ASCII");
            assert!(named.contains(coding) || named.contains("*"), "{coding}");
        }
        None => {
            let known = ["br", "zstd", "gzip", "*"];
            let plain = !lower.contains(';');
            assert!(!(plain && known.iter().any(|coding| named.contains(coding))));
        }
    }
    assert!(varies_by(response.headers(), &ACCEPT_ENCODING));
}

/// An entry of the list, an origin, a method and header names, by line: what
/// is allowed is covered by what was configured.
pub(crate) fn cors(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n').chain(std::iter::repeat(""));
    let mut line = || lines.next().unwrap_or_default();
    let (entry, origin, method, names) = (line(), line(), line(), line());
    let Ok(config) = CorsConfig::strict([entry]) else {
        return;
    };
    let layer = CorsLayer::new(config.with_credentials(true)).expect("the lists are not changed");
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::OPTIONS;
    for (name, text) in [
        (ORIGIN, origin),
        (ACCESS_CONTROL_REQUEST_METHOD, method),
        (ACCESS_CONTROL_REQUEST_HEADERS, names),
    ] {
        let Ok(value) = HeaderValue::from_str(text) else {
            return;
        };
        request.headers_mut().insert(name, value);
    }
    let response = now(layer.layer(answer()).handle(request));
    let headers = response.headers();
    assert!(varies_by(headers, &ORIGIN), "caches must know");
    let Some(allowed) = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN) else {
        assert_eq!(response.status(), StatusCode::OK);
        return;
    };
    assert_eq!(allowed, origin);
    assert!(covers(entry.trim(), origin), "{entry} allows {origin}");
    let methods = ["get", "post", "put", "patch", "delete", "options"];
    assert!(methods.contains(&method.trim().to_ascii_lowercase().as_str()));
    let echoed = headers.get(ACCESS_CONTROL_ALLOW_HEADERS).expect("names");
    let listed = [
        "accept",
        "accept-language",
        "content-language",
        "content-type",
        "authorization",
    ];
    for name in echoed.to_str().expect("visible ASCII").split(", ") {
        assert!(listed.contains(&name.to_ascii_lowercase().as_str()));
    }
}

/// A second reading of origins, by rewriting both to one form.
fn covers(entry: &str, origin: &str) -> bool {
    let Some((scheme, authority)) = entry.split_once("://") else {
        return entry == origin;
    };
    let scheme = scheme.to_ascii_lowercase();
    let authority = authority.to_ascii_lowercase();
    let authority = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
            let port: u16 = port.parse().expect("checked by the configuration");
            match (scheme.as_str(), port) {
                ("http" | "ws", 80) | ("https" | "wss", 443) => host.to_owned(),
                _ => format!("{host}:{port}"),
            }
        }
        _ => authority,
    };
    let Some(rest) = origin.strip_prefix(&format!("{scheme}://")) else {
        return false;
    };
    if let Some(parent) = authority.strip_prefix("*.") {
        return rest.split_once('.').is_some_and(|(label, below)| {
            let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
            below == parent && !label.is_empty() && label.bytes().all(legal)
        });
    }
    // IPv6 has more than one spelling.
    rest == authority || (rest.starts_with('[') && authority.starts_with('['))
}

/// `If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Unmodified-Since`, by
/// line; an empty line is no header.
pub(crate) fn conditional(data: &[u8]) {
    let current = ETag::strong("v1").expect("a legal tag");
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut request = Request::new(Body::empty());
    let names = [
        IF_MATCH,
        IF_NONE_MATCH,
        IF_MODIFIED_SINCE,
        IF_UNMODIFIED_SINCE,
    ];
    for (name, line) in names.into_iter().zip(data.split(|b| *b == b'\n')) {
        let Ok(value) = HeaderValue::from_bytes(line) else {
            return;
        };
        if !line.is_empty() {
            request.headers_mut().insert(name, value);
        }
        if let Ok(text) = std::str::from_utf8(line) {
            tag(text);
        }
    }
    let has = |name: &HeaderName| request.headers().contains_key(name);
    let (may_fail, may_match) = (
        has(&IF_MATCH) || has(&IF_UNMODIFIED_SINCE),
        has(&IF_NONE_MATCH) || has(&IF_MODIFIED_SINCE),
    );
    match evaluate(&request, Some(&current), Some(modified)) {
        Outcome::Proceed => {}
        Outcome::NotModified => assert!(may_match),
        Outcome::PreconditionFailed => assert!(may_fail),
    }
    let nothing = evaluate(&request, None, None);
    if has(&IF_MATCH) {
        assert_eq!(
            nothing,
            Outcome::PreconditionFailed,
            "there is nothing to match"
        );
    }
    *request.method_mut() = Method::PUT;
    let written = evaluate(&request, Some(&current), Some(modified));
    assert_ne!(written, Outcome::NotModified, "only reading can be spared");
}

/// A tag that can be read is written the same and matches itself.
fn tag(text: &str) {
    let Ok(tag) = ETag::parse(text) else { return };
    assert_eq!(ETag::parse(&tag.to_string()).as_ref(), Ok(&tag));
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(IF_NONE_MATCH, tag.to_header());
    assert_eq!(evaluate(&request, Some(&tag), None), Outcome::NotModified);
    request.headers_mut().clear();
    request.headers_mut().insert(IF_MATCH, tag.to_header());
    let expected = if tag.is_weak() {
        Outcome::PreconditionFailed
    } else {
        Outcome::Proceed
    };
    assert_eq!(evaluate(&request, Some(&tag), None), expected);
}
