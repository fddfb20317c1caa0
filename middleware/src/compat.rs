//! Layers of others in a stack, and a stack among layers of others.
//!
//! [`layer`] takes a `tower` layer whose service has any body and any error
//! into a [`Stack`]; [`into_tower`] makes a stack an ordinary `tower` layer for
//! axum, tonic or bare hyper.
//!
//! ```
//! use std::time::Duration;
//!
//! use plumego_middleware::{compat, stack::Stack};
//!
//! let theirs = tower::timeout::TimeoutLayer::new(Duration::from_secs(5));
//! let stack = Stack::new().push("theirs", compat::layer(theirs));
//! assert_eq!(stack.names(), ["theirs"]);
//! ```

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use plumego_contract::{
    Body, BoxError, BoxHttpService, Error, ErrorKind, Handler, HttpService, InfallibleFuture,
    Request, RequestScope, Response, ResponseFuture, code, write_error,
};
use tower::{buffer, load_shed, timeout};
use tower_layer::Layer;
use tower_service::Service;

use crate::stack::Stack;

/// Fits a `tower` layer into a [`Stack`].
///
/// Its service may answer with any body and fail with any error; it is polled
/// ready before each call. Failures become answers: an elapsed
/// `tower::timeout` is `504 deadline_exceeded`, `tower::load_shed` is
/// `503 server_busy`, a closed `tower::buffer` is `503 service_unavailable`,
/// anything else is `500 internal_error` with the cause reported to the
/// server's log.
pub fn layer<L>(layer: L) -> CompatLayer<L> {
    CompatLayer(layer)
}

/// A `tower` layer fitted by [`layer`].
#[derive(Clone, Debug)]
pub struct CompatLayer<L>(L);

impl<L, S, T, B> Layer<S> for CompatLayer<L>
where
    S: HttpService,
    L: Layer<BoxHttpService, Service = T>,
    T: Service<Request, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    T::Error: Into<BoxError>,
    T::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        let foreign = self.0.layer(BoxHttpService::new(inner));
        BoxHttpService::from_handler(Foreign(foreign))
    }
}

/// A service of someone else, made to answer always.
struct Foreign<T>(T);

impl<T, B> Handler for Foreign<T>
where
    T: Service<Request, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    T::Error: Into<BoxError>,
    T::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        let mut service = self.0.clone();
        ResponseFuture::boxed(async move {
            let ready = poll_fn(|cx| service.poll_ready(cx)).await;
            let answer = match ready.map_err(Into::into) {
                Ok(()) => service.call(request).await.map_err(Into::into),
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(response) => response.map(Body::new),
                Err(failure) => write_error(&scope, &classify(failure)),
            }
        })
    }
}

fn classify(failure: BoxError) -> Error {
    if is_caused_by::<timeout::error::Elapsed>(&*failure) {
        Error::coded(&code::DEADLINE_EXCEEDED).message("request timed out")
    } else if is_caused_by::<load_shed::error::Overloaded>(&*failure) {
        Error::coded(&code::SERVER_BUSY).retry_after(Duration::from_secs(1))
    } else if is_caused_by::<buffer::error::Closed>(&*failure) {
        Error::new(ErrorKind::Unavailable)
    } else {
        Error::internal(failure)
    }
}

fn is_caused_by<E: std::error::Error + 'static>(
    failure: &(dyn std::error::Error + 'static),
) -> bool {
    std::iter::successors(Some(failure), |error| error.source())
        .any(<dyn std::error::Error>::is::<E>)
}

/// Makes a stack an ordinary `tower` layer.
///
/// The service it wraps takes requests with our [`Body`], as services that are
/// generic over the body do (axum's router and routes, tonic's servers); the
/// wrapped service takes any body and never fails.
///
/// ```
/// use plumego_contract::{Body, Request, Response};
/// use plumego_middleware::{compat, requestid::{RequestIdConfig, RequestIdLayer}, stack::Stack};
/// use tower::{Layer, Service, service_fn};
///
/// # futures_util::FutureExt::now_or_never(async {
/// let stack = Stack::new().push("requestid", RequestIdLayer::new(RequestIdConfig::default()));
/// let theirs = service_fn(|_: Request| async {
///     Ok::<_, std::io::Error>(Response::new(String::from("hello")))
/// });
/// let mut service = compat::into_tower(stack).layer(theirs);
/// let response = service.call(http::Request::new(String::new())).await.unwrap();
/// assert!(response.headers().contains_key("x-request-id"));
/// # }).unwrap();
/// ```
#[must_use]
pub fn into_tower(stack: Stack) -> StackLayer {
    StackLayer(stack)
}

/// A stack as a `tower` layer; made by [`into_tower`].
#[derive(Clone, Debug)]
pub struct StackLayer(Stack);

impl<S, B> Layer<S> for StackLayer
where
    S: Service<Request, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Service = StackService;

    fn layer(&self, inner: S) -> StackService {
        let inner = BoxHttpService::from_handler(Foreign(inner));
        StackService(self.0.build(inner))
    }
}

/// A service wrapped by a [`StackLayer`]; takes requests with any body.
#[derive(Clone)]
pub struct StackService(BoxHttpService);

impl<B> Service<http::Request<B>> for StackService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = InfallibleFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> InfallibleFuture {
        Service::call(&mut self.0, request.map(Body::new))
    }
}

impl fmt::Debug for StackService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StackService")
    }
}
