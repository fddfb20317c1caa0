//! The serving phase.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Method};
use plumego_contract::{BoxHttpService, Handler, Request, Response, ResponseFuture, RoutePattern};
use tower_service::Service;

use crate::config::RouterConfig;
use crate::dispatch::{Dispatch, RouteFuture};
use crate::facts::{self, Facts};
use crate::fallback::Fallbacks;
use crate::group;
use crate::matched::Found;
use crate::meta::{NamedRoute, RouteInfo};
use crate::pattern::Pattern;
use crate::registry::Registered;
use crate::router::Router;
use crate::table::Table;
use crate::url::{self, UrlError};

/// Serves the routes of a [`Router`]. Immutable; clones share one allocation.
///
/// It is a [`Service`] that is always ready and never fails, and a
/// [`Handler`], so that it stands inside any layer. Concurrent use needs no
/// synchronisation, and a panic in a handler leaves it fully usable.
#[derive(Clone)]
pub struct FrozenRouter(Arc<Frozen>);

pub(crate) struct Frozen {
    pub(crate) table: Table,
    /// By the numbers the table gives out, layers included.
    pub(crate) endpoints: Vec<BoxHttpService>,
    pub(crate) config: RouterConfig,
    pub(crate) fallbacks: Fallbacks,
    pub(crate) not_found: Option<BoxHttpService>,
    pub(crate) method_not_allowed: Option<BoxHttpService>,
    /// The answer to `OPTIONS *`.
    pub(crate) allow_all: HeaderValue,
    infos: Vec<RouteInfo>,
    named: BTreeMap<String, NamedRoute>,
    /// Pattern and number of every named route.
    reverse: BTreeMap<String, (Pattern, u32)>,
}

impl FrozenRouter {
    pub(crate) fn build(router: Router) -> Self {
        let Router {
            config,
            registry,
            groups,
            not_found,
            method_not_allowed,
        } = router;
        let facts = facts::intern(registry.routes.iter().map(facts_of).collect());
        let patterns = registry.routes.iter().map(|route| &route.pattern);
        let table = Table::new(patterns.zip(facts), &config);
        let infos = registry.infos();
        let by_name = || registry.by_name.iter();
        let routes = &registry.routes;
        let named = by_name()
            .map(|(name, index)| (name.clone(), routes[*index].named()))
            .collect();
        let reverse = by_name()
            .map(|(name, index)| {
                let pattern = routes[*index].pattern.clone();
                (name.clone(), (pattern, *index as u32))
            })
            .collect();
        let fallbacks = Fallbacks::new(&groups);
        let endpoints = registry
            .routes
            .into_iter()
            .map(|route| {
                let service = group::apply(&route.layers, route.handler);
                group::wrap(&groups, route.group, service)
            })
            .collect();
        Self(Arc::new(Frozen {
            allow_all: table.all_methods().header_value(),
            table,
            endpoints,
            config,
            fallbacks,
            not_found,
            method_not_allowed,
            infos,
            named,
            reverse,
        }))
    }

    /// Looks up the route for a method and a raw request path, without
    /// allocating unless the path has escapes.
    #[must_use]
    #[inline]
    pub fn find<'p>(&self, method: &Method, path: &'p str) -> Found<'p> {
        self.0.table.find(method, path)
    }

    /// Looks up what answers a request and, when a route does, fills the route
    /// slot of its scope. A scope whose slot is taken by an outer router is
    /// replaced by a child, so that parameters never leak inwards.
    #[inline]
    pub fn dispatch<'r>(&'r self, request: &mut Request) -> Dispatch<'r> {
        Dispatch::new(&self.0, request)
    }

    /// Answers the request in a slot, which is left empty; `None` when it was
    /// empty before. A request is large: a server that keeps it in place until
    /// its route is known hands it over in one move.
    #[inline]
    pub fn answer_from(&self, slot: &mut Option<Request>) -> Option<ResponseFuture> {
        let dispatch = self.dispatch(slot.as_mut()?);
        Some(dispatch.answer(slot.take()?))
    }

    /// All routes, sorted by method, then path.
    #[must_use]
    pub fn routes(&self) -> &[RouteInfo] {
        &self.0.infos
    }

    /// The named routes.
    #[must_use]
    pub fn named_routes(&self) -> &BTreeMap<String, NamedRoute> {
        &self.0.named
    }

    /// Whether a route has this name.
    #[must_use]
    pub fn has_route(&self, name: &str) -> bool {
        self.0.named.contains_key(name)
    }

    /// The path of a named route, with these values for its parameters,
    /// percent-encoded. A request for it with the method of the route reaches
    /// the route with exactly these values.
    ///
    /// # Errors
    /// [`UrlError`] when that cannot be promised.
    ///
    /// ```
    /// use plumego_contract::{Reply, Request};
    /// use plumego_router::{Route, Router};
    ///
    /// # async fn show(_: Request) -> Reply<()> { Reply::ok(()) }
    /// let mut router = Router::default();
    /// router.add_route(Route::new("GET", "/files/{tenant}/{*path}", show).name("files.show"))?;
    /// let router = router.freeze();
    /// let url = router.url("files.show", &[("tenant", "acme corp"), ("path", "2026/q1.pdf")])?;
    /// assert_eq!(url, "/files/acme%20corp/2026/q1.pdf");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url(&self, name: &str, params: &[(&str, &str)]) -> Result<String, UrlError> {
        let unknown = || UrlError::UnknownRoute(name.to_owned());
        let (pattern, index) = self.0.reverse.get(name).ok_or_else(unknown)?;
        let url = url::build(pattern, params)?;
        let own_method = &self.0.named[name].method;
        // A method token by construction, the fallback's name included.
        let Ok(method) = Method::from_bytes(own_method.as_str().as_bytes()) else {
            return Ok(url);
        };
        match self.find(&method, &url) {
            Found::Route(other) if other.endpoint != *index => {
                Err(UrlError::Shadowed(other.pattern().to_owned()))
            }
            _ => Ok(url),
        }
    }

    /// As [`url`](Self::url), with a query appended, percent-encoded.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn url_with_query(
        &self,
        name: &str,
        params: &[(&str, &str)],
        query: &[(&str, &str)],
    ) -> Result<String, UrlError> {
        let mut url = self.url(name, params)?;
        url::push_query(&mut url, query);
        Ok(url)
    }

    /// Writes the routes as a table for people.
    ///
    /// # Errors
    /// What the writer fails with.
    pub fn print(&self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "Registered Routes:")?;
        for RouteInfo { method, path, .. } in &self.0.infos {
            let mark = if path.contains("/{*") {
                "   [wildcard]"
            } else {
                ""
            };
            writeln!(out, "{method:<6} {path}{mark}")?;
        }
        Ok(())
    }
}

fn facts_of(route: &Registered) -> Facts {
    let pattern = &route.pattern;
    let name = route.meta.name.as_deref();
    Facts {
        pattern: RoutePattern::new(&pattern.text, name),
        method: route.method.clone(),
    }
}

impl Service<Request> for FrozenRouter {
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, mut request: Request) -> RouteFuture {
        let dispatch = self.dispatch(&mut request);
        dispatch.call(request)
    }
}

impl Handler for FrozenRouter {
    #[inline]
    fn call(&self, mut request: Request) -> ResponseFuture {
        let dispatch = self.dispatch(&mut request);
        dispatch.answer(request)
    }
}

impl fmt::Debug for FrozenRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenRouter")
            .field("config", &self.0.config)
            .field("routes", &self.0.infos.len())
            .finish_non_exhaustive()
    }
}
