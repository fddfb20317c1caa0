//! Text that is known to be JSON, read into a tree that keeps what a typed
//! parser forgets: repeated keys, and numbers as they were written.

use std::borrow::Cow;

use super::node::{Member, Node};

/// Reads a document. `None` when the text is not JSON after all. The caller
/// bounds the nesting.
pub(crate) fn parse(text: &str) -> Option<Node<'_>> {
    let mut cursor = Cursor { text, at: 0 };
    let node = cursor.value()?;
    cursor.skip_space();
    (cursor.at == text.len()).then_some(node)
}

struct Cursor<'d> {
    text: &'d str,
    at: usize,
}

impl<'d> Cursor<'d> {
    fn value(&mut self) -> Option<Node<'d>> {
        match self.peek()? {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => Some(self.string()?.map_or(Node::Broken, Node::Text)),
            b't' => self.literal("true", Node::Bool(true)),
            b'f' => self.literal("false", Node::Bool(false)),
            b'n' => self.literal("null", Node::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self) -> Option<Node<'d>> {
        let mut members = Vec::new();
        self.at += 1;
        if self.take(b'}') {
            return Some(Node::Object(members));
        }
        loop {
            let raw = self.peek().and_then(|_| self.raw_string())?;
            let key = unescape(raw).unwrap_or(Cow::Borrowed(raw));
            if !self.take(b':') {
                return None;
            }
            members.push(Member::new(key, self.value()?));
            if self.take(b'}') {
                return Some(Node::Object(members));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn array(&mut self) -> Option<Node<'d>> {
        let mut items = Vec::new();
        self.at += 1;
        if self.take(b']') {
            return Some(Node::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.take(b']') {
                return Some(Node::Array(items));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    /// A string; the inner `None` means that an escape is no character.
    fn string(&mut self) -> Option<Option<Cow<'d, str>>> {
        self.raw_string().map(unescape)
    }

    /// The text between two quotes, escapes untouched.
    fn raw_string(&mut self) -> Option<&'d str> {
        let bytes = self.text.as_bytes();
        if *bytes.get(self.at)? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let mut end = start;
        while *bytes.get(end)? != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    fn number(&mut self) -> Option<Node<'d>> {
        let rest = self.text.get(self.at..)?;
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| Node::Number(&rest[..end]))
    }

    fn literal(&mut self, word: &str, node: Node<'d>) -> Option<Node<'d>> {
        let matches = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        matches.then_some(node)
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn skip_space(&mut self) {
        let rest = &self.text.as_bytes()[self.at.min(self.text.len())..];
        let space = |b: &&u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
        self.at += rest.iter().take_while(space).count();
    }
}

fn unescape(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains('\\') {
        return Some(Cow::Borrowed(raw));
    }
    let text = serde_json::from_str::<String>(&format!("\"{raw}\""));
    text.ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_repeated_keys_and_numbers_as_written() {
        let node = parse(r#" {"a" : 1e999 , "a":[-0, "\u00e9"], "b":{}} "#).unwrap();
        let Node::Object(members) = node else {
            panic!("not an object")
        };
        let keys: Vec<_> = members.iter().map(Member::key).collect();
        assert_eq!(keys, ["a", "a", "b"]);
        assert!(matches!(members[0].value, Node::Number("1e999")));
        let Node::Array(items) = &members[1].value else {
            panic!("not an array")
        };
        assert!(matches!(&items[1], Node::Text(text) if text == "é"));
    }

    #[test]
    fn a_lone_surrogate_is_broken_text() {
        assert!(matches!(parse(r#""\ud800""#), Some(Node::Broken)));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}\",:\\\\ut0-9a-f \u{e9}]{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn agrees_with_the_json_library(text in "[\\[\\]{}\",:ntrue1 ]{0,12}") {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert_eq!(parse(&text).map(|node| node.to_value()), Some(value));
            }
        }
    }
}
