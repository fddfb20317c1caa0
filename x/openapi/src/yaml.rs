//! A writer for the YAML that documents need: block style, and quotes exactly
//! where a reader of YAML 1.1 or 1.2 would take a plain text for something
//! else.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Number;

/// JSON with the order of members kept.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Self>),
    Map(IndexMap<String, Self>),
}

impl Node {
    /// The whole text, with a newline at the end.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Map(members) if !members.is_empty() => map(&mut out, members, 0),
            Self::List(elements) if !elements.is_empty() => list(&mut out, elements, 0),
            scalar => {
                scalar.inline(&mut out, 0);
                out.push('\n');
            }
        }
        out
    }

    /// Writes what fits behind `key:` or `-`, without a newline.
    fn inline(&self, out: &mut String, depth: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Text(text) => scalar(out, text, depth),
            Self::List(_) => out.push_str("[]"),
            Self::Map(_) => out.push_str("{}"),
        }
    }
}

fn map(out: &mut String, members: &IndexMap<String, Node>, depth: usize) {
    for (index, (key, value)) in members.iter().enumerate() {
        // The first member of a map in a list stands behind the dash.
        if index > 0 || !out.ends_with("- ") {
            indent(out, depth);
        }
        quoted_if_needed(out, key);
        out.push(':');
        match value {
            Node::Map(inner) if !inner.is_empty() => {
                out.push('\n');
                map(out, inner, depth + 1);
            }
            Node::List(inner) if !inner.is_empty() => {
                out.push('\n');
                list(out, inner, depth + 1);
            }
            other => {
                out.push(' ');
                other.inline(out, depth + 1);
                out.push('\n');
            }
        }
    }
}

fn list(out: &mut String, elements: &[Node], depth: usize) {
    for (index, element) in elements.iter().enumerate() {
        if index > 0 || !out.ends_with("- ") {
            indent(out, depth);
        }
        out.push_str("- ");
        match element {
            Node::Map(inner) if !inner.is_empty() => map(out, inner, depth + 1),
            Node::List(inner) if !inner.is_empty() => list(out, inner, depth + 1),
            other => {
                other.inline(out, depth + 1);
                out.push('\n');
            }
        }
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// Texts of several lines in literal style where that keeps every character,
/// else on one line.
fn scalar(out: &mut String, text: &str, depth: usize) {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let literal = body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && text.chars().all(|c| c == '\n' || is_printable(c))
        && body.lines().all(|line| !line.ends_with(' '));
    if !literal {
        quoted_if_needed(out, text);
        return;
    }
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
    }
}

fn quoted_if_needed(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xFFFF => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

/// Whether a text means itself without quotes.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let starts = first.is_ascii_alphabetic() || matches!(first, '/' | '_' | '$' | '(' | '^');
    let inside = text
        .chars()
        .all(|c| is_printable(c) && !matches!(c, '\u{A0}'));
    starts
        && inside
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_reserved(text)
}

/// Words that readers of YAML 1.1 or 1.2 take for something else.
fn is_reserved(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "none", "void",
    ];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}
