//! `request`: what the handler is told of the request.

use http::HeaderName;
use http::header::AUTHORIZATION;
use plumego_contract::cookie as cookies;

use super::pairs;
use crate::builtin::Call;
use crate::decode::{Invalid, decode_pairs};
use crate::error::validation_value;
use crate::fault::{Fault, FieldProblem, Outcome};
use crate::heap::list_of;
use crate::validate::code::TOO_MANY;
use crate::value::Value;

/// Bytes of a query that are looked at.
const QUERY_BYTES_MAX: usize = 16 * 1024;
/// Pairs of a query that are looked at.
const QUERY_PAIRS_MAX: usize = 256;

/// `request.header(name)`: the values of all headers of the name, joined.
pub(crate) fn header(call: &mut Call<'_>) -> Outcome<Value> {
    let name = call.take(0);
    let exchange = call.ctx.exchange("request.header")?;
    let name = name.as_text().unwrap_or_default();
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        return Ok(Value::Null);
    };
    let values = exchange.head.headers().get_all(name).iter();
    // Values that are text may have characters beyond ASCII.
    let values: Option<Vec<&str>> = values
        .map(|value| std::str::from_utf8(value.as_bytes()).ok())
        .collect();
    Ok(match values {
        Some(values) if !values.is_empty() => Value::text(&values.join(", ")),
        _ => Value::Null,
    })
}

/// `request.cookie(name)`: the first of the name, without quotes around it.
pub(crate) fn cookie(call: &mut Call<'_>) -> Outcome<Value> {
    let name = call.take(0);
    let exchange = call.ctx.exchange("request.cookie")?;
    let value = cookies::get(&exchange.head, name.as_text().unwrap_or_default());
    Ok(Value::option(value.map(|value| {
        let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
        inner.unwrap_or(value)
    })))
}

/// `request.query(name)`
pub(crate) fn query(call: &mut Call<'_>) -> Outcome<Value> {
    let first = all(call, "request.query")?.into_iter().next();
    Ok(Value::option(first.as_deref()))
}

/// `request.query_all(name)`
pub(crate) fn query_all(call: &mut Call<'_>) -> Outcome<Value> {
    let values = all(call, "request.query_all")?;
    let values = values.iter().map(|value| Value::text(value));
    Ok(Value::Ref(list_of(call.result, values)))
}

fn all(call: &mut Call<'_>, what: &str) -> Outcome<Vec<String>> {
    let name = call.take(0);
    let exchange = call.ctx.exchange(what)?;
    let text = exchange.head.uri().query().unwrap_or_default();
    if text.len() > QUERY_BYTES_MAX {
        return Ok(Vec::new());
    }
    let name = name.as_text().unwrap_or_default();
    Ok(pairs::values(text, QUERY_PAIRS_MAX, name).collect())
}

/// `request.query_as<T>()`
pub(crate) fn query_as(call: &mut Call<'_>) -> Outcome<Value> {
    const ROOT: &str = "query";
    let desc = call
        .type_arg
        .ok_or_else(|| Fault::internal("a type argument expected"))?;
    let exchange = call.ctx.exchange("request.query_as")?;
    let text = exchange.head.uri().query().unwrap_or_default().to_owned();
    let parsed = if text.len() > QUERY_BYTES_MAX {
        Err(vec![FieldProblem {
            path: ROOT.to_owned(),
            code: TOO_MANY.into(),
            message: format!("at most {QUERY_BYTES_MAX} bytes"),
        }])
    } else {
        pairs::parse(&text, QUERY_PAIRS_MAX, ROOT)
    };
    let decoded = match parsed {
        Ok(pairs) => {
            decode_pairs(call.ctx, desc, &pairs, ROOT)?.map_err(|invalid| fields(invalid, ROOT))
        }
        Err(problems) => Err(problems),
    };
    match decoded {
        Ok(value) => Ok(Value::ok(call.result, value)),
        Err(problems) => {
            let error = validation_value(call.ctx, call.result.key(), problems)?;
            Ok(Value::err(call.result, error))
        }
    }
}

fn fields(invalid: Invalid, root: &str) -> Vec<FieldProblem> {
    invalid.into_fields(root)
}

/// `request.method()`
pub(crate) fn method(call: &mut Call<'_>) -> Outcome<Value> {
    let exchange = call.ctx.exchange("request.method")?;
    Ok(Value::text(exchange.head.method().as_str()))
}

/// `request.path()`: as it was sent, without the query.
pub(crate) fn path(call: &mut Call<'_>) -> Outcome<Value> {
    let exchange = call.ctx.exchange("request.path")?;
    Ok(Value::text(exchange.head.uri().path()))
}

/// `request.remote_addr()`: empty when the request came by no network.
pub(crate) fn remote_addr(call: &mut Call<'_>) -> Outcome<Value> {
    let exchange = call.ctx.exchange("request.remote_addr")?;
    let address = exchange.scope.client().ip();
    let address = address.map(|address| address.to_string());
    Ok(Value::text(&address.unwrap_or_default()))
}

/// `request.id()`
pub(crate) fn id(call: &mut Call<'_>) -> Outcome<Value> {
    let exchange = call.ctx.exchange("request.id")?;
    let id = exchange.scope.request_id();
    Ok(Value::text(id.map_or("", |id| id.as_str())))
}

/// `request.bearer()`: the token of `Authorization: Bearer`.
pub(crate) fn bearer(call: &mut Call<'_>) -> Outcome<Value> {
    let exchange = call.ctx.exchange("request.bearer")?;
    let value = exchange.head.headers().get(AUTHORIZATION);
    let value = value.and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    });
    Ok(Value::option(token))
}

/// `request.body_bytes()`: as it was received.
pub(crate) fn body_bytes(call: &mut Call<'_>) -> Outcome<Value> {
    let exchange = call.ctx.exchange("request.body_bytes")?;
    Ok(Value::bytes(&exchange.body))
}
