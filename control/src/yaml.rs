//! YAML as a tree of values that know where they stand.
//!
//! Spec files are read in two steps: text to this tree, tree to model. The
//! second step can then report every problem of a file, not only the first.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::violation::{Location, Violation, as_number};

/// Largest spec file that is read.
pub(crate) const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting that is read.
const DEPTH_MAX: usize = 64;
/// Stack for [`DEPTH_MAX`] levels in a debug build, several times over.
const STACK_BYTES: usize = 16 * 1024 * 1024;
/// Most alias expansions in one file.
const ALIASES_MAX: usize = 10_000;

/// A value of a YAML file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The key of a map entry.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Value {
    /// What the value is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// Reads `text`, the content of `file`.
///
/// # Errors
///
/// One violation: the reader stops at the first thing that is not YAML.
pub(crate) fn parse(file: &str, text: &str) -> Result<Node, Box<Violation>> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("{file} is larger than {FILE_BYTES_MAX} bytes");
        return Err(Box::new(Violation::deny("spec-files/parse", file, message)));
    }
    on_deep_stack(|| {
        serde_saphyr::from_str_with_options::<Node>(text, options())
            .map_err(|error| Box::new(refused(file, &error)))
    })
    .unwrap_or_else(|| {
        let message = format!("{file} cannot be read: no memory for a thread");
        Err(Box::new(Violation::deny("spec-files/parse", file, message)))
    })
}

/// Runs `read` where the deepest nesting fits. The reader is recursive, and
/// without optimisation one level takes tens of kilobytes.
fn on_deep_stack<T: Send>(read: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, read)
            .ok()?;
        thread.join().ok()
    })
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_aliases: ALIASES_MAX,
        },
    }
}

fn refused(file: &str, error: &serde_saphyr::Error) -> Violation {
    let rule = match error.without_snippet() {
        serde_saphyr::Error::DuplicateMappingKey { .. } => "spec-files/duplicate-key",
        _ => "spec-files/parse",
    };
    let location = error.location().map_or_else(
        || Location::file(file),
        |at| Location::new(file, narrow(at.line()), narrow(at.column())),
    );
    Violation::deny(rule, file, format!("{file} cannot be read: {error}")).at(location)
}

fn narrow(number: u64) -> u32 {
    as_number(usize::try_from(number).unwrap_or(usize::MAX))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self {
            value: spanned.value,
            line: narrow(spanned.referenced.line()),
            column: narrow(spanned.referenced.column()),
        })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self {
            name: spanned.value,
            line: narrow(spanned.referenced.line()),
            column: narrow(spanned.referenced.column()),
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a scalar, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Node>()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry::<Key, Node>()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(node: &Node) -> &[(Key, Node)] {
        match &node.value {
            Value::Map(entries) => entries,
            other => panic!("{other:?} is not a map"),
        }
    }

    #[test]
    fn keys_and_values_know_their_place() {
        let node = parse(
            "f.yaml",
            "version: 1\nlist:\n  - one\n  - two: yes\nempty:\n",
        )
        .unwrap();
        let entries = map(&node);
        assert_eq!((entries[0].0.line, entries[0].0.column), (1, 1));
        assert!(matches!(entries[0].1.value, Value::Integer(1)));
        let Value::List(items) = &entries[1].1.value else {
            panic!("not a list")
        };
        assert_eq!((items[0].line, items[0].column), (3, 5));
        let inner = map(&items[1]);
        assert_eq!((inner[0].0.line, inner[0].0.column), (4, 5));
        assert!(matches!(&inner[0].1.value, Value::Text(text) if text == "yes"));
        assert!(matches!(entries[2].1.value, Value::Null));
    }

    #[test]
    fn quoted_numbers_stay_text() {
        let node = parse("f.yaml", "a: \"1\"\nb: true\nc: 1.5\n").unwrap();
        let entries = map(&node);
        assert!(matches!(&entries[0].1.value, Value::Text(text) if text == "1"));
        assert!(matches!(entries[1].1.value, Value::Bool(true)));
        assert!(matches!(entries[2].1.value, Value::Float(_)));
    }

    #[test]
    fn a_duplicate_key_is_named_with_its_line() {
        let violation = parse("f.yaml", "a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(violation.rule, "spec-files/duplicate-key");
        assert_eq!(violation.location.unwrap().line, 3);
    }

    #[test]
    fn what_is_not_yaml_is_refused_with_its_line() {
        let violation = parse("f.yaml", "a: 1\nb: [1, 2\n").unwrap_err();
        assert_eq!(violation.rule, "spec-files/parse");
        assert!(violation.location.unwrap().line >= 2);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = format!("{}1{}", "[".repeat(80), "]".repeat(80));
        assert_eq!(parse("f.yaml", &deep).unwrap_err().rule, "spec-files/parse");
        let large = format!("a: {}", "x".repeat(FILE_BYTES_MAX));
        assert_eq!(
            parse("f.yaml", &large).unwrap_err().rule,
            "spec-files/parse"
        );
    }
}
