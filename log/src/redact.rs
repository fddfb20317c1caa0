//! Keeps secrets out of logs, and out of whatever else shows data to people.

mod keys;
mod scan;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{Arc, LazyLock},
};

use serde_json::Value;

use crate::{ErrorChain, FieldValue, Fields, Key, Text, limits};
use keys::KeyRules;

/// Nesting beyond which a value is masked instead of searched.
const SEARCH_DEPTH_MAX: usize = 64;

static STANDARD: LazyLock<Redactor> = LazyLock::new(|| Redactor {
    keys: Arc::new(KeyRules::standard()),
});

/// Replaces secrets by `***`.
///
/// Two rules work together. **By name**: the value of a field, map entry or query
/// parameter is replaced whatever its type when its name contains, in any letter
/// case, one of the listed words (`token`, `password`, `cookie`, `api_key` and so
/// on), unless the whole name is a listed exception such as `max_tokens`. **By
/// value**: in every string, `Bearer …` and `Basic …` credentials, JSON web
/// tokens, PEM private keys and user information in URLs are replaced.
///
/// The search is linear in the input. Strings over 64 KiB are cut to that
/// length, so nothing unsearched comes out. Redaction leaves the caller's data as
/// it is and applying it twice changes nothing more.
///
/// ```
/// use plumego_log::Redactor;
///
/// let redactor = Redactor::standard().with_keys(["iban"]);
/// assert_eq!(
///     redactor.url("https://bob:pw@example.org/pay?iban=DE02&page=2"),
///     "https://***@example.org/pay?iban=***&page=2",
/// );
/// ```
#[derive(Clone)]
pub struct Redactor {
    keys: Arc<KeyRules>,
}

impl Redactor {
    /// The rules every logger starts with.
    #[must_use]
    pub fn standard() -> Self {
        STANDARD.clone()
    }

    /// Rules with other names than the standard ones; the rules by value stay.
    ///
    /// Building a logger fails when no name is left.
    #[must_use]
    pub fn with_only_keys<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self {
            keys: Arc::new(KeyRules::empty().extended(keys)),
        }
    }

    /// Adds words; names that contain one of them are secret. Words are trimmed,
    /// blank ones ignored.
    #[must_use]
    pub fn with_keys<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Self {
        Self {
            keys: Arc::new(self.keys.extended(keys)),
        }
    }

    /// Adds whole names that are not secret although they contain a listed word.
    ///
    /// Building a logger fails when an exception names a listed word itself.
    #[must_use]
    pub fn with_exceptions<K: AsRef<str>>(&self, names: impl IntoIterator<Item = K>) -> Self {
        Self {
            keys: Arc::new(self.keys.excepting(names)),
        }
    }

    /// Why these rules would switch redaction off, if they would.
    pub(crate) fn weakness(&self) -> Option<String> {
        self.keys.weakness()
    }

    /// Whether the value of this name is secret.
    #[must_use]
    pub fn is_secret_key(&self, key: &str) -> bool {
        self.keys.matches(key)
    }

    /// Redacts a set of fields.
    #[must_use]
    pub fn fields(&self, fields: &Fields) -> Fields {
        fields
            .clone()
            .into_iter()
            .map(|(key, value)| {
                let shown = self.entry(key.as_str(), &value, &mut 0).unwrap_or(value);
                (key, shown)
            })
            .collect()
    }

    /// Redacts named strings, for example headers or settings.
    pub fn map<K: Into<String>, V: AsRef<str>>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> BTreeMap<String, String> {
        entries
            .into_iter()
            .map(|(key, value)| {
                let key = key.into();
                let shown = if self.is_secret_key(&key) {
                    limits::MASK.to_owned()
                } else {
                    self.text(value.as_ref()).into_owned()
                };
                (key, shown)
            })
            .collect()
    }

    /// Redacts a JSON document, by name and by value at any depth.
    #[must_use]
    pub fn json(&self, value: &Value) -> Value {
        self.json_value(value, 0, &mut 0)
            .unwrap_or_else(|| value.clone())
    }

    /// Redacts secrets inside a string.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        scan::scan(&self.keys, text).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Redacts a URL or a connection string: user information, also without a
    /// scheme, and secret query parameters.
    #[must_use]
    pub fn url<'a>(&self, url: &'a str) -> Cow<'a, str> {
        // Masking can take a `//` away, so what it leaves is looked at.
        let shown = self.text(url);
        match scan::bare_user_info(&shown) {
            Some(end) => Cow::Owned(format!("{}{}", limits::MASK, &shown[end..])),
            None => shown,
        }
    }

    /// Redacts a value by its content; `None` when it stays as it is.
    #[must_use]
    pub fn value(&self, value: &FieldValue) -> Option<FieldValue> {
        self.field_value(value, 0, &mut 0)
    }

    /// Redacts a named value and counts replacements; `None` when it stays.
    pub(crate) fn entry(
        &self,
        key: &str,
        value: &FieldValue,
        count: &mut u64,
    ) -> Option<FieldValue> {
        if matches!(value, FieldValue::Redacted) {
            return None;
        }
        if self.is_secret_key(key) {
            *count += 1;
            return Some(FieldValue::Redacted);
        }
        self.field_value(value, 0, count)
    }

    /// Redacts a text and counts replacements.
    pub(crate) fn counted_text<'a>(&self, text: &'a str, count: &mut u64) -> Cow<'a, str> {
        let shown = self.text(text);
        *count += u64::from(matches!(shown, Cow::Owned(_)));
        shown
    }

    fn field_value(&self, value: &FieldValue, depth: usize, count: &mut u64) -> Option<FieldValue> {
        match value {
            FieldValue::Str(text) => self
                .string(text, count)
                .map(|text| FieldValue::Str(text.into())),
            FieldValue::Error(chain) => self.error(chain, count).map(FieldValue::Error),
            FieldValue::Bytes(bytes) => self.bytes(bytes, count),
            FieldValue::List(_) | FieldValue::Map(_) | FieldValue::Json(_)
                if depth >= SEARCH_DEPTH_MAX =>
            {
                *count += 1;
                Some(FieldValue::Redacted)
            }
            FieldValue::List(items) => {
                rebuild(items, |item| self.field_value(item, depth + 1, count))
                    .map(FieldValue::List)
            }
            FieldValue::Map(entries) => self.entries(entries, depth, count).map(FieldValue::Map),
            FieldValue::Json(json) => self.json_value(json, depth, count).map(FieldValue::Json),
            _ => None,
        }
    }

    fn string(&self, text: &str, count: &mut u64) -> Option<String> {
        let shown = scan::scan(&self.keys, text)?;
        *count += 1;
        Some(shown)
    }

    /// Bytes that are text are searched like text: an encoding hides nothing.
    fn bytes(&self, bytes: &[u8], count: &mut u64) -> Option<FieldValue> {
        let text = String::from_utf8_lossy(limits::head(bytes, limits::SCAN_BYTES_MAX));
        self.string(&text, count).map(|_| FieldValue::Redacted)
    }

    fn error(&self, chain: &ErrorChain, count: &mut u64) -> Option<ErrorChain> {
        rebuild(chain.links(), |link| {
            self.string(link, count).map(Text::from)
        })
        .map(ErrorChain::from_links)
    }

    fn entries(
        &self,
        entries: &[(Key, FieldValue)],
        depth: usize,
        count: &mut u64,
    ) -> Option<Vec<(Key, FieldValue)>> {
        rebuild(entries, |(key, value)| {
            let shown = if self.is_secret_key(key.as_str()) {
                *count += 1;
                Some(FieldValue::Redacted)
            } else {
                self.field_value(value, depth + 1, count)
            };
            shown.map(|value| (key.clone(), value))
        })
    }

    fn json_value(&self, value: &Value, depth: usize, count: &mut u64) -> Option<Value> {
        match value {
            Value::String(text) => self.string(text, count).map(Value::String),
            Value::Array(_) | Value::Object(_) if depth >= SEARCH_DEPTH_MAX => {
                *count += 1;
                Some(limits::MASK.into())
            }
            Value::Array(items) => {
                rebuild(items, |item| self.json_value(item, depth + 1, count)).map(Value::Array)
            }
            Value::Object(members) => self.json_members(members, depth, count),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }

    fn json_members(
        &self,
        members: &serde_json::Map<String, Value>,
        depth: usize,
        count: &mut u64,
    ) -> Option<Value> {
        let mut changed: Option<serde_json::Map<String, Value>> = None;
        for (key, value) in members {
            let shown = if self.is_secret_key(key) {
                *count += 1;
                Some(limits::MASK.into())
            } else {
                self.json_value(value, depth + 1, count)
            };
            if let Some(shown) = shown {
                changed
                    .get_or_insert_with(|| members.clone())
                    .insert(key.clone(), shown);
            }
        }
        changed.map(Value::Object)
    }
}

/// Replaces the items for which `change` gives a value; `None` when none changes.
fn rebuild<T: Clone>(items: &[T], mut change: impl FnMut(&T) -> Option<T>) -> Option<Vec<T>> {
    let mut changed: Option<Vec<T>> = None;
    for (index, item) in items.iter().enumerate() {
        if let Some(item) = change(item) {
            changed.get_or_insert_with(|| items.to_vec())[index] = item;
        }
    }
    changed
}

impl Default for Redactor {
    fn default() -> Self {
        Self::standard()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("keys", &self.keys)
            .finish()
    }
}

#[cfg(test)]
mod tests;
