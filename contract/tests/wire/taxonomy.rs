use plumego_contract::{Error, ErrorKind, code, error_code};

/// The canonical table, written a second time on purpose.
const TABLE: &[(&str, &str, u16, &str)] = &[
    ("Validation", "validation_error", 400, "validation_error"),
    ("Required", "validation_error", 400, "validation_error"),
    ("InvalidFormat", "validation_error", 400, "validation_error"),
    ("OutOfRange", "validation_error", 400, "validation_error"),
    ("Duplicate", "validation_error", 400, "validation_error"),
    ("BadRequest", "client_error", 400, "bad_request"),
    ("InvalidRequest", "client_error", 422, "invalid_request"),
    ("Unauthorized", "auth_error", 401, "unauthorized"),
    ("InvalidToken", "auth_error", 401, "invalid_token"),
    ("ExpiredToken", "auth_error", 401, "expired_token"),
    ("Forbidden", "auth_error", 403, "forbidden"),
    ("NotFound", "client_error", 404, "not_found"),
    (
        "MethodNotAllowed",
        "client_error",
        405,
        "method_not_allowed",
    ),
    ("NotAcceptable", "client_error", 406, "not_acceptable"),
    ("Timeout", "timeout_error", 408, "timeout"),
    ("Conflict", "client_error", 409, "conflict"),
    ("AlreadyExists", "client_error", 409, "already_exists"),
    ("Gone", "client_error", 410, "gone"),
    (
        "PreconditionFailed",
        "client_error",
        412,
        "precondition_failed",
    ),
    ("PayloadTooLarge", "client_error", 413, "payload_too_large"),
    ("UriTooLong", "client_error", 414, "uri_too_long"),
    (
        "UnsupportedMediaType",
        "client_error",
        415,
        "unsupported_media_type",
    ),
    (
        "RangeNotSatisfiable",
        "client_error",
        416,
        "range_not_satisfiable",
    ),
    (
        "PreconditionRequired",
        "client_error",
        428,
        "precondition_required",
    ),
    ("RateLimited", "rate_limit_error", 429, "rate_limited"),
    ("HeadersTooLarge", "client_error", 431, "headers_too_large"),
    ("Internal", "server_error", 500, "internal_error"),
    ("NotImplemented", "server_error", 501, "not_implemented"),
    ("BadGateway", "server_error", 502, "bad_gateway"),
    ("Unavailable", "server_error", 503, "service_unavailable"),
    ("Maintenance", "server_error", 503, "maintenance_mode"),
    ("GatewayTimeout", "timeout_error", 504, "gateway_timeout"),
];

#[test]
fn every_kind_and_its_row() {
    let names: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
    let listed: Vec<_> = TABLE.iter().map(|row| row.0).collect();
    assert_eq!(names, listed);
    for (name, category, status, code) in TABLE {
        let error = Error::new(name.parse().unwrap());
        assert_eq!(error.category().as_str(), *category, "{name}");
        assert_eq!(error.status().as_u16(), *status, "{name}");
        assert_eq!(error.code_str(), *code, "{name}");
        assert!(!error.message_str().is_empty(), "{name}");
        assert_eq!(error.message_str(), error.kind().unwrap().meta().title);
    }
}

#[test]
fn refinements_of_the_stable_roots() {
    for (refinement, text, status) in [
        (
            code::REQUEST_BODY_INCOMPLETE,
            "request_body_incomplete",
            400,
        ),
        (code::PART_TOO_LARGE, "part_too_large", 413),
        (code::INVALID_REQUEST_TARGET, "invalid_request_target", 400),
        (code::DEADLINE_EXCEEDED, "deadline_exceeded", 504),
        (code::SERVER_BUSY, "server_busy", 503),
        (code::SERVER_QUEUE_TIMEOUT, "server_queue_timeout", 503),
        (code::SERVER_DRAINING, "server_draining", 503),
        (code::COMPONENT_UNHEALTHY, "component_unhealthy", 503),
        (code::UPSTREAM_FAILED, "upstream_failed", 502),
    ] {
        let error = Error::coded(&refinement);
        assert_eq!((error.code_str(), error.status().as_u16()), (text, status));
        assert_eq!(error.category(), refinement.kind.meta().category);
    }
}

#[test]
fn a_declared_code_keeps_the_row_of_its_kind() {
    error_code!(ITEM_ARCHIVED = "item_archived", Gone);
    let error = Error::coded(&ITEM_ARCHIVED);
    assert_eq!(
        (error.status().as_u16(), error.code_str()),
        (410, "item_archived")
    );
    assert_eq!(error.kind(), Some(ErrorKind::Gone));
}

#[test]
fn codes_that_do_not_fit_change_nothing() {
    for (kind, code) in [
        (ErrorKind::Validation, "bad_email"),
        (ErrorKind::Gone, "Bad Code"),
    ] {
        let refined = std::panic::catch_unwind(|| Error::new(kind).code(code));
        assert_eq!(refined.is_err(), cfg!(debug_assertions));
        if let Ok(error) = refined {
            assert_eq!(error.code_str(), kind.meta().code);
        }
    }
}

#[test]
fn headers_that_frame_the_message_are_no_part_of_an_error() {
    let refused = std::panic::catch_unwind(|| {
        let length = "1".parse().unwrap();
        Error::new(ErrorKind::Gone).header(http::header::CONTENT_LENGTH, length)
    });
    // A mistake in the program: loud in debug builds, without effect otherwise.
    assert_eq!(refused.is_err(), cfg!(debug_assertions));
    if let Ok(error) = refused {
        assert!(error.headers().is_empty());
    }
}
