//! `response`: what the handler says about the response.

use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use plumego_contract::cookie::{InvalidCookie, SameSite};
use plumego_contract::{Scheme, SetCookie};

use super::exchange::Exchange;
use crate::builtin::Call;
use crate::fault::{Fault, Outcome};
use crate::value::Value;

/// Headers that frame the message, which is the server's affair.
const OWNED: [&str; 6] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "date",
];

/// Headers that occur once: the last value counts.
const SINGLE: [HeaderName; 6] = [
    CONTENT_TYPE,
    LOCATION,
    CACHE_CONTROL,
    ETAG,
    RETRY_AFTER,
    WWW_AUTHENTICATE,
];

/// Whether a header of the name replaces the one before.
pub(super) fn occurs_once(name: &HeaderName) -> bool {
    SINGLE.contains(name)
}

fn invalid_header() -> Fault {
    Fault::invalid_arguments("invalid response header")
}

fn invalid_status() -> Fault {
    Fault::invalid_arguments("invalid response status")
}

/// `response.header(name, value)`
pub(crate) fn header(call: &mut Call<'_>) -> Outcome<Value> {
    let (name, value) = (call.take(0), call.take(1));
    let exchange = call.ctx.exchange("response.header")?;
    let given = name.as_text().unwrap_or_default();
    let name = HeaderName::from_bytes(given.as_bytes()).map_err(|_| invalid_header())?;
    if OWNED.contains(&name.as_str()) {
        let message = format!("response.header cannot set {given}");
        return Err(Fault::invalid_arguments(message));
    }
    let value = header_value(value.as_text().unwrap_or_default())?;
    // The id of a request is decided before its handler runs.
    if name != "x-request-id" {
        set(exchange, name, value);
    }
    Ok(Value::Unit)
}

fn header_value(text: &str) -> Outcome<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| invalid_header())
}

fn set(exchange: &mut Exchange, name: HeaderName, value: HeaderValue) {
    let headers = &mut exchange.said.headers;
    if occurs_once(&name) {
        headers.insert(name, value);
    } else {
        headers.append(name, value);
    }
}

/// `response.status(code)`
pub(crate) fn status(call: &mut Call<'_>) -> Outcome<Value> {
    let code = call.int(0)?;
    let exchange = call.ctx.exchange("response.status")?;
    exchange.said.status = Some(status_of(code, 200, 599)?);
    Ok(Value::Unit)
}

fn status_of(code: i64, min: u16, max: u16) -> Outcome<StatusCode> {
    let code = u16::try_from(code)
        .ok()
        .filter(|code| (min..=max).contains(code));
    let status = code.and_then(|code| StatusCode::from_u16(code).ok());
    status.ok_or_else(invalid_status)
}

/// `response.redirect(url, code)`
pub(crate) fn redirect(call: &mut Call<'_>) -> Outcome<Value> {
    let (url, code) = (call.take(0), call.int(1)?);
    let exchange = call.ctx.exchange("response.redirect")?;
    let status = status_of(code, 300, 399)?;
    let location = header_value(url.as_text().unwrap_or_default())?;
    exchange.said.status = Some(status);
    set(exchange, LOCATION, location);
    Ok(Value::Unit)
}

/// `response.cookie(name, value, max_age, path, domain, same_site, secure,
/// http_only)`
pub(crate) fn cookie(call: &mut Call<'_>) -> Outcome<Value> {
    let same_site = match call.text(5)? {
        "Lax" => SameSite::Lax,
        "Strict" => SameSite::Strict,
        "None" => SameSite::None,
        _ => return Err(Fault::invalid_arguments("invalid cookie same_site")),
    };
    let http_only = call.bool(7)?;
    let mut cookie = SetCookie::new(checked_name(call, 0)?, checked_value(call, 1)?)
        .path(call.text(3)?.to_owned())
        .same_site(same_site)
        .http_only(http_only);
    if let Some(seconds) = call.args[2].as_int() {
        // An age in the past is that of a cookie to forget.
        cookie = cookie.max_age(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    }
    if let Some(domain) = call.args[4].as_text() {
        cookie = cookie.domain(domain.to_owned());
    }
    let secure = call.args[6].as_bool();
    let exchange = call.ctx.exchange("response.cookie")?;
    let secure = secure.unwrap_or_else(|| is_secure(exchange)) || same_site == SameSite::None;
    append(exchange, &cookie.secure(secure))
}

/// `response.delete_cookie(name, path)`
pub(crate) fn delete_cookie(call: &mut Call<'_>) -> Outcome<Value> {
    let cookie = SetCookie::removal(checked_name(call, 0)?).path(call.text(1)?.to_owned());
    let exchange = call.ctx.exchange("response.delete_cookie")?;
    let secure = is_secure(exchange);
    append(exchange, &cookie.secure(secure))
}

fn is_secure(exchange: &Exchange) -> bool {
    exchange.scope.client().scheme() == Scheme::Https
}

fn checked_name(call: &Call<'_>, index: usize) -> Outcome<String> {
    let name = call.text(index)?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.is_empty() || !name.bytes().all(legal) {
        return Err(Fault::invalid_arguments("invalid cookie name"));
    }
    Ok(name.to_owned())
}

fn checked_value(call: &Call<'_>, index: usize) -> Outcome<String> {
    let value = call.text(index)?;
    let legal = |byte: u8| byte.is_ascii_graphic() && !b";,\"\\".contains(&byte);
    if !value.bytes().all(legal) {
        return Err(Fault::invalid_arguments("invalid cookie value"));
    }
    Ok(value.to_owned())
}

fn append(exchange: &mut Exchange, cookie: &SetCookie) -> Outcome<Value> {
    let appended = cookie.append_to(&mut exchange.said.headers);
    appended.map_err(|error| {
        Fault::invalid_arguments(match error {
            InvalidCookie::Name => "invalid cookie name",
            InvalidCookie::Value | InvalidCookie::TooLong => "invalid cookie value",
            InvalidCookie::Path => "invalid cookie path",
            InvalidCookie::Domain => "invalid cookie domain",
            _ => "invalid cookie",
        })
    })?;
    Ok(Value::Unit)
}
