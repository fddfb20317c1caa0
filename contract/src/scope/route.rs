use std::collections::BTreeMap;
use std::sync::Arc;

use http::uri::PathAndQuery;

/// Most parameters of one route.
pub const PARAMS_MAX: usize = 16;

/// What a route looks like to a request that matched it: pattern, name and the
/// names of its parameters in the order of the pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoutePattern {
    pattern: Box<str>,
    name: Option<Box<str>>,
    params: Box<[Param]>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Param {
    name: Box<str>,
    /// Bytes of decoded text between the value before, or the start of the
    /// path, and this one.
    gap: u16,
}

impl RoutePattern {
    /// Describes a route: a pattern of static segments, `{name}` and
    /// `{*name}`. Parameters beyond the sixteenth are not kept; a router
    /// refuses such patterns at registration.
    ///
    /// ```
    /// use plumego_contract::RoutePattern;
    ///
    /// let route = RoutePattern::new("/users/{id}/{*rest}", Some("users.tail"));
    /// assert_eq!(route.params().collect::<Vec<_>>(), ["id", "rest"]);
    /// ```
    #[must_use]
    pub fn new(pattern: &str, name: Option<&str>) -> Self {
        let mut params = Vec::new();
        let mut gap = 0_usize;
        for (index, segment) in pattern.split('/').enumerate() {
            gap += usize::from(index > 0);
            let braced = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
            match braced {
                Some(name) => params.push(Param {
                    name: name.trim_start_matches('*').into(),
                    gap: u16::try_from(std::mem::take(&mut gap)).unwrap_or(u16::MAX),
                }),
                // An escape is three bytes of pattern and one of text.
                None => gap += segment.len() - 2 * segment.matches('%').count(),
            }
        }
        params.truncate(PARAMS_MAX);
        Self {
            pattern: pattern.into(),
            name: name.map(Into::into),
            params: params.into(),
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
        self.params.iter().map(|param| &*param.name)
    }

    /// The place of a parameter in the pattern.
    #[must_use]
    #[inline]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.params.iter().position(|own| *own.name == *name)
    }

    /// The value of the parameter at `index` in a path, given where each value
    /// ends; `None` when there is no such parameter or the ends belong to
    /// another path.
    #[must_use]
    #[inline]
    pub fn value<'p>(
        &self,
        index: usize,
        path: &'p str,
        end: impl Fn(usize) -> usize,
    ) -> Option<&'p str> {
        let gap = usize::from(self.params.get(index)?.gap);
        let before = if index == 0 { 0 } else { end(index - 1) };
        path.get(before + gap..end(index))
    }
}

/// Where a match has its pattern and values from.
#[derive(Debug, Clone)]
enum Source {
    /// A router, which keeps its patterns for the life of the process, so that
    /// no reference count is shared between requests.
    Router(&'static RoutePattern),
    Test(Arc<(RoutePattern, Vec<String>)>),
}

/// What values were cut from.
#[derive(Debug, Clone)]
enum Text {
    /// Nothing: the pattern has no parameters.
    None,
    Raw(PathAndQuery),
    /// The decoded path, when an escape made it differ from the raw one.
    Decoded(Box<str>),
}

/// The route that matched a request, with its parameters.
///
/// Values are ranges of the path they were cut from, which is kept alive, so a
/// later change of the request URI cannot corrupt them.
// The ends come first so that moving a match that was just made reads them as
// they were written; in between other fields a move waits for them.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct RouteMatch {
    ends: [u16; PARAMS_MAX],
    source: Source,
    text: Text,
}

impl RouteMatch {
    /// A match without parameters; for routers.
    #[must_use]
    #[inline]
    pub fn plain(pattern: &'static RoutePattern) -> Self {
        Self {
            source: Source::Router(pattern),
            text: Text::None,
            ends: [0; PARAMS_MAX],
        }
    }

    /// A match whose values end at these offsets into the path, one for each
    /// parameter of the pattern; for routers. A value that does not lie on
    /// character boundaries inside the path reads as empty.
    #[must_use]
    #[inline]
    pub fn raw(
        pattern: &'static RoutePattern,
        path: PathAndQuery,
        ends: [u16; PARAMS_MAX],
    ) -> Self {
        Self {
            source: Source::Router(pattern),
            text: Text::Raw(path),
            ends,
        }
    }

    /// As [`raw`](Self::raw), for a path that was percent-decoded.
    #[must_use]
    pub fn decoded(
        pattern: &'static RoutePattern,
        path: impl Into<Box<str>>,
        ends: [u16; PARAMS_MAX],
    ) -> Self {
        Self {
            source: Source::Router(pattern),
            text: Text::Decoded(path.into()),
            ends,
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
        let mut described = RoutePattern::new(pattern, name);
        let names = params.iter().map(|(name, _)| Param {
            name: (*name).into(),
            gap: 0,
        });
        described.params = names.collect();
        let values = params.iter().map(|(_, value)| (*value).to_owned());
        Self {
            source: Source::Test(Arc::new((described, values.collect()))),
            text: Text::None,
            ends: [0; PARAMS_MAX],
        }
    }

    fn described(&self) -> &RoutePattern {
        match &self.source {
            Source::Router(pattern) => pattern,
            Source::Test(test) => &test.0,
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
        Some(self.value(index))
    }

    /// Names and values in the order of the pattern.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.described().params().enumerate();
        names.map(|(index, name)| (name, self.value(index)))
    }

    /// Owned copies, for use after the handler returned.
    #[must_use]
    pub fn to_owned_params(&self) -> BTreeMap<String, String> {
        self.params()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn value(&self, index: usize) -> &str {
        let pattern = match &self.source {
            Source::Router(pattern) => pattern,
            Source::Test(test) => return &test.1[index],
        };
        let path = match &self.text {
            Text::None => "",
            Text::Raw(path) => path.path(),
            Text::Decoded(path) => path,
        };
        let end = |index: usize| self.ends.get(index).copied().unwrap_or(0).into();
        pattern.value(index, path, end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static SHOW: LazyLock<RoutePattern> =
        LazyLock::new(|| RoutePattern::new("/%C3%A9/{id}/x/{*rest}", Some("show")));

    fn ends(two: [u16; 2]) -> [u16; PARAMS_MAX] {
        let mut ends = [0; PARAMS_MAX];
        ends[..2].copy_from_slice(&two);
        ends
    }

    #[test]
    fn values_lie_between_the_text_of_the_pattern() {
        // A path with escapes is decoded before it is cut.
        let route = RouteMatch::decoded(&SHOW, "/é/17/x/a/b", ends([6, 12]));
        let params: Vec<_> = route.params().collect();
        assert_eq!(params, [("id", "17"), ("rest", "a/b")]);
        assert_eq!(route.param("q"), None);
        assert_eq!(route.name(), Some("show"));
    }

    #[test]
    fn values_survive_whatever_happens_to_the_request() {
        static USER: LazyLock<RoutePattern> = LazyLock::new(|| RoutePattern::new("/u/{id}", None));
        let path = PathAndQuery::from_static("/u/17?q=1");
        let route = RouteMatch::raw(&USER, path, ends([5, 0]));
        assert_eq!(route.param("id"), Some("17"));
    }

    #[test]
    fn a_value_outside_the_path_reads_as_empty() {
        static USER: LazyLock<RoutePattern> = LazyLock::new(|| RoutePattern::new("/{id}", None));
        for end in [0, 99] {
            let path = PathAndQuery::from_static("/a");
            let route = RouteMatch::raw(&USER, path, ends([end, 0]));
            assert_eq!(route.param("id"), Some(""));
        }
    }

    #[test]
    fn test_matches_read_back_every_value_given() {
        let route = RouteMatch::for_test("/{a}/{b}", None, &[("a", "1"), ("b", "zwei")]);
        assert_eq!(route.param("a"), Some("1"));
        assert_eq!(route.param("b"), Some("zwei"));
        assert_eq!(route.to_owned_params().len(), 2);
    }
}
