use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use plumego_contract::{
    BoxHttpService, Error, ErrorKind, Handler, HttpService, Request, Response, ResponseFuture,
    write_error,
};
use plumego_log::{Logger, names::messages};
use tower_layer::Layer;

use super::body::guard_body;
use super::report::Origin;
use crate::callback::discard;
use crate::panic_site;

/// Where recovered panics are logged.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecoveryConfig {
    /// Takes a record of level `Error` for each panic.
    pub logger: Arc<dyn Logger>,
}

impl RecoveryConfig {
    /// Logs to this logger.
    #[must_use]
    pub fn new(logger: Arc<dyn Logger>) -> Self {
        Self { logger }
    }
}

impl fmt::Debug for RecoveryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryConfig").finish_non_exhaustive()
    }
}

/// Answers for services that panic.
#[derive(Clone, Debug)]
pub struct RecoveryLayer {
    config: RecoveryConfig,
}

impl RecoveryLayer {
    /// A layer that works as configured. The first one of the process installs
    /// the panic hook.
    #[must_use]
    pub fn new(config: RecoveryConfig) -> Self {
        panic_site::install();
        Self { config }
    }
}

impl<S: HttpService> Layer<S> for RecoveryLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(Recovery {
            inner: BoxHttpService::new(inner),
            logger: Arc::clone(&self.config.logger),
        })
    }
}

struct Recovery {
    inner: BoxHttpService,
    logger: Arc<dyn Logger>,
}

impl Handler for Recovery {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let origin = Origin::of(&mut request, &self.logger);
        match catch_unwind(AssertUnwindSafe(|| self.inner.handle(request))) {
            Ok(inner) => ResponseFuture::boxed(Recovered(Some((inner, origin)))),
            Err(payload) => ResponseFuture::ready(answer(&origin, payload)),
        }
    }
}

/// A call that is under way; empty when it is over.
struct Recovered(Option<(ResponseFuture, Origin)>);

impl Future for Recovered {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let outcome = match &mut self.0 {
            Some((inner, _)) => catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll(cx))),
            None => panic!("a recovered call was polled after it finished"),
        };
        if matches!(outcome, Ok(Poll::Pending)) {
            return Poll::Pending;
        }
        let Some((inner, origin)) = self.0.take() else {
            return Poll::Pending;
        };
        Poll::Ready(match outcome {
            Ok(Poll::Ready(response)) => guard_body(response, origin),
            Err(payload) => {
                let response = answer(&origin, payload);
                discard(inner);
                response
            }
            Ok(Poll::Pending) => return Poll::Pending,
        })
    }
}

/// Logs a panic and answers for the service that panicked.
fn answer(origin: &Origin, payload: Box<dyn Any + Send>) -> Response {
    origin.report(messages::PANIC_RECOVERED, payload);
    let error = Error::new(ErrorKind::Internal).message("internal server error");
    write_error(origin.scope(), &error)
}
