//! Handlers and services: one shape, erased once.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::respond::IntoResponse;
use crate::scope::RequestScope;
use crate::{Request, Response};

/// The answer of a handler or a service: ready at once, or one boxed future.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture(Answer);

type Erased = Pin<Box<dyn Future<Output = Response> + Send>>;

enum Answer {
    Ready(Option<Response>),
    Boxed(Erased),
    Mapped(Erased, fn(Response) -> Response),
}

impl ResponseFuture {
    /// An answer that is there already; nothing is boxed.
    pub fn ready(response: Response) -> Self {
        Self(Answer::Ready(Some(response)))
    }

    /// An answer that takes time; costs one allocation.
    pub fn boxed(future: impl Future<Output = Response> + Send + 'static) -> Self {
        Self(Answer::Boxed(Box::pin(future)))
    }

    /// The answer when it is there already, so that a server or a layer can pass
    /// it on without a poll.
    ///
    /// # Errors
    /// The future itself, when the answer takes time.
    ///
    /// ```
    /// use plumego_contract::{Body, Response, ResponseFuture};
    ///
    /// let ready = ResponseFuture::ready(Response::new(Body::empty()));
    /// assert!(ready.into_ready().is_ok());
    ///
    /// let later = ResponseFuture::boxed(async { Response::new(Body::empty()) });
    /// assert!(later.into_ready().is_err());
    /// ```
    #[expect(
        clippy::result_large_err,
        reason = "both variants hold an answer, and a box would cost what this saves"
    )]
    #[inline(always)]
    pub fn into_ready(self) -> Result<Response, Self> {
        match self.0 {
            Answer::Ready(Some(response)) => Ok(response),
            waiting => Err(Self(waiting)),
        }
    }

    /// Changes the answer: now when it is there already, else once it is. Boxes
    /// nothing, unless the future was mapped before.
    pub fn map(self, change: fn(Response) -> Response) -> Self {
        match self.0 {
            Answer::Ready(response) => Self(Answer::Ready(response.map(change))),
            Answer::Boxed(future) => Self(Answer::Mapped(future, change)),
            mapped @ Answer::Mapped(..) => {
                let inner = Self(mapped);
                Self(Answer::Mapped(Box::pin(inner), change))
            }
        }
    }
}

impl Future for ResponseFuture {
    type Output = Response;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        match &mut self.0 {
            Answer::Ready(response) => match response.take() {
                Some(response) => Poll::Ready(response),
                None => panic!("a response future was polled after it finished"),
            },
            Answer::Boxed(future) => future.as_mut().poll(cx),
            Answer::Mapped(future, change) => future.as_mut().poll(cx).map(*change),
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

/// Answers a request.
///
/// Any `async fn(Request) -> impl IntoResponse` is a handler, most often one
/// that returns `Result<Reply<T>, Error>`. A struct with its dependencies in
/// fields implements the trait itself:
///
/// ```
/// use plumego_contract::{Error, Handler, IntoResponse, Json, Request, RequestScope, ResponseFuture};
///
/// struct Greet { greeting: String }
///
/// impl Handler for Greet {
///     fn call(&self, mut request: Request) -> ResponseFuture {
///         let scope = RequestScope::ensure(&mut request).clone();
///         ResponseFuture::ready(Json(&self.greeting).into_response(&scope))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "expected `async fn(Request) -> impl IntoResponse`",
    note = "a handler takes exactly one argument, `plumego::Request`, by value",
    note = "it returns `Result<Reply<T>, Error>`, `Reply<T>`, `Json<T>`, `Response` or another `IntoResponse`",
    note = "wrap a function that is not async in `sync_fn`; implement `Handler` for a struct that owns its dependencies"
)]
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. A panic is not caught here.
    fn call(&self, request: Request) -> ResponseFuture;

    /// As [`call`](Self::call), by a caller that has the scope of the request
    /// at hand, so that it need not be looked for again. Routers call this;
    /// only what renders answers with the scope has a reason to implement it.
    fn call_scoped(&self, request: Request, scope: RequestScope) -> ResponseFuture {
        drop(scope);
        self.call(request)
    }
}

impl<F, Fut, R> Handler for F
where
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = scope_of(&mut request);
        self.call_scoped(request, scope)
    }

    fn call_scoped(&self, request: Request, scope: RequestScope) -> ResponseFuture {
        let answer = self(request);
        ResponseFuture::boxed(Answering { answer, scope })
    }
}

/// The scope of a request; servers have set it, so the usual way only looks.
fn scope_of(request: &mut Request) -> RequestScope {
    match RequestScope::of(request) {
        Some(scope) => scope.clone(),
        None => RequestScope::ensure(request).clone(),
    }
}

pin_project! {
    /// The future of a handler with what its answer is rendered with; about
    /// half the size of the async block that says the same.
    struct Answering<F> {
        #[pin]
        answer: F,
        scope: RequestScope,
    }
}

impl<F> Future for Answering<F>
where
    F: Future,
    F::Output: IntoResponse,
{
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let answer = ready!(this.answer.poll(cx));
        Poll::Ready(answer.into_response(this.scope))
    }
}

/// Names an async function as a handler where type inference needs help.
pub fn handler_fn<F, Fut, R>(f: F) -> impl Handler
where
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    f
}

/// A handler from a function that answers at once; no future is boxed.
pub fn sync_fn<F, R>(f: F) -> impl Handler
where
    F: Fn(Request) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    struct SyncFn<F>(F);

    impl<F, R> Handler for SyncFn<F>
    where
        F: Fn(Request) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        fn call(&self, mut request: Request) -> ResponseFuture {
            let scope = scope_of(&mut request);
            self.call_scoped(request, scope)
        }

        fn call_scoped(&self, request: Request, scope: RequestScope) -> ResponseFuture {
            ResponseFuture::ready((self.0)(request).into_response(&scope))
        }
    }

    SyncFn(f)
}

/// A handler from a service, for example one wrapped in layers.
pub fn from_service<S: HttpService>(service: S) -> impl Handler {
    BoxHttpService::new(service)
}

/// A service of this toolkit: `tower::Service` over our request and response
/// that never fails and is always ready. Implemented for every such service.
pub trait HttpService:
    Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> HttpService for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// A service with its type erased. Clones share it; a call goes by reference.
#[derive(Clone)]
pub struct BoxHttpService(Arc<dyn Handler>);

impl BoxHttpService {
    /// Erases a service; one that is erased already is not wrapped again.
    #[must_use]
    pub fn new<S: HttpService>(service: S) -> Self {
        let mut service = Some(service);
        if let Some(own) = (&mut service as &mut dyn std::any::Any).downcast_mut::<Option<Self>>()
            && let Some(own) = own.take()
        {
            return own;
        }
        match service {
            Some(service) => Self(Arc::new(ByService(service))),
            // Unreachable: the value is taken only on the way out above.
            None => Self(Arc::new(sync_fn(|_| crate::Error::from_status(500)))),
        }
    }

    /// Erases a handler.
    #[must_use]
    pub fn from_handler(handler: impl Handler) -> Self {
        Self(Arc::new(handler))
    }

    /// Answers one request.
    pub fn handle(&self, request: Request) -> ResponseFuture {
        self.0.call(request)
    }

    /// As [`handle`](Self::handle), with the scope of the request at hand.
    pub fn handle_scoped(&self, request: Request, scope: RequestScope) -> ResponseFuture {
        self.0.call_scoped(request, scope)
    }
}

impl Handler for BoxHttpService {
    fn call(&self, request: Request) -> ResponseFuture {
        self.0.call(request)
    }

    fn call_scoped(&self, request: Request, scope: RequestScope) -> ResponseFuture {
        self.0.call_scoped(request, scope)
    }
}

impl fmt::Debug for BoxHttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxHttpService")
    }
}

impl Service<Request> for BoxHttpService {
    type Response = Response;
    type Error = Infallible;
    type Future = InfallibleFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        InfallibleFuture(self.0.call(request))
    }
}

/// A [`ResponseFuture`] in the form `tower` asks for; it never fails.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct InfallibleFuture(ResponseFuture);

impl Future for InfallibleFuture {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(Ok)
    }
}

struct ByService<S>(S);

impl<S: HttpService> Handler for ByService<S> {
    fn call(&self, request: Request) -> ResponseFuture {
        // Services of this stack are always ready, so there is nothing to poll
        // before the call.
        let answer = self.0.clone().call(request);
        ResponseFuture::boxed(async move {
            match answer.await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        })
    }
}
