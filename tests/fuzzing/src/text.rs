//! Small grammars.

use http::header::{ACCEPT, COOKIE, HeaderValue};
use plumego_contract::{
    Body, FieldPath, Request, RequestId, cookie, format_traceparent, parse_traceparent,
    prefers_problem_json,
};

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
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(COOKIE, value);
    for name in ["session", "a", ""] {
        if let Some(value) = cookie::get(&request, name) {
            assert!(value.len() <= 16 * 1024);
        }
    }
}

pub(crate) fn accept(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(ACCEPT, value);
    let _ = prefers_problem_json(request.headers());
}
