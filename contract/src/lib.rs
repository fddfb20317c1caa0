//! Transport contracts of Plumego: the error envelope, responses, request
//! metadata and explicit request binding. Every other crate of the toolkit
//! speaks in these types. It does not match routes, start servers, generate
//! request ids or validate business rules.
//!
//! ```
//! use plumego_contract::{Error, ErrorKind, Handler, Reply, Request, param};
//!
//! async fn show(request: Request) -> Result<Reply<String>, Error> {
//!     let id = param(&request, "id").unwrap_or("nobody").to_owned();
//!     if id == "nobody" {
//!         return Err(Error::new(ErrorKind::NotFound).message("no such user"));
//!     }
//!     Ok(Reply::ok(format!("hello {id}")))
//! }
//!
//! fn is_handler(_: impl Handler) {}
//! is_handler(show);
//! ```

pub mod bind;
mod body;
mod clock;
pub mod conditional;
pub mod cookie;
mod envelope;
mod error;
mod handler;
pub mod html;
mod reply;
mod respond;
mod scope;
#[cfg(feature = "sse")]
pub mod sse;

pub use bind::RequestExt;
#[cfg(feature = "hyper")]
pub use body::ReceiveMonitor;
pub use body::{Body, BodyClosed, BodyLimitExceeded, BodySender, CollectError, ReadTimeout};
pub use clock::{Clock, ManualClock, SystemClock};
pub use cookie::SetCookie;
pub use envelope::{
    DecodeEnvelopeError, ERROR_ENVELOPE_SCHEMA, EnvelopeView, ErrorBody, ErrorEnvelope,
    ErrorFormat, ErrorRendering, ErrorReport, FieldBody, SuccessEnvelope, encode_error,
    encode_problem, prefers_problem_json,
};
pub use error::{
    Error, ErrorCategory, ErrorCode, ErrorKind, ErrorKindMeta, FieldError, FieldErrors, FieldPath,
    UnknownErrorKind, code,
};
pub use handler::{
    BoxHttpService, Handler, HttpService, InfallibleFuture, ResponseFuture, from_service,
    handler_fn, sync_fn,
};
#[cfg(feature = "fs")]
pub use reply::FileReply;
pub use reply::{Binary, Html, Redirect, Stream, Text};
pub use respond::{
    EncodeError, IntoResponse, InvalidLocation, InvalidResponseStatus, Json, Reply, SuccessStatus,
    raw_json, write_error, write_response,
};
pub use scope::{
    CancelSource, Cancelled, ClientInfo, ConnectionInfo, Deadline, InvalidRequestId,
    InvalidTraceId, PARAMS_MAX, RequestId, RequestScope, RouteMatch, RoutePattern, Scheme,
    ScopeInit, ScopeSettings, SpanId, TRACEPARENT, TlsInfo, TraceContext, TraceId, X_REQUEST_ID,
    format_traceparent, param, params, parse_traceparent, request_id, route_name, route_pattern,
};

#[cfg(feature = "sse")]
pub use sse::Sse;

/// A request as handlers and layers see it.
pub type Request<B = Body> = http::Request<B>;

/// A response as handlers and layers make it.
pub type Response<B = Body> = http::Response<B>;

/// Any error that may cross threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;
