//! Named values that accompany a record.

use std::{borrow::Cow, error::Error, fmt};

use smallvec::SmallVec;

use crate::{FieldValue, Redactor};

/// The name of a field.
///
/// Names that are part of the program (`"status"`) cost nothing; made ones are
/// owned strings. The shared vocabulary is in [`names`](crate::names).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Cow<'static, str>);

impl Key {
    /// A name known at compile time.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Key {
    fn from(name: &'static str) -> Self {
        Self::from_static(name)
    }
}

impl From<String> for Key {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl From<Cow<'static, str>> for Key {
    fn from(name: Cow<'static, str>) -> Self {
        Self(name)
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// A set of named values; setting a name again replaces its value.
///
/// Up to eight fields are held without an allocation. The order of insertion
/// has no effect on the output: encoders write names in byte order.
///
/// ```
/// use std::time::Duration;
/// use plumego_log::{Fields, fields};
///
/// let built = Fields::new().with("status", 200u16).with("duration", Duration::from_millis(3));
/// let status = 200u16;
/// let same = fields! { status, duration = Duration::from_millis(3) };
/// assert_eq!(built, same);
/// ```
#[derive(Clone, Default)]
pub struct Fields(SmallVec<[(Key, FieldValue); 8]>);

impl Fields {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self(SmallVec::new())
    }

    /// Adds or replaces one field.
    #[must_use]
    pub fn with(mut self, key: impl Into<Key>, value: impl Into<FieldValue>) -> Self {
        self.set(key, value);
        self
    }

    /// Adds or replaces one field when there is a value, and leaves the set
    /// alone when there is none.
    #[must_use]
    pub fn with_some(self, key: impl Into<Key>, value: Option<impl Into<FieldValue>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Sets the field `error` to an error and its causes.
    #[must_use]
    pub fn with_error(self, error: &(dyn Error + 'static)) -> Self {
        self.with("error", FieldValue::error(error))
    }

    /// Adds or replaces one field in place.
    pub fn set(&mut self, key: impl Into<Key>, value: impl Into<FieldValue>) -> &mut Self {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((key, value)),
        }
        self
    }

    /// Takes over every field of `later`; its values win over those of the same name.
    pub fn merge(&mut self, later: &Self) -> &mut Self {
        for (key, value) in &later.0 {
            self.set(key.clone(), value.clone());
        }
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&FieldValue> {
        self.0
            .iter()
            .find(|(known, _)| known.as_str() == key)
            .map(|(_, value)| value)
    }

    /// Takes a field out.
    pub fn remove(&mut self, key: &str) -> Option<FieldValue> {
        let index = self.0.iter().position(|(known, _)| known.as_str() == key)?;
        Some(self.0.remove(index).1)
    }

    /// Number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in order of insertion.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &FieldValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

/// Equal when both hold the same names with the same values, in any order.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, value)| other.get(key) == Some(value))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(Redactor::standard().fields(self).iter())
            .finish()
    }
}

impl<K: Into<Key>, V: Into<FieldValue>> Extend<(K, V)> for Fields {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, fields: I) {
        for (key, value) in fields {
            self.set(key, value);
        }
    }
}

impl<K: Into<Key>, V: Into<FieldValue>> FromIterator<(K, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Self {
        let mut set = Self::new();
        set.extend(fields);
        set
    }
}

impl IntoIterator for Fields {
    type Item = (Key, FieldValue);
    type IntoIter = FieldsIntoIter;

    fn into_iter(self) -> Self::IntoIter {
        FieldsIntoIter(self.0.into_iter())
    }
}

/// The fields of a set, by value, in order of insertion.
pub struct FieldsIntoIter(smallvec::IntoIter<[(Key, FieldValue); 8]>);

impl fmt::Debug for FieldsIntoIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldsIntoIter")
            .field("remaining", &self.0.len())
            .finish()
    }
}

impl Iterator for FieldsIntoIter {
    type Item = (Key, FieldValue);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_value_replaces_an_earlier_one() {
        let mut fields = Fields::new().with("a", 1).with("b", 2).with("a", 3);
        assert_eq!(fields.len(), 2);
        assert_eq!(fields.get("a"), Some(&FieldValue::I64(3)));
        fields.merge(&Fields::new().with("b", "x").with("c", true));
        assert_eq!(
            fields,
            Fields::new().with("c", true).with("b", "x").with("a", 3)
        );
    }

    #[test]
    fn absent_values_leave_no_field() {
        let fields = Fields::new()
            .with_some("a", None::<u8>)
            .with_some("b", Some(1));
        assert_eq!(fields, Fields::new().with("b", 1));
    }

    #[test]
    fn more_fields_than_fit_in_place_are_kept() {
        let fields: Fields = (0..100).map(|n| (format!("k{n}"), n)).collect();
        assert_eq!(fields.len(), 100);
        assert_eq!(fields.get("k77"), Some(&FieldValue::I64(77)));
    }

    #[test]
    fn debug_output_masks_secret_names() {
        let text = format!("{:?}", Fields::new().with("api_key", "s3cr3t").with("n", 1));
        assert_eq!(text, r#"{"api_key": ***, "n": 1}"#);
    }
}
