use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Method;
use plumego_contract::{Response, ResponseFuture};

use super::gate::{Running, UpgradePermit};
use crate::body_end::on_body_end;

/// What keeps a place taken: the request itself, or also whoever takes over
/// the connection.
pub(super) struct Place {
    _own: Option<Running>,
    _shared: Option<UpgradePermit>,
}

impl Place {
    pub(super) fn own(place: Running) -> Self {
        Self {
            _own: Some(place),
            _shared: None,
        }
    }

    pub(super) fn shared(permit: UpgradePermit) -> Self {
        Self {
            _own: None,
            _shared: Some(permit),
        }
    }
}

/// A call that holds its place until the response body ends.
pub(super) struct Placed {
    inner: ResponseFuture,
    method: Method,
    place: Option<Place>,
}

impl Placed {
    pub(super) fn new(inner: ResponseFuture, method: Method, place: Place) -> Self {
        Self {
            inner,
            method,
            place: Some(place),
        }
    }
}

impl Future for Placed {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let Poll::Ready(response) = Pin::new(&mut self.inner).poll(cx) else {
            return Poll::Pending;
        };
        let place = self.place.take();
        Poll::Ready(on_body_end(&self.method, response, move |_| drop(place)))
    }
}
