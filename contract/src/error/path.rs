use std::borrow::Cow;
use std::fmt;

/// Echoed input (unknown keys, parameter names) is cut to this many bytes.
pub(crate) const ECHO_BYTES_MAX: usize = 64;

/// Location of an input: `root *( "." name | "[" index "]" | "[" quoted "]" )`.
///
/// The root names the source the value came from (`body`, `query`, `path`,
/// `header`, `cookie`, `form`, `part`, outside HTTP `config`, `flag`, `env`, or
/// a type name); a bare root means the whole value.
///
/// ```
/// use plumego_contract::FieldPath;
///
/// let path = FieldPath::root("body").name("items").index(3).name("e-mail").name("a.b");
/// assert_eq!(path.as_str(), r#"body.items[3].e-mail["a.b"]"#);
/// assert_eq!(FieldPath::parse(path.as_str()).as_ref(), Some(&path));
/// assert_eq!(FieldPath::parse("body..x"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath(Cow<'static, str>);

impl FieldPath {
    /// The whole value of a source, or of a type. A root that is not a name is
    /// replaced by `value`.
    #[must_use]
    pub fn root(root: &'static str) -> Self {
        if is_name(root) {
            Self(Cow::Borrowed(root))
        } else {
            Self(Cow::Borrowed("value"))
        }
    }

    /// A member of this value. Any key is accepted: one that is not a plain
    /// name is written as a JSON string in brackets, cut to 64 bytes.
    #[must_use]
    pub fn name(self, key: &str) -> Self {
        let mut text = self.0.into_owned();
        let cut = cut_echo(key);
        if is_name(cut) {
            text.push('.');
            text.push_str(cut);
        } else {
            text.push('[');
            text.push_str(&serde_json::Value::from(cut).to_string());
            text.push(']');
        }
        Self(Cow::Owned(text))
    }

    /// An item of this array.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        Self(Cow::Owned(format!("{}[{index}]", self.0)))
    }

    /// Reads a path; `None` when it does not fit the grammar. Never panics.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_path(text).then(|| Self(Cow::Owned(text.to_owned())))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Text that fits the grammar is taken as it is; any other text becomes a
/// quoted member of `value`, so that nothing is lost.
impl From<&str> for FieldPath {
    fn from(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self::root("value").name(text))
    }
}

impl From<String> for FieldPath {
    fn from(text: String) -> Self {
        if is_path(&text) {
            Self(Cow::Owned(text))
        } else {
            Self::root("value").name(&text)
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Cuts echoed input to 64 bytes at a character boundary.
pub(crate) fn cut_echo(text: &str) -> &str {
    &text[..text.floor_char_boundary(ECHO_BYTES_MAX)]
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn is_path(text: &str) -> bool {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (root, mut rest) = text.split_at(end);
    if !is_name(root) {
        return false;
    }
    while !rest.is_empty() {
        match step(rest) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

/// Consumes one step and returns what follows it.
fn step(text: &str) -> Option<&str> {
    if let Some(after) = text.strip_prefix('.') {
        let end = after.find(['.', '[']).unwrap_or(after.len());
        return is_name(&after[..end]).then(|| &after[end..]);
    }
    let inner = text.strip_prefix('[')?;
    if inner.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        values.next()?.ok()?;
        return inner[values.byte_offset()..].strip_prefix(']');
    }
    let end = inner.find(']')?;
    let digits = &inner[..end];
    let canonical = digits == "0" || !digits.starts_with('0');
    let index = !digits.is_empty() && canonical && digits.bytes().all(|b| b.is_ascii_digit());
    index.then(|| &inner[end + 1..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn grammar_table() {
        for good in [
            "body",
            "User.name",
            "body.tags[2]",
            r#"body.labels["a.b"]"#,
            r#"body["]"].x"#,
            "header.content-type",
        ] {
            assert!(FieldPath::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            ".a",
            "body.",
            "body[]",
            "body[01]",
            "body[-1]",
            "body[\"x]",
            "a b",
            "body]",
        ] {
            assert!(FieldPath::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn long_and_odd_keys_are_cut_and_quoted() {
        let path = FieldPath::root("body").name(&"é".repeat(100));
        assert_eq!(path.as_str().len(), "body[\"\"]".len() + 64);
        assert_eq!(FieldPath::from("a b").as_str(), r#"value["a b"]"#);
    }

    proptest! {
        #[test]
        fn every_built_path_parses(keys in proptest::collection::vec(".*", 0..4), index in 0usize..999) {
            let mut path = FieldPath::root("query").index(index);
            for key in &keys {
                path = path.name(key);
            }
            prop_assert_eq!(FieldPath::parse(path.as_str()), Some(path));
        }

        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = FieldPath::parse(&text);
        }
    }
}
