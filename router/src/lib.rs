//! Explicit routes: one method, one pattern, one handler per line; matching,
//! path parameters, groups with layers, named routes and reverse URLs. It does
//! not format responses beyond its own 404, 405, 400, 308 and `OPTIONS`
//! answers, authenticate, validate, construct services, discover controllers,
//! or route by host or tenant.
//!
//! ```
//! use plumego_contract::{Error, Reply, Request};
//! use plumego_router::{Found, Route, Router, param};
//!
//! async fn list(_: Request) -> Result<Reply<Vec<String>>, Error> {
//!     Ok(Reply::ok(vec!["pen".to_owned()]))
//! }
//!
//! async fn show(request: Request) -> Result<Reply<String>, Error> {
//!     let id = param(&request, "id").unwrap_or_default();
//!     Ok(Reply::ok(format!("item {id}")))
//! }
//!
//! let mut router = Router::default();
//! let mut items = router.group("/items")?;
//! items.get("", list)?;
//! items.add_route(Route::new("GET", "/{id}", show).name("items.show"))?;
//!
//! let router = router.freeze();
//! let Found::Route(found) = router.find(&http::Method::GET, "/items/17") else {
//!     panic!("the route is registered above");
//! };
//! assert_eq!(found.pattern(), "/items/{id}");
//! assert_eq!(found.param("id"), Some("17"));
//! assert_eq!(router.url("items.show", &[("id", "17")])?, "/items/17");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod allow;
mod answer;
mod config;
mod dispatch;
mod error;
mod facts;
mod fallback;
mod frozen;
mod group;
mod matched;
mod meta;
mod method;
mod path;
mod pattern;
mod registrar;
mod registry;
mod route;
mod router;
#[cfg(feature = "static")]
mod static_mount;
mod table;
mod url;

pub use allow::AllowSet;
pub use config::{RouterConfig, TrailingSlash};
pub use dispatch::{Dispatch, RouteFuture};
pub use error::{RegisterError, RegisterErrorKind};
pub use frozen::FrozenRouter;
pub use group::RouteGroup;
pub use matched::{Found, Matched};
pub use meta::{NamedRoute, RouteInfo, RouteMeta};
pub use method::{InvalidMethod, METHOD_ANY, RouteMethod};
pub use plumego_contract::param;
pub use registrar::{RouteRegistrar, RouteSet};
pub use route::Route;
pub use router::Router;
#[cfg(feature = "static")]
pub use static_mount::{Asset, AssetSource};
pub use url::UrlError;
