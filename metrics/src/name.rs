//! The name of a metric, which is its identity.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use crate::{MetricsError, MetricsErrorKind};

/// Longest metric name, in bytes.
pub const NAME_BYTES_MAX: usize = 128;

/// The name that measurements are folded into when a bound is reached, and the
/// value all labels of a folded series have.
pub const OVERFLOW: &str = "__overflow__";

/// A metric name: 1 to 128 bytes of `[a-zA-Z_:][a-zA-Z0-9_:]*`.
///
/// A name in a constant is checked when the program is compiled:
///
/// ```
/// use plumego_metrics::MetricName;
///
/// const CACHE_HITS: MetricName = MetricName::from_static("cache_hits");
/// assert_eq!(CACHE_HITS.as_str(), "cache_hits");
/// assert_eq!(MetricName::parse("cache hits").unwrap_err().position(), Some(5));
/// ```
///
/// ```compile_fail
/// const BAD: plumego_metrics::MetricName = plumego_metrics::MetricName::from_static("cache hits");
/// ```
#[derive(Clone)]
pub struct MetricName(Text);

#[derive(Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl MetricName {
    /// A name known when the program is written. Use it in a `const`, where a
    /// name that breaks the rule does not compile.
    ///
    /// # Panics
    ///
    /// Outside a constant, if the name breaks the rule.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        assert!(
            first_wrong_byte(name).is_none(),
            "a metric name is 1 to 128 bytes of [a-zA-Z_:][a-zA-Z0-9_:]*"
        );
        Self(Text::Static(name))
    }

    /// A name known only when the program runs.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::Name`], with the position of the first wrong byte.
    pub fn parse(name: &str) -> Result<Self, MetricsError> {
        match first_wrong_byte(name) {
            None => Ok(Self(Text::Shared(Arc::from(name)))),
            Some(position) => {
                let shown = name[..name.floor_char_boundary(NAME_BYTES_MAX)].to_owned();
                Err(MetricsError::new(MetricsErrorKind::Name { position }).with_subject(shown))
            }
        }
    }

    /// The text of the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(name) => name,
            Text::Shared(name) => name,
        }
    }
}

/// Position of the first byte that breaks the rule; the limit when the name is
/// too long, 0 when it is empty.
const fn first_wrong_byte(name: &str) -> Option<usize> {
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if at == NAME_BYTES_MAX || !is_name_byte(bytes[at], at == 0) {
            return Some(at);
        }
        at += 1;
    }
    if bytes.is_empty() { Some(0) } else { None }
}

const fn is_name_byte(byte: u8, first: bool) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || (!first && byte.is_ascii_digit())
}

impl PartialEq for MetricName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for MetricName {}

impl PartialOrd for MetricName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MetricName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for MetricName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for MetricName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for MetricName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for MetricName {
    type Err = MetricsError;

    fn from_str(name: &str) -> Result<Self, MetricsError> {
        Self::parse(name)
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wrong_names_say_where() {
        let rows = [
            ("", 0),
            ("1a", 0),
            ("a-b", 1),
            ("ab ", 2),
            ("caf\u{e9}", 3),
            (&*"a".repeat(129), 128),
        ];
        for (name, position) in rows {
            assert_eq!(
                MetricName::parse(name).unwrap_err().position(),
                Some(position),
                "{name:?}"
            );
        }
    }

    #[test]
    fn names_are_equal_by_text() {
        let parsed = MetricName::parse("http:requests_1").unwrap();
        assert_eq!(parsed, MetricName::from_static("http:requests_1"));
        assert!(MetricName::parse(&"a".repeat(128)).is_ok());
        assert!(MetricName::parse(OVERFLOW).is_ok());
    }

    proptest! {
        #[test]
        fn the_rule_is_the_grammar(name in "\\PC{0,140}") {
            let mut characters = name.chars();
            let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
            let fits = name.len() <= NAME_BYTES_MAX
                && characters.next().is_some_and(first)
                && characters.all(|c| first(c) || c.is_ascii_digit());
            prop_assert_eq!(MetricName::parse(&name).is_ok(), fits);
        }
    }
}
