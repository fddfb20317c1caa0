//! Text inside HTML.

use std::borrow::Cow;

/// Escapes `&`, `<`, `>`, `"` and `'`, so that text is safe between tags and
/// inside quoted attributes. It does not make text safe inside scripts, styles
/// or unquoted attributes.
///
/// ```
/// use plumego_contract::html::escape;
///
/// assert_eq!(escape("a < b & 'c'"), "a &lt; b &amp; &#39;c&#39;");
/// ```
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}
