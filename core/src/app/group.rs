use std::fmt;

use plumego_contract::{BoxHttpService, Handler, HttpService};
use plumego_router::{RegisterError, Route, RouteInfo, RouteRegistrar};
use tower_layer::Layer;

use super::refused;
use crate::error::CoreError;

/// Routes of an [`App`](crate::App) with a common prefix and common layers.
pub struct RouteGroup<'a>(plumego_router::RouteGroup<'a>);

impl<'a> RouteGroup<'a> {
    pub(super) fn new(group: plumego_router::RouteGroup<'a>) -> Self {
        Self(group)
    }

    /// Adds a route with its options.
    ///
    /// # Errors
    /// Operation `add_route` with a [`RegisterError`] as cause; nothing was
    /// added.
    pub fn add_route(&mut self, route: Route) -> Result<(), CoreError> {
        self.0.add_route(route).map_err(refused)
    }

    /// Opens a group inside this one.
    ///
    /// # Errors
    /// Operation `add_route` when the prefix is no pattern.
    pub fn group(&mut self, prefix: &str) -> Result<RouteGroup<'_>, CoreError> {
        self.0.group(prefix).map(RouteGroup).map_err(refused)
    }

    /// Adds a layer around every route of the group, inside those added before;
    /// it does not matter whether it comes before or after the routes.
    pub fn layer<L>(&mut self, layer: L)
    where
        L: Layer<BoxHttpService> + Send + Sync + 'static,
        L::Service: HttpService,
    {
        self.0.layer(layer);
    }

    /// Answers what is under the prefix and matches no route.
    pub fn fallback(&mut self, handler: impl Handler) {
        self.0.fallback(handler);
    }

    /// A snapshot of the routes of the whole application.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteInfo> {
        self.0.routes()
    }

    /// The full prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.prefix()
    }
}

impl RouteRegistrar for RouteGroup<'_> {
    fn add_route(&mut self, route: Route) -> Result<(), RegisterError> {
        self.0.add_route(route)
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.0.routes()
    }
}

impl fmt::Debug for RouteGroup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
