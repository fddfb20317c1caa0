//! `testing`: requests to the routes of the program without a socket, and
//! comparison.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{HeaderName, Method, Uri};
use plumego_contract::{Body, Request};
use plumego_core::AppService;

use super::input::is_json;
use super::service::{Assembled, Host};
use super::threads::Threads;
use crate::builtin::Call;
use crate::context::Ctx;
use crate::decode::decode_json_value;
use crate::display;
use crate::fault::{Fault, Outcome};
use crate::heap::{Map, Obj, Ref, map_of};
use crate::json;
use crate::ops;
use crate::value::Value;

/// Bytes of a response that are read.
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long the end of a test waits for handlers that still run.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// Where the requests of one test go.
pub(super) struct TestHost {
    service: AppService,
    /// Taken when the test is over.
    threads: Option<Threads>,
}

impl TestHost {
    fn new(ctx: &Ctx) -> Outcome<Self> {
        let Assembled {
            host,
            services,
            threads,
        } = Host::assemble(ctx.runtime())?;
        let service = host.app(&services, 0)?.into_service();
        Ok(Self {
            service,
            threads: Some(threads),
        })
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.end_within(LAST_WAIT);
        }
    }
}

/// `testing.request(method, path, body, headers)`
pub(crate) fn request(call: &mut Call<'_>) -> Outcome<Value> {
    let request = assemble(call)?;
    if call.ctx.http.host.is_none() {
        call.ctx.http.host = Some(Box::new(TestHost::new(call.ctx)?));
    }
    let desc = call.result;
    let (status, headers, body) = call.ctx.blocking(|ctx| exchange(ctx, request))?;
    let map = desc.fields[desc.field_index("headers").unwrap_or(1)].desc();
    let headers = headers
        .iter()
        .map(|(name, value)| (Value::text(name), Value::text(value)));
    Ok(Value::Ref(Ref::new_record(
        desc,
        [
            Value::Int(i64::from(status)),
            Value::Ref(map_of(map, headers)),
            Value::text(&body),
        ],
    )))
}

type Answer = (u16, Vec<(String, String)>, String);

fn exchange(ctx: &mut Ctx, request: Request) -> Outcome<Answer> {
    let host = ctx.http.host.as_deref();
    let host = host.and_then(|host| Some((&host.service, host.threads.as_ref()?)));
    let (service, threads) = host.ok_or_else(|| Fault::internal("there is no test host"))?;
    threads.handle().block_on(async {
        let response = service.handle(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect_limited(BODY_BYTES_MAX).await;
        let body = body.map_err(|error| Fault::error(error.to_string()))?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in &parts.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            match headers.iter_mut().find(|(known, _)| known == name.as_str()) {
                Some((_, values)) => {
                    values.push_str(", ");
                    values.push_str(&value);
                }
                None => headers.push((name.as_str().to_owned(), value.into_owned())),
            }
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        Ok((parts.status.as_u16(), headers, text))
    })
}

fn assemble(call: &Call<'_>) -> Outcome<Request> {
    let invalid = |what: &str| Fault::invalid_arguments(format!("invalid {what}"));
    let method = call.text(0)?.to_ascii_uppercase();
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| invalid("request method"))?;
    let path = call.text(1)?;
    let uri: Uri = path.parse().map_err(|_| invalid("request path"))?;
    if !path.starts_with('/') {
        return Err(invalid("request path"));
    }
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let given = call.args[3].as_obj().map(Obj::map);
    for (name, value) in given.into_iter().flat_map(Map::iter) {
        let name = name.as_text().unwrap_or_default();
        let value = value.as_text().unwrap_or_default();
        let name = HeaderName::from_bytes(name.as_bytes());
        let name = name.map_err(|_| invalid("request header"))?;
        let value = HeaderValue::from_bytes(value.as_bytes());
        let value = value.map_err(|_| invalid("request header"))?;
        request.headers_mut().append(name, value);
    }
    let body = &call.args[2];
    if body.is_null() {
        return Ok(request);
    }
    // Text that is said to be something else than JSON is sent as it is.
    let kind = request.headers().get(CONTENT_TYPE);
    let bytes = match (kind, body.as_text()) {
        (Some(kind), Some(text)) if !is_json(kind) => text.as_bytes().to_vec(),
        _ => {
            let mut encoded = Vec::new();
            json::encode(body.peek(), &mut encoded);
            encoded
        }
    };
    let headers = request.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.entry(CONTENT_TYPE).or_insert(json);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    *request.body_mut() = Body::from_bytes(bytes);
    Ok(request)
}

/// `r.json()`
pub(crate) fn response_json(call: &mut Call<'_>) -> Outcome<Value> {
    let response = call.args[0].as_obj();
    let body = response.and_then(|response| {
        let index = response.desc().field_index("body")?;
        response.field(index).as_text()
    });
    let body = body.ok_or_else(|| call.mismatch(0))?;
    Ok(decode_json_value(body)?)
}

/// `testing.equal(actual, expected)`
pub(crate) fn equal(call: &mut Call<'_>) -> Outcome<Value> {
    let (actual, expected) = (call.args[0].peek(), call.args[1].peek());
    if ops::equal(actual, expected) {
        return Ok(Value::Unit);
    }
    let (actual, expected) = (display::to_string(actual), display::to_string(expected));
    Err(Fault::assertion(&format!("{actual} is not {expected}")))
}
