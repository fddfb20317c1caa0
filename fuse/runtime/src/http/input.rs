//! What a route is called with: parameters of its path, and its body.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use plumego_contract::{Error, ErrorKind, RequestScope};

use super::{gzip, pairs};
use crate::context::Ctx;
use crate::decode::{Invalid, TextOptions, decode_json, decode_pairs, decode_text};
use crate::error::of_fields;
use crate::fault::{Fault, FieldProblem};
use crate::json::BODY_DEPTH_MAX;
use crate::meta::{Kind, Route, TypeDesc, is_secret};
use crate::validate::{Path, Problems, Segment, code, constraints};
use crate::value::Value;

/// Bytes of a form at most.
const FORM_BYTES_MAX: usize = 256 * 1024;
/// Pairs of a form at most.
const FORM_PAIRS_MAX: usize = 1000;

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The route has no body.
    None,
    /// As it is: text or bytes.
    Raw,
    Json,
    Pairs,
}

/// Why a route is not called.
#[derive(Debug)]
pub(super) enum Refused {
    /// A default or predicate faulted.
    Fault(Fault),
    /// The request is not what it has to be.
    Error(Error),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Vec<FieldProblem>> for Refused {
    fn from(fields: Vec<FieldProblem>) -> Self {
        Self::Error(of_fields(fields, 0))
    }
}

/// How the body of a request is to be read, before it is; `decompress` says
/// whether it may be gzip.
///
/// # Errors
///
/// 415: the route takes no body of this type.
pub(super) fn form(
    route: &Route,
    headers: &HeaderMap,
    is_empty: bool,
    decompress: bool,
) -> Result<Form, Error> {
    let Some(desc) = route.body else {
        return Ok(Form::None);
    };
    let is_identity = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let is_understood = is_identity || (decompress && gzip::is_gzip(headers));
    if !is_understood {
        return Err(Error::new(ErrorKind::UnsupportedMediaType)
            .message("unsupported content encoding")
            .header(
                ACCEPT_ENCODING,
                HeaderValue::from_static(if decompress {
                    "gzip, identity"
                } else {
                    "identity"
                }),
            ));
    }
    if raw(desc).is_some() {
        return Ok(Form::Raw);
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let first = types.next();
    match (first, types.next()) {
        (None, _) => Ok(Form::Json),
        (Some(value), None) => match media(value) {
            Some(Media::Json) => Ok(Form::Json),
            Some(Media::Pairs) if takes_pairs(desc) => Ok(Form::Pairs),
            _ => Err(unsupported()),
        },
        // Two types are none; and what is empty has none to be wrong.
        (Some(_), Some(_)) if is_empty => Ok(Form::Json),
        _ => Err(unsupported()),
    }
}

fn unsupported() -> Error {
    let json = HeaderValue::from_static("application/json");
    Error::new(ErrorKind::UnsupportedMediaType).header(ACCEPT, json)
}

enum Media {
    Json,
    Pairs,
}

/// What a media type means; nothing for others, and for others than UTF-8.
fn media(value: &HeaderValue) -> Option<Media> {
    let text = value.to_str().ok()?.to_ascii_lowercase();
    let (essence, parameters) = text.split_once(';').unwrap_or((&text, ""));
    for parameter in parameters.split(';') {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        if name.trim() == "charset" && !matches!(value, "utf-8" | "utf8") {
            return None;
        }
    }
    let essence = essence.trim();
    if essence == "application/x-www-form-urlencoded" {
        return Some(Media::Pairs);
    }
    let (_, subtype) = essence.split_once('/')?;
    let suffixed = subtype
        .strip_suffix("+json")
        .is_some_and(|name| !name.is_empty());
    (essence == "application/json" || suffixed).then_some(Media::Json)
}

/// Whether a media type is JSON.
pub(super) fn is_json(value: &HeaderValue) -> bool {
    let text = value.as_bytes().to_ascii_lowercase();
    let essence = text.split(|byte| *byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii();
    essence == b"application/json" || essence.ends_with(b"+json")
}

/// The kind of a body that is taken as it is.
fn raw(desc: &'static TypeDesc) -> Option<Kind> {
    match desc.kind {
        Kind::Option => raw(desc.elem()),
        kind @ (Kind::Bytes | Kind::String) => Some(kind),
        _ => None,
    }
}

/// Whether every field of a record can be read from text.
fn takes_pairs(desc: &'static TypeDesc) -> bool {
    let desc = match desc.kind {
        Kind::Option => desc.elem(),
        _ => desc,
    };
    let from_text = |desc: &TypeDesc| {
        let kind = match desc.kind {
            Kind::Option => desc.elem().kind,
            kind => kind,
        };
        !matches!(
            kind,
            Kind::Html | Kind::Result | Kind::Func | Kind::Task | Kind::Query | Kind::Cell
        )
    };
    desc.kind == Kind::Record && desc.fields.iter().all(|field| from_text(field.desc()))
}

/// The arguments of a route: its parameters in order, then the body.
///
/// # Errors
///
/// The request does not give them.
pub(super) fn arguments(
    ctx: &mut Ctx,
    route: &'static Route,
    scope: &RequestScope,
    form: Form,
    body: &Bytes,
) -> Result<Vec<Value>, Refused> {
    let mut values = parameters(ctx, route, scope)?;
    if let Some(desc) = route.body {
        values.push(match form {
            Form::None | Form::Json => json(ctx, desc, body)?,
            Form::Pairs => pairs_of(ctx, desc, body)?,
            Form::Raw => as_it_is(ctx, desc, body)?,
        });
    }
    Ok(values)
}

fn parameters(
    ctx: &mut Ctx,
    route: &'static Route,
    scope: &RequestScope,
) -> Result<Vec<Value>, Refused> {
    let root = Path::root("path");
    let mut problems = Problems::new();
    let mut values = Vec::with_capacity(route.params.len() + 1);
    for param in route.params {
        let text = scope.route().and_then(|found| found.param(param.name));
        let text = text.ok_or_else(|| Fault::internal("the router knows no such parameter"))?;
        let path = root.then(Segment::Field(param.name));
        let options = TextOptions {
            redact: is_secret(param.name),
        };
        let value = decode_text(ctx, param.ty, text, options, &path, &mut problems)?;
        values.extend(value);
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(of_problems(problems))
    }
}

fn of_problems(problems: Problems) -> Refused {
    let surplus = problems.surplus();
    Refused::Error(of_fields(problems.into_fields(), surplus))
}

fn problem(root: &str, code: &'static str, message: &str) -> Refused {
    vec![FieldProblem {
        path: root.to_owned(),
        code: code.into(),
        message: message.to_owned(),
    }]
    .into()
}

fn text<'b>(body: &'b Bytes, root: &str) -> Result<&'b str, Refused> {
    std::str::from_utf8(body).map_err(|_| problem(root, code::INVALID_ENCODING, "invalid UTF-8"))
}

fn json(ctx: &mut Ctx, desc: &'static TypeDesc, body: &Bytes) -> Result<Value, Refused> {
    const ROOT: &str = "body";
    let text = text(body, ROOT)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text
        .bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    {
        return match desc.kind {
            Kind::Option => Ok(Value::Null),
            _ => Err(problem(ROOT, code::MISSING_FIELD, "missing JSON body")),
        };
    }
    match decode_json(ctx, desc, text, BODY_DEPTH_MAX, ROOT)? {
        Ok(value) => Ok(value),
        Err(Invalid::Problems(problems)) => Err(of_problems(problems)),
        Err(Invalid::Syntax(error)) => {
            let (line, column) = error.line_column(text.as_bytes());
            let fields = Invalid::Syntax(error).into_fields(ROOT);
            let error = of_fields(fields, 0)
                .detail("line", line)
                .detail("column", column);
            Err(error.into())
        }
    }
}

fn pairs_of(ctx: &mut Ctx, desc: &'static TypeDesc, body: &Bytes) -> Result<Value, Refused> {
    const ROOT: &str = "form";
    if body.len() > FORM_BYTES_MAX {
        return Err(Error::new(ErrorKind::PayloadTooLarge)
            .detail("max_bytes", FORM_BYTES_MAX)
            .into());
    }
    let desc = match desc.kind {
        Kind::Option if body.is_empty() => return Ok(Value::Null),
        Kind::Option => desc.elem(),
        _ => desc,
    };
    let pairs = pairs::parse(text(body, ROOT)?, FORM_PAIRS_MAX, ROOT)?;
    match decode_pairs(ctx, desc, &pairs, ROOT)? {
        Ok(value) => Ok(value),
        Err(Invalid::Problems(problems)) => Err(of_problems(problems)),
        Err(invalid) => Err(invalid.into_fields(ROOT).into()),
    }
}

/// Text or bytes, whose constraints are checked.
fn as_it_is(ctx: &mut Ctx, desc: &'static TypeDesc, body: &Bytes) -> Result<Value, Refused> {
    const ROOT: &str = "body";
    if desc.kind == Kind::Option {
        return match body.is_empty() {
            true => Ok(Value::Null),
            false => as_it_is(ctx, desc.elem(), body),
        };
    }
    let value = match desc.kind {
        Kind::Bytes => Value::bytes(body),
        _ => Value::text(text(body, ROOT)?),
    };
    let mut problems = Problems::new();
    constraints(ctx, desc, value.peek(), &Path::root(ROOT), &mut problems)?;
    if problems.is_empty() {
        Ok(value)
    } else {
        Err(of_problems(problems))
    }
}
