//! What the server does for each request, around the application.

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Version};
use hyper::body::Incoming;
use plumego_contract::{
    Body, Error, ErrorFormat, ErrorKind, ReceiveMonitor, Request, RequestScope, Response,
    ResponseFuture, ScopeInit, ScopeSettings, TRACEPARENT, code, prefers_problem_json, write_error,
};
use plumego_log::Logger;
use plumego_middleware::requestid::{self, RequestIdConfig};
use tokio::time::Instant;

use super::body::{ConnectionShared, RequestGuard, ResponseBody};
use super::guard::log_panic;
use super::io::AmbiguousRequest;
use super::receive::{Drain, Receiving, Rest};
use crate::app::{AppService, inbound_trace};
use crate::client::ClientPolicy;
use crate::server::registry::{Registry, ServerPhase};

/// What all connections of a server share.
pub(crate) struct ServiceContext {
    pub(crate) application: AppService,
    pub(crate) settings: Arc<ScopeSettings>,
    pub(crate) clients: ClientPolicy,
    pub(crate) request_id: RequestIdConfig,
    pub(crate) max_uri_bytes: usize,
    pub(crate) max_headers: usize,
    pub(crate) logger: Arc<dyn Logger>,
    pub(crate) registry: Arc<Registry>,
}

/// The requests of one connection.
pub(crate) struct RequestService {
    pub(crate) shared: Arc<ConnectionShared>,
    pub(crate) unix_peer: bool,
    /// HTTP/1 only: which request gave its length twice.
    pub(crate) ambiguous: Option<Arc<AmbiguousRequest>>,
    pub(crate) requests: AtomicU64,
}

impl hyper::service::Service<http::Request<Incoming>> for RequestService {
    type Response = http::Response<ResponseBody>;
    type Error = Infallible;
    type Future = RequestFuture;

    fn call(&self, request: http::Request<Incoming>) -> RequestFuture {
        let ordinal = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let state = &self.shared.state;
        let began = state.request_started();
        let (mut parts, incoming) = request.into_parts();
        let facts = HeadFacts::of(&parts.headers, &self.shared.context.request_id);
        let scope = self.scope(&parts, &facts, began);
        let guard = RequestGuard {
            scope: scope.clone(),
            shared: Arc::clone(&self.shared),
            head: parts.method == Method::HEAD,
            complete: false,
        };
        if let Err(refusal) = self.check(&parts, &facts, ordinal) {
            let mut response = write_error(&scope, &refusal);
            if parts.version < Version::HTTP_2 {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            return RequestFuture::new(ResponseFuture::ready(response), guard);
        }
        let mut receiving = None;
        let body = if http_body::Body::is_end_stream(&incoming) {
            Body::empty()
        } else {
            let expects = parts.headers.contains_key(EXPECT);
            let monitor = Receiving::new(state.body_deadline(began), expects);
            // On HTTP/2 a body that is dropped resets its stream alone.
            if parts.version < Version::HTTP_2 {
                receiving = Some(Arc::clone(&monitor));
            }
            Body::from_incoming(incoming, Some(monitor as Arc<dyn ReceiveMonitor>))
        };
        parts.extensions.insert(scope);
        let request = Request::from_parts(parts, body);
        let application = &self.shared.context.application;
        let called = catch_unwind(AssertUnwindSafe(|| application.handle_scoped(request)));
        let answer = called.unwrap_or_else(|payload| {
            ResponseFuture::ready(answer_panic(&guard, payload.as_ref()))
        });
        RequestFuture {
            receiving,
            ..RequestFuture::new(answer, guard)
        }
    }
}

impl RequestService {
    fn scope(
        &self,
        parts: &http::request::Parts,
        facts: &HeadFacts,
        began: Instant,
    ) -> RequestScope {
        let context = &*self.shared.context;
        let mut init = ScopeInit::default();
        init.client = context
            .clients
            .evaluate(&self.shared.info, self.unix_peer, parts);
        init.started_at = Some(began.into_std());
        if facts.names_id {
            init.request_id = requestid::inbound(&parts.headers, &context.request_id);
        }
        if facts.names_trace {
            init.trace = inbound_trace(&parts.headers);
        }
        init.prefers_problem = context.settings.rendering.format == ErrorFormat::Negotiate
            && prefers_problem_json(&parts.headers);
        RequestScope::new(Arc::clone(&context.settings), init)
    }

    /// Refuses what no handler should see.
    fn check(
        &self,
        parts: &http::request::Parts,
        facts: &HeadFacts,
        ordinal: u64,
    ) -> Result<(), Error> {
        let context = &*self.shared.context;
        let bad = |message| Err(Error::new(ErrorKind::BadRequest).message(message));
        if self.ambiguous.as_ref().is_some_and(|a| a.is(ordinal)) {
            return bad("the request has both Content-Length and Transfer-Encoding");
        }
        if parts.version == Version::HTTP_11 && facts.hosts != 1 {
            return bad("the request needs exactly one Host header");
        }
        let target = parts.uri.path_and_query().map_or(0, |pq| pq.as_str().len());
        if target > context.max_uri_bytes {
            return Err(Error::new(ErrorKind::UriTooLong)
                .message("request target too long")
                .detail("max_bytes", context.max_uri_bytes));
        }
        if parts.headers.len() > context.max_headers {
            return Err(Error::new(ErrorKind::HeadersTooLarge)
                .message("too many header fields")
                .detail("max_headers", context.max_headers));
        }
        if parts.uri.path() == "*" && parts.method != Method::OPTIONS {
            return Err(Error::coded(&code::INVALID_REQUEST_TARGET)
                .message("the target `*` is for OPTIONS only"));
        }
        if context.registry.phase() == ServerPhase::Forced {
            return Err(Error::coded(&code::SERVER_DRAINING).message("the server is shutting down"));
        }
        Ok(())
    }
}

/// What one look at every header tells; cheaper than asking for each by name.
struct HeadFacts {
    /// RFC 9112 section 3.2: exactly one on HTTP/1.1.
    hosts: usize,
    names_trace: bool,
    names_id: bool,
}

impl HeadFacts {
    fn of(headers: &HeaderMap, ids: &RequestIdConfig) -> Self {
        let mut facts = Self {
            hosts: 0,
            names_trace: false,
            names_id: false,
        };
        for (name, _) in headers {
            facts.hosts += usize::from(*name == HOST);
            facts.names_trace |= *name == TRACEPARENT;
            facts.names_id |= ids.inbound_headers.contains(name);
        }
        facts
    }
}

/// Logs a panic that escaped every layer and answers in its place.
fn answer_panic(guard: &RequestGuard, payload: &(dyn std::any::Any + Send)) -> Response {
    log_panic(
        &*guard.shared.context.logger,
        "panic recovered",
        &guard.scope,
        payload,
    );
    let error = Error::new(ErrorKind::Internal).message("internal server error");
    write_error(&guard.scope, &error)
}

/// An answer to HEAD: its length stays, its body goes.
fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.exact_len().filter(|length| *length > 0) {
        head.headers.entry(CONTENT_LENGTH).or_insert(length.into());
    }
    Response::from_parts(head, Body::empty())
}

/// The answer to one request. Dropping it before it is ready means that the
/// client left: the request is cancelled.
pub(crate) struct RequestFuture {
    answer: ResponseFuture,
    guard: Option<RequestGuard>,
    /// HTTP/1: the request body, whose rest decides about the connection.
    receiving: Option<Arc<Receiving>>,
    /// An answer that waits until such a rest is read.
    held: Option<(Response, Drain)>,
}

impl RequestFuture {
    fn new(answer: ResponseFuture, guard: RequestGuard) -> Self {
        Self {
            answer,
            guard: Some(guard),
            receiving: None,
            held: None,
        }
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        let answer = &mut self.answer;
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(answer).poll(cx)));
        match (polled, &self.guard) {
            (Ok(polled), _) => polled,
            (Err(payload), Some(guard)) => Poll::Ready(answer_panic(guard, payload.as_ref())),
            // hyper never polls a future that is done.
            (Err(_), None) => Poll::Pending,
        }
    }

    /// The answer, once the connection can bear it.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        if self.held.is_none() {
            let response = ready!(self.poll_answer(cx));
            match self.receiving.as_ref().map(|body| body.after_answer()) {
                None | Some(Rest::Nothing) => return Poll::Ready(response),
                Some(Rest::Leave) => return Poll::Ready(self.close_after(response)),
                Some(Rest::Drain(drain)) => self.held = Some((response, drain)),
            }
        }
        let Some((_, drain)) = &mut self.held else {
            return Poll::Pending;
        };
        let whole = ready!(drain.poll(cx));
        match self.held.take() {
            Some((response, _)) if whole => Poll::Ready(response),
            Some((response, _)) => Poll::Ready(self.close_after(response)),
            None => Poll::Pending,
        }
    }

    /// Announces the end of a connection whose input is not read.
    fn close_after(&self, mut response: Response) -> Response {
        if let Some(guard) = &self.guard {
            guard.shared.state.leave_input();
        }
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
        response
    }
}

impl Future for RequestFuture {
    type Output = Result<http::Response<ResponseBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let response = ready!(this.poll_ready(cx));
        let Some(mut guard) = this.guard.take() else {
            return Poll::Pending;
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            guard.complete = true;
            guard.shared.state.upgraded();
        }
        let response = if guard.head {
            without_body(response)
        } else {
            response
        };
        Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, guard))))
    }
}
