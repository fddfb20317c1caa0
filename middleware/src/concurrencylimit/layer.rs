use std::fmt;
use std::sync::Arc;

use plumego_contract::{
    BoxHttpService, Error, Handler, HttpService, Request, RequestScope, Response, ResponseFuture,
    code, write_error,
};
use tokio::time::timeout;
use tower_layer::Layer;

use super::config::ConcurrencyLimitConfig;
use super::future::{Place, Placed};
use super::gate::{Admitted, Gate, Running, UpgradePermit};
use crate::callback::guarded;
use crate::wire::asks_for_upgrade;

/// Limits how many requests run at the same time. Clones share the limit. The
/// queue needs a tokio runtime with time.
#[derive(Clone)]
pub struct ConcurrencyLimitLayer {
    gate: Arc<Gate>,
    config: Arc<ConcurrencyLimitConfig>,
}

impl ConcurrencyLimitLayer {
    /// A layer that works as configured.
    #[must_use]
    pub fn new(config: ConcurrencyLimitConfig) -> Self {
        Self {
            gate: Arc::new(Gate::new(config.max_concurrent, config.queue_depth)),
            config: Arc::new(config),
        }
    }

    /// Requests that run or wait now, for gauges.
    #[must_use]
    pub fn occupancy(&self) -> usize {
        self.gate.occupancy()
    }
}

impl fmt::Debug for ConcurrencyLimitLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimitLayer")
            .field("config", &self.config)
            .field("occupancy", &self.occupancy())
            .finish()
    }
}

impl<S: HttpService> Layer<S> for ConcurrencyLimitLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        let inner = BoxHttpService::new(inner);
        if self.config.max_concurrent == 0 {
            return inner;
        }
        BoxHttpService::from_handler(ConcurrencyLimit {
            inner,
            gate: Arc::clone(&self.gate),
            config: Arc::clone(&self.config),
        })
    }
}

struct ConcurrencyLimit {
    inner: BoxHttpService,
    gate: Arc<Gate>,
    config: Arc<ConcurrencyLimitConfig>,
}

impl Handler for ConcurrencyLimit {
    fn call(&self, request: Request) -> ResponseFuture {
        let (request, exempt) = self.exempts(request);
        if exempt {
            return self.inner.handle(request);
        }
        let Some(admitted) = Gate::admit(&self.gate) else {
            return ResponseFuture::ready(busy(request, &self.config));
        };
        match admitted.try_run() {
            Ok(place) => {
                let call = call(&self.inner, request, place, self.config.hold_upgrades);
                ResponseFuture::boxed(call)
            }
            Err(admitted) => self.wait(request, admitted),
        }
    }
}

impl ConcurrencyLimit {
    fn exempts(&self, request: Request) -> (Request, bool) {
        let Some(exempt) = &self.config.exempt else {
            return (request, false);
        };
        let (parts, body) = request.into_parts();
        let exempted = guarded(|| exempt(&parts)).unwrap_or(false);
        (Request::from_parts(parts, body), exempted)
    }

    fn wait(&self, request: Request, admitted: Admitted) -> ResponseFuture {
        let inner = self.inner.clone();
        let gate = Arc::clone(&self.gate);
        let config = Arc::clone(&self.config);
        ResponseFuture::boxed(async move {
            let patience = config.effective_queue_timeout();
            // Those that gave up still count when the refusal is written.
            let mut wait = std::pin::pin!(admitted.run());
            match timeout(patience, wait.as_mut()).await {
                Ok(place) => call(&inner, request, place, config.hold_upgrades).await,
                Err(_) => queue_timeout(request, &gate, &config),
            }
        })
    }
}

fn call(inner: &BoxHttpService, mut request: Request, place: Running, hold: bool) -> Placed {
    let place = if hold && asks_for_upgrade(&request) {
        Place::shared(UpgradePermit::attach(&mut request, place))
    } else {
        Place::own(place)
    };
    let method = request.method().clone();
    Placed::new(inner.handle(request), method, place)
}

fn busy(request: Request, config: &ConcurrencyLimitConfig) -> Response {
    let error = Error::coded(&code::SERVER_BUSY)
        .message("server is busy")
        .retry_after(config.retry_after);
    refuse(request, &error)
}

fn queue_timeout(request: Request, gate: &Gate, config: &ConcurrencyLimitConfig) -> Response {
    let error = Error::coded(&code::SERVER_QUEUE_TIMEOUT)
        .message("request waited too long in the queue")
        .detail("queue_occupancy", gate.occupancy())
        .detail("queue_capacity", gate.capacity())
        .retry_after(config.retry_after);
    refuse(request, &error)
}

fn refuse(mut request: Request, error: &Error) -> Response {
    write_error(RequestScope::ensure(&mut request), error)
}
