//! What the server does for each request, around the application.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
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
    pub(crate) requests: Cell<u64>,
}

impl hyper::service::Service<http::Request<Incoming>> for RequestService {
    type Response = http::Response<ResponseBody>;
    type Error = Infallible;
    type Future = RequestFuture;

    fn call(&self, mut request: http::Request<Incoming>) -> RequestFuture {
        let ordinal = self.requests.get() + 1;
        self.requests.set(ordinal);
        let began = self.shared.state.request_started();
        let facts = HeadFacts::of(request.headers(), &self.shared.context.request_id);
        let scope = self.scope(&request, &facts, began);
        let guard = Some(RequestGuard {
            scope: scope.clone(),
            shared: Arc::clone(&self.shared),
            head: request.method() == Method::HEAD,
            complete: false,
        });
        if let Some(refusal) = self.refusal(&request, &facts, ordinal) {
            return RequestFuture {
                progress: Progress::Waiting(self.refuse(refusal, &request, &scope)),
                guard,
                receiving: None,
                held: None,
            };
        }
        let receiving = self.receiving(&request, began);
        request.extensions_mut().insert(scope);
        RequestFuture {
            progress: Progress::Unasked(Some(
                request.map(|body| received(body, receiving.as_ref())),
            )),
            guard,
            receiving,
            held: None,
        }
    }
}

impl RequestService {
    /// Watches the body of a request, if it has one.
    fn receiving(
        &self,
        request: &http::Request<Incoming>,
        began: Instant,
    ) -> Option<Arc<Receiving>> {
        if http_body::Body::is_end_stream(request.body()) {
            return None;
        }
        let expects = request.headers().contains_key(EXPECT);
        let deadline = self.shared.state.body_deadline(began);
        Some(Receiving::new(deadline, expects))
    }

    fn scope(
        &self,
        request: &http::Request<Incoming>,
        facts: &HeadFacts<'_>,
        began: Instant,
    ) -> RequestScope {
        let context = &*self.shared.context;
        let headers = request.headers();
        let mut init = ScopeInit::default();
        let peer = &self.shared.peer;
        init.client = context
            .clients
            .evaluate(peer, request.uri(), headers, facts.host);
        init.started_at = Some(began.into_std());
        init.target = request.uri().path_and_query().cloned();
        if facts.names_id {
            init.request_id = requestid::inbound(headers, &context.request_id);
        }
        if facts.names_trace {
            init.trace = inbound_trace(headers);
        }
        init.prefers_problem = context.settings.rendering.format == ErrorFormat::Negotiate
            && prefers_problem_json(headers);
        RequestScope::new(Arc::clone(&context.settings), init)
    }

    /// Why no handler should see a request.
    #[inline]
    fn refusal(
        &self,
        request: &http::Request<Incoming>,
        facts: &HeadFacts<'_>,
        ordinal: u64,
    ) -> Option<Refusal> {
        let context = &*self.shared.context;
        if self.shared.state.is_ambiguous(ordinal) {
            return Some(Refusal::TwoLengths);
        }
        if request.version() == Version::HTTP_11 && facts.hosts != 1 {
            return Some(Refusal::Hosts);
        }
        let target = request.uri().path_and_query();
        if target.map_or(0, |target| target.as_str().len()) > context.max_uri_bytes {
            return Some(Refusal::LongTarget);
        }
        if request.headers().len() > context.max_headers {
            return Some(Refusal::ManyHeaders);
        }
        if request.uri().path() == "*" && request.method() != Method::OPTIONS {
            return Some(Refusal::Asterisk);
        }
        if context.registry.phase() == ServerPhase::Forced {
            return Some(Refusal::Draining);
        }
        None
    }

    #[cold]
    #[inline(never)]
    fn refuse(
        &self,
        refusal: Refusal,
        request: &http::Request<Incoming>,
        scope: &RequestScope,
    ) -> ResponseFuture {
        let mut response = write_error(scope, &refusal.error(&self.shared.context));
        if request.version() < Version::HTTP_2 {
            close_connection(&mut response);
        }
        ResponseFuture::ready(response)
    }
}

/// Why the server answers a request itself.
#[derive(Clone, Copy)]
enum Refusal {
    TwoLengths,
    Hosts,
    LongTarget,
    ManyHeaders,
    Asterisk,
    Draining,
}

impl Refusal {
    fn error(self, context: &ServiceContext) -> Error {
        let bad = |message| Error::new(ErrorKind::BadRequest).message(message);
        match self {
            Self::TwoLengths => bad("the request has both Content-Length and Transfer-Encoding"),
            Self::Hosts => bad("the request needs exactly one Host header"),
            Self::LongTarget => Error::new(ErrorKind::UriTooLong)
                .message("request target too long")
                .detail("max_bytes", context.max_uri_bytes),
            Self::ManyHeaders => Error::new(ErrorKind::HeadersTooLarge)
                .message("too many header fields")
                .detail("max_headers", context.max_headers),
            Self::Asterisk => Error::coded(&code::INVALID_REQUEST_TARGET)
                .message("the target `*` is for OPTIONS only"),
            Self::Draining => {
                Error::coded(&code::SERVER_DRAINING).message("the server is shutting down")
            }
        }
    }
}

/// What one look at every header tells; cheaper than asking for each by name.
struct HeadFacts<'h> {
    /// RFC 9112 section 3.2: exactly one on HTTP/1.1.
    hosts: usize,
    /// The first of them.
    host: Option<&'h HeaderValue>,
    names_trace: bool,
    names_id: bool,
}

impl<'h> HeadFacts<'h> {
    fn of(headers: &'h HeaderMap, ids: &RequestIdConfig) -> Self {
        let mut facts = Self {
            hosts: 0,
            host: None,
            names_trace: false,
            names_id: false,
        };
        for (name, value) in headers {
            if *name == HOST {
                facts.hosts += 1;
                facts.host = facts.host.or(Some(value));
            } else {
                facts.names_trace |= *name == TRACEPARENT;
                facts.names_id |= ids.inbound_headers.contains(name);
            }
        }
        facts
    }
}

/// Announces the end of the connection.
fn close_connection(response: &mut Response) {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
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

/// The answer to one request. Dropping it before it is ready means that the
/// client left: the request is cancelled.
///
/// The application is asked at the first poll, which the protocol library does
/// at once. On HTTP/2 that is in the task of the stream, so that a handler that
/// does not wait holds up no other stream.
pub(crate) struct RequestFuture {
    progress: Progress,
    /// Taken with the response.
    guard: Option<RequestGuard>,
    /// The request body; on HTTP/1 its rest decides about the connection.
    receiving: Option<Arc<Receiving>>,
    /// An answer that waits until such a rest is read.
    held: Option<Box<(Response, Drain)>>,
}

enum Progress {
    /// Taken when the application is asked.
    Unasked(Option<Request>),
    Waiting(ResponseFuture),
}

type Output = Poll<Result<http::Response<ResponseBody>, Infallible>>;

impl Future for RequestFuture {
    type Output = Result<http::Response<ResponseBody>, Infallible>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Output {
        let this = self.get_mut();
        match catch_unwind(AssertUnwindSafe(|| this.poll_answer(cx))) {
            Ok(polled) => polled,
            Err(payload) => this.answer_panic(payload.as_ref(), cx),
        }
    }
}

impl RequestFuture {
    #[inline(always)]
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Output {
        if let Progress::Unasked(request) = &mut self.progress
            && let Some(guard) = &self.guard
            && let Some(answer) = guard.shared.context.application.answer_from(request)
        {
            match answer.into_ready() {
                Ok(response) if self.receiving.is_none() => return self.resolve(response),
                Ok(response) => self.progress = Progress::Waiting(ResponseFuture::ready(response)),
                Err(waiting) => self.progress = Progress::Waiting(waiting),
            }
        }
        let response = ready!(self.poll_waiting(cx));
        self.resolve(response)
    }

    /// The answer, once the connection can bear it.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        if self.held.is_none() {
            let Progress::Waiting(answer) = &mut self.progress else {
                return Poll::Pending;
            };
            let response = ready!(Pin::new(answer).poll(cx));
            match self.rest() {
                Rest::Nothing => return Poll::Ready(response),
                Rest::Leave => return Poll::Ready(self.close_after(response)),
                Rest::Drain(drain) => self.held = Some(Box::new((response, drain))),
            }
        }
        let Some(held) = &mut self.held else {
            return Poll::Pending;
        };
        let whole = ready!(held.1.poll(cx));
        match self.held.take().map(|held| held.0) {
            Some(response) if whole => Poll::Ready(response),
            Some(response) => Poll::Ready(self.close_after(response)),
            None => Poll::Pending,
        }
    }

    /// What is left of the request body. On HTTP/2 a body that is dropped
    /// resets its stream alone.
    fn rest(&self) -> Rest {
        match (&self.receiving, &self.guard) {
            (Some(body), Some(guard)) if !guard.shared.state.is_multiplexed() => {
                body.after_answer()
            }
            _ => Rest::Nothing,
        }
    }

    /// Announces the end of a connection whose input is not read.
    fn close_after(&self, mut response: Response) -> Response {
        if let Some(guard) = &self.guard {
            guard.shared.state.leave_input();
        }
        close_connection(&mut response);
        response
    }

    #[inline(always)]
    fn resolve(&mut self, response: Response) -> Output {
        match self.guard.take() {
            Some(guard) => Poll::Ready(Ok(guarded(response, guard))),
            // hyper never polls a future that is done.
            None => Poll::Pending,
        }
    }

    /// Answers in place of an application that panicked.
    #[cold]
    fn answer_panic(
        &mut self,
        payload: &(dyn std::any::Any + Send),
        cx: &mut Context<'_>,
    ) -> Output {
        let Some(guard) = &self.guard else {
            return Poll::Pending;
        };
        let response = answer_panic(guard, payload);
        self.progress = Progress::Waiting(ResponseFuture::ready(response));
        self.held = None;
        let response = ready!(self.poll_waiting(cx));
        self.resolve(response)
    }
}

/// The body of a request as the application gets it.
#[inline(always)]
fn received(body: Incoming, receiving: Option<&Arc<Receiving>>) -> Body {
    match receiving {
        Some(receiving) => {
            let monitor = Arc::clone(receiving) as Arc<dyn ReceiveMonitor>;
            Body::from_incoming(body, Some(monitor))
        }
        None => Body::empty(),
    }
}

/// A response as it leaves, with what ends the books on its request.
#[inline(always)]
fn guarded(response: Response, mut guard: RequestGuard) -> http::Response<ResponseBody> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        guard.complete = true;
        guard.shared.state.upgraded();
    }
    let (mut head, mut body) = response.into_parts();
    if guard.head {
        // Its length stays, its body goes.
        if let Some(length) = body.exact_len().filter(|length| *length > 0) {
            head.headers.entry(CONTENT_LENGTH).or_insert(length.into());
        }
        body = Body::empty();
    }
    http::Response::from_parts(head, ResponseBody::new(body, guard))
}
