//! The services of a program inside another server, or without one.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use plumego_contract::{Request, Response, ResponseFuture};
use plumego_core::AppService;
use tower_service::Service;

use super::service::{Assembled, Host};
use super::threads::Threads;
use crate::fault::Outcome;
use crate::runtime::Runtime;

/// The routes of a program with all layers around them, as a tower service: for
/// a server of one's own, and for tests without a socket. Clones are the same
/// service; it is always ready, and dropping an answer stops its handler.
#[derive(Clone)]
pub struct FuseService {
    service: AppService,
    /// Handlers that may wait run there for as long as there is a clone.
    _threads: Arc<Threads>,
}

impl FuseService {
    /// Answers a request; needs a tokio runtime.
    pub fn handle(&self, request: Request) -> ResponseFuture {
        self.service.handle(request)
    }
}

impl Service<Request> for FuseService {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answer {
        Answer(self.handle(request))
    }
}

/// The answer of a [`FuseService`]; never fails.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Answer(ResponseFuture);

impl Future for Answer {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(cx).map(Ok)
    }
}

impl fmt::Debug for FuseService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FuseService")
            .field("routes", &self.service.routes().len())
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// The program's services as one service, with the settings and layers that
    /// [`serve`](Self::serve) gives them.
    ///
    /// # Errors
    ///
    /// There is no service, or a setting is not what it has to be.
    pub fn service(&self) -> Outcome<FuseService> {
        let Assembled {
            host,
            services,
            threads,
        } = Host::assemble(self)?;
        Ok(FuseService {
            service: host.app(&services, 0)?.into_service(),
            _threads: Arc::new(threads),
        })
    }
}
