//! `svg.inline(path)`: an SVG file as markup, without what could run.

use std::collections::HashMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::fault::{Fault, Outcome};
use crate::runtime::Runtime;
use crate::validate::echo;

/// Bytes of a file at most.
const FILE_MAX: u64 = 16 * 1024 * 1024;

/// SVG files, kept for the process; in development read at every call.
#[derive(Default)]
pub(crate) struct Svg(Mutex<HashMap<String, Arc<str>>>);

impl fmt::Debug for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Svg").finish_non_exhaustive()
    }
}

impl Svg {
    /// The markup of a file below the directory of SVG files.
    ///
    /// # Errors
    ///
    /// The path leaves the directory, or there is no such file.
    pub(crate) fn inline(&self, runtime: &Runtime, path: &str) -> Outcome<Arc<str>> {
        let name = file_name(path)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(markup) = kept.get(&name).filter(|_| !runtime.options().dev_mode) {
            return Ok(Arc::clone(markup));
        }
        let embedded = runtime
            .meta()
            .assets
            .iter()
            .find(|asset| asset.path == name);
        let text = match embedded {
            Some(asset) => asset.text.to_owned(),
            None => read(runtime, path, &name)?,
        };
        let markup: Arc<str> = sanitise(&text).into();
        kept.insert(name, Arc::clone(&markup));
        Ok(markup)
    }
}

fn traversal() -> Fault {
    Fault::invalid_arguments("svg.inline path traversal is not allowed")
}

/// The path with its ending, if it stays where it may.
fn file_name(path: &str) -> Outcome<String> {
    let inside = |component| matches!(component, Component::Normal(_));
    if path.contains(['\\', '\0']) || !Path::new(path).components().all(inside) {
        return Err(traversal());
    }
    Ok(if path.ends_with(".svg") {
        path.to_owned()
    } else {
        format!("{path}.svg")
    })
}

fn read(runtime: &Runtime, path: &str, name: &str) -> Outcome<String> {
    let missing = |_| Fault::error(format!("svg.inline could not read {}", echo(path)));
    let base: PathBuf = runtime.directory().join(&runtime.options().svg_dir);
    let base = base.canonicalize().map_err(missing)?;
    let file = base.join(name).canonicalize().map_err(missing)?;
    if !file.starts_with(&base) {
        return Err(traversal());
    }
    if std::fs::metadata(&file).map_err(missing)?.len() > FILE_MAX {
        return Err(Fault::error(format!(
            "svg.inline {} is larger than 16 MiB",
            echo(path)
        )));
    }
    std::fs::read_to_string(&file).map_err(missing)
}

/// The markup without prolog, document type, comments, scripts and the attributes
/// that run them.
fn sanitise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let tag = Markup::at(rest);
        rest = match tag {
            Markup::Dropped(len) => &rest[len..],
            Markup::Script(len, closed) => {
                let after = &rest[len..];
                if closed { after } else { after_script(after) }
            }
            Markup::Tag(len) => {
                push_tag(&rest[..len], &mut out);
                &rest[len..]
            }
        };
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// What begins with `<`.
enum Markup {
    /// So many bytes that are left out.
    Dropped(usize),
    /// The beginning of a script, and whether it is also its end.
    Script(usize, bool),
    /// A tag.
    Tag(usize),
}

impl Markup {
    fn at(text: &str) -> Self {
        let until = |end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
        if text.starts_with("<?") {
            return Self::Dropped(until("?>"));
        }
        if text.starts_with("<!--") {
            return Self::Dropped(until("-->"));
        }
        if text.starts_with("<!") {
            return Self::Dropped(doctype_len(text));
        }
        let len = tag_len(text);
        if is_script(text[1..len].trim_start_matches('/')) {
            let closed = text[..len].ends_with("/>") || text.starts_with("</");
            return Self::Script(len, closed);
        }
        Self::Tag(len)
    }
}

/// Bytes of a document type, with declarations inside.
fn doctype_len(text: &str) -> usize {
    let end = tag_len(text);
    match text[..end].find('[') {
        Some(_) => text.find("]>").map_or(text.len(), |at| at + 2),
        None => end,
    }
}

/// Bytes of a tag; `>` inside quotes does not end it.
fn tag_len(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return at + 1,
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// What follows the end of a script.
fn after_script(text: &str) -> &str {
    for (at, _) in text.match_indices("</") {
        let len = tag_len(&text[at..]);
        if is_script(&text[at + 2..at + len]) {
            return &text[at + len..];
        }
    }
    ""
}

/// Whether the name at the start of a tag is that of a script.
fn is_script(tag: &str) -> bool {
    let name = tag
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':')
        .next();
    let name = name
        .unwrap_or_default()
        .rsplit(':')
        .next()
        .unwrap_or_default();
    name.eq_ignore_ascii_case("script")
}

/// Appends a tag without attributes that run code.
fn push_tag(tag: &str, out: &mut String) {
    let name_end = tag[1..]
        .trim_start_matches('/')
        .find(|letter: char| letter.is_whitespace() || letter == '/')
        .map_or(tag.len(), |at| {
            tag.len() - tag[1..].trim_start_matches('/').len() + at
        });
    out.push_str(&tag[..name_end]);
    let mut rest = &tag[name_end..];
    while !rest.is_empty() {
        let start = rest.len() - rest.trim_start().len();
        let name_len = rest[start..]
            .find(|letter: char| letter.is_whitespace() || matches!(letter, '=' | '>' | '/'))
            .unwrap_or(rest.len() - start);
        if name_len == 0 {
            // The end of the tag, or something that is no attribute.
            let step = start + rest[start..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..step]);
            rest = &rest[step..];
            continue;
        }
        let end = start + name_len + value_len(&rest[start + name_len..]);
        let name = rest[start..start + name_len].to_ascii_lowercase();
        let value =
            rest[start + name_len..end].trim_start_matches([' ', '=', '"', '\'', '\t', '\n']);
        if !name.starts_with("on") && !is_script_address(&name, value) {
            out.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
}

/// Bytes of `= value` after the name of an attribute; 0 if there is none.
fn value_len(text: &str) -> usize {
    let trimmed = text.trim_start();
    let Some(after) = trimmed.strip_prefix('=') else {
        return 0;
    };
    let value = after.trim_start();
    let before = text.len() - value.len();
    before
        + match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].find(quote).map_or(value.len(), |at| at + 2),
            _ => value
                .find(|letter: char| letter.is_whitespace() || letter == '>')
                .unwrap_or(value.len()),
        }
}

/// Whether following a link runs code.
fn is_script_address(name: &str, value: &str) -> bool {
    let compact: String = value
        .chars()
        .filter(|letter| *letter > ' ')
        .take(11)
        .collect();
    matches!(name, "href" | "xlink:href") && compact.to_ascii_lowercase().starts_with("javascript:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_run_is_left_out() {
        for (input, expected) in [
            (
                "<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"a\" \"b>\">\n<svg><path d=\"M0\"/></svg>",
                "<svg><path d=\"M0\"/></svg>",
            ),
            ("<!DOCTYPE svg [<!ENTITY a \"b\">]><svg/>", "<svg/>"),
            (
                "<svg><script>alert(1)</script><g/></svg>",
                "<svg><g/></svg>",
            ),
            ("<svg><SCRIPT href='x'/><g/></svg>", "<svg><g/></svg>"),
            ("<svg><svg:script>x</svg:script></svg>", "<svg></svg>"),
            (
                "<svg onload=\"x()\" width='1' OnClick=y>a</svg>",
                "<svg width='1'>a</svg>",
            ),
            (
                "<svg><a href=\" java\nscript:x\" title=\"a>b\">b</a></svg>",
                "<svg><a title=\"a>b\">b</a></svg>",
            ),
            (
                "<svg><!-- <script> --><g fill = \"red\" /></svg>",
                "<svg><g fill = \"red\" /></svg>",
            ),
            ("<svg><script>never ends", "<svg>"),
            (
                "<svg/onload=x()><g a=\"b\"onclick=c /></svg>",
                "<svg/><g a=\"b\" /></svg>",
            ),
            ("<svg", "<svg"),
        ] {
            assert_eq!(sanitise(input), expected, "{input}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(file_name("icons/a").unwrap(), "icons/a.svg");
        assert_eq!(file_name("a.svg").unwrap(), "a.svg");
        for path in ["/etc/passwd", "../a", "a/../../b", "a\\b", "a\0b", "./a"] {
            let fault = file_name(path).unwrap_err();
            assert_eq!(
                fault.message(),
                "svg.inline path traversal is not allowed",
                "{path:?}"
            );
        }
    }
}
