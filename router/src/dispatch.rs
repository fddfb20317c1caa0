//! What answers one request.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{ALLOW, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderValue, Method};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use plumego_contract::{
    Body, BoxHttpService, ParamEnds, Request, RequestScope, Response, ResponseFuture, RoutePattern,
};

use crate::allow::AllowSet;
use crate::answer;
use crate::frozen::Frozen;
use crate::matched::{Found, Matched};
use crate::method::RouteMethod;
use crate::path::{self, Decoded};

/// What answers a request: a route, or the router itself.
#[must_use = "nothing is answered before `call`"]
pub struct Dispatch<'r> {
    router: &'r Frozen,
    target: Target<'r>,
    head: Head,
}

enum Target<'r> {
    /// With the scope in which the match stands.
    Route(&'r BoxHttpService, RequestScope),
    Fallback(&'r BoxHttpService),
    NotFound,
    MethodNotAllowed(AllowSet),
    Options(HeaderValue),
    Redirect(HeaderValue),
    BadPath,
}

/// What happens to the body of the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    /// The request was not `HEAD`.
    No,
    /// Dropped; its length is that of the answer to `GET`.
    FromGet,
    /// Dropped; an empty one says nothing about the answer to `GET`.
    Explicit,
}

impl<'r> Dispatch<'r> {
    #[inline(always)]
    pub(crate) fn new(router: &'r Frozen, request: &mut Request) -> Self {
        let method = request.method();
        let mut head = if *method == Method::HEAD {
            Head::FromGet
        } else {
            Head::No
        };
        let path = request.uri().path();
        let found = if path.is_empty() && is_tunnel(request) {
            Found::NotFound
        } else {
            router.table.find(method, path)
        };
        let target = match found {
            Found::Route(matched) => {
                if head != Head::No && *matched.route_method() == RouteMethod::from(Method::HEAD) {
                    head = Head::Explicit;
                }
                let endpoint = &router.endpoints[matched.endpoint as usize];
                let Matched {
                    facts,
                    ends,
                    decoded,
                    ..
                } = matched;
                Target::Route(endpoint, fill_slot(request, &facts.pattern, ends, decoded))
            }
            missed => miss(router, request, missed),
        };
        Self {
            router,
            target,
            head,
        }
    }

    /// Whether a registered route answers.
    #[must_use]
    pub fn is_route(&self) -> bool {
        matches!(self.target, Target::Route(..))
    }

    /// Answers the request that was dispatched.
    #[inline(always)]
    pub fn call(self, request: Request) -> RouteFuture {
        // Spelled out, so that the answer is written where it is returned.
        match self.target {
            Target::Route(service, scope) if self.head == Head::No => {
                RouteFuture(service.handle_scoped(request, scope))
            }
            _ => RouteFuture(self.answer_otherwise(request)),
        }
    }

    #[inline(always)]
    pub(crate) fn answer(self, request: Request) -> ResponseFuture {
        match self.target {
            Target::Route(service, scope) if self.head == Head::No => {
                service.handle_scoped(request, scope)
            }
            _ => self.answer_otherwise(request),
        }
    }

    /// Apart, so that a request on the usual way is not moved for its sake.
    #[inline(never)]
    fn answer_otherwise(self, mut request: Request) -> ResponseFuture {
        let answer = match self.target {
            Target::Route(service, scope) => service.handle_scoped(request, scope),
            Target::Fallback(service) => service.handle(request),
            Target::NotFound => match &self.router.not_found {
                Some(handler) => handler.handle(request),
                None => answer::not_found(&mut request),
            },
            Target::MethodNotAllowed(set) => {
                let header = set.header_value();
                match &self.router.method_not_allowed {
                    Some(handler) => {
                        request.extensions_mut().insert(set);
                        with_allow(handler.handle(request), header)
                    }
                    None => answer::method_not_allowed(&mut request, header),
                }
            }
            Target::Options(header) => answer::options(header),
            Target::Redirect(location) => answer::redirect(location),
            Target::BadPath => answer::bad_path(&mut request),
        };
        match self.head {
            Head::No => answer,
            Head::FromGet => answer.map(|response| without_body(response, Head::FromGet)),
            Head::Explicit => answer.map(|response| without_body(response, Head::Explicit)),
        }
    }
}

/// Adds the header unless the handler has set it.
fn with_allow(answer: ResponseFuture, allow: HeaderValue) -> ResponseFuture {
    ResponseFuture::boxed(async move {
        let mut response = answer.await;
        response.headers_mut().entry(ALLOW).or_insert(allow);
        response
    })
}

/// Puts the match into the scope of the request, in the form requests carry it.
#[inline(always)]
fn fill_slot(
    request: &mut Request,
    pattern: &'static RoutePattern,
    ends: ParamEnds,
    mut decoded: Option<Box<Decoded>>,
) -> RequestScope {
    match RequestScope::of(request) {
        Some(scope) if fill(scope, request, pattern, ends, &mut decoded) => scope.clone(),
        _ => enter_scope(request, pattern, ends, decoded),
    }
}

/// False when the slot is taken; what was decoded is still there then.
#[inline(always)]
fn fill(
    scope: &RequestScope,
    request: &Request,
    pattern: &'static RoutePattern,
    ends: ParamEnds,
    decoded: &mut Option<Box<Decoded>>,
) -> bool {
    match request.uri().path_and_query() {
        Some(target) if decoded.is_none() && !target.as_str().starts_with("//") => {
            scope.match_route(pattern, target, ends)
        }
        _ => fill_with_text(scope, request, pattern, ends, decoded),
    }
}

/// The path was decoded, or its leading slashes were collapsed, so that it is
/// another text than the target.
#[cold]
fn fill_with_text(
    scope: &RequestScope,
    request: &Request,
    pattern: &'static RoutePattern,
    ends: ParamEnds,
    decoded: &mut Option<Box<Decoded>>,
) -> bool {
    let text = || match decoded.take() {
        Some(decoded) => decoded.text.into(),
        None => path::collapse_leading(request.uri().path()).into(),
    };
    scope.match_route_in_text(pattern, text, ends)
}

/// There is no scope, or an outer router has filled its slot.
#[cold]
#[inline(never)]
fn enter_scope(
    request: &mut Request,
    pattern: &'static RoutePattern,
    ends: ParamEnds,
    mut decoded: Option<Box<Decoded>>,
) -> RequestScope {
    let outer = RequestScope::of(request).map(RequestScope::child);
    let scope = match outer {
        Some(child) => child,
        None => RequestScope::ensure(request).clone(),
    };
    // The slot of a new scope is free.
    let filled = fill(&scope, request, pattern, ends, &mut decoded);
    debug_assert!(filled, "a new scope has a route");
    request.extensions_mut().insert(scope.clone());
    scope
}

#[cold]
fn miss<'r>(router: &'r Frozen, request: &Request, found: Found<'_>) -> Target<'r> {
    let config = &router.config;
    let uri = request.uri();
    let is_options = *request.method() == Method::OPTIONS && config.auto_options;
    match found {
        Found::BadPath => Target::BadPath,
        Found::Redirect(path) => match location(path, uri.query()) {
            Some(location) => Target::Redirect(location),
            None => not_found(router, uri.path()),
        },
        Found::MethodMismatch(allow) if is_options => Target::Options(allow.header_value()),
        Found::MethodMismatch(allow) if config.method_not_allowed => {
            Target::MethodNotAllowed(allow)
        }
        _ if is_options && uri.path() == "*" => Target::Options(router.allow_all.clone()),
        _ if is_tunnel(request) && config.method_not_allowed => {
            Target::MethodNotAllowed(AllowSet::default())
        }
        _ => not_found(router, uri.path()),
    }
}

/// `CONNECT host:port` has no path that anything could be registered for.
#[cold]
fn is_tunnel(request: &Request) -> bool {
    *request.method() == Method::CONNECT && request.uri().path_and_query().is_none()
}

fn not_found<'r>(router: &'r Frozen, path: &str) -> Target<'r> {
    match router.fallbacks.find(path, router.config.is_strict()) {
        Some(handler) => Target::Fallback(handler),
        None => Target::NotFound,
    }
}

/// Where to redirect to, unless a browser could read it as another host.
fn location(path: &str, query: Option<&str>) -> Option<HeaderValue> {
    let mut target = path.to_owned();
    if let Some(query) = query {
        target.push('?');
        target.push_str(query);
    }
    let safe = !target.starts_with("//")
        && !target.contains('\\')
        && !target.bytes().any(|byte| byte.is_ascii_control());
    if !safe {
        return None;
    }
    // What clients send outside ASCII is no part of a URI (RFC 3986 section 2).
    HeaderValue::try_from(utf8_percent_encode(&target, CONTROLS).to_string()).ok()
}

/// The answer of a router; never fails.
#[must_use = "futures do nothing unless polled"]
pub struct RouteFuture(ResponseFuture);

impl Future for RouteFuture {
    type Output = Result<Response, Infallible>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(Ok)
    }
}

/// Drops the body, which cancels whatever produces it, and keeps its length.
fn without_body(mut response: Response, head: Head) -> Response {
    let body = std::mem::take(response.body_mut());
    let status = response.status();
    let may_have_length = !status.is_informational() && !matches!(status.as_u16(), 204 | 304);
    let headers = response.headers_mut();
    if let Some(length) = Body::exact_len(&body)
        && (length > 0 || head == Head::FromGet)
        && may_have_length
        && !headers.contains_key(TRANSFER_ENCODING)
    {
        headers.entry(CONTENT_LENGTH).or_insert(length.into());
    }
    response
}

impl std::fmt::Debug for Dispatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatch")
            .field("is_route", &self.is_route())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RouteFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RouteFuture")
    }
}
