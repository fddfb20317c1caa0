//! Where routes can be added.

use plumego_contract::Handler;

use crate::error::RegisterError;
use crate::meta::RouteInfo;
use crate::route::Route;

/// Takes routes: a router, a group, or an application built on them.
///
/// Modules that bring routes of their own receive `&mut dyn RouteRegistrar`
/// from the wiring of the application and never own a router.
pub trait RouteRegistrar {
    /// Registers a route.
    ///
    /// # Errors
    /// [`RegisterError`]; nothing was changed then.
    fn add_route(&mut self, route: Route) -> Result<(), RegisterError>;

    /// All routes of the router so far, sorted by method, then path.
    fn routes(&self) -> Vec<RouteInfo>;
}

/// Registers a table of routes with one check at its end.
///
/// ```
/// use plumego_contract::{Reply, Request};
/// use plumego_router::{RegisterError, RouteRegistrar, RouteSet};
///
/// async fn list(_: Request) -> Reply<()> { Reply::ok(()) }
/// async fn create(_: Request) -> Reply<()> { Reply::created(()) }
///
/// fn register(routes: &mut dyn RouteRegistrar) -> Result<(), RegisterError> {
///     let mut set = RouteSet::new(routes);
///     set.get("/items", list);
///     set.post("/items", create);
///     set.finish()
/// }
/// # register(&mut plumego_router::Router::default())?;
/// # Ok::<(), RegisterError>(())
/// ```
#[must_use = "the first error is returned by `finish`"]
pub struct RouteSet<'r> {
    registrar: &'r mut dyn RouteRegistrar,
    first_error: Option<RegisterError>,
}

impl<'r> RouteSet<'r> {
    /// A set that registers with `registrar`.
    pub fn new(registrar: &'r mut dyn RouteRegistrar) -> Self {
        Self {
            registrar,
            first_error: None,
        }
    }

    /// Registers a route. After an error the remaining routes are still tried.
    pub fn add(&mut self, route: Route) -> &mut Self {
        if let Err(error) = self.registrar.add_route(route) {
            self.first_error.get_or_insert(error);
        }
        self
    }

    /// The first error, if there was one.
    ///
    /// # Errors
    /// The first [`RegisterError`] of the routes added.
    pub fn finish(self) -> Result<(), RegisterError> {
        self.first_error.map_or(Ok(()), Err)
    }
}

macro_rules! set_verbs {
    ($($verb:ident $method:literal)*) => {
        impl RouteSet<'_> {
            $(
                #[doc = concat!("Registers a `", $method, "` route.")]
                pub fn $verb(&mut self, path: &str, handler: impl Handler) -> &mut Self {
                    self.add(Route::new($method, path, handler))
                }
            )*
        }
    };
}

set_verbs! { get "GET" post "POST" put "PUT" patch "PATCH" delete "DELETE" }

impl std::fmt::Debug for RouteSet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RouteSet")
            .field("first_error", &self.first_error)
            .finish_non_exhaustive()
    }
}
