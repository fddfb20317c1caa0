//! Sets of methods, as the `Allow` header shows them.

use std::fmt;

use http::{HeaderValue, Method};

/// The methods that RFC 9110 and RFC 5789 define, as small numbers, in the order
/// in which `http` numbers them, which makes the conversion free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standard {
    Options,
    Get,
    Post,
    Put,
    Delete,
    Head,
    Trace,
    Connect,
    Patch,
}

impl Standard {
    pub(crate) const COUNT: usize = 9;

    /// Bytewise order of their names, which is the order of `Allow`.
    const SORTED: [(Self, Method); Self::COUNT] = [
        (Self::Connect, Method::CONNECT),
        (Self::Delete, Method::DELETE),
        (Self::Get, Method::GET),
        (Self::Head, Method::HEAD),
        (Self::Options, Method::OPTIONS),
        (Self::Patch, Method::PATCH),
        (Self::Post, Method::POST),
        (Self::Put, Method::PUT),
        (Self::Trace, Method::TRACE),
    ];

    #[inline(always)]
    pub(crate) fn of(method: &Method) -> Option<Self> {
        Some(match *method {
            Method::OPTIONS => Self::Options,
            Method::GET => Self::Get,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::DELETE => Self::Delete,
            Method::HEAD => Self::Head,
            Method::TRACE => Self::Trace,
            Method::CONNECT => Self::Connect,
            Method::PATCH => Self::Patch,
            _ => return None,
        })
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// The methods that a path answers to.
///
/// Carried by [`Found::MethodMismatch`](crate::Found::MethodMismatch), and by
/// the request that a handler set with
/// [`Router::method_not_allowed_handler`](crate::Router::method_not_allowed_handler)
/// receives, as an extension. Displays as the value of an `Allow` header.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AllowSet {
    standard: u16,
    /// Empty, and so without an allocation, in ordinary services.
    custom: Vec<Method>,
}

impl AllowSet {
    /// Whether no method is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.standard == 0 && self.custom.is_empty()
    }

    /// Whether `method` is allowed.
    #[must_use]
    pub fn contains(&self, method: &Method) -> bool {
        match Standard::of(method) {
            Some(standard) => self.standard & standard.bit() != 0,
            None => self.custom.contains(method),
        }
    }

    /// The methods, sorted bytewise.
    pub fn iter(&self) -> impl Iterator<Item = &Method> {
        let standard = Standard::SORTED
            .iter()
            .filter(|(standard, _)| self.standard & standard.bit() != 0)
            .map(|(_, method)| method);
        let mut methods: Vec<&Method> = standard.chain(&self.custom).collect();
        methods.sort_by_key(|method| method.as_str());
        methods.into_iter()
    }

    pub(crate) fn insert(&mut self, method: &Method) {
        match Standard::of(method) {
            Some(standard) => self.standard |= standard.bit(),
            None if self.custom.contains(method) => {}
            None => self.custom.push(method.clone()),
        }
    }

    #[inline]
    pub(crate) fn extend(&mut self, other: &Self) {
        self.standard |= other.standard;
        for method in &other.custom {
            self.insert(method);
        }
    }

    pub(crate) fn header_value(&self) -> HeaderValue {
        // Method tokens are a subset of what a header value may hold.
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static(""))
    }
}

impl fmt::Display for AllowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, method) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(method.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for AllowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_sorted_and_never_repeated() {
        let mkcol = Method::from_bytes(b"MKCOL").unwrap();
        let mut set = AllowSet::default();
        for method in [&Method::POST, &mkcol, &Method::GET, &Method::POST, &mkcol] {
            set.insert(method);
        }
        assert_eq!(set.to_string(), "GET, MKCOL, POST");
        assert!(set.contains(&mkcol) && !set.contains(&Method::PUT));
    }

    #[test]
    fn the_table_of_names_is_complete_and_sorted() {
        let names = Standard::SORTED
            .each_ref()
            .map(|(_, method)| method.as_str());
        assert!(names.is_sorted());
        for (standard, method) in &Standard::SORTED {
            assert_eq!(Standard::of(method), Some(*standard));
        }
    }
}
