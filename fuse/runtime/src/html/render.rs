//! Rendering, without recursion and into one buffer.

use std::cell::Cell;

use fuse_builtins::is_void_tag;

use super::node::{is, is_raw_text, list, map};
use crate::heap::{List, Map, Obj};
use crate::meta::well_known;

thread_local! {
    /// Addresses that this thread did not render and has not warned of yet.
    static BLOCKED: Cell<u32> = const { Cell::new(0) };
}

/// How many addresses with a forbidden scheme were rendered as `#` on this thread
/// since this was last asked. Whoever can log does so, once for each.
pub fn take_warnings() -> u32 {
    BLOCKED.take()
}

/// An element whose children are being rendered.
struct Open<'a> {
    tag: &'a str,
    children: List<'a>,
    next: usize,
}

/// Appends the markup of a node.
pub fn render(node: Obj<'_>, out: &mut Vec<u8>) {
    let mut open: Vec<Open<'_>> = Vec::new();
    begin(node, None, out, &mut open);
    while let Some(top) = open.last_mut() {
        let Some(child) = top.children.get(top.next) else {
            out.extend_from_slice(b"</");
            out.extend_from_slice(top.tag.as_bytes());
            out.push(b'>');
            open.pop();
            continue;
        };
        top.next += 1;
        let parent = top.tag;
        if let Some(child) = child.as_obj() {
            begin(child, Some(parent), out, &mut open);
        }
    }
}

fn begin<'a>(node: Obj<'a>, parent: Option<&str>, out: &mut Vec<u8>, open: &mut Vec<Open<'a>>) {
    if is(node, &well_known::HTML_RAW) {
        let markup = node.field(0).as_text().unwrap_or_default();
        out.extend_from_slice(markup.as_bytes());
    } else if is(node, &well_known::HTML_TEXT) {
        let text = node.field(0).as_text().unwrap_or_default();
        if parent.is_some_and(is_raw_text) {
            out.extend_from_slice(text.as_bytes());
        } else {
            escape(text, false, out);
        }
    } else {
        let tag = node.field(0).as_text().unwrap_or_default();
        out.push(b'<');
        out.extend_from_slice(tag.as_bytes());
        if let Some(attributes) = map(node.field(1)) {
            write_attributes(attributes, out);
        }
        out.push(b'>');
        if let Some(children) = list(node.field(2)).filter(|_| !is_void_tag(tag)) {
            open.push(Open {
                tag,
                children,
                next: 0,
            });
        }
    }
}

fn write_attributes(attributes: Map<'_>, out: &mut Vec<u8>) {
    let mut sorted: Vec<_> = attributes
        .iter()
        .map(|(name, value)| (name.as_text().unwrap_or_default(), value.as_text()))
        .collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in sorted {
        out.push(b' ');
        out.extend_from_slice(name.as_bytes());
        let Some(value) = value else { continue };
        out.extend_from_slice(b"=\"");
        if is_address(name) && has_forbidden_scheme(value) {
            BLOCKED.set(BLOCKED.get().saturating_add(1));
            out.push(b'#');
        } else {
            escape(value, true, out);
        }
        out.push(b'"');
    }
}

/// Attributes whose value a browser may follow or run.
fn is_address(name: &str) -> bool {
    [
        "href",
        "src",
        "action",
        "formaction",
        "poster",
        "xlink:href",
    ]
    .iter()
    .any(|address| name.eq_ignore_ascii_case(address))
}

/// Whether following the address would run it. Browsers skip leading control
/// characters and spaces, and tabs and line ends anywhere (WHATWG URL, section 4.4).
fn has_forbidden_scheme(address: &str) -> bool {
    let mut letters = address
        .trim_start_matches(|letter: char| letter <= ' ')
        .chars()
        .filter(|letter| !matches!(letter, '\t' | '\n' | '\r'))
        .map(|letter| letter.to_ascii_lowercase());
    let start: String = letters.by_ref().take(11).collect();
    if start.starts_with("javascript:") || start.starts_with("vbscript:") {
        return true;
    }
    start.starts_with("data:") && !start.starts_with("data:image/")
}

/// Text so that it cannot be markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    escape(text, false, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends text so that it cannot be markup, nor end an attribute's value if it
/// is one.
fn escape(text: &str, attribute: bool, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let replacement: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'"' if attribute => b"&quot;",
            b'\'' if attribute => b"&#39;",
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..index]);
        out.extend_from_slice(replacement);
        start = index + 1;
    }
    out.extend_from_slice(&bytes[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_seen_through_disguises() {
        for address in [
            "javascript:x",
            " \u{1}JaVaScRiPt:x",
            "java\tscript:x",
            "vbscript:",
            "data:text/html,x",
        ] {
            assert!(has_forbidden_scheme(address), "{address:?}");
        }
        for address in [
            "/a",
            "https://x",
            "data:image/png;base64,",
            "javascript",
            "#javascript:",
        ] {
            assert!(!has_forbidden_scheme(address), "{address:?}");
        }
    }

    #[test]
    fn attributes_escape_more_than_text() {
        let mut out = Vec::new();
        escape("<&>\"'", false, &mut out);
        escape("<&>\"'", true, &mut out);
        assert_eq!(out, b"&lt;&amp;&gt;\"'&lt;&amp;&gt;&quot;&#39;");
    }
}
