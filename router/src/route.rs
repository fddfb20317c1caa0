//! One route before it is registered.

use std::borrow::Cow;
use std::fmt;

use plumego_contract::{BoxHttpService, Handler, HttpService};
use tower_layer::Layer;

use crate::meta::RouteMeta;
use crate::method::{InvalidMethod, RouteMethod};

/// A layer with its type erased, composed around a service when the router is
/// frozen.
pub(crate) type BoxLayer = Box<dyn Fn(BoxHttpService) -> BoxHttpService + Send + Sync>;

pub(crate) fn box_layer<L>(layer: L) -> BoxLayer
where
    L: Layer<BoxHttpService> + Send + Sync + 'static,
    L::Service: HttpService,
{
    Box::new(move |inner| BoxHttpService::new(layer.layer(inner)))
}

/// A method, a path and a handler, with what else there is to say about them.
///
/// Nothing is checked before the route is registered, so that building one
/// needs no error handling of its own.
///
/// ```
/// use plumego_contract::{Error, Reply, Request};
/// use plumego_router::{Route, Router};
///
/// async fn show(_: Request) -> Result<Reply<()>, Error> {
///     Ok(Reply::ok(()))
/// }
///
/// let mut router = Router::default();
/// router.add_route(
///     Route::new("GET", "/users/{id}", show)
///         .name("users.show")
///         .tags(["users"])
///         .summary("One user"),
/// )?;
/// # Ok::<(), plumego_router::RegisterError>(())
/// ```
pub struct Route {
    pub(crate) method: Result<RouteMethod, InvalidMethod>,
    pub(crate) path: String,
    pub(crate) handler: BoxHttpService,
    pub(crate) meta: RouteMeta,
    pub(crate) layers: Vec<BoxLayer>,
}

impl Route {
    /// A route for `method` (text, [`http::Method`] or [`RouteMethod`]) and
    /// `path`, a pattern relative to where it is registered.
    #[must_use]
    pub fn new<M>(method: M, path: impl Into<String>, handler: impl Handler) -> Self
    where
        M: TryInto<RouteMethod>,
        M::Error: Into<InvalidMethod>,
    {
        Self {
            method: method.try_into().map_err(Into::into),
            path: path.into(),
            handler: BoxHttpService::from_handler(handler),
            meta: RouteMeta::default(),
            layers: Vec::new(),
        }
    }

    /// Names the route, for [`url`](crate::FrozenRouter::url): at most 128
    /// bytes of visible ASCII, unique in the router; by convention
    /// `resource.action`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.meta.name = Some(name.into());
        self
    }

    /// Adds tags after those given before.
    #[must_use]
    pub fn tags<I>(mut self, tags: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.meta.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Says in one line what the route does.
    #[must_use]
    pub fn summary(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.meta.summary = Some(text.into());
        self
    }

    /// Says whether callers should move on to another route.
    #[must_use]
    pub fn deprecated(mut self, yes: bool) -> Self {
        self.meta.deprecated = yes;
        self
    }

    /// Wraps the handler, inside the layers of its groups and of earlier calls.
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxHttpService> + Send + Sync + 'static,
        L::Service: HttpService,
    {
        self.layers.push(box_layer(layer));
        self
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}
