//! What can be read about routes.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::method::RouteMethod;

/// What a route says about itself, for discovery endpoints and documents. It is
/// not a configuration store: nothing else can be attached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RouteMeta {
    /// The name, unique in its router.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Tags in the order given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// One line on what the route does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Cow<'static, str>>,
    /// Whether callers should move on to another route.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
}

/// One registered route, in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RouteInfo {
    /// The method, `ANY` for the fallback.
    pub method: RouteMethod,
    /// The full pattern.
    pub path: String,
    /// What the route says about itself.
    pub meta: RouteMeta,
}

/// One named route, in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NamedRoute {
    /// The method, `ANY` for the fallback.
    pub method: RouteMethod,
    /// The full pattern.
    pub pattern: String,
    /// Parameter names in the order of the pattern.
    pub params: Vec<String>,
}

impl Serialize for RouteMethod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
