//! The functions of namespace `http`.

use std::time::Instant;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use plumego_contract::{TRACEPARENT, X_REQUEST_ID, format_traceparent};
use url::Url;

use super::exchange::{Answer, Outgoing};
use super::failure::Failure;
use super::observe;
use crate::builtin::Call;
use crate::context::Ctx;
use crate::fault::{Fault, Outcome};
use crate::heap::{Map, Obj, Ref, map_of};
use crate::meta::TypeDesc;
use crate::telemetry::{SpanContext, SpanEnd, SpanKind};
use crate::value::Value;

/// Headers that belong to the connection, which is the client's affair.
const MANAGED: [HeaderName; 4] = [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// `http.get(url, headers, timeout_ms)`
pub(crate) fn get(call: &mut Call<'_>) -> Outcome<Value> {
    fetch(call, "get", &Method::GET)
}

/// `http.delete(url, headers, timeout_ms)`
pub(crate) fn delete(call: &mut Call<'_>) -> Outcome<Value> {
    fetch(call, "delete", &Method::DELETE)
}

/// `http.post(url, body, headers, timeout_ms)`
pub(crate) fn post(call: &mut Call<'_>) -> Outcome<Value> {
    send(call, "post", &Method::POST)
}

/// `http.put(url, body, headers, timeout_ms)`
pub(crate) fn put(call: &mut Call<'_>) -> Outcome<Value> {
    send(call, "put", &Method::PUT)
}

/// `http.patch(url, body, headers, timeout_ms)`
pub(crate) fn patch(call: &mut Call<'_>) -> Outcome<Value> {
    send(call, "patch", &Method::PATCH)
}

/// `http.request(method, url, body, headers, timeout_ms)`
pub(crate) fn request(call: &mut Call<'_>) -> Outcome<Value> {
    any(call, "request")
}

/// `http.request_bytes(method, url, body, headers, timeout_ms)`
pub(crate) fn request_bytes(call: &mut Call<'_>) -> Outcome<Value> {
    any(call, "request_bytes")
}

fn fetch(call: &mut Call<'_>, word: &'static str, method: &Method) -> Outcome<Value> {
    let given = Given {
        word,
        method: method.as_str(),
        url: call.text(0)?,
        body: &[],
        headers: call.args[1].as_obj(),
        timeout_ms: call.int(2)?,
    };
    let request = given.request();
    run(call, method.as_str().to_owned(), request)
}

fn send(call: &mut Call<'_>, word: &'static str, method: &Method) -> Outcome<Value> {
    let given = Given {
        word,
        method: method.as_str(),
        url: call.text(0)?,
        body: call.text(1)?.as_bytes(),
        headers: call.args[2].as_obj(),
        timeout_ms: call.int(3)?,
    };
    let request = given.request();
    run(call, method.as_str().to_owned(), request)
}

fn any(call: &mut Call<'_>, word: &'static str) -> Outcome<Value> {
    let method = call.text(0)?.to_ascii_uppercase();
    let body = &call.args[2];
    let given = Given {
        word,
        method: &method,
        url: call.text(1)?,
        body: match body.as_text() {
            Some(text) => text.as_bytes(),
            None => body.as_bytes().unwrap_or_default(),
        },
        headers: call.args[3].as_obj(),
        timeout_ms: call.int(4)?,
    };
    let request = given.request();
    run(call, method, request)
}

/// What a program gave.
struct Given<'c> {
    word: &'static str,
    method: &'c str,
    url: &'c str,
    body: &'c [u8],
    headers: Option<Obj<'c>>,
    timeout_ms: i64,
}

impl Given<'_> {
    /// What is sent, and the URL as it was given where nothing is.
    fn request(&self) -> Result<Outgoing, (String, Failure)> {
        self.checked()
            .map_err(|failure| (self.url.to_owned(), failure))
    }

    fn checked(&self) -> Result<Outgoing, Failure> {
        let word = self.word;
        let invalid = |what: String| Failure::new("invalid_request", format!("http.{word} {what}"));
        let method = Method::from_bytes(self.method.as_bytes());
        let method = method.map_err(|_| invalid("method is not a token".into()))?;
        let timeout_ms = u64::try_from(self.timeout_ms);
        let timeout_ms = timeout_ms.map_err(|_| invalid("timeout_ms must be >= 0".into()))?;
        let mut headers = HeaderMap::new();
        for (given, value) in self.headers.map(Obj::map).into_iter().flat_map(Map::iter) {
            let given = given.as_text().unwrap_or_default();
            let name = HeaderName::from_bytes(given.as_bytes());
            let name = name.map_err(|_| invalid(format!("header name {given:?} is not valid")))?;
            if MANAGED.contains(&name) {
                return Err(invalid(format!("manages header {name} automatically")));
            }
            let value = HeaderValue::from_bytes(value.as_text().unwrap_or_default().as_bytes());
            let value =
                value.map_err(|_| invalid(format!("header {name} has an invalid value")))?;
            headers.append(name, value);
        }
        Ok(Outgoing {
            word,
            method,
            url: self.url.to_owned(),
            uri: uri(word, self.url)?,
            headers,
            body: Bytes::copy_from_slice(self.body),
            timeout_ms,
        })
    }
}

fn uri(word: &str, text: &str) -> Result<Uri, Failure> {
    let invalid = |reason: &str| Failure::new("invalid_url", format!("invalid url: {reason}"));
    let mut url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("http.{word} does not support {}:// URLs", url.scheme());
        return Err(Failure::new("unsupported_scheme", message));
    }
    if !url.has_host() {
        return Err(invalid("no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("user information is not allowed"));
    }
    url.set_fragment(None);
    let uri = url.as_str().parse::<Uri>();
    uri.map_err(|error| invalid(&error.to_string()))
}

/// Sends the request, and makes a value of what came of it.
fn run(
    call: &mut Call<'_>,
    method: String,
    request: Result<Outgoing, (String, Failure)>,
) -> Outcome<Value> {
    let (url, outcome) = match request {
        Ok(mut request) => {
            let outcome = call.ctx.blocking(|ctx| exchange(ctx, &mut request))?;
            (request.url, outcome)
        }
        Err((url, failure)) => (url, Err(failure)),
    };
    let result = call.result;
    Ok(match outcome {
        Ok(answer) => Value::ok(result, success(result.elem(), &method, &url, &answer)),
        Err(failure) => Value::err(result, error(result.key(), &method, &url, &failure)),
    })
}

fn exchange(ctx: &mut Ctx, request: &mut Outgoing) -> Outcome<Result<Answer, Failure>> {
    // No path, which may hold what is nobody's affair.
    let host = request.uri.host().unwrap_or_default();
    let name = format!("{} {host}", request.method);
    ctx.traced(
        SpanKind::HttpClient,
        |ctx| exchange_in_span(ctx, request),
        |outcome| {
            let end = match outcome {
                Ok(Ok(answer)) => SpanEnd {
                    status: Some(answer.status.as_u16()),
                    error: None,
                },
                Ok(Err(failure)) => SpanEnd {
                    status: None,
                    error: Some(failure.code),
                },
                Err(_) => SpanEnd::of(outcome),
            };
            (name, end)
        },
    )
}

fn exchange_in_span(ctx: &mut Ctx, request: &mut Outgoing) -> Outcome<Result<Answer, Failure>> {
    let runtime = ctx.runtime().clone();
    if runtime.client_settings().propagate {
        propagate(ctx, &mut request.headers);
    }
    let client = runtime.client()?;
    let began = Instant::now();
    let interrupt = ctx.interrupt().clone();
    let outcome = client.wait(async {
        tokio::select! {
            outcome = client.exchange(request) => Some(outcome),
            () = interrupt.raised() => None,
        }
    });
    let Some(outcome) = outcome else {
        ctx.check()?;
        return Err(Fault::timeout());
    };
    observe::told(ctx, request, &outcome, began.elapsed());
    Ok(outcome)
}

/// Passes on of which request this one is a part.
fn propagate(ctx: &Ctx, headers: &mut HeaderMap) {
    let Some(ids) = ctx.ids() else { return };
    if let Ok(id) = HeaderValue::from_str(ids.request())
        && !id.is_empty()
    {
        headers.entry(X_REQUEST_ID).or_insert(id);
    }
    let trace = match ctx.runtime().telemetry().tracing() {
        Some(_) => ctx.span().map(SpanContext::to_trace),
        None => ids.trace(),
    };
    let trace = trace.and_then(|trace| format_traceparent(&trace));
    if let Some(value) = trace.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.entry(TRACEPARENT).or_insert(value);
    }
}

fn success(desc: &'static TypeDesc, method: &str, url: &str, answer: &Answer) -> Value {
    Value::Ref(Ref::new_record(
        desc,
        [
            Value::text(method),
            Value::text(url),
            Value::Int(i64::from(answer.status.as_u16())),
            headers_of(desc, 3, Some(&answer.headers)),
            Value::text(&String::from_utf8_lossy(&answer.body)),
            Value::bytes(&answer.body),
        ],
    ))
}

fn error(desc: &'static TypeDesc, method: &str, url: &str, failure: &Failure) -> Value {
    let answer = failure.answer.as_deref();
    let status = answer.map(|answer| i64::from(answer.status.as_u16()));
    let body = answer.map(|answer| String::from_utf8_lossy(&answer.body));
    Value::Ref(Ref::new_record(
        desc,
        [
            Value::text(failure.code),
            Value::text(&failure.message),
            Value::text(method),
            Value::text(url),
            status.map_or(Value::Null, Value::Int),
            headers_of(desc, 5, answer.map(|answer| &answer.headers)),
            Value::option(body.as_deref()),
        ],
    ))
}

/// Headers as the map that a field is: several values of a name as one.
fn headers_of(desc: &'static TypeDesc, field: usize, headers: Option<&HeaderMap>) -> Value {
    let mut joined: Vec<(&str, String)> = Vec::new();
    for name in headers.into_iter().flat_map(HeaderMap::keys) {
        let values = headers
            .into_iter()
            .flat_map(|headers| headers.get_all(name));
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        // A cookie may hold what separates others.
        let between = if name == http::header::SET_COOKIE {
            "\n"
        } else {
            ", "
        };
        joined.push((name.as_str(), values.join(between)));
    }
    let joined = joined
        .iter()
        .map(|(name, value)| (Value::text(name), Value::text(value)));
    Value::Ref(map_of(desc.fields[field].desc(), joined))
}
