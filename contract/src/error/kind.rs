use std::str::FromStr;

use http::StatusCode;

use super::category::ErrorCategory;

/// The facts that a kind fixes. There is no other place where they live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorKindMeta {
    /// Category on the wire.
    pub category: ErrorCategory,
    /// Default code on the wire, lower snake case.
    pub code: &'static str,
    /// Response status.
    pub status: StatusCode,
    /// Fixed English title; the default message.
    pub title: &'static str,
}

macro_rules! kinds {
    ($( $(#[$doc:meta])* $variant:ident => $category:ident, $status:ident, $code:literal, $title:literal; )*) => {
        /// What went wrong, as the toolkit names it. The kind fixes status,
        /// category and default code; it never appears on the wire itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $( $(#[$doc])* $variant, )* }

        impl ErrorKind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The row of the canonical table.
            #[must_use]
            pub const fn meta(self) -> ErrorKindMeta {
                match self {
                    $( Self::$variant => ErrorKindMeta {
                        category: ErrorCategory::$category,
                        code: $code,
                        status: StatusCode::$status,
                        title: $title,
                    }, )*
                }
            }

            /// The name of the variant, as code registries write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => stringify!($variant), )* }
            }
        }

        impl FromStr for ErrorKind {
            type Err = UnknownErrorKind;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $( stringify!($variant) => Ok(Self::$variant), )*
                    _ => Err(UnknownErrorKind { name: name.chars().take(64).collect() }),
                }
            }
        }
    };
}

kinds! {
    /// Input was rejected.
    Validation => Validation, BAD_REQUEST, "validation_error", "validation failed";
    /// Required input is absent.
    Required => Validation, BAD_REQUEST, "validation_error", "required value missing";
    /// Input has the right type but not the required form.
    InvalidFormat => Validation, BAD_REQUEST, "validation_error", "invalid format";
    /// A number is outside its range.
    OutOfRange => Validation, BAD_REQUEST, "validation_error", "value out of range";
    /// Input collides with existing state.
    Duplicate => Validation, BAD_REQUEST, "validation_error", "duplicate value";
    /// The request itself is broken.
    BadRequest => Client, BAD_REQUEST, "bad_request", "bad request";
    /// A valid request that cannot be carried out as asked.
    InvalidRequest => Client, UNPROCESSABLE_ENTITY, "invalid_request", "invalid request";
    /// No usable credentials.
    Unauthorized => Auth, UNAUTHORIZED, "unauthorized", "unauthorized";
    /// A session or token that is not valid.
    InvalidToken => Auth, UNAUTHORIZED, "invalid_token", "invalid token";
    /// A session or token that is no longer valid.
    ExpiredToken => Auth, UNAUTHORIZED, "expired_token", "token expired";
    /// The caller is known and may not do this.
    Forbidden => Auth, FORBIDDEN, "forbidden", "forbidden";
    /// No such route or resource.
    NotFound => Client, NOT_FOUND, "not_found", "not found";
    /// The path exists, the method does not.
    MethodNotAllowed => Client, METHOD_NOT_ALLOWED, "method_not_allowed", "method not allowed";
    /// No representation the client accepts.
    NotAcceptable => Client, NOT_ACCEPTABLE, "not_acceptable", "not acceptable";
    /// The client was too slow to send its request.
    Timeout => Timeout, REQUEST_TIMEOUT, "timeout", "request timeout";
    /// The request collides with the current state of the resource.
    Conflict => Client, CONFLICT, "conflict", "conflict";
    /// The resource to create exists.
    AlreadyExists => Client, CONFLICT, "already_exists", "already exists";
    /// The resource was there and will not come back.
    Gone => Client, GONE, "gone", "gone";
    /// A conditional header did not hold (RFC 9110 section 13).
    PreconditionFailed => Client, PRECONDITION_FAILED, "precondition_failed", "precondition failed";
    /// The body is larger than the limit.
    PayloadTooLarge => Client, PAYLOAD_TOO_LARGE, "payload_too_large", "payload too large";
    /// The request target is longer than the limit.
    UriTooLong => Client, URI_TOO_LONG, "uri_too_long", "uri too long";
    /// The media type or content coding is not supported.
    UnsupportedMediaType => Client, UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "unsupported media type";
    /// None of the requested ranges can be served.
    RangeNotSatisfiable => Client, RANGE_NOT_SATISFIABLE, "range_not_satisfiable", "range not satisfiable";
    /// The request must be conditional (RFC 6585).
    PreconditionRequired => Client, PRECONDITION_REQUIRED, "precondition_required", "precondition required";
    /// Too many requests (RFC 6585).
    RateLimited => RateLimit, TOO_MANY_REQUESTS, "rate_limited", "too many requests";
    /// The head is larger than the limit (RFC 6585).
    HeadersTooLarge => Client, REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "headers too large";
    /// A failure of this service.
    Internal => Server, INTERNAL_SERVER_ERROR, "internal_error", "internal error";
    /// The operation exists by name only.
    NotImplemented => Server, NOT_IMPLEMENTED, "not_implemented", "not implemented";
    /// An upstream answered wrongly.
    BadGateway => Server, BAD_GATEWAY, "bad_gateway", "bad gateway";
    /// The service cannot answer now.
    Unavailable => Server, SERVICE_UNAVAILABLE, "service_unavailable", "service unavailable";
    /// The service is down for maintenance.
    Maintenance => Server, SERVICE_UNAVAILABLE, "maintenance_mode", "maintenance mode";
    /// An upstream or the own deadline took too long.
    GatewayTimeout => Timeout, GATEWAY_TIMEOUT, "gateway_timeout", "gateway timeout";
}

impl ErrorKind {
    /// True for the kinds of category `validation_error`; they take no
    /// refinement code.
    #[must_use]
    pub const fn is_validation(self) -> bool {
        matches!(self.meta().category, ErrorCategory::Validation)
    }

    /// The one kind with this status, if exactly one exists.
    #[must_use]
    pub fn only_with_status(status: StatusCode) -> Option<Self> {
        let mut matching = Self::ALL.iter().filter(|k| k.meta().status == status);
        let first = *matching.next()?;
        matching.next().is_none().then_some(first)
    }
}

/// A kind name that does not exist. Use one of the names of [`ErrorKind`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownErrorKind {
    name: String,
}

impl std::fmt::Display for UnknownErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "unknown error kind `{}`", self.name)
    }
}

impl std::error::Error for UnknownErrorKind {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_name() {
        for kind in ErrorKind::ALL {
            assert_eq!(kind.name().parse::<ErrorKind>().as_ref(), Ok(kind));
        }
        assert_eq!(ErrorKind::ALL.len(), 32);
        assert!("Teapot".parse::<ErrorKind>().is_err());
        assert!("validation".parse::<ErrorKind>().is_err());
    }

    #[test]
    fn codes_fit_the_grammar() {
        for kind in ErrorKind::ALL {
            assert!(super::super::code::is_code(kind.meta().code), "{kind:?}");
        }
    }

    #[test]
    fn statuses_with_several_kinds_have_no_single_one() {
        assert_eq!(
            ErrorKind::only_with_status(StatusCode::NOT_FOUND),
            Some(ErrorKind::NotFound)
        );
        for status in [400, 401, 409, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(ErrorKind::only_with_status(status), None, "{status}");
        }
    }
}
