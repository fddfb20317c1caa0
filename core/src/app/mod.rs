//! An application: built, frozen, prepared.

mod dependencies;
mod group;
mod prepare;
mod service;
mod state;

use std::fmt;
use std::sync::Arc;

use plumego_contract::{BoxHttpService, Handler, HttpService};
use plumego_log::Logger;
use plumego_middleware::stack::Stack;
use plumego_router::{RegisterError, Route, RouteInfo, RouteRegistrar, Router, UrlError};
use tower_layer::{Identity, Layer};

pub use dependencies::AppDependencies;
pub use group::RouteGroup;
pub use prepare::PrepareError;
pub use service::AppService;
pub(crate) use service::inbound_trace;
pub use state::PreparationState;

use crate::config::AppConfig;
use crate::error::{CoreError, Operation};
use crate::server::{RunOptions, Server};

/// An application while it is put together: routes and layers may be added.
///
/// [`into_service`](Self::into_service) freezes it into a service for use in
/// process; [`prepare`](Self::prepare) checks the configuration and makes a
/// server; [`run`](Self::run) does everything to the end of the process. After
/// any of them nothing can be registered, because there is no `App` any more.
///
/// ```
/// use plumego_contract::{Error, Reply, Request};
/// use plumego_core::{App, AppConfig, AppDependencies};
///
/// async fn hello(_: Request) -> Result<Reply<&'static str>, Error> {
///     Ok(Reply::ok("hello"))
/// }
///
/// let mut app = App::new(AppConfig::default(), AppDependencies::default());
/// app.get("/hello", hello)?;
/// app.group("/api/v1")?.get("/hello", hello)?;
/// assert_eq!(app.routes().len(), 2);
/// # Ok::<(), plumego_core::CoreError>(())
/// ```
pub struct App(Box<Parts>);

struct Parts {
    config: AppConfig,
    logger: Arc<dyn Logger>,
    router: Router,
    /// Blocks of layers, outermost first.
    blocks: Vec<Stack>,
    /// The names of all layers in one stack of empty layers: what is known of
    /// their order concerns the blocks as a whole.
    order: Stack,
}

/// An application with default configuration and without a logger.
#[must_use]
pub fn new() -> App {
    App::new(AppConfig::default(), AppDependencies::default())
}

/// An application with this configuration and without a logger.
#[must_use]
pub fn with_config(config: AppConfig) -> App {
    App::new(config, AppDependencies::default())
}

impl App {
    /// An application without routes. The configuration is checked by
    /// [`prepare`](Self::prepare).
    #[must_use]
    pub fn new(config: AppConfig, dependencies: AppDependencies) -> Self {
        Self(Box::new(Parts {
            router: Router::new(config.router.clone()),
            config,
            logger: dependencies
                .logger
                .unwrap_or_else(|| plumego_log::discard()),
            blocks: Vec::new(),
            order: Stack::new(),
        }))
    }

    /// Adds a layer around the whole router, inside those added before.
    pub fn layer<L>(&mut self, name: &'static str, layer: L) -> &mut Self
    where
        L: Layer<BoxHttpService> + Send + Sync + 'static,
        L::Service: HttpService,
    {
        self.layers(Stack::new().push(name, layer))
    }

    /// Adds the layers of a stack around the whole router, inside those added
    /// before.
    pub fn layers(&mut self, stack: Stack) -> &mut Self {
        let order = std::mem::take(&mut self.0.order);
        let names = stack.names().into_iter();
        self.0.order = names.fold(order, |order, name| order.push(name, Identity::new()));
        self.0.blocks.push(stack);
        self
    }

    /// Adds a route with its options.
    ///
    /// # Errors
    /// Operation `add_route` with a [`RegisterError`] as cause; nothing was
    /// added.
    pub fn add_route(&mut self, route: Route) -> Result<(), CoreError> {
        self.0.router.add_route(route).map_err(refused)
    }

    /// Opens a group of routes with a common prefix.
    ///
    /// # Errors
    /// Operation `add_route` when the prefix is no pattern.
    pub fn group(&mut self, prefix: &str) -> Result<RouteGroup<'_>, CoreError> {
        let group = self.0.router.group(prefix).map_err(refused)?;
        Ok(RouteGroup::new(group))
    }

    /// The path of a named route.
    ///
    /// # Errors
    /// When there is no such route, or the parameters do not fit it.
    pub fn url(&self, name: &str, params: &[(&str, &str)]) -> Result<String, UrlError> {
        self.0.router.url(name, params)
    }

    /// A snapshot of the routes, sorted by method, then path.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteInfo> {
        self.0.router.routes()
    }

    /// The logger; one that discards when none was given.
    #[must_use]
    pub fn logger(&self) -> &Arc<dyn Logger> {
        &self.0.logger
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &AppConfig {
        &self.0.config
    }

    /// Always [`PreparationState::Mutable`].
    #[must_use]
    pub fn preparation_state(&self) -> PreparationState {
        PreparationState::Mutable
    }

    /// Freezes the application into a service: for tests, for use in process,
    /// for another server. Checks nothing that only a server needs.
    #[must_use]
    pub fn into_service(self) -> AppService {
        let Parts {
            config,
            logger,
            router,
            blocks,
            order,
        } = *self.0;
        AppService::new(config, logger, router.freeze(), &blocks, order)
    }

    /// Checks the configuration, loads TLS material, then freezes.
    ///
    /// # Errors
    /// Operation `prepare_server`, with the application as it was: nothing is
    /// lost, and routes can still be added.
    pub fn prepare(self) -> Result<Server, PrepareError<Self>> {
        match prepare::check(&self.0.config) {
            Ok(tls) => Ok(self.into_service().into_server(tls)),
            Err(source) => Err(PrepareError {
                source,
                state: self,
            }),
        }
    }

    /// Prepares, binds, serves until a termination signal, drains.
    ///
    /// # Errors
    /// The first failure, with later ones attached.
    pub async fn run(self) -> Result<(), CoreError> {
        self.run_with(RunOptions::default()).await
    }

    /// Like [`run`](Self::run), with attached components, another end than a
    /// signal, and other limits.
    ///
    /// # Errors
    /// The first failure, with later ones attached.
    pub async fn run_with(self, options: RunOptions) -> Result<(), CoreError> {
        let server = self.prepare().map_err(|failed| failed.source)?;
        crate::server::run(server, options).await
    }
}

/// One line per route: a method for each of the common verbs.
macro_rules! verbs {
    ($($verb:ident $method:literal)*) => {
        impl App {$(
            #[doc = concat!("Adds a `", $method, "` route.")]
            ///
            /// # Errors
            /// As [`add_route`](Self::add_route).
            pub fn $verb(&mut self, path: &str, handler: impl Handler) -> Result<(), CoreError> {
                self.add_route(Route::new($method, path, handler))
            }
        )*}

        impl RouteGroup<'_> {$(
            #[doc = concat!("Adds a `", $method, "` route.")]
            ///
            /// # Errors
            /// As [`add_route`](Self::add_route).
            pub fn $verb(&mut self, path: &str, handler: impl Handler) -> Result<(), CoreError> {
                self.add_route(Route::new($method, path, handler))
            }
        )*}
    };
}

verbs! {
    get "GET"
    post "POST"
    put "PUT"
    patch "PATCH"
    delete "DELETE"
    any "ANY"
}

impl RouteRegistrar for App {
    fn add_route(&mut self, route: Route) -> Result<(), RegisterError> {
        self.0.router.add_route(route)
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.0.router.routes()
    }
}

/// A refused registration as an error of the application.
fn refused(error: RegisterError) -> CoreError {
    let (method, path) = (error.method().to_owned(), error.path().to_owned());
    let core = CoreError::new(Operation::AddRoute, error).with_param("path", path);
    if method.is_empty() {
        core
    } else {
        core.with_param("method", method)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("config", &self.0.config)
            .field("routes", &self.0.router)
            .field("layers", &self.0.order)
            .finish_non_exhaustive()
    }
}
