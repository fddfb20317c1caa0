//! How a layer of this crate wraps a service.
//!
//! Every layer keeps the service inside as a [`BoxHttpService`], which is
//! called by reference, and is itself a [`Handler`], so that no service is
//! cloned per request:
//!
//! ```text
//! impl<S: HttpService> Layer<S> for SomeLayer {
//!     type Service = BoxHttpService;
//!     fn layer(&self, inner: S) -> BoxHttpService {
//!         BoxHttpService::from_handler(Some { inner: BoxHttpService::new(inner), .. })
//!     }
//! }
//! impl Handler for Some {
//!     fn call(&self, request: Request) -> ResponseFuture { .. }
//! }
//! ```
//!
//! A call that needs nothing after the inner one returns its future as it is;
//! one that only changes the response uses [`then`], which boxes once; all
//! others box one hand-written future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use plumego_contract::{Response, ResponseFuture};

/// Changes the response of `inner` when it comes.
pub(crate) fn then<F>(inner: ResponseFuture, change: F) -> ResponseFuture
where
    F: FnOnce(Response) -> Response + Send + 'static,
{
    ResponseFuture::boxed(LayerFuture {
        inner,
        change: Some(change),
    })
}

/// The future of a layer that only changes the response.
struct LayerFuture<F> {
    inner: ResponseFuture,
    change: Option<F>,
}

// The closure is only ever moved out, never polled.
impl<F> Unpin for LayerFuture<F> {}

impl<F> Future for LayerFuture<F>
where
    F: FnOnce(Response) -> Response,
{
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let Poll::Ready(response) = Pin::new(&mut self.inner).poll(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(match self.change.take() {
            Some(change) => change(response),
            None => response,
        })
    }
}
