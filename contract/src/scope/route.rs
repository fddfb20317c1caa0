use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use http::uri::PathAndQuery;
use once_cell::race::OnceRef;

use super::ends::ParamEnds;

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

/// The route that matched a request, with its parameters.
///
/// Values are ranges of the path they were cut from, which is kept alive, so a
/// later change of the request URI cannot corrupt them.
///
/// It is filled in place, in the scope, by the router that is first: the router
/// keeps its patterns for the life of the process and the scope has the path of
/// the request from the start, so that a match is a pointer and some numbers.
pub struct RouteMatch {
    /// Set first, by whoever fills the rest.
    pattern: OnceRef<'static, RoutePattern>,
    /// [`UNSET`] until everything is filled.
    source: AtomicU8,
    ends: [AtomicU64; 4],
    /// The path of the request.
    path: Option<PathAndQuery>,
    other: OnceLock<Box<Other>>,
}

/// There is no match.
const UNSET: u8 = 0;
/// Values are cut from the path.
const PATH: u8 = 1;
/// Values come from elsewhere.
const OTHER: u8 = 2;

/// Where values come from when it is not the path the scope was made with.
#[derive(Debug, Clone)]
enum Other {
    /// The path a layer put in its place, or that the scope was made without.
    Path(PathAndQuery),
    /// The decoded path, when an escape made it differ from the raw one.
    Text(Box<str>),
    /// Nowhere: a test made them up.
    Test(RoutePattern, Vec<String>),
}

impl RouteMatch {
    /// No match yet, for a request with this path.
    #[inline]
    pub(super) fn unset(path: Option<PathAndQuery>) -> Self {
        Self {
            pattern: OnceRef::new(),
            source: AtomicU8::new(UNSET),
            ends: [const { AtomicU64::new(0) }; 4],
            path,
            other: OnceLock::new(),
        }
    }

    #[inline]
    pub(super) fn is_set(&self) -> bool {
        self.source.load(Ordering::Acquire) != UNSET
    }

    /// The path of the request, as far as it is known.
    pub(super) fn path(&self) -> Option<&PathAndQuery> {
        self.path.as_ref()
    }

    /// Fills in a match whose values lie in `path`. False when there is one.
    #[inline]
    pub(super) fn fill(
        &self,
        pattern: &'static RoutePattern,
        path: &PathAndQuery,
        ends: ParamEnds,
    ) -> bool {
        if self.pattern.set(pattern).is_err() {
            return false;
        }
        if !pattern.params.is_empty() {
            if !self.has(path) {
                self.finish_other(ends, Other::Path(path.clone()));
                return true;
            }
            self.set_ends(ends);
        }
        self.source.store(PATH, Ordering::Release);
        true
    }

    /// Fills in a match whose values lie in another text than the path.
    pub(super) fn fill_with_text(
        &self,
        pattern: &'static RoutePattern,
        text: impl FnOnce() -> Box<str>,
        ends: ParamEnds,
    ) -> bool {
        let free = self.pattern.set(pattern).is_ok();
        if free {
            self.finish_other(ends, Other::Text(text()));
        }
        free
    }

    /// Takes over a whole match.
    pub(super) fn fill_from(&self, match_: Self) -> Result<(), Self> {
        let pattern = match_.pattern.get().unwrap_or_else(made_up);
        if self.pattern.set(pattern).is_err() {
            return Err(match_);
        }
        let ends = match_.ends();
        match (match_.other.into_inner(), match_.path) {
            (Some(other), _) => self.finish_other(ends, *other),
            (None, Some(path)) => self.finish_other(ends, Other::Path(path)),
            (None, None) => self.source.store(PATH, Ordering::Release),
        }
        Ok(())
    }

    /// Whether `path` is the very text that is kept here.
    #[inline]
    fn has(&self, path: &PathAndQuery) -> bool {
        self.path.as_ref().is_some_and(|own| {
            let (own, path) = (own.as_str(), path.as_str());
            own.as_ptr() == path.as_ptr() && own.len() == path.len()
        })
    }

    #[inline]
    fn set_ends(&self, ends: ParamEnds) {
        for (own, word) in self.ends.iter().zip(ends.words()) {
            own.store(word, Ordering::Relaxed);
        }
    }

    /// The pattern was set here, so nobody else gets this far.
    #[cold]
    fn finish_other(&self, ends: ParamEnds, other: Other) {
        self.set_ends(ends);
        let _ = self.other.set(Box::new(other));
        self.source.store(OTHER, Ordering::Release);
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
        let route = Self::unset(None);
        let other = Other::Test(described, values.collect());
        route.finish_other(ParamEnds::default(), other);
        route
    }

    #[inline]
    fn other(&self) -> Option<&Other> {
        if self.source.load(Ordering::Acquire) == OTHER {
            self.other.get().map(|other| &**other)
        } else {
            None
        }
    }

    #[inline]
    fn described(&self) -> &RoutePattern {
        match self.other() {
            Some(Other::Test(pattern, _)) => pattern,
            _ => self.pattern.get().unwrap_or_else(made_up),
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

    #[inline]
    fn value(&self, index: usize) -> &str {
        let text = match self.other() {
            None => self.path.as_ref().map_or("", PathAndQuery::path),
            Some(Other::Path(path)) => path.path(),
            Some(Other::Text(text)) => text,
            Some(Other::Test(_, values)) => return values.get(index).map_or("", String::as_str),
        };
        let ends = self.ends();
        let value = self.described().value(index, text, |index| ends.get(index));
        value.unwrap_or_default()
    }

    #[inline]
    fn ends(&self) -> ParamEnds {
        let words = self
            .ends
            .each_ref()
            .map(|word| word.load(Ordering::Relaxed));
        ParamEnds::from_words(words)
    }
}

/// Stands for the patterns of tests, which do not live long enough.
fn made_up() -> &'static RoutePattern {
    static MADE_UP: OnceLock<RoutePattern> = OnceLock::new();
    MADE_UP.get_or_init(|| RoutePattern::new("", None))
}

impl Clone for RouteMatch {
    fn clone(&self) -> Self {
        let copy = Self::unset(self.path().cloned());
        if self.is_set() {
            copy.set_ends(self.ends());
            let _ = copy.pattern.set(self.pattern.get().unwrap_or_else(made_up));
            if let Some(other) = self.other() {
                let _ = copy.other.set(Box::new(other.clone()));
            }
            let source = self.source.load(Ordering::Acquire);
            copy.source.store(source, Ordering::Release);
        }
        copy
    }
}

impl fmt::Debug for RouteMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteMatch")
            .field("pattern", &self.pattern())
            .field("name", &self.name())
            .field("params", &self.to_owned_params())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static SHOW: LazyLock<RoutePattern> =
        LazyLock::new(|| RoutePattern::new("/%C3%A9/{id}/x/{*rest}", Some("show")));
    static USER: LazyLock<RoutePattern> = LazyLock::new(|| RoutePattern::new("/u/{id}", None));

    fn ends(values: &[usize]) -> ParamEnds {
        let mut ends = ParamEnds::default();
        for (index, end) in values.iter().enumerate() {
            ends.set(index, *end);
        }
        ends
    }

    #[test]
    fn values_lie_between_the_text_of_the_pattern() {
        // A path with escapes is decoded before it is cut.
        let route = RouteMatch::unset(None);
        assert!(route.fill_with_text(&SHOW, || "/é/17/x/a/b".into(), ends(&[6, 12])));
        let params: Vec<_> = route.params().collect();
        assert_eq!(params, [("id", "17"), ("rest", "a/b")]);
        assert_eq!(route.param("q"), None);
        assert_eq!(route.name(), Some("show"));
    }

    /// Whether the path was known before, was not, or is another than the one
    /// the request came with.
    #[test]
    fn values_survive_whatever_happens_to_the_request() {
        let path = PathAndQuery::from_static("/u/17?q=1");
        let rewritten = PathAndQuery::from_static("/old/u/17");
        for known in [None, Some(path.clone()), Some(rewritten)] {
            let route = RouteMatch::unset(known);
            assert!(!route.is_set());
            assert!(route.fill(&USER, &path, ends(&[5])));
            assert!(route.is_set());
            assert_eq!(route.param("id"), Some("17"));
            assert_eq!(route.clone().param("id"), Some("17"));
            let moved = RouteMatch::unset(None);
            moved.fill_from(route).unwrap();
            assert_eq!(moved.param("id"), Some("17"));
            assert_eq!(moved.pattern(), "/u/{id}");
        }
    }

    #[test]
    fn a_value_outside_the_path_reads_as_empty() {
        for end in [0, 99] {
            let route = RouteMatch::unset(None);
            let path = PathAndQuery::from_static("/u/a");
            assert!(route.fill(&USER, &path, ends(&[end])));
            assert_eq!(route.param("id"), Some(""));
        }
    }

    #[test]
    fn whoever_is_first_decides() {
        let path = PathAndQuery::from_static("/u/17");
        let route = RouteMatch::unset(Some(path.clone()));
        assert!(route.fill(&USER, &path, ends(&[5])));
        let other = PathAndQuery::from_static("/u/18");
        assert!(!route.fill(&USER, &other, ends(&[5])));
        assert!(!route.fill_with_text(&SHOW, || unreachable!("it is taken"), ends(&[])));
        let made_up = RouteMatch::for_test("/x", None, &[]);
        assert_eq!(route.fill_from(made_up).unwrap_err().pattern(), "/x");
        assert_eq!(route.param("id"), Some("17"));
    }

    #[test]
    fn test_matches_read_back_every_value_given() {
        let route = RouteMatch::for_test("/{a}/{b}", None, &[("a", "1"), ("b", "zwei")]);
        let taken_over = RouteMatch::unset(None);
        taken_over.fill_from(route.clone()).unwrap();
        for route in [route, taken_over] {
            assert_eq!(route.param("a"), Some("1"));
            assert_eq!(route.param("b"), Some("zwei"));
            assert_eq!(route.to_owned_params().len(), 2);
            assert_eq!(route.pattern(), "/{a}/{b}");
        }
    }
}
