//! Transport contracts of Plumego: the error envelope, responses, request
//! metadata and explicit request binding. Every other crate of the toolkit
//! speaks in these types. It does not match routes, start servers, generate
//! request ids or validate business rules.
//!
//! ```
//! use plumego_contract::{
//!     Body, Error, ErrorKind, Handler, Reply, Request, RequestExt, RequestScope, RouteMatch,
//! };
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Change { name: String }
//!
//! #[derive(Serialize)]
//! struct User { id: u64, name: String }
//!
//! async fn rename(mut request: Request) -> Result<Reply<User>, Error> {
//!     let id = request.param::<u64>("id")?;
//!     if id == 0 {
//!         return Err(Error::new(ErrorKind::NotFound).message("no such user"));
//!     }
//!     let change = request.json::<Change>().await?;
//!     Ok(Reply::ok(User { id, name: change.name }))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let mut request = Request::new(Body::from_bytes(r#"{"name":7,"age":3}"#));
//! request.headers_mut().insert("content-type", "application/json".parse().unwrap());
//! // What a router does.
//! let route = RouteMatch::for_test("/users/{id}", None, &[("id", "17")]);
//! assert!(RequestScope::ensure(&mut request).set_route(route).is_ok());
//!
//! let response = rename.call(request).await;
//! assert_eq!(response.status(), 400);
//! let body = response.into_body().collect_limited(4096).await.unwrap();
//! let text = std::str::from_utf8(&body).unwrap();
//! assert!(text.contains(r#""path":"body.name","code":"type_mismatch""#));
//! assert!(text.contains(r#""path":"body.age","code":"unknown_field""#));
//! # });
//! ```
//!
//! # Features
//!
//! None is on by default, and without one no asynchronous runtime is needed.
//! `hyper`: the server's native request body. `multipart`: streaming forms.
//! `fs`: files as responses, on tokio. `sse`: server-sent events, on tokio.

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
    InvalidTraceId, PARAMS_MAX, ParamEnds, RequestId, RequestScope, RouteMatch, RoutePattern,
    Scheme, ScopeInit, ScopeSettings, SpanId, TRACEPARENT, TlsInfo, TraceContext, TraceId,
    X_REQUEST_ID, format_traceparent, param, params, parse_traceparent, request_id, route_name,
    route_pattern,
};

#[cfg(feature = "sse")]
pub use sse::Sse;

/// A request as handlers and layers see it.
pub type Request<B = Body> = http::Request<B>;

/// A response as handlers and layers make it.
pub type Response<B = Body> = http::Response<B>;

/// Any error that may cross threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;
