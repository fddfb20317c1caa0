use std::collections::BTreeMap;
use std::sync::Arc;

use http::uri::PathAndQuery;

/// Most parameters of one route.
pub const PARAMS_MAX: usize = 16;

/// What a route looks like to a request that matched it: pattern, name and the
/// names of its parameters in the order of the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePattern {
    pattern: Box<str>,
    name: Option<Box<str>>,
    params: Box<[Box<str>]>,
}

impl RoutePattern {
    /// Describes a route. Parameters beyond the sixteenth are not kept; a
    /// router refuses such patterns at registration.
    #[must_use]
    pub fn new<'a>(
        pattern: &str,
        name: Option<&str>,
        params: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            pattern: pattern.into(),
            name: name.map(Into::into),
            params: params
                .into_iter()
                .take(PARAMS_MAX)
                .map(Into::into)
                .collect(),
        }
    }

    /// The pattern, for example `/users/{id}`.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The name, if the route has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Parameter names in the order of the pattern.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.params.iter().map(AsRef::as_ref)
    }
}

/// How a match reaches its pattern: a frozen router keeps its patterns for the
/// life of the process, so that no reference count is shared between requests.
#[derive(Debug, Clone)]
enum PatternRef {
    Static(&'static RoutePattern),
    Shared(Arc<RoutePattern>),
}

/// The route that matched a request, with its parameters.
///
/// Values are ranges of the path they were cut from, which is kept alive, so a
/// later change of the request URI cannot corrupt them.
#[derive(Debug, Clone)]
pub struct RouteMatch {
    pattern: PatternRef,
    path: PathAndQuery,
    ranges: [(u32, u32); PARAMS_MAX],
    len: u8,
    /// Values that contained an escape, by position. Rare, so boxed.
    decoded: Option<Box<[Option<Box<str>>; PARAMS_MAX]>>,
}

impl RouteMatch {
    /// A match without parameters yet; for routers.
    #[must_use]
    pub fn new(pattern: &'static RoutePattern, path: PathAndQuery) -> Self {
        Self {
            pattern: PatternRef::Static(pattern),
            path,
            ranges: [(0, 0); PARAMS_MAX],
            len: 0,
            decoded: None,
        }
    }

    /// Adds the next parameter as a byte range of the path. Ranges that do not
    /// lie on character boundaries inside the path read as empty.
    pub fn push_range(&mut self, start: u32, end: u32) {
        if let Some(slot) = self.ranges.get_mut(usize::from(self.len)) {
            *slot = (start, end);
            self.len += 1;
        }
    }

    /// Adds the next parameter as a decoded value.
    pub fn push_decoded(&mut self, value: Box<str>) {
        let index = usize::from(self.len);
        if index < PARAMS_MAX {
            let decoded = self.decoded.get_or_insert_with(Box::default);
            decoded[index] = Some(value);
            self.len += 1;
        }
    }

    /// A match as a router would produce it, for tests of handlers.
    ///
    /// ```
    /// use plumego_contract::RouteMatch;
    ///
    /// let route = RouteMatch::for_test("/users/{id}", Some("users.show"), &[("id", "17")]);
    /// assert_eq!(route.param("id"), Some("17"));
    /// assert_eq!(route.pattern(), "/users/{id}");
    /// ```
    #[must_use]
    pub fn for_test(pattern: &str, name: Option<&str>, params: &[(&str, &str)]) -> Self {
        let names = params.iter().map(|(name, _)| *name);
        let mut route = Self {
            pattern: PatternRef::Shared(Arc::new(RoutePattern::new(pattern, name, names))),
            path: PathAndQuery::from_static("/"),
            ranges: [(0, 0); PARAMS_MAX],
            len: 0,
            decoded: None,
        };
        for (_, value) in params {
            route.push_decoded((*value).into());
        }
        route
    }

    fn described(&self) -> &RoutePattern {
        match &self.pattern {
            PatternRef::Static(pattern) => pattern,
            PatternRef::Shared(pattern) => pattern,
        }
    }

    /// The pattern, for example `/users/{id}`.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.described().pattern
    }

    /// The name, if the route has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.described().name.as_deref()
    }

    /// The value of a parameter, percent-decoded.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        let names = &self.described().params;
        let index = names.iter().position(|own| &**own == name)?;
        (index < usize::from(self.len)).then(|| self.value(index))
    }

    /// Names and values in the order of the pattern.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.described().params.iter().take(usize::from(self.len));
        names
            .enumerate()
            .map(|(index, name)| (&**name, self.value(index)))
    }

    /// Owned copies, for use after the handler returned.
    #[must_use]
    pub fn to_owned_params(&self) -> BTreeMap<String, String> {
        self.params()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn value(&self, index: usize) -> &str {
        if let Some(decoded) = &self.decoded
            && let Some(value) = &decoded[index]
        {
            return value;
        }
        let (start, end) = self.ranges[index];
        self.path
            .path()
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}
