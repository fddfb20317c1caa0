//! The registration phase.

use std::fmt;

use plumego_contract::{BoxHttpService, Handler, HttpService};
use tower_layer::Layer;

use crate::config::RouterConfig;
use crate::error::RegisterError;
use crate::frozen::FrozenRouter;
use crate::group::{Group, RouteGroup};
use crate::meta::RouteInfo;
use crate::registrar::RouteRegistrar;
use crate::registry::Registry;
use crate::route::{Route, box_layer};
use crate::url::{self, UrlError};

/// Takes routes, and becomes a [`FrozenRouter`] that serves them.
///
/// Every `Err` leaves the router as it was before the call.
///
/// ```
/// use plumego_contract::{Reply, Request};
/// use plumego_router::Router;
///
/// async fn list(_: Request) -> Reply<()> { Reply::ok(()) }
///
/// let mut router = Router::default();
/// let mut v1 = router.group("/api/v1")?;
/// v1.get("/items", list)?;
/// assert_eq!(router.routes()[0].path, "/api/v1/items");
/// # Ok::<(), plumego_router::RegisterError>(())
/// ```
pub struct Router {
    pub(crate) config: RouterConfig,
    pub(crate) registry: Registry,
    /// The first one is the root.
    pub(crate) groups: Vec<Group>,
    pub(crate) not_found: Option<BoxHttpService>,
    pub(crate) method_not_allowed: Option<BoxHttpService>,
}

impl Default for Router {
    fn default() -> Self {
        Self::new(RouterConfig::default())
    }
}

impl Router {
    /// A router without routes.
    #[must_use]
    pub fn new(config: RouterConfig) -> Self {
        Self {
            config,
            registry: Registry::default(),
            groups: vec![Group::root()],
            not_found: None,
            method_not_allowed: None,
        }
    }

    /// Registers a route. Its path is a pattern: text, `{name}` for one
    /// segment, `{*name}` for one or more segments at the end.
    ///
    /// # Errors
    /// [`RegisterError`], of which the first is reported in the order method,
    /// path, name, conflict.
    pub fn add_route(&mut self, route: Route) -> Result<(), RegisterError> {
        self.add_to(0, route)
    }

    /// Opens a group: routes below a common prefix, within common layers. The
    /// prefix may have parameters, but no wildcard; `""` and `"/"` add none.
    ///
    /// # Errors
    /// [`RegisterError`] when the prefix is malformed.
    pub fn group(&mut self, prefix: &str) -> Result<RouteGroup<'_>, RegisterError> {
        RouteGroup::open(self, 0, prefix)
    }

    /// Wraps every route of the router, whether registered before or after.
    /// Layers run after matching, in the order in which they were added.
    pub fn layer<L>(&mut self, layer: L)
    where
        L: Layer<BoxHttpService> + Send + Sync + 'static,
        L::Service: HttpService,
    {
        self.groups[0].layers.push(box_layer(layer));
    }

    /// Answers requests that no route and no group fallback takes, outside all
    /// layers of the router.
    pub fn not_found(&mut self, handler: impl Handler) {
        self.not_found = Some(BoxHttpService::from_handler(handler));
    }

    /// Answers requests whose path has routes, but none for the method. The
    /// request carries the [`AllowSet`](crate::AllowSet) as an extension; the
    /// `Allow` header is added to the answer when the handler did not set it.
    pub fn method_not_allowed_handler(&mut self, handler: impl Handler) {
        self.method_not_allowed = Some(BoxHttpService::from_handler(handler));
    }

    /// All routes so far, sorted by method, then path.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteInfo> {
        self.registry.infos()
    }

    /// The path of a named route, with these values for its parameters; see
    /// [`FrozenRouter::url`]. The answer takes time in proportion to the
    /// number of routes.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn url(&self, name: &str, params: &[(&str, &str)]) -> Result<String, UrlError> {
        url::build_checked(&self.registry, &self.config, name, params)
    }

    /// Composes the layers and builds what dispatches requests. Cannot fail:
    /// everything was checked at registration.
    ///
    /// Patterns and names of the routes are kept until the process ends, so
    /// that requests refer to them without counting; freezing equal routes
    /// again adds nothing.
    #[must_use]
    pub fn freeze(self) -> FrozenRouter {
        FrozenRouter::build(self)
    }

    pub(crate) fn add_to(&mut self, group: usize, route: Route) -> Result<(), RegisterError> {
        let strict = self.config.is_strict();
        let prefix = &self.groups[group].prefix;
        self.registry.add(route, prefix, group, strict)
    }
}

macro_rules! router_verbs {
    ($($verb:ident $method:literal)*) => {
        impl Router {
            $(
                #[doc = concat!("Registers a `", $method, "` route.")]
                ///
                /// # Errors
                /// See [`add_route`](Self::add_route).
                pub fn $verb(&mut self, path: &str, handler: impl Handler) -> Result<(), RegisterError> {
                    self.add_route(Route::new($method, path, handler))
                }
            )*
        }

        impl RouteGroup<'_> {
            $(
                #[doc = concat!("Registers a `", $method, "` route.")]
                ///
                /// # Errors
                /// See [`Router::add_route`].
                pub fn $verb(&mut self, path: &str, handler: impl Handler) -> Result<(), RegisterError> {
                    self.add_route(Route::new($method, path, handler))
                }
            )*
        }
    };
}

router_verbs! {
    get "GET"
    post "POST"
    put "PUT"
    patch "PATCH"
    delete "DELETE"
    head "HEAD"
    options "OPTIONS"
    any "ANY"
}

impl RouteRegistrar for Router {
    fn add_route(&mut self, route: Route) -> Result<(), RegisterError> {
        self.add_to(0, route)
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.registry.infos()
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("config", &self.config)
            .field("routes", &self.registry.routes.len())
            .finish_non_exhaustive()
    }
}
