//! What a client is answered: the value that a route returned, or its failure.

use std::fmt;

use http::header::{
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
    WWW_AUTHENTICATE,
};
use http::{HeaderName, StatusCode};
use plumego_contract::{Body, Error, RequestScope, Response, write_error};

use super::exchange::Said;
use super::input::is_json;
use super::response::occurs_once;
use crate::error::{of_fault, of_value};
use crate::fault::{Fault, FaultCode};
use crate::heap::OK;
use crate::html;
use crate::json;
use crate::meta::{Kind, ProgramMeta, TypeDesc};
use crate::value::{Peek, Value};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");

/// The answer of a route that returned a value.
pub(super) fn returned(
    scope: &RequestScope,
    value: &Value,
    said: Said,
    csp: Option<&HeaderValue>,
) -> Response {
    let mut value = value.peek();
    if let Some(result) = value.as_kind(Kind::Result) {
        if result.tag() != OK {
            return failed(scope, &of_value(result.field(0)), said.headers);
        }
        value = result.field(0);
    }
    success(value, said, csp)
}

fn success(value: Peek<'_>, said: Said, csp: Option<&HeaderValue>) -> Response {
    let Said { status, headers } = said;
    let status = status.unwrap_or(StatusCode::OK);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        headers.remove(CONTENT_TYPE);
        return response;
    }
    let plain = headers.get(CONTENT_TYPE).is_some_and(|kind| !is_json(kind));
    let mut body = Vec::new();
    let kind = match value.as_obj() {
        Some(node) if node.desc().kind == Kind::Html => {
            if html::is_document(node) {
                body.extend_from_slice(b"<!doctype html>");
            }
            html::render(node, &mut body);
            if let Some(csp) = csp {
                let policy = headers.entry(CONTENT_SECURITY_POLICY);
                policy.or_insert_with(|| csp.clone());
            }
            HTML
        }
        Some(bytes) if plain && bytes.desc().kind == Kind::Bytes => {
            body.extend_from_slice(bytes.bytes());
            JSON
        }
        Some(text) if plain && text.desc().kind == Kind::String => {
            body.extend_from_slice(text.text().as_bytes());
            JSON
        }
        _ => {
            json::encode(value, &mut body);
            JSON
        }
    };
    headers.entry(CONTENT_TYPE).or_insert(kind);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::from_bytes(body);
    response
}

/// The answer of a route that faulted. What happened is for the log alone.
pub(super) fn faulted(
    scope: &RequestScope,
    meta: &ProgramMeta,
    fault: &Fault,
    headers: HeaderMap,
) -> Response {
    let error = match fault.code() {
        FaultCode::Timeout => of_fault(fault),
        _ => Error::internal(Cause::new(meta, fault)).message("internal error"),
    };
    failed(scope, &error, headers)
}

/// Whether a route answers with markup.
pub(super) fn is_page(result: &TypeDesc) -> bool {
    match result.kind {
        Kind::Result => result.elem().kind == Kind::Html,
        kind => kind == Kind::Html,
    }
}

/// Whether an answer is a page.
pub(super) fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Whether an answer is a redirect that does not say where to.
pub(super) fn leads_nowhere(response: &Response) -> bool {
    let status = response.status();
    let redirects = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
    redirects && !response.headers().contains_key(LOCATION)
}

/// As [`faulted`], with a page that shows what happened: for the author, while
/// the program is developed.
pub(super) fn faulted_page(
    scope: &RequestScope,
    meta: &ProgramMeta,
    fault: &Fault,
    headers: HeaderMap,
) -> Response {
    let mut response = faulted(scope, meta, fault, headers);
    let mut lines = Cause::new(meta, fault).0;
    if let Some(span) = fault.span() {
        lines = format!("{}\n{lines}", meta.place(span));
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>{status}</title></head><body><h1>{status}</h1><pre>{text}</pre></body></html>",
        status = response.status(),
        text = html::escaped(&lines),
    );
    let response_headers = response.headers_mut();
    response_headers.insert(CONTENT_TYPE, HTML);
    response_headers.insert(CONTENT_LENGTH, HeaderValue::from(page.len()));
    *response.body_mut() = Body::from_bytes(page);
    response
}

/// The answer of an error, with the headers that were set before it.
pub(super) fn failed(scope: &RequestScope, error: &Error, said: HeaderMap) -> Response {
    let mut response = write_error(scope, error);
    let headers = response.headers_mut();
    let mut name: Option<HeaderName> = None;
    for (next, value) in said {
        // Further values of a name come without it.
        name = next.or(name);
        match &name {
            // The error says of what type it is.
            Some(name) if *name == CONTENT_TYPE => {}
            Some(name) if occurs_once(name) => {
                headers.insert(name, value);
            }
            Some(name) => {
                headers.append(name, value);
            }
            None => {}
        }
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        let challenge = response.headers_mut().entry(WWW_AUTHENTICATE);
        challenge.or_insert(BEARER);
    }
    response
}

/// What the log says of a fault: its code, its message, and the calls that led to
/// it.
#[derive(Debug)]
struct Cause(String);

impl Cause {
    fn new(meta: &ProgramMeta, fault: &Fault) -> Self {
        let mut text = format!("{}: {}", fault.code(), fault.message());
        for problem in fault.fields() {
            text.push_str(&format!("; {}: {}", problem.path, problem.message));
        }
        for line in crate::run::trace(meta, fault) {
            text.push('\n');
            text.push_str(&line);
        }
        Self(text)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}
