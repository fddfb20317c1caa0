//! Presets that every operation follows.

use plumego_contract::ERROR_ENVELOPE_SCHEMA;

use crate::document::{
    Document, Header, Operation, Parameter, ParameterIn, RefOr, Response, Schema,
};
use crate::hint::{header_param, query_param};

/// Component that holds the schema of the error envelope.
pub const ERROR_RESPONSE: &str = "ErrorResponse";

/// Presets, all off to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conventions {
    /// Success bodies are wrapped in `data`, `meta` and `request_id`.
    pub success_envelope: bool,
    /// Errors that the toolkit answers are listed where they can happen:
    /// 400 with parameters or a body, 401 and 403 with security, 404 with a
    /// path parameter, 409 on writes, 413 with a body, 429, 500 and 503.
    pub error_responses: bool,
    /// Operations named `*.index` page.
    pub pagination: bool,
    /// Reads carry an `ETag`, writes honour `If-Match`.
    pub conditional: bool,
    /// `POST` and `PATCH` accept an `Idempotency-Key`.
    pub idempotency: bool,
    /// Answers 429 say when to come back.
    pub rate_limit: bool,
}

impl Conventions {
    /// No preset.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            success_envelope: false,
            error_responses: false,
            pagination: false,
            conditional: false,
            idempotency: false,
            rate_limit: false,
        }
    }

    /// Success and error bodies as the contract writes them.
    #[must_use]
    pub const fn contract_envelope() -> Self {
        Self {
            success_envelope: true,
            error_responses: true,
            ..Self::none()
        }
    }

    /// Operations named `*.index` page.
    #[must_use]
    pub const fn with_pagination(self) -> Self {
        Self {
            pagination: true,
            ..self
        }
    }

    /// Reads carry an `ETag`, writes honour `If-Match`.
    #[must_use]
    pub const fn with_conditional(self) -> Self {
        Self {
            conditional: true,
            ..self
        }
    }

    /// `POST` and `PATCH` accept an `Idempotency-Key`.
    #[must_use]
    pub const fn with_idempotency(self) -> Self {
        Self {
            idempotency: true,
            ..self
        }
    }

    /// Answers 429 say when to come back.
    #[must_use]
    pub const fn with_rate_limit(self) -> Self {
        Self {
            rate_limit: true,
            ..self
        }
    }
}

/// The schema of the error envelope, as the contract has it.
#[must_use]
pub fn error_schema() -> Schema {
    let mut schema: Schema =
        serde_json::from_str(ERROR_ENVELOPE_SCHEMA).unwrap_or_else(|_| Schema::object());
    if let Schema::Object(object) = &mut schema {
        object.rest.remove("$id");
        object.rest.remove("$schema");
    }
    schema
}

/// An answer with the error envelope.
pub fn error_response(description: impl Into<String>) -> Response {
    Response::json(description, Schema::reference(ERROR_RESPONSE))
}

/// Applies the presets to every operation of a document.
pub(crate) fn apply(conventions: Conventions, document: &mut Document) {
    if conventions == Conventions::none() {
        return;
    }
    let default_security = !document.security.is_empty();
    for item in document.paths.values_mut() {
        for method in crate::document::PathItem::METHODS {
            if let Some(Some(operation)) = item.slot(method) {
                apply_to(conventions, method, default_security, operation);
            }
        }
    }
    if conventions.error_responses {
        document
            .components
            .schemas
            .entry(ERROR_RESPONSE.into())
            .or_insert_with(error_schema);
    }
    if conventions.pagination {
        document
            .components
            .schemas
            .entry(PAGINATION.into())
            .or_insert_with(pagination_schema);
    }
}

const PAGINATION: &str = "Pagination";

fn apply_to(c: Conventions, method: &str, default_security: bool, operation: &mut Operation) {
    let lists = operation
        .operation_id
        .as_deref()
        .is_some_and(|id| id.ends_with(".index"));
    let reads = matches!(method, "GET" | "HEAD");
    if c.pagination && lists {
        for name in ["page", "page_size"] {
            let schema = Schema::integer().with(|schema| schema.minimum = Some(1.into()));
            add_parameter(operation, query_param(name, schema));
        }
    }
    if c.success_envelope {
        wrap_successes(operation, c.pagination && lists);
    }
    if c.conditional {
        condition(operation, reads);
    }
    if c.idempotency && matches!(method, "POST" | "PATCH") {
        let key = header_param("Idempotency-Key", Schema::string())
            .description("Makes a repeated request answer as the first one did.");
        add_parameter(operation, key);
        add_error(
            operation,
            409,
            "The first request with this key is still running",
        );
        add_error(operation, 422, "The key was used for another request");
    }
    if c.error_responses {
        let path = operation
            .parameters
            .iter()
            .filter_map(RefOr::item)
            .any(|parameter| parameter.location == ParameterIn::Path);
        let body = operation.request_body.is_some();
        let secured = match &operation.security {
            Some(requirements) => !requirements.is_empty(),
            None => default_security,
        };
        if body || !operation.parameters.is_empty() {
            add_error(operation, 400, "The request is malformed or not acceptable");
        }
        if secured {
            add_error(operation, 401, "The caller did not say who it is");
            add_error(operation, 403, "The caller may not do this");
        }
        if path {
            add_error(operation, 404, "There is no such resource");
        }
        if !reads && body {
            add_error(operation, 409, "The resource is in another state");
        }
        if body {
            add_error(operation, 413, "The body is too large");
        }
        add_error(operation, 429, "Too many requests");
        add_error(operation, 500, "The service failed");
        add_error(operation, 503, "The service cannot answer now");
    }
    if c.rate_limit {
        limit_headers(operation);
    }
}

fn add_parameter(operation: &mut Operation, parameter: Parameter) {
    let there = operation
        .parameters
        .iter()
        .filter_map(RefOr::item)
        .any(|other| {
            other.location == parameter.location && other.name.eq_ignore_ascii_case(&parameter.name)
        });
    if !there {
        operation.parameters.push(parameter.into());
    }
}

fn add_error(operation: &mut Operation, status: u16, description: &str) {
    operation
        .responses
        .entry(status.to_string())
        .or_insert_with(|| error_response(description).into());
}

fn wrap_successes(operation: &mut Operation, pages: bool) {
    for (status, response) in &mut operation.responses {
        let RefOr::Item(response) = response else {
            continue;
        };
        if !status.starts_with('2') {
            continue;
        }
        if let Some(media) = response.content.get_mut("application/json") {
            let data = media.schema.take().unwrap_or_default();
            let meta = if pages {
                Schema::object().property("pagination", Schema::reference(PAGINATION), true)
            } else {
                Schema::object()
            };
            media.schema = Some(
                Schema::object()
                    .property("data", data, true)
                    .property("meta", meta, pages)
                    .property("request_id", Schema::string(), false),
            );
        }
        response
            .headers
            .entry("X-Request-ID".into())
            .or_insert_with(|| Header::new("Names the request in logs.", Schema::string()).into());
    }
}

fn condition(operation: &mut Operation, reads: bool) {
    if reads {
        add_parameter(operation, header_param("If-None-Match", Schema::string()));
        operation
            .responses
            .entry("304".into())
            .or_insert_with(|| Response::new("The representation has not changed").into());
        for (status, response) in &mut operation.responses {
            if let (true, RefOr::Item(response)) = (status.starts_with('2'), response) {
                response
                    .headers
                    .entry("ETag".into())
                    .or_insert_with(|| Header::new("Names the version.", Schema::string()).into());
            }
        }
    } else {
        add_parameter(operation, header_param("If-Match", Schema::string()));
        add_error(operation, 412, "The resource has another version");
        add_error(
            operation,
            428,
            "The request must say which version it changes",
        );
    }
}

fn limit_headers(operation: &mut Operation) {
    add_error(operation, 429, "Too many requests");
    if let Some(RefOr::Item(response)) = operation.responses.get_mut("429") {
        let headers = [
            ("Retry-After", "Seconds to wait."),
            ("RateLimit-Limit", "Requests in the window."),
            ("RateLimit-Remaining", "Requests that are left."),
            ("RateLimit-Reset", "Seconds until the window ends."),
        ];
        for (name, description) in headers {
            response
                .headers
                .entry(name.into())
                .or_insert_with(|| Header::new(description, Schema::integer()).into());
        }
    }
}

fn pagination_schema() -> Schema {
    let count = || Schema::integer().with(|schema| schema.minimum = Some(0.into()));
    Schema::object()
        .property("page", count(), true)
        .property("page_size", count(), true)
        .property("total", count(), false)
        .property("total_pages", count(), false)
}
