//! The dimensions of a measurement.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use crate::name::OVERFLOW;
use crate::{MetricsError, MetricsErrorKind};

/// Most labels one measurement may have.
pub const LABELS_MAX: usize = 10;
/// Longest label key, in bytes.
pub const LABEL_KEY_BYTES_MAX: usize = 64;
/// Longest label value, in bytes; longer ones are cut between characters.
pub const LABEL_VALUE_BYTES_MAX: usize = 128;

type Text = Cow<'static, str>;

/// A checked set of labels, sorted by key.
///
/// At most 10 pairs. Keys match `[a-zA-Z_][a-zA-Z0-9_]*`, are at most 64 bytes,
/// do not start with `__`, and are unique. Values are any text, cut to 128
/// bytes. Keys that name secrets, people, or something without bound
/// (`password`, `user_id`, `url`, `request_id`, ...) are refused: identity is
/// not a dimension. Equality and hash do not depend on insertion order.
///
/// ```
/// use plumego_metrics::{Labels, MetricsErrorKind};
///
/// let labels = Labels::new([("queue", "mail"), ("outcome", "ok")])?;
/// assert_eq!(labels, Labels::new([("outcome", "ok"), ("queue", "mail")])?);
/// assert_eq!(labels.get("queue"), Some("mail"));
///
/// let refused = Labels::new([("user_id", "42")]).unwrap_err();
/// assert_eq!(refused.kind(), MetricsErrorKind::LabelForbidden);
/// # Ok::<(), plumego_metrics::MetricsError>(())
/// ```
#[derive(Clone, Default)]
pub struct Labels {
    pairs: SmallVec<[(Text, Text); 4]>,
    /// Built without the checks, by a test.
    unchecked: bool,
}

impl Labels {
    /// No labels.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Checks and sorts the pairs.
    ///
    /// # Errors
    ///
    /// [`MetricsErrorKind::LabelCount`], [`LabelKey`](MetricsErrorKind::LabelKey),
    /// [`LabelForbidden`](MetricsErrorKind::LabelForbidden) or
    /// [`LabelDuplicate`](MetricsErrorKind::LabelDuplicate), naming the key.
    pub fn new<I, K, V>(pairs: I) -> Result<Self, MetricsError>
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<Cow<'static, str>>,
        V: Into<Cow<'static, str>>,
    {
        let mut labels = Self::default();
        for (key, value) in pairs {
            labels.insert(key.into(), value.into())?;
        }
        Ok(labels)
    }

    /// Adds one label.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with<K, V>(mut self, key: K, value: V) -> Result<Self, MetricsError>
    where
        K: Into<Cow<'static, str>>,
        V: Into<Cow<'static, str>>,
    {
        self.insert(key.into(), value.into())?;
        Ok(self)
    }

    pub(crate) fn insert(&mut self, key: Text, value: Text) -> Result<(), MetricsError> {
        if self.pairs.len() == LABELS_MAX {
            return Err(MetricsError::new(MetricsErrorKind::LabelCount).with_subject(shown(key)));
        }
        check_label_key(&key)?;
        match self.position(&key) {
            Ok(_) => Err(MetricsError::new(MetricsErrorKind::LabelDuplicate).with_subject(key)),
            Err(at) => {
                self.pairs.insert(at, (key, cut_value(value)));
                Ok(())
            }
        }
    }

    /// Labels whose keys are known to be right and in order.
    pub(crate) fn trusted<const N: usize>(pairs: [(&'static str, Text); N]) -> Self {
        debug_assert!(
            pairs.is_sorted_by_key(|(key, _)| *key),
            "trusted keys are written in order"
        );
        let pairs = pairs
            .into_iter()
            .map(|(key, value)| (Cow::Borrowed(key), cut_value(value)))
            .collect();
        Self {
            pairs,
            unchecked: false,
        }
    }

    /// Labels whose keys a registered definition has checked.
    pub(crate) fn of_definition(pairs: impl Iterator<Item = (Text, Text)>) -> Self {
        let mut pairs: SmallVec<[(Text, Text); 4]> =
            pairs.map(|(key, value)| (key, cut_value(value))).collect();
        pairs.sort_unstable();
        Self {
            pairs,
            unchecked: false,
        }
    }

    /// Labels without any check but the order, for tests of what collectors do
    /// with labels they must refuse.
    #[cfg(any(test, feature = "conformance"))]
    pub fn new_unchecked<I, K, V>(pairs: I) -> Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<Cow<'static, str>>,
        V: Into<Cow<'static, str>>,
    {
        let mut pairs: SmallVec<[(Text, Text); 4]> = pairs
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        pairs.sort();
        Self {
            pairs,
            unchecked: true,
        }
    }

    /// Checks again what was built without checks; free for all others.
    pub(crate) fn validate(&self) -> Result<(), MetricsError> {
        if self.unchecked {
            Self::new(self.pairs.iter().cloned()).map(drop)
        } else {
            Ok(())
        }
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.position(key).ok().map(|at| &*self.pairs[at].1)
    }

    /// Keys and values, in key order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (&**key, &**value))
    }

    /// How many labels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are no labels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The same keys, every value [`OVERFLOW`]: the series that label sets
    /// beyond a bound are folded into.
    #[must_use]
    pub fn overflow(&self) -> Self {
        let pairs = self
            .pairs
            .iter()
            .map(|(key, _)| (key.clone(), Cow::Borrowed(OVERFLOW)))
            .collect();
        Self {
            pairs,
            unchecked: self.unchecked,
        }
    }

    /// Whether these are the labels of a series of the overflow.
    pub(crate) fn is_overflow(&self) -> bool {
        !self.is_empty() && self.pairs.iter().all(|(_, value)| value == OVERFLOW)
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.pairs.binary_search_by(|(held, _)| (**held).cmp(key))
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.pairs == other.pairs
    }
}

impl Eq for Labels {}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pairs.hash(state);
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Labels {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.pairs.cmp(&other.pairs)
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Cuts a value to its limit between characters.
pub(crate) fn cut_value(value: Text) -> Text {
    cut(value, LABEL_VALUE_BYTES_MAX)
}

/// Cuts a text to `bytes_max` between characters.
pub(crate) fn cut(text: Text, bytes_max: usize) -> Text {
    if text.len() <= bytes_max {
        return text;
    }
    let end = text.floor_char_boundary(bytes_max);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

/// A key as it may be shown in an error: bounded.
fn shown(key: Text) -> Text {
    cut(key, LABEL_KEY_BYTES_MAX)
}

/// Checks form and meaning of a label key.
pub(crate) fn check_label_key(key: &str) -> Result<(), MetricsError> {
    let refuse =
        |kind| Err(MetricsError::new(kind).with_subject(shown(Cow::Owned(key.to_owned()))));
    if !has_key_form(key) {
        return refuse(MetricsErrorKind::LabelKey);
    }
    if crate::forbidden::is_forbidden_label(key) {
        return refuse(MetricsErrorKind::LabelForbidden);
    }
    Ok(())
}

fn has_key_form(key: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    key.len() <= LABEL_KEY_BYTES_MAX
        && !key.starts_with("__")
        && key.bytes().next().is_some_and(first)
        && key.bytes().all(|byte| first(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(pairs: &[(&'static str, &'static str)]) -> MetricsErrorKind {
        Labels::new(pairs.iter().copied()).unwrap_err().kind()
    }

    #[test]
    fn keys_have_a_form() {
        for key in ["", "1a", "a-b", "a.b", "a b", "__a", "\u{e9}"] {
            assert_eq!(kind(&[(key, "x")]), MetricsErrorKind::LabelKey, "{key:?}");
        }
        assert!(Labels::new([("_a1", "x"), ("A", "y")]).is_ok());
        assert!(Labels::new([("a".repeat(65), "x")]).is_err());
    }

    #[test]
    fn identity_and_secrets_are_refused() {
        for key in [
            "user_id",
            "email",
            "ip",
            "query",
            "url",
            "request_id",
            "trace_id",
            "session_id",
            "User_ID",
            "api_key",
            "auth_token",
            "DSN",
        ] {
            assert_eq!(
                kind(&[(key, "x")]),
                MetricsErrorKind::LabelForbidden,
                "{key}"
            );
        }
        assert!(Labels::new([("token_type", "bearer"), ("path", "/"), ("zip", "x")]).is_ok());
    }

    #[test]
    fn keys_are_unique_and_few() {
        assert_eq!(
            kind(&[("a", "1"), ("a", "2")]),
            MetricsErrorKind::LabelDuplicate
        );
        let many = (0..11).map(|index| (format!("k{index}"), "v"));
        assert_eq!(
            Labels::new(many).unwrap_err().kind(),
            MetricsErrorKind::LabelCount
        );
    }

    #[test]
    fn values_are_cut_between_characters() {
        let labels = Labels::new([("a", "\u{e9}".repeat(100) + "x")]).unwrap();
        assert_eq!(labels.get("a").unwrap(), "\u{e9}".repeat(64));
        let odd = Labels::new([("a", format!("x{}", "\u{e9}".repeat(100)))]).unwrap();
        assert_eq!(odd.get("a").unwrap().len(), 127);
    }

    #[test]
    fn the_overflow_series_keeps_the_keys() {
        let folded = Labels::new([("a", "1"), ("b", "2")]).unwrap().overflow();
        assert_eq!(
            folded.iter().collect::<Vec<_>>(),
            [("a", OVERFLOW), ("b", OVERFLOW)]
        );
        assert!(folded.is_overflow() && !Labels::empty().is_overflow());
    }

    #[test]
    fn unchecked_labels_are_found_out() {
        assert!(
            Labels::new_unchecked([("user_id", "1")])
                .validate()
                .is_err()
        );
        assert!(Labels::new_unchecked([("a", "1")]).validate().is_ok());
    }

    proptest! {
        #[test]
        fn order_of_insertion_does_not_matter(
            pairs in proptest::collection::btree_map("k[a-z]{1,3}", ".{0,200}", 0..10),
            seed in any::<u64>(),
        ) {
            let sorted: Vec<(String, String)> = pairs.into_iter().collect();
            let mut mixed = sorted.clone();
            for at in (1..mixed.len()).rev() {
                mixed.swap(at, usize::try_from(seed.rotate_left(at as u32) % (at as u64 + 1)).unwrap());
            }
            let (one, two) = (Labels::new(sorted).unwrap(), Labels::new(mixed).unwrap());
            prop_assert_eq!(&one, &two);
            prop_assert!(one.iter().is_sorted());
            prop_assert!(one.iter().all(|(_, value)| value.len() <= LABEL_VALUE_BYTES_MAX));
        }
    }
}
