//! Request binding: any input is a value or an error that can be answered.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use plumego_contract::bind::{self, MultipartOptions};
use plumego_contract::{
    Body, EnvelopeView, Error, ErrorCategory, ErrorEnvelope, Request, RequestExt, RequestScope,
    RouteMatch, SuccessEnvelope, encode_error,
};
use serde::Deserialize;
use serde_json::Value;

use crate::now;

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoding is what is tested")]
struct Input {
    id: u32,
    name: String,
    tags: Option<Vec<String>>,
    ratio: Option<f64>,
    nested: Option<Box<Self>>,
    kind: Option<Kind>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Small,
    Large,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoding is what is tested")]
struct Pairs {
    limit: u8,
    name: Option<String>,
    #[serde(default)]
    tag: Vec<String>,
    on: Option<bool>,
    kind: Option<Kind>,
}

/// What every refusal must be.
fn check(error: &Error) {
    let status = error.status().as_u16();
    assert!((400..500).contains(&status), "{error:?}");
    let document = encode_error(error, EnvelopeView::Full, None);
    let envelope = ErrorEnvelope::decode(&document).expect("an envelope");
    assert_eq!(envelope.error.code, error.code_str());
    if error.category() == ErrorCategory::Validation {
        assert!(!envelope.error.fields.expect("always present").is_empty());
    }
}

fn request(content_type: &'static str, data: &[u8]) -> Request {
    let mut request = Request::new(Body::from_bytes(Bytes::copy_from_slice(data)));
    let value = HeaderValue::from_static(content_type);
    request.headers_mut().insert(CONTENT_TYPE, value);
    request
}

pub(crate) fn json(data: &[u8]) {
    let mut request = request("application/json", data);
    let strict: Result<Input, _> = now(request.json());
    match strict {
        Ok(_) => {
            let whole: serde_json::Value = serde_json::from_slice(strip_bom(data)).expect("JSON");
            assert!(whole.is_object());
        }
        Err(error) => check(&error),
    }
}

/// A content type by itself on the first line, then a body.
pub(crate) fn content_type(data: &[u8]) {
    let (declared, body) = split_line(data);
    let Ok(declared) = HeaderValue::from_bytes(declared) else {
        return;
    };
    let with_body = || {
        let mut request = request("", body);
        request.headers_mut().insert(CONTENT_TYPE, declared.clone());
        request
    };
    let bound: Result<Value, _> = now(with_body().json());
    let reference: Option<Value> = serde_json::from_slice(strip_bom(body)).ok();
    match bound {
        Ok(value) => assert_eq!(Some(value), reference),
        Err(error) => check(&error),
    }
    let bound: Result<Pairs, _> = now(with_body().form());
    if let Err(error) = bound {
        check(&error);
    }
    if let Err(error) = now(read_parts(&mut with_body())) {
        check(&error);
    }
}

fn split_line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoding is what is tested")]
struct Place {
    id: i16,
    kind: Option<Kind>,
    ratio: f32,
    on: bool,
}

/// One text as every parameter of a path and as a header.
pub(crate) fn path(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let values = ["id", "kind", "ratio", "on"].map(|name| (name, &*text));
    let route = RouteMatch::for_test("/{id}/{kind}/{ratio}/{on}", None, &values);
    let mut request = Request::new(Body::empty());
    if let Ok(value) = HeaderValue::from_bytes(data) {
        request.headers_mut().insert("x-count", value);
    }
    let set = RequestScope::ensure(&mut request).set_route(route);
    assert!(set.is_ok(), "the scope is new");
    if let Err(error) = request.path::<Place>() {
        check(&error);
    }
    match request.param::<u64>("id") {
        Ok(id) => assert_eq!(text.parse(), Ok(id)),
        Err(error) => check(&error),
    }
    let count = HeaderName::from_static("x-count");
    if let Err(error) = bind::header::<u64>(&request, &count) {
        check(&error);
    }
}

/// What a client reads of an answer is what it would write.
pub(crate) fn envelope(data: &[u8]) {
    if let Ok(envelope) = ErrorEnvelope::decode(data) {
        let written = serde_json::to_vec(&envelope).expect("JSON");
        let again = ErrorEnvelope::decode(&written).expect("what was written");
        assert_eq!(again.error.code, envelope.error.code);
        assert_eq!(again.error.message, envelope.error.message);
        assert_eq!(again.request_id, envelope.request_id);
    }
    if let Ok(envelope) = SuccessEnvelope::<Value>::decode(data) {
        let written = serde_json::to_vec(&envelope).expect("JSON");
        let again = SuccessEnvelope::<Value>::decode(&written).expect("what was written");
        assert_eq!(again.data.is_some(), envelope.data.is_some());
    }
}

fn strip_bom(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data)
}

pub(crate) fn query(data: &[u8]) {
    let mut request = Request::new(Body::empty());
    let text = String::from_utf8_lossy(data).replace(['\0', ' ', '#'], "+");
    let Ok(target) = format!("/?{text}").parse() else {
        return;
    };
    *request.uri_mut() = target;
    if let Err(error) = request.query::<Pairs>() {
        check(&error);
    }
}

pub(crate) fn form(data: &[u8]) {
    let mut request = request("application/x-www-form-urlencoded", data);
    let bound: Result<Pairs, _> = now(request.form());
    if let Err(error) = bound {
        check(&error);
    }
}

/// The first byte says how the rest is cut into chunks.
pub(crate) fn multipart(data: &[u8]) {
    let Some((size, data)) = data.split_first() else {
        return;
    };
    let chunks: Vec<_> = data
        .chunks(usize::from(*size).max(1))
        .map(Bytes::copy_from_slice)
        .collect();
    let (mut sender, body) = Body::channel(chunks.len().max(1));
    for chunk in chunks {
        sender.try_send(chunk).expect("room for every chunk");
    }
    drop(sender);
    let mut request = request("multipart/form-data; boundary=b", &[]);
    *request.body_mut() = body;
    if let Err(error) = now(read_parts(&mut request)) {
        check(&error);
    }
}

async fn read_parts(request: &mut Request) -> Result<(), Error> {
    let mut parts = request.multipart(&MultipartOptions::default())?;
    while let Some(mut part) = parts.next_part().await? {
        if let Some(name) = part.safe_file_name() {
            assert!(!name.is_empty() && name.len() <= 255);
            assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'));
        }
        while part.chunk().await?.is_some() {}
    }
    Ok(())
}
