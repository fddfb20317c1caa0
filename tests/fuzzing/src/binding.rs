//! Request binding: any input is a value or an error that can be answered.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use plumego_contract::{
    Body, EnvelopeView, Error, ErrorCategory, ErrorEnvelope, Request, RequestExt, encode_error,
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoding is what is tested")]
struct Input {
    id: u32,
    name: String,
    tags: Option<Vec<String>>,
    ratio: Option<f64>,
    nested: Option<Box<Input>>,
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

/// Bodies in memory never have to be waited for.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
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

fn strip_bom(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data)
}

pub(crate) fn query(data: &[u8]) {
    let mut request = Request::new(Body::empty());
    let text = String::from_utf8_lossy(data).replace(['\0', ' ', '#'], "+");
    let Ok(target) = format!("/?{text}").parse() else { return };
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
    let Some((size, data)) = data.split_first() else { return };
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
    let mut parts = request.multipart(&plumego_contract::MultipartOptions::default()).await?;
    while let Some(mut part) = parts.next_part().await? {
        if let Some(name) = part.safe_file_name() {
            assert!(!name.is_empty() && name.len() <= 255);
            assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'));
        }
        while part.chunk().await?.is_some() {}
    }
    Ok(())
}
