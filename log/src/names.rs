//! The shared vocabulary: field names and messages that mean the same everywhere.
//!
//! Names are snake case; a number carries its SI unit in the name (`duration_ms`).
//! Messages are constant strings and data goes into fields, so that records can
//! be counted by message. Bodies, headers, tokens and form values are not logged.

macro_rules! names {
    ($($(#[$doc:meta])+ $name:ident = $text:literal;)+) => {
        $($(#[$doc])+ pub const $name: &str = $text;)+
    };
}

names! {
    /// Identifier of one request, as in `X-Request-ID`.
    REQUEST_ID = "request_id";
    /// W3C trace identifier.
    TRACE_ID = "trace_id";
    /// W3C span identifier.
    SPAN_ID = "span_id";
    /// HTTP method.
    METHOD = "method";
    /// Request path without the query.
    PATH = "path";
    /// Matched pattern, such as `/users/{id}`.
    ROUTE = "route";
    /// Name of the matched route.
    ROUTE_NAME = "route_name";
    /// HTTP status code.
    STATUS = "status";
    /// Bytes of the response body that were sent.
    BYTES = "bytes";
    /// Bytes of the request body that were read.
    BYTES_IN = "bytes_in";
    /// Elapsed time with its unit.
    DURATION = "duration";
    /// Elapsed time in milliseconds, as a number.
    DURATION_MS = "duration_ms";
    /// Address of the client after proxy rules.
    CLIENT_IP = "client_ip";
    /// `User-Agent` of the client.
    USER_AGENT = "user_agent";
    /// HTTP version.
    PROTOCOL = "protocol";
    /// How an operation ended.
    OUTCOME = "outcome";
    /// Error with its causes.
    ERROR = "error";
    /// Kind of an error, for counting.
    ERROR_KIND = "error_kind";
    /// Part of the program that speaks.
    COMPONENT = "component";
    /// Tenant on whose behalf work is done.
    TENANT_ID = "tenant_id";
    /// Number of the attempt, from 1.
    ATTEMPT = "attempt";
}

/// Messages with a fixed wording, shared by all owners.
pub mod messages {
    names! {
        /// The access log.
        REQUEST_COMPLETED = "request completed";
        /// A request was refused by a rate limit.
        REQUEST_RATE_LIMITED = "request rate limited";
        /// A request body exceeded its limit.
        REQUEST_BODY_TOO_LARGE = "request body too large";
        /// A handler panicked and was answered with 500.
        PANIC_RECOVERED = "panic recovered";
        /// A response body panicked while it was sent.
        PANIC_IN_RESPONSE_BODY = "panic in response body";
        /// Records were lost because the queue was full.
        LOG_RECORDS_DROPPED = "log records dropped";
    }
}

#[cfg(feature = "tracing")]
/// Every shared field name, in byte order.
pub(crate) const ALL: [&str; 21] = [
    ATTEMPT,
    BYTES,
    BYTES_IN,
    CLIENT_IP,
    COMPONENT,
    DURATION,
    DURATION_MS,
    ERROR,
    ERROR_KIND,
    METHOD,
    OUTCOME,
    PATH,
    PROTOCOL,
    REQUEST_ID,
    ROUTE,
    ROUTE_NAME,
    SPAN_ID,
    STATUS,
    TENANT_ID,
    TRACE_ID,
    USER_AGENT,
];
