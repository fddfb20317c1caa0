use std::collections::HashSet;

/// What HTML from outside may contain. Everything that is not listed is
/// removed: scripts, styles, event handlers and frames by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HtmlPolicy {
    /// Elements that stay; of others the text stays, but that of scripts and
    /// styles. Default: inline markup, paragraphs, lists, quotes and code.
    pub elements: Vec<&'static str>,
    /// Schemes of links. Default: `http`, `https`, `mailto`. Scripts and data
    /// are refused whatever is listed.
    pub link_schemes: Vec<&'static str>,
}

impl Default for HtmlPolicy {
    fn default() -> Self {
        Self {
            elements: vec![
                "a",
                "abbr",
                "b",
                "blockquote",
                "br",
                "cite",
                "code",
                "del",
                "em",
                "i",
                "ins",
                "kbd",
                "li",
                "mark",
                "ol",
                "p",
                "pre",
                "q",
                "s",
                "small",
                "span",
                "strong",
                "sub",
                "sup",
                "u",
                "ul",
            ],
            link_schemes: vec!["http", "https", "mailto"],
        }
    }
}

/// Elements and schemes that run code; never allowed.
const NEVER_ELEMENTS: [&str; 12] = [
    "script", "style", "iframe", "object", "embed", "base", "link", "meta", "svg", "math", "form",
    "template",
];
const NEVER_SCHEMES: [&str; 4] = ["javascript", "data", "vbscript", "file"];

/// Removes from HTML all that the policy does not list, as a browser would
/// parse it. Links get `rel="noopener noreferrer"`; relative ones stay.
///
/// ```
/// use plumego_security::input::{HtmlPolicy, sanitize_html};
///
/// let clean = sanitize_html("<b onclick=x()>hi</b><script>x()</script>", &HtmlPolicy::default());
/// assert_eq!(clean, "<b>hi</b>");
/// ```
#[must_use]
pub fn sanitize_html(text: &str, policy: &HtmlPolicy) -> String {
    let listed = |list: &[&'static str], never: &[&str]| -> HashSet<&'static str> {
        list.iter()
            .copied()
            .filter(|own| !never.contains(own))
            .collect()
    };
    let clean = ammonia::Builder::empty()
        .tags(listed(&policy.elements, &NEVER_ELEMENTS))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .add_tag_attributes("a", &["href", "title"])
        .url_schemes(listed(&policy.link_schemes, &NEVER_SCHEMES))
        .link_rel(Some("noopener noreferrer"))
        .clean(text)
        .to_string();
    reparsed_alike(clean)
}

/// Serialized HTML so that parsing it gives the text that was serialized.
fn reparsed_alike(mut html: String) -> String {
    // Given as a reference, a carriage return survives parsing, but is written
    // as itself, which the next parser takes for a line feed (HTML §13.2.3.5).
    if html.contains('\r') {
        html = html.replace("\r\n", "\n").replace('\r', "\n");
    }
    // The parser drops one line feed behind the tag (HTML §13.2.6.4.7). Here the
    // tag has no attributes, and elsewhere `<` is written as a reference.
    if html.contains("<pre>\n") {
        html = html.replace("<pre>\n", "<pre>\n\n");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_stays_and_code_goes() {
        let policy = HtmlPolicy::default();
        for (text, clean) in [
            ("plain & simple", "plain &amp; simple"),
            ("<p>a <strong>b</strong></p>", "<p>a <strong>b</strong></p>"),
            (
                "<a href=\"https://example.com\" target=_blank>x</a>",
                "<a href=\"https://example.com\" rel=\"noopener noreferrer\">x</a>",
            ),
            (
                "<a href=\"/own\" rel=opener>x</a>",
                "<a href=\"/own\" rel=\"noopener noreferrer\">x</a>",
            ),
            (
                "<a href=\"javascript:x()\">x</a>",
                "<a rel=\"noopener noreferrer\">x</a>",
            ),
            (
                "<a href=\"java&#10;script:x()\">x</a>",
                "<a rel=\"noopener noreferrer\">x</a>",
            ),
            (
                "<a href=\"data:text/html,x\">x</a>",
                "<a rel=\"noopener noreferrer\">x</a>",
            ),
            (
                "<a title=\"a&#13;b&#13;&#10;c\">x&#13;y</a>",
                "<a title=\"a\nb\nc\" rel=\"noopener noreferrer\">x\ny</a>",
            ),
            ("<pre>\n\nx</pre>", "<pre>\n\nx</pre>"),
            ("<pre>&#13;x</pre>", "<pre>\n\nx</pre>"),
            ("<pre>x\ny</pre>", "<pre>x\ny</pre>"),
            ("<img src=x onerror=x()>", ""),
            ("<svg><script>x()</script></svg>", ""),
            ("<style>*{}</style>a<!-- b -->", "a"),
            ("<h1>t</h1>", "t"),
            ("<b style=\"color:red\" class=c id=i>x</b>", "<b>x</b>"),
        ] {
            assert_eq!(sanitize_html(text, &policy), clean, "{text}");
        }
    }

    #[test]
    fn code_is_not_allowed_even_when_listed() {
        let careless = HtmlPolicy {
            elements: vec!["script", "iframe", "a", "b"],
            link_schemes: vec!["javascript", "data", "https"],
        };
        let text = "<script>x()</script><iframe src=x></iframe><a href=javascript:x()>x</a>";
        assert_eq!(
            sanitize_html(text, &careless),
            "<a rel=\"noopener noreferrer\">x</a>"
        );
    }
}
