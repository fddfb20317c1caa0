//! What a router does beyond the routes it is given.

use crate::table::MethodRules;

/// Policy of a router; the default suits a JSON service.
///
/// ```
/// use plumego_router::{Router, RouterConfig, TrailingSlash};
///
/// let config = RouterConfig::default().with_trailing_slash(TrailingSlash::Redirect);
/// let router = Router::new(config);
/// # drop(router);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouterConfig {
    /// Answer `405` with `Allow` when the path has routes but none for the
    /// method; otherwise `404`. Default: true.
    pub method_not_allowed: bool,
    /// Answer `OPTIONS` with `204` and `Allow` where no route does. Default:
    /// true.
    pub auto_options: bool,
    /// Let `GET` routes answer `HEAD`, without the body. Default: true.
    pub head_from_get: bool,
    /// What a slash at the end of a request path means. Default: nothing.
    pub trailing_slash: TrailingSlash,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            method_not_allowed: true,
            auto_options: true,
            head_from_get: true,
            trailing_slash: TrailingSlash::default(),
        }
    }
}

impl RouterConfig {
    /// Sets [`method_not_allowed`](Self::method_not_allowed).
    #[must_use]
    pub fn with_method_not_allowed(mut self, yes: bool) -> Self {
        self.method_not_allowed = yes;
        self
    }

    /// Sets [`auto_options`](Self::auto_options).
    #[must_use]
    pub fn with_auto_options(mut self, yes: bool) -> Self {
        self.auto_options = yes;
        self
    }

    /// Sets [`head_from_get`](Self::head_from_get).
    #[must_use]
    pub fn with_head_from_get(mut self, yes: bool) -> Self {
        self.head_from_get = yes;
        self
    }

    /// Sets [`trailing_slash`](Self::trailing_slash).
    #[must_use]
    pub fn with_trailing_slash(mut self, policy: TrailingSlash) -> Self {
        self.trailing_slash = policy;
        self
    }

    pub(crate) fn method_rules(&self) -> MethodRules {
        MethodRules {
            head_from_get: self.head_from_get,
            auto_options: self.auto_options,
        }
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.trailing_slash == TrailingSlash::Strict
    }
}

/// What a slash at the end of a request path means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrailingSlash {
    /// Nothing: `/users/` and `/users` are one path.
    #[default]
    Lenient,
    /// `/users/` is answered with `308` to `/users` when that is a route for
    /// the method, and is not found otherwise.
    Redirect,
    /// `/users/` and `/users` are two paths.
    Strict,
}
