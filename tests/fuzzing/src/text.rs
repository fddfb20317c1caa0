//! Small grammars.

use http::header::{ACCEPT, COOKIE, HeaderMap, HeaderValue};
use plumego_contract::{
    Body, FieldPath, Request, RequestId, X_REQUEST_ID, cookie, format_traceparent,
    parse_traceparent, prefers_problem_json,
};
use plumego_middleware::requestid::{CompactGenerator, RequestIdConfig, inbound};

pub(crate) fn field_path(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(path) = FieldPath::parse(&text) {
        assert_eq!(path.as_str(), text);
    }
    let quoted = FieldPath::root("body").name(&text).index(data.len());
    assert_eq!(FieldPath::parse(quoted.as_str()).as_ref(), Some(&quoted));
}

pub(crate) fn request_id(data: &[u8]) {
    if let Ok(id) = RequestId::parse(data) {
        assert!((1..=128).contains(&id.as_str().len()));
        assert!(id.as_str().bytes().all(|b| b.is_ascii_graphic()));
        assert_eq!(RequestId::parse(id.as_str()).as_ref(), Ok(&id));
    }
    if let Ok(value) = HeaderValue::from_bytes(data) {
        let headers = HeaderMap::from_iter([(X_REQUEST_ID, value)]);
        let trimmed = RequestId::parse(data.trim_ascii()).ok();
        assert_eq!(inbound(&headers, &RequestIdConfig::default()), trimmed);
    }
}

/// What can be read is written the same.
pub(crate) fn compact_id(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(parts) = CompactGenerator::decode(&text) else {
        return;
    };
    assert!(parts.random < 1 << 14 && parts.sequence < 1 << 10);
    let millis = parts.unix_ms - 1_577_836_800_000;
    let mut number = millis << 24 | u64::from(parts.random) << 10 | u64::from(parts.sequence);
    let mut written = [b'0'; 12];
    for digit in written.iter_mut().rev() {
        *digit = match (number % 62) as u8 {
            value @ 0..10 => b'0' + value,
            value @ 10..36 => b'A' + (value - 10),
            value => b'a' + (value - 36),
        };
        number /= 62;
    }
    assert_eq!(text.as_bytes(), written);
}

pub(crate) fn traceparent(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(context) = parse_traceparent(&text) {
        assert!(context.is_valid());
        let written = format_traceparent(&context).expect("a valid context");
        let again = parse_traceparent(&written).expect("what was written");
        assert_eq!(again, context);
    }
}

pub(crate) fn cookie(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(COOKIE, value);
    for name in ["session", "a", ""] {
        if let Some(value) = cookie::get(&request, name) {
            assert!(value.len() <= 16 * 1024);
        }
    }
}

pub(crate) fn accept(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(ACCEPT, value);
    let _ = prefers_problem_json(request.headers());
}
