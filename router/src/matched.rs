//! What looking up a path yields.

use plumego_contract::{ParamEnds, RoutePattern};

use crate::allow::AllowSet;
use crate::facts::Facts;
use crate::method::RouteMethod;
use crate::path::Decoded;

/// The answer to "which route serves this method and path?".
#[derive(Debug)]
#[non_exhaustive]
pub enum Found<'p> {
    /// This one.
    Route(Matched<'p>),
    /// None, but the path has routes for these methods.
    MethodMismatch(AllowSet),
    /// The path with a trailing slash is no route, this path without it is;
    /// only under [`TrailingSlash::Redirect`](crate::TrailingSlash::Redirect).
    Redirect(&'p str),
    /// None.
    NotFound,
    /// None may: the path has a broken escape, a NUL, text that is not UTF-8
    /// once decoded, or a dot segment, or is longer than 65 534 bytes.
    BadPath,
}

/// A route, and the values its parameters have in a path.
#[derive(Debug)]
pub struct Matched<'p> {
    pub(crate) facts: &'static Facts,
    pub(crate) endpoint: u32,
    pub(crate) path: &'p str,
    pub(crate) ends: ParamEnds,
    /// What was matched when the path had escapes.
    pub(crate) decoded: Option<Box<Decoded>>,
}

impl Matched<'_> {
    /// The pattern as registered, group prefixes included.
    #[must_use]
    pub fn pattern(&self) -> &'static str {
        self.described().pattern()
    }

    /// The name of the route.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.described().name()
    }

    /// The method under which the route is registered, which differs from the
    /// request's when a `GET` route serves `HEAD` or the fallback serves any.
    #[must_use]
    pub fn route_method(&self) -> &'static RouteMethod {
        &self.facts.method
    }

    /// The value of a parameter, percent-decoded.
    #[must_use]
    #[inline]
    pub fn param(&self, name: &str) -> Option<&str> {
        let index = self.described().position(name)?;
        self.value(index)
    }

    /// Names and values in the order of the pattern.
    pub fn params(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let names = self.described().params().enumerate();
        names.map(|(index, name)| (name, self.value(index).unwrap_or_default()))
    }

    /// How many segments of the request a wildcard took; `None` without one.
    /// Tells `a%2Fb`, which is one segment, from `a/b`, which is two.
    #[must_use]
    pub fn tail_segments(&self) -> Option<usize> {
        if !self.pattern().ends_with('}') || !self.pattern().contains("{*") {
            return None;
        }
        let last = self.described().params().len().checked_sub(1)?;
        let Some(decoded) = &self.decoded else {
            return Some(self.value(last)?.split('/').count());
        };
        // Text and marked text have the same offsets.
        let tail_len = self.value(last)?.len();
        let end = self.ends.get(last);
        let tail = decoded.marked.get(end.checked_sub(tail_len)?..end)?;
        Some(tail.iter().filter(|byte| **byte == b'/').count() + 1)
    }

    fn described(&self) -> &'static RoutePattern {
        &self.facts.pattern
    }

    #[inline]
    fn value(&self, index: usize) -> Option<&str> {
        let text = match &self.decoded {
            Some(decoded) => &decoded.text,
            None => self.path,
        };
        self.described()
            .value(index, text, |index| self.ends.get(index))
    }
}
