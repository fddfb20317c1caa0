//! Groups: a prefix and layers, nothing else.

use std::fmt;

use plumego_contract::{BoxHttpService, Handler, HttpService};
use tower_layer::Layer;

use crate::error::RegisterError;
use crate::meta::RouteInfo;
use crate::pattern::Pattern;
use crate::registrar::RouteRegistrar;
use crate::route::{BoxLayer, Route, box_layer};
use crate::router::Router;

pub(crate) struct Group {
    /// The group around this one; the root has itself.
    pub(crate) parent: usize,
    /// The full prefix: empty, or absolute without trailing slash.
    pub(crate) prefix: String,
    pub(crate) layers: Vec<BoxLayer>,
    pub(crate) fallback: Option<BoxHttpService>,
}

impl Group {
    pub(crate) fn root() -> Self {
        Self::new(0, String::new())
    }

    fn new(parent: usize, prefix: String) -> Self {
        Self {
            parent,
            prefix,
            layers: Vec::new(),
            fallback: None,
        }
    }
}

/// Wraps `service` in the layers of `group` and of the groups around it.
pub(crate) fn wrap(
    groups: &[Group],
    mut group: usize,
    mut service: BoxHttpService,
) -> BoxHttpService {
    loop {
        service = apply(&groups[group].layers, service);
        if group == 0 {
            return service;
        }
        group = groups[group].parent;
    }
}

/// The layer added first runs first, so it is applied last.
pub(crate) fn apply(layers: &[BoxLayer], service: BoxHttpService) -> BoxHttpService {
    layers
        .iter()
        .rev()
        .fold(service, |inner, layer| layer(inner))
}

/// Routes below a common prefix, within common layers.
///
/// ```
/// use plumego_contract::{Reply, Request};
/// use plumego_router::Router;
///
/// async fn list(_: Request) -> Reply<()> { Reply::ok(()) }
///
/// let mut router = Router::default();
/// let mut orgs = router.group("/orgs/{org}")?;
/// orgs.get("", list)?;
/// let mut teams = orgs.group("/teams")?;
/// teams.get("/{team}", list)?;
/// let paths: Vec<_> = router.routes().into_iter().map(|route| route.path).collect();
/// assert_eq!(paths, ["/orgs/{org}", "/orgs/{org}/teams/{team}"]);
/// # Ok::<(), plumego_router::RegisterError>(())
/// ```
pub struct RouteGroup<'r> {
    router: &'r mut Router,
    id: usize,
}

impl<'r> RouteGroup<'r> {
    pub(crate) fn open(
        router: &'r mut Router,
        parent: usize,
        prefix: &str,
    ) -> Result<Self, RegisterError> {
        let outer = &router.groups[parent].prefix;
        let pattern = Pattern::join_prefix(outer, prefix)
            .map_err(|fault| RegisterError::from_fault(fault, "", &format!("{outer}{prefix}")))?;
        let text = if pattern.segments.is_empty() {
            String::new()
        } else {
            pattern.text
        };
        let id = router.groups.len();
        router.groups.push(Group::new(parent, text));
        Ok(Self { router, id })
    }

    /// Registers a route below the prefix; an empty path is the prefix itself.
    ///
    /// # Errors
    /// See [`Router::add_route`].
    pub fn add_route(&mut self, route: Route) -> Result<(), RegisterError> {
        self.router.add_to(self.id, route)
    }

    /// Opens a group inside this one.
    ///
    /// # Errors
    /// See [`Router::group`].
    pub fn group(&mut self, prefix: &str) -> Result<RouteGroup<'_>, RegisterError> {
        RouteGroup::open(self.router, self.id, prefix)
    }

    /// Wraps every route of the group and of the groups inside it, whether
    /// registered before or after.
    pub fn layer<L>(&mut self, layer: L)
    where
        L: Layer<BoxHttpService> + Send + Sync + 'static,
        L::Service: HttpService,
    {
        self.router.groups[self.id].layers.push(box_layer(layer));
    }

    /// Answers requests below the prefix that no route takes, inside the
    /// layers of the group. Of several groups the one with the longest prefix
    /// answers.
    pub fn fallback(&mut self, handler: impl Handler) {
        self.router.groups[self.id].fallback = Some(BoxHttpService::from_handler(handler));
    }

    /// All routes of the router so far, sorted by method, then path.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteInfo> {
        self.router.routes()
    }

    #[cfg(feature = "static")]
    pub(crate) fn parts(&mut self) -> (&mut Router, usize) {
        (self.router, self.id)
    }

    /// The full prefix: empty, or absolute without trailing slash.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.router.groups[self.id].prefix
    }
}

impl RouteRegistrar for RouteGroup<'_> {
    fn add_route(&mut self, route: Route) -> Result<(), RegisterError> {
        self.router.add_to(self.id, route)
    }

    fn routes(&self) -> Vec<RouteInfo> {
        self.router.routes()
    }
}

impl fmt::Debug for RouteGroup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteGroup")
            .field("prefix", &self.prefix())
            .finish_non_exhaustive()
    }
}
