use std::collections::BTreeMap;
use std::sync::Arc;

use http::uri::PathAndQuery;

/// Most parameters of one route.
pub const PARAMS_MAX: usize = 16;

/// Where the parameters of a match lie: start and end of each, in the order of
/// the pattern. A request target is at most 65 534 bytes long.
type ParamRanges = [(u16, u16); PARAMS_MAX];

/// What a route looks like to a request that matched it: pattern, name and the
/// names of its parameters in the order of the pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    pub fn params(&self) -> impl ExactSizeIterator<Item = &str> {
        self.params.iter().map(AsRef::as_ref)
    }

    /// The place of a parameter in the pattern.
    #[must_use]
    #[inline]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.params.iter().position(|own| **own == *name)
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
    ranges: ParamRanges,
    /// The decoded path, when an escape made it differ from the raw one; the
    /// ranges then refer to it.
    decoded: Option<Box<str>>,
}

impl RouteMatch {
    /// A match whose parameters are byte ranges of the path; for routers. As
    /// many ranges count as the pattern has parameters. A range that does not
    /// lie on character boundaries inside the path reads as empty.
    #[must_use]
    #[inline]
    pub fn new(
        pattern: &'static RoutePattern,
        path: PathAndQuery,
        ranges: [(u16, u16); PARAMS_MAX],
    ) -> Self {
        Self {
            pattern: PatternRef::Static(pattern),
            path,
            ranges,
            decoded: None,
        }
    }

    /// Makes the ranges refer to this text, the percent-decoded path.
    #[must_use]
    pub fn with_decoded(mut self, text: impl Into<Box<str>>) -> Self {
        self.decoded = Some(text.into());
        self
    }

    /// A match as a router would produce it, for tests of handlers. The values
    /// together are at most 65 535 bytes long; what lies beyond reads as empty.
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
        let mut ranges = ParamRanges::default();
        let mut text = String::new();
        for ((_, value), range) in params.iter().zip(&mut ranges) {
            let end = text.len() + value.len();
            if let (Ok(start), Ok(end)) = (u16::try_from(text.len()), u16::try_from(end)) {
                *range = (start, end);
                text.push_str(value);
            }
        }
        Self {
            pattern: PatternRef::Shared(Arc::new(RoutePattern::new(pattern, name, names))),
            path: PathAndQuery::from_static("/"),
            ranges,
            decoded: Some(text.into()),
        }
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
        let index = self.described().position(name)?;
        self.ranges.get(index).map(|range| self.value(*range))
    }

    /// Names and values in the order of the pattern.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        let values = self.ranges.iter().map(|range| self.value(*range));
        self.described().params().zip(values)
    }

    /// Owned copies, for use after the handler returned.
    #[must_use]
    pub fn to_owned_params(&self) -> BTreeMap<String, String> {
        self.params()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn value(&self, (start, end): (u16, u16)) -> &str {
        let text = match &self.decoded {
            Some(decoded) => decoded,
            None => self.path.path(),
        };
        text.get(usize::from(start)..usize::from(end))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_whatever_happens_to_the_request() {
        static SHOW: std::sync::LazyLock<RoutePattern> =
            std::sync::LazyLock::new(|| RoutePattern::new("/u/{id}/{x}", None, ["id", "x"]));
        let mut ranges = ParamRanges::default();
        ranges[..2].copy_from_slice(&[(3, 5), (6, 7)]);
        let path = PathAndQuery::from_static("/u/17/x?q=1");
        let route = RouteMatch::new(&SHOW, path, ranges);
        assert_eq!(
            route.params().collect::<Vec<_>>(),
            [("id", "17"), ("x", "x")]
        );
        assert_eq!(route.param("q"), None);
        let decoded = route.with_decoded("/u/é/y");
        assert_eq!(decoded.param("id"), Some("é"));
    }

    #[test]
    fn a_range_outside_the_path_reads_as_empty() {
        static SHOW: std::sync::LazyLock<RoutePattern> =
            std::sync::LazyLock::new(|| RoutePattern::new("/{id}", None, ["id"]));
        let mut ranges = ParamRanges::default();
        ranges[0] = (1, 99);
        let route = RouteMatch::new(&SHOW, PathAndQuery::from_static("/a"), ranges);
        assert_eq!(route.param("id"), Some(""));
    }

    #[test]
    fn test_matches_read_back_every_value_given() {
        let route = RouteMatch::for_test("/{a}/{b}", None, &[("a", "1"), ("b", "zwei")]);
        assert_eq!(route.param("a"), Some("1"));
        assert_eq!(route.param("b"), Some("zwei"));
        assert_eq!(route.to_owned_params().len(), 2);
    }
}
