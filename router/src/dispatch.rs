//! What answers one request.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::{ALLOW, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderValue, Method};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use plumego_contract::{
    Body, BoxHttpService, Request, RequestScope, Response, ResponseFuture, RouteMatch, RoutePattern,
};

use crate::allow::AllowSet;
use crate::answer;
use crate::ends::Ends;
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
    Route(&'r BoxHttpService),
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
    #[inline]
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
                fill_slot(request, &facts.pattern, ends, decoded);
                Target::Route(endpoint)
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
        matches!(self.target, Target::Route(_))
    }

    /// Answers the request that was dispatched.
    #[inline(always)]
    pub fn call(self, request: Request) -> RouteFuture {
        match self.route() {
            Some(service) => self.future(service.handle(request)),
            None => self.call_unrouted(request),
        }
    }

    #[inline(always)]
    pub(crate) fn route(&self) -> Option<&'r BoxHttpService> {
        match self.target {
            Target::Route(service) => Some(service),
            _ => None,
        }
    }

    /// What a route answers, once it does.
    #[inline(always)]
    pub(crate) fn future(self, inner: ResponseFuture) -> RouteFuture {
        RouteFuture {
            inner,
            allow: None,
            head: self.head,
        }
    }

    /// Apart, so that a request on the usual way is not moved for its sake.
    #[inline(never)]
    pub(crate) fn call_unrouted(self, mut request: Request) -> RouteFuture {
        let mut allow = None;
        let inner = match self.target {
            Target::Route(service) | Target::Fallback(service) => service.handle(request),
            Target::NotFound => match &self.router.not_found {
                Some(handler) => handler.handle(request),
                None => answer::not_found(&mut request),
            },
            Target::MethodNotAllowed(set) => {
                let header = set.header_value();
                match &self.router.method_not_allowed {
                    Some(handler) => {
                        request.extensions_mut().insert(set);
                        allow = Some(Box::new(header));
                        handler.handle(request)
                    }
                    None => answer::method_not_allowed(&mut request, header),
                }
            }
            Target::Options(header) => answer::options(header),
            Target::Redirect(location) => answer::redirect(location),
            Target::BadPath => answer::bad_path(&mut request),
        };
        RouteFuture {
            inner,
            allow,
            head: self.head,
        }
    }
}

/// Puts the match into the scope of the request, in the form requests carry it.
#[inline(always)]
fn fill_slot(
    request: &mut Request,
    pattern: &'static RoutePattern,
    ends: Ends,
    decoded: Option<Box<Decoded>>,
) {
    let refused = match RequestScope::of(request) {
        Some(scope) => fill(scope, request, pattern, ends, decoded),
        None => {
            let scope = RequestScope::detached();
            let filled = fill(&scope, request, pattern, ends, decoded);
            request.extensions_mut().insert(scope);
            filled
        }
    };
    if let Err(refused) = refused {
        enter_child(request, refused);
    }
}

/// Each way builds its match where it is handed over: a value that was put
/// together before would be copied at once, and wait for its own parts.
#[inline(always)]
fn fill(
    scope: &RequestScope,
    request: &Request,
    pattern: &'static RoutePattern,
    ends: Ends,
    decoded: Option<Box<Decoded>>,
) -> Result<(), RouteMatch> {
    if let Some(decoded) = decoded {
        return fill_with_text(scope, pattern, ends, decoded.text);
    }
    if pattern.params().len() == 0 {
        return scope.set_route(RouteMatch::plain(pattern));
    }
    match request.uri().path_and_query() {
        Some(target) if !target.path().starts_with("//") => {
            scope.set_route(RouteMatch::raw(pattern, target.clone(), ends.to_array()))
        }
        _ => {
            let path = path::collapse_leading(request.uri().path());
            fill_with_text(scope, pattern, ends, path.to_owned())
        }
    }
}

/// The path was decoded, or its leading slashes were collapsed, so that it is
/// another text than the target.
#[cold]
fn fill_with_text(
    scope: &RequestScope,
    pattern: &'static RoutePattern,
    ends: Ends,
    path: String,
) -> Result<(), RouteMatch> {
    scope.set_route(RouteMatch::decoded(pattern, path, ends.to_array()))
}

/// An outer router has filled the slot.
#[cold]
fn enter_child(request: &mut Request, route: RouteMatch) {
    let child = RequestScope::ensure(request).child();
    // The slot of a new scope is free.
    let _ = child.set_route(route);
    request.extensions_mut().insert(child);
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
pub struct RouteFuture {
    inner: ResponseFuture,
    /// Added when the handler did not set the header.
    allow: Option<Box<HeaderValue>>,
    head: Head,
}

impl RouteFuture {
    /// Boxes nothing unless the answer has to be changed on its way out.
    pub(crate) fn into_response_future(self) -> ResponseFuture {
        if self.allow.is_none() && self.head == Head::No {
            return self.inner;
        }
        ResponseFuture::boxed(async move {
            match self.await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        })
    }
}

impl Future for RouteFuture {
    type Output = Result<Response, Infallible>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.allow.is_none() && self.head == Head::No {
            return Pin::new(&mut self.inner).poll(cx).map(Ok);
        }
        self.poll_changed(cx)
    }
}

impl RouteFuture {
    #[inline(never)]
    fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, Infallible>> {
        let mut response = ready!(Pin::new(&mut self.inner).poll(cx));
        if let Some(allow) = self.allow.take() {
            response.headers_mut().entry(ALLOW).or_insert(*allow);
        }
        if self.head != Head::No {
            drop_body(&mut response, self.head);
        }
        Poll::Ready(Ok(response))
    }
}

/// Drops the body, which cancels whatever produces it, and keeps its length.
#[cold]
fn drop_body(response: &mut Response, head: Head) {
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
