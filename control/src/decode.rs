//! From YAML values to models, reporting every problem on the way.

use crate::violation::{Location, Violation};
use crate::yaml::{Key, Node, Value};

/// The version of spec files that this crate reads.
const VERSION: i64 = 1;

/// A value of a spec file and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Line in its file, from 1.
    pub line: u32,
    /// Column in its file, from 1.
    pub column: u32,
}

impl<T> At<T> {
    /// The place of the value, given the file it was read from.
    #[must_use]
    pub fn location(&self, file: &str) -> Location {
        Location::new(file, self.line, self.column)
    }
}

impl At<String> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }
}

/// Collects the problems of one file.
pub(crate) struct Decoder<'f> {
    file: &'f str,
    pub(crate) problems: Vec<Violation>,
}

/// The entries of a map that has a fixed set of keys.
pub(crate) struct Fields<'n> {
    what: &'static str,
    line: u32,
    column: u32,
    entries: &'n [(Key, Node)],
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The value of `key`; asking for a key makes it a known one.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        let (_, node) = self.entries.iter().find(|(own, _)| own.name == key)?;
        Some(node)
    }

    /// Where the map begins.
    pub(crate) fn at<T>(&self, value: T) -> At<T> {
        At {
            value,
            line: self.line,
            column: self.column,
        }
    }
}

impl<'f> Decoder<'f> {
    pub(crate) fn new(file: &'f str) -> Self {
        Self {
            file,
            problems: Vec::new(),
        }
    }

    pub(crate) fn report(&mut self, rule: &'static str, line: u32, column: u32, message: String) {
        let location = Location::new(self.file, line, column);
        self.problems
            .push(Violation::deny(rule, self.file, message).at(location));
    }

    fn wrong_type(&mut self, node: &Node, wanted: &str) {
        let message = format!("expected {wanted}, found {}", node.value.kind());
        self.report("spec-files/type", node.line, node.column, message);
    }

    /// The fields of `node`, which `what` names in messages.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, what: &'static str) -> Option<Fields<'n>> {
        let Value::Map(entries) = &node.value else {
            self.wrong_type(node, &format!("a map ({what})"));
            return None;
        };
        Some(Fields {
            what,
            line: node.line,
            column: node.column,
            entries,
            known: Vec::new(),
        })
    }

    /// Reports every key that nobody asked for. Keys that begin with `x-` are
    /// left to other tools.
    pub(crate) fn finish(&mut self, fields: &Fields<'_>) {
        for (key, _) in fields.entries {
            if key.name.starts_with("x-") || fields.known.contains(&key.name.as_str()) {
                continue;
            }
            let hint = nearest(&key.name, &fields.known)
                .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            let message = format!("unknown key `{}` in {}{hint}", key.name, fields.what);
            let (line, column) = (key.line, key.column);
            self.report("spec-files/unknown-key", line, column, message);
            if let Some(last) = self.problems.last_mut() {
                last.fix = Some(format!("use one of: {}", fields.known.join(", ")));
            }
        }
    }

    /// Checks `version`, which every spec file except a module manifest has.
    pub(crate) fn version(&mut self, fields: &mut Fields<'_>) {
        let (line, column) = (fields.line, fields.column);
        let Some(node) = fields.take("version") else {
            let message = format!("`version: {VERSION}` is missing");
            return self.report("spec-files/version", line, column, message);
        };
        match node.value {
            Value::Integer(VERSION) => {}
            Value::Integer(other) => {
                let message = format!("version {other} is not known; this tool reads {VERSION}");
                self.report("spec-files/version", node.line, node.column, message);
            }
            _ => self.wrong_type(node, "an integer"),
        }
    }

    /// A scalar as text. Nothing at all is the empty text, which the rules
    /// report as empty rather than as a wrong type.
    pub(crate) fn text(&mut self, node: &Node) -> Option<At<String>> {
        let value = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Null => String::new(),
            Value::Integer(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Float(number) => number.to_string(),
            Value::List(_) | Value::Map(_) => {
                self.wrong_type(node, "text");
                return None;
            }
        };
        Some(At {
            value,
            line: node.line,
            column: node.column,
        })
    }

    /// A path inside the workspace.
    pub(crate) fn path(&mut self, node: &Node) -> Option<At<String>> {
        let path = self.text(node)?;
        if is_inside(&path.value) {
            return Some(path);
        }
        let message = format!(
            "`{}` is not a path relative to the workspace root, with `/` and without `..`",
            path.value
        );
        self.report("spec-files/path", path.line, path.column, message);
        None
    }

    pub(crate) fn flag(&mut self, node: &Node) -> Option<bool> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        self.wrong_type(node, "true or false");
        None
    }

    /// One word out of `choices`.
    pub(crate) fn choice<T: Copy>(&mut self, node: &Node, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(node)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text.value) {
            return Some(*value);
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        let message = format!("`{}` is not one of: {}", text.value, words.join(", "));
        self.report("spec-files/enum", text.line, text.column, message);
        None
    }

    /// Every item of a list that `each` can read; nothing is the empty list.
    pub(crate) fn list<T>(
        &mut self,
        node: &Node,
        mut each: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| each(self, item)).collect(),
            Value::Null => Vec::new(),
            _ => {
                self.wrong_type(node, "a list");
                Vec::new()
            }
        }
    }

    pub(crate) fn texts(&mut self, node: Option<&Node>) -> Vec<At<String>> {
        node.map_or_else(Vec::new, |node| self.list(node, Self::text))
    }

    pub(crate) fn paths(&mut self, node: Option<&Node>) -> Vec<At<String>> {
        node.map_or_else(Vec::new, |node| self.list(node, Self::path))
    }

    /// Every entry of a map with free keys.
    pub(crate) fn map<T>(
        &mut self,
        node: Option<&Node>,
        mut each: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<(At<String>, T)> {
        let Some(node) = node else {
            return Vec::new();
        };
        let Value::Map(entries) = &node.value else {
            if !matches!(node.value, Value::Null) {
                self.wrong_type(node, "a map");
            }
            return Vec::new();
        };
        let readable = entries
            .iter()
            .filter(|(key, _)| !key.name.starts_with("x-"));
        let mut map = Vec::new();
        for (key, value) in readable {
            let name = At {
                value: key.name.clone(),
                line: key.line,
                column: key.column,
            };
            map.extend(each(self, value).map(|value| (name, value)));
        }
        map
    }
}

/// Whether `path` is relative, separated by `/`, and stays below its root.
pub(crate) fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('/')
        && !path.contains('\\')
        && !path.contains(':')
        && path.split('/').all(|segment| segment != "..")
}

/// The known name at an edit distance of at most 2, the nearest first.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|candidate| (distance(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    fn rules(decoder: &Decoder<'_>) -> Vec<&'static str> {
        decoder
            .problems
            .iter()
            .map(|problem| problem.rule)
            .collect()
    }

    #[test]
    fn every_unknown_key_is_reported_with_the_nearest_known_one() {
        let node = parse("f.yaml", "version: 1\nalow: []\nx-note: kept\nzzz: 1\n").unwrap();
        let mut decoder = Decoder::new("f.yaml");
        let mut fields = decoder.fields(&node, "a test").unwrap();
        decoder.version(&mut fields);
        fields.take("allow");
        decoder.finish(&fields);
        assert_eq!(rules(&decoder), ["spec-files/unknown-key"; 2]);
        assert!(
            decoder.problems[0]
                .message
                .contains("did you mean `allow`?")
        );
        assert_eq!(decoder.problems[0].location.as_ref().unwrap().line, 2);
        assert!(!decoder.problems[1].message.contains("did you mean"));
    }

    #[test]
    fn wrong_types_choices_paths_and_versions_each_have_a_rule() {
        let text = "version: 2\nlist: text\nword: blue\npath: ../up\nflag: 1\n";
        let node = parse("f.yaml", text).unwrap();
        let mut decoder = Decoder::new("f.yaml");
        let mut fields = decoder.fields(&node, "a test").unwrap();
        decoder.version(&mut fields);
        decoder.texts(fields.take("list"));
        decoder.choice(fields.take("word").unwrap(), &[("red", 1)]);
        decoder.path(fields.take("path").unwrap());
        decoder.flag(fields.take("flag").unwrap());
        decoder.finish(&fields);
        assert_eq!(
            rules(&decoder),
            [
                "spec-files/version",
                "spec-files/type",
                "spec-files/enum",
                "spec-files/path",
                "spec-files/type"
            ]
        );
    }

    #[test]
    fn edit_distance_counts_single_changes() {
        assert_eq!(distance("allow", "allow"), 0);
        assert_eq!(distance("alow", "allow"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(nearest("dney", &["allow", "deny"]), Some("deny"));
    }

    #[test]
    fn paths_stay_inside() {
        for path in ["a", "a/b.md", ".ci/run"] {
            assert!(is_inside(path), "{path}");
        }
        for path in ["", "/a", "../a", "a/../../b", "a\\b", "c:/a"] {
            assert!(!is_inside(path), "{path}");
        }
    }
}
