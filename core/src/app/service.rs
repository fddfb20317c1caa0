use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderMap;
use plumego_contract::{
    BoxHttpService, Handler, InfallibleFuture, Request, RequestScope, Response, ResponseFuture,
    ScopeInit, ScopeSettings, TRACEPARENT, TraceContext, parse_traceparent,
};
use plumego_log::{Fields, Logger, LoggerExt};
use plumego_middleware::stack::Stack;
use plumego_router::{FrozenRouter, RouteInfo, UrlError};
use tower_service::Service;

use super::{PreparationState, PrepareError, prepare};
use crate::config::AppConfig;
use crate::report::report_to;
use crate::server::Server;
use crate::tls::TlsRuntime;

/// An application that can answer requests: frozen, shared by its clones,
/// usable from any thread and in any tower host.
///
/// ```
/// use plumego_contract::{Body, Json, Request};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut app = plumego_core::new();
/// app.get("/hello", |_| async { Json("hello") })?;
/// let service = app.into_service();
///
/// let mut request = Request::new(Body::empty());
/// *request.uri_mut() = "/hello".parse().unwrap();
/// let response = service.handle(request).await;
/// assert_eq!(response.status(), 200);
/// # Ok::<(), plumego_core::CoreError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct AppService(Arc<Frozen>);

struct Frozen {
    config: AppConfig,
    logger: Arc<dyn Logger>,
    router: FrozenRouter,
    handler: BoxHttpService,
    /// There are no layers of the application: the handler is the router.
    is_bare: bool,
    order: Stack,
    /// For requests that no server of ours received.
    settings: Arc<ScopeSettings>,
}

impl AppService {
    pub(super) fn new(
        config: AppConfig,
        logger: Arc<dyn Logger>,
        router: FrozenRouter,
        layers: &[Stack],
        order: Stack,
    ) -> Self {
        let routed = BoxHttpService::from_handler(router.clone());
        let handler = layers
            .iter()
            .rev()
            .fold(routed, |inner, stack| stack.build(inner));
        Self(Arc::new(Frozen {
            settings: Arc::new(scope_settings(&config, &logger)),
            config,
            logger,
            router,
            handler,
            is_bare: layers.is_empty(),
            order,
        }))
    }

    /// Answers one request. One that no server of this toolkit received gets
    /// its scope here: rendering of errors and request ids as configured, an
    /// unknown client.
    pub fn handle(&self, request: Request) -> ResponseFuture {
        self.0.handler.handle(self.with_scope(request))
    }

    /// Answers the request in a slot, which has its scope; `None` when there is
    /// no request.
    #[inline]
    pub(crate) fn answer_from(&self, slot: &mut Option<Request>) -> Option<ResponseFuture> {
        if self.0.is_bare {
            self.0.router.answer_from(slot)
        } else {
            Some(self.0.handler.handle(slot.take()?))
        }
    }

    fn with_scope(&self, mut request: Request) -> Request {
        if RequestScope::of(&request).is_none() {
            let scope = RequestScope::new(Arc::clone(&self.0.settings), self.scope_init(&request));
            request.extensions_mut().insert(scope);
        }
        request
    }

    fn scope_init(&self, request: &Request) -> ScopeInit {
        use plumego_contract::{ErrorFormat, prefers_problem_json};
        let headers = request.headers();
        let config = &self.0.config;
        let mut init = ScopeInit::default();
        init.target = request.uri().path_and_query().cloned();
        init.request_id = plumego_middleware::requestid::inbound(headers, &config.request_id);
        init.trace = inbound_trace(headers);
        init.prefers_problem =
            config.errors.format == ErrorFormat::Negotiate && prefers_problem_json(headers);
        init
    }

    /// Rendering and ids, for the server that makes scopes itself.
    pub(crate) fn scope_settings(&self) -> &ScopeSettings {
        &self.0.settings
    }

    /// The routes, sorted by method, then path.
    #[must_use]
    pub fn routes(&self) -> &[RouteInfo] {
        self.0.router.routes()
    }

    /// The path of a named route.
    ///
    /// # Errors
    /// When there is no such route, or the parameters do not fit it.
    pub fn url(&self, name: &str, params: &[(&str, &str)]) -> Result<String, UrlError> {
        self.0.router.url(name, params)
    }

    /// The frozen router, for tools.
    #[must_use]
    pub fn router(&self) -> &FrozenRouter {
        &self.0.router
    }

    /// The logger.
    #[must_use]
    pub fn logger(&self) -> &Arc<dyn Logger> {
        &self.0.logger
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &AppConfig {
        &self.0.config
    }

    /// Always [`PreparationState::HandlerPrepared`].
    #[must_use]
    pub fn preparation_state(&self) -> PreparationState {
        PreparationState::HandlerPrepared
    }

    /// Checks the configuration and loads TLS material.
    ///
    /// # Errors
    /// Operation `prepare_server`, with the service, which goes on working.
    pub fn prepare(self) -> Result<Server, PrepareError<Self>> {
        match prepare::check(&self.0.config) {
            Ok(tls) => Ok(self.into_server(tls)),
            Err(source) => Err(PrepareError {
                source,
                state: self,
            }),
        }
    }

    pub(super) fn into_server(self, tls: Option<TlsRuntime>) -> Server {
        self.warn();
        let (config, logger) = (self.0.config.clone(), Arc::clone(&self.0.logger));
        Server::new(config, self, tls, logger)
    }

    /// Says what is allowed but seldom meant.
    fn warn(&self) {
        let logger = &self.0.logger;
        for warning in self.0.order.lint() {
            let fields = Fields::new().with("warning", warning.to_string());
            logger.warn("order of layers", fields);
        }
        if self.routes().is_empty() {
            logger.warn("no routes registered", Fields::new());
        }
        if cfg!(panic = "abort") {
            let what = "built with panic=abort: a panic in a handler ends the process";
            logger.warn(what, Fields::new());
        }
    }
}

/// The trace context a request brings; an invalid one is ignored.
pub(crate) fn inbound_trace(headers: &HeaderMap) -> Option<TraceContext> {
    let text = headers.get(TRACEPARENT)?.to_str().ok()?;
    parse_traceparent(text).ok()
}

/// Rendering and ids as the configuration says.
fn scope_settings(config: &AppConfig, logger: &Arc<dyn Logger>) -> ScopeSettings {
    let ids = config.request_id.clone();
    let errors = config.errors.clone();
    let mut settings = ScopeSettings::default();
    settings.rendering = errors.with_report(report_to(Arc::clone(logger)));
    settings.generate_request_id = Some(Arc::new(move || ids.generate()));
    settings
}

impl Handler for AppService {
    fn call(&self, request: Request) -> ResponseFuture {
        self.handle(request)
    }
}

impl Service<Request> for AppService {
    type Response = Response;
    type Error = Infallible;
    type Future = InfallibleFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> InfallibleFuture {
        Service::call(&mut self.0.handler.clone(), self.with_scope(request))
    }
}

impl fmt::Debug for AppService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppService")
            .field("routes", &self.routes().len())
            .field("layers", &self.0.order)
            .finish_non_exhaustive()
    }
}
