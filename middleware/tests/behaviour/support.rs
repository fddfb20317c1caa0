//! Requests, handlers and sinks that the tests share.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::Method;
use http_body::Body as _;
use plumego_contract::{Body, BoxHttpService, Handler, Request, Response, ResponseFuture};
use plumego_log::{Fields, FlushError, Level, Logger, Record};
use tower_layer::Layer;

/// A handler inside one layer.
pub(crate) fn around<L>(layer: &L, handler: impl Handler) -> BoxHttpService
where
    L: Layer<BoxHttpService, Service = BoxHttpService>,
{
    layer.layer(BoxHttpService::from_handler(handler))
}

pub(crate) fn request(method: Method, target: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = target.parse().unwrap();
    request
}

pub(crate) fn get(target: &str) -> Request {
    request(Method::GET, target)
}

/// Answers 200 with a body of five bytes.
pub(crate) async fn hello(_: Request) -> Response {
    Response::new(Body::from_bytes("hello"))
}

/// Never answers.
pub(crate) async fn forever(_: Request) -> Response {
    pending().await
}

/// Polls once; the future must not be ready.
pub(crate) fn poll_pending(future: &mut ResponseFuture) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(std::pin::Pin::new(future).poll(&mut cx).is_pending());
}

/// Polls the body once.
pub(crate) fn poll_body(body: &mut Body) -> Poll<Option<Result<bytes::Bytes, String>>> {
    let mut cx = Context::from_waker(Waker::noop());
    std::pin::Pin::new(body).poll_frame(&mut cx).map(|frame| {
        frame.map(|frame| match frame {
            Ok(frame) => Ok(frame.into_data().unwrap_or_default()),
            Err(error) => Err(error.to_string()),
        })
    })
}

/// Calls a service that panics, when called or when polled, and gives back the
/// payload of the panic.
pub(crate) fn panics(service: &BoxHttpService, request: Request) -> String {
    let payload = catch_unwind(AssertUnwindSafe(|| {
        let mut answer = service.handle(request);
        poll_pending(&mut answer);
    }));
    let payload = payload.expect_err("a panic");
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .unwrap()
}

/// Something to collect into from callbacks.
#[derive(Clone, Debug)]
pub(crate) struct Collected<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Collected<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Collected<T> {
    pub(crate) fn push(&self, value: T) {
        self.0.lock().unwrap().push(value);
    }

    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A logger that panics when it writes.
pub(crate) struct PanickingLogger;

impl Logger for PanickingLogger {
    fn enabled(&self, _: Level, _: &str) -> bool {
        true
    }

    fn log(&self, _: &Record<'_>) {
        panic!("logger")
    }

    fn with_fields(&self, _: Fields) -> Arc<dyn Logger> {
        Arc::new(Self)
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }
}
