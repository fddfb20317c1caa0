//! What services promise, as an OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};

use fuse_check::api::{
    ApiModel, Body, BodyKind, Constant, Operation, Parameter as Given, Property, Schema as Type,
    SchemaKind, Success, VariantSchema,
};
use plumego_x_openapi::document::MediaType;
use plumego_x_openapi::{
    ERROR_RESPONSE, Generator, Info, Op, Parameter, ParameterIn, RequestBody, Response, Route,
    Schema, SecurityScheme, Server, SpecProblem, Tag, cookie_param, error_response, error_schema,
    header_param, path_param, query_param, to_json,
};
use serde_json::{Number, Value, json};

/// What browsers send forms as.
const FORM: &str = "application/x-www-form-urlencoded";

/// Name of the scheme of bearer tokens.
const BEARER: &str = "bearerAuth";

/// Name of the scheme of a session cookie.
const COOKIE: &str = "cookieAuth";

/// The document as JSON, which is the same for equal programs.
///
/// # Errors
///
/// What makes the routes no document.
pub(crate) fn document(model: &ApiModel) -> Result<Vec<u8>, Vec<SpecProblem>> {
    let bases: BTreeSet<&str> = model
        .services
        .iter()
        .map(|service| service.base.as_str())
        .collect();
    // Paths are relative to the one base; services with different ones may have
    // equal paths below them.
    let shared = bases.len() == 1;
    let mut generator = Generator::new(Info::new(&model.title, &model.version))
        .schema(ERROR_RESPONSE, error_schema());
    if let (true, Some(base)) = (shared, bases.first()) {
        generator = generator.server(Server::new(if base.is_empty() { "/" } else { base }));
    }
    for (name, schema) in &model.schemas {
        generator = generator.schema(name, schema_of(schema));
    }
    if let Some(cookie) = model.cookies.iter().find(|name| is_session(name)) {
        let scheme = SecurityScheme::api_key(ParameterIn::Cookie, cookie);
        generator = generator.security_scheme(COOKIE, scheme);
    }
    if model.bearer {
        generator = generator.security_scheme(BEARER, SecurityScheme::bearer());
    }
    let mut routes = Vec::new();
    for service in &model.services {
        let mut tag = Tag::new(&service.name);
        if let Some(text) = &service.description {
            tag = tag.description(text);
        }
        generator = generator.tag(tag);
        for operation in &service.operations {
            let method = operation.verb.word().to_ascii_uppercase();
            let path = if shared {
                relative(&operation.pattern, &service.base)
            } else {
                operation.pattern.clone()
            };
            let op = hint(operation, &service.name, model);
            generator = generator.operation(format!("{method} {path}").as_str(), op);
            routes.push(Route::new(method, path));
        }
    }
    generator
        .generate_from(routes)
        .map(|document| to_json(&document))
}

/// A path without the base that stands before it.
fn relative(pattern: &str, base: &str) -> String {
    match pattern.strip_prefix(base.trim_end_matches('/')) {
        Some("") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ => pattern.to_owned(),
    }
}

fn hint(operation: &Operation, service: &str, model: &ApiModel) -> Op {
    let mut op = Op::new().operation_id(&operation.id).tag(service);
    if let Some(text) = &operation.summary {
        op = op.summary(text);
    }
    if let Some(text) = &operation.description {
        op = op.description(text);
    }
    for given in &operation.path {
        op = op.parameter(described(
            path_param(&given.name, schema_of(&given.schema)),
            given,
        ));
    }
    for given in &operation.query {
        let parameter = Parameter {
            required: given.required,
            // An optional one without a value is null.
            allow_empty_value: given.schema.nullable,
            ..query_param(&given.name, schema_of(&given.schema))
        };
        op = op.parameter(described(parameter, given));
    }
    for name in operation.headers.iter().filter(|name| !is_framing(name)) {
        op = op.parameter(Parameter {
            required: false,
            ..header_param(name, Schema::string())
        });
    }
    for name in &operation.cookies {
        op = op.parameter(Parameter {
            required: false,
            ..cookie_param(name, Schema::string())
        });
    }
    if operation.bearer {
        op = op.security([BEARER]);
    }
    if operation.cookies.iter().any(|name| is_session(name)) {
        op = op.security([COOKIE]);
    }
    if let Some(body) = &operation.body {
        op = op.request_body(request_body(body, model));
    }
    answers(op, operation)
}

/// Whether a header is the affair of every request, and nothing that callers of
/// one route have to know.
fn is_framing(header: &str) -> bool {
    matches!(
        header,
        "host" | "connection" | "content-length" | "transfer-encoding"
    )
}

/// Whether a cookie says, by its name, who is calling.
fn is_session(cookie: &str) -> bool {
    let cookie = cookie.to_ascii_lowercase();
    cookie == "sid" || cookie.contains("session")
}

/// With what the source says about it.
fn described(parameter: Parameter, given: &Given) -> Parameter {
    match &given.schema.description {
        Some(text) => parameter.description(text),
        None => parameter,
    }
}

fn request_body(body: &Body, model: &ApiModel) -> RequestBody {
    let schema_in = |media_type: &str| match media_type {
        FORM => form_of(&body.schema, model),
        _ => schema_of(&body.schema),
    };
    let types: &[&str] = match body.kind {
        BodyKind::Json => &["application/json"],
        BodyKind::JsonOrForm => &["application/json", FORM],
        BodyKind::Bytes => &["application/octet-stream"],
        BodyKind::Text => &["text/plain"],
    };
    let content: BTreeMap<String, MediaType> = types
        .iter()
        .map(|name| ((*name).to_owned(), MediaType::new(schema_in(name))))
        .collect();
    RequestBody {
        content,
        required: body.required,
        ..RequestBody::default()
    }
}

/// A form may have fields that the record lacks: they are passed over.
fn form_of(ty: &Type, model: &ApiModel) -> Schema {
    let record = match &ty.kind {
        SchemaKind::Reference(name) => {
            let found = model.schemas.iter().find(|(known, _)| known == name);
            found.map_or(ty, |(_, schema)| schema)
        }
        _ => ty,
    };
    match &record.kind {
        SchemaKind::Object(properties) => object_of(properties),
        _ => schema_of(ty),
    }
}

fn answers(mut op: Op, operation: &Operation) -> Op {
    let success = &operation.success;
    let mut answers: BTreeMap<u16, Response> = BTreeMap::new();
    for status in &success.statuses {
        let answer = Response::new(reason(*status));
        // RFC 9110 §15: these have no content.
        let empty = matches!(status, 204 | 205 | 304);
        let answer = if empty {
            answer
        } else {
            with_success(answer, success)
        };
        answers.insert(*status, answer);
    }
    for error in &operation.errors {
        let Some(status) = error.status else { continue };
        let text = match error.domains.as_slice() {
            [] => reason(status).to_owned(),
            domains => domains.join(", "),
        };
        let mut answer = error_response(text);
        // A page may say of itself that it is a failure.
        if success.statuses.contains(&status) {
            answer = with_success(answer, success);
        }
        answers.insert(status, answer);
    }
    for (status, answer) in answers {
        op = op.response(status, answer);
    }
    let mut rest = error_response("Any other failure");
    if success.computed {
        rest = with_success(rest, success);
        "Any other status".clone_into(&mut rest.description);
    }
    op.response_key("default", rest)
}

/// Adds what a success holds, beside what is there.
fn with_success(answer: Response, success: &Success) -> Response {
    let own = schema_of(&success.schema);
    let known = answer.content.get(&success.media_type);
    let schema = match known.and_then(|content| content.schema.clone()) {
        Some(known) => Schema::any().with(|schema| schema.any_of = vec![own, known]),
        None => own,
    };
    answer.content(&success.media_type, schema)
}

/// What a status means (RFC 9110 §15).
fn reason(status: u16) -> &'static str {
    known_reason(status).unwrap_or(match status {
        200..300 => "Success",
        300..400 => "Redirection",
        400..500 => "Client error",
        _ => "Server error",
    })
}

fn known_reason(status: u16) -> Option<&'static str> {
    Some(match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No content",
        205 => "Reset content",
        301 => "Moved permanently",
        302 => "Found",
        303 => "See other",
        304 => "Not modified",
        307 => "Temporary redirect",
        308 => "Permanent redirect",
        400 => "Bad request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not found",
        405 => "Method not allowed",
        408 => "Request timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content too large",
        415 => "Unsupported media type",
        422 => "Unprocessable content",
        429 => "Too many requests",
        500 => "Internal server error",
        501 => "Not implemented",
        502 => "Bad gateway",
        503 => "Service unavailable",
        504 => "Gateway timeout",
        _ => return None,
    })
}

fn schema_of(ty: &Type) -> Schema {
    let mut schema = kind_of(&ty.kind);
    if ty.nullable {
        schema = schema.nullable();
    }
    if ty.description.is_none() && ty.default.is_none() && ty.predicates.is_empty() {
        return schema;
    }
    schema.with(|object| {
        object.description.clone_from(&ty.description);
        object.default = ty.default.as_ref().map(value_of);
        if !ty.predicates.is_empty() {
            let names = json!(ty.predicates);
            object.rest.insert("x-fuse-predicates".to_owned(), names);
        }
    })
}

fn kind_of(kind: &SchemaKind) -> Schema {
    match kind {
        SchemaKind::Any => Schema::any(),
        SchemaKind::Null => Schema::of("null"),
        SchemaKind::Boolean => Schema::boolean(),
        SchemaKind::Integer { min, max } => Schema::integer().format("int64").with(|object| {
            object.minimum = min.map(Number::from);
            object.maximum = max.map(Number::from);
        }),
        SchemaKind::Number { min, max } => Schema::number().with(|object| {
            object.minimum = min.and_then(Number::from_f64);
            object.maximum = max.and_then(Number::from_f64);
        }),
        SchemaKind::String { .. } => string_of(kind),
        SchemaKind::Array {
            items,
            min_items,
            max_items,
        } => Schema::array(schema_of(items)).with(|object| {
            object.min_items = count(*min_items);
            object.max_items = count(*max_items);
        }),
        SchemaKind::Map {
            values,
            min_entries,
            max_entries,
        } => Schema::map(schema_of(values)).with(|object| {
            object.min_properties = count(*min_entries);
            object.max_properties = count(*max_entries);
        }),
        SchemaKind::Reference(name) => Schema::reference(name),
        SchemaKind::Object(properties) => object_of(properties).closed(),
        SchemaKind::Variants(variants) => Schema::one_of(variants.iter().map(variant_of).collect()),
    }
}

fn object_of(properties: &[Property]) -> Schema {
    properties.iter().fold(Schema::object(), |object, one| {
        object.property(&one.name, schema_of(&one.schema), one.required)
    })
}

fn string_of(kind: &SchemaKind) -> Schema {
    let SchemaKind::String {
        min_length,
        max_length,
        patterns,
        format,
        base64,
    } = kind
    else {
        return Schema::string();
    };
    Schema::string().with(|object| {
        if *base64 {
            object.content_encoding = Some("base64".to_owned());
            // Four characters carry three bytes, the last group padded.
            let characters = |bytes: u64| bytes.div_ceil(3).saturating_mul(4);
            object.min_length = count(*min_length).map(characters);
            object.max_length = count(*max_length).map(characters);
        } else {
            object.min_length = count(*min_length);
            object.max_length = count(*max_length);
        }
        object.format = format.map(str::to_owned);
        match patterns.as_slice() {
            [] => {}
            [pattern] => object.pattern = Some(pattern.clone()),
            several => {
                let only = |pattern: &String| {
                    Schema::any().with(|object| object.pattern = Some(pattern.clone()))
                };
                object.all_of = several.iter().map(only).collect();
            }
        }
    })
}

/// A number of elements; less than none is none.
fn count(bound: Option<i64>) -> Option<u64> {
    bound.map(|bound| u64::try_from(bound).unwrap_or(0))
}

fn variant_of(variant: &VariantSchema) -> Schema {
    let name = Schema::constant(variant.name.as_str());
    let object = Schema::object().property("type", name, true);
    let object = match variant.payload.as_slice() {
        [] => object,
        [payload] => object.property("data", schema_of(payload), true),
        several => {
            let parts: Vec<Schema> = several.iter().map(schema_of).collect();
            let exactly = u64::try_from(parts.len()).ok();
            let data = Schema::of("array").with(|array| {
                array.prefix_items = Some(parts);
                array.min_items = exactly;
                array.max_items = exactly;
            });
            object.property("data", data, true)
        }
    };
    match &variant.description {
        Some(text) => object.closed().description(text),
        None => object.closed(),
    }
}

fn value_of(constant: &Constant) -> Value {
    match constant {
        Constant::Null => Value::Null,
        Constant::Bool(value) => json!(value),
        Constant::Int(value) => json!(value),
        Constant::Float(value) => json!(value),
        Constant::Text(text) => json!(text),
        Constant::List(items) => items.iter().map(value_of).collect(),
        Constant::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), value_of(value)))
            .collect(),
        Constant::Variant(name) => json!({ "type": name }),
    }
}
