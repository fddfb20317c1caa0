//! The tags that a bare call can name, and the ARIA attributes that exist.

/// Tags that open and close. Sorted, for searching.
///
/// The element `var` is missing on purpose: the word is reserved.
pub const NORMAL_TAGS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "applet",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "body",
    "button",
    "canvas",
    "caption",
    "center",
    "cite",
    "code",
    "colgroup",
    "data",
    "datalist",
    "dd",
    "del",
    "details",
    "dfn",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hgroup",
    "html",
    "i",
    "iframe",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "main",
    "map",
    "mark",
    "marquee",
    "math",
    "menu",
    "meter",
    "nav",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "option",
    "output",
    "p",
    "picture",
    "plaintext",
    "pre",
    "progress",
    "q",
    "rb",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "script",
    "search",
    "section",
    "select",
    "slot",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "video",
    "xmp",
];

/// Tags that never have children and are written without a closing tag. Sorted.
pub const VOID_TAGS: &[&str] = &[
    "area", "base", "basefont", "br", "col", "embed", "hr", "image", "img", "input", "isindex",
    "keygen", "link", "meta", "param", "source", "track", "wbr",
];

/// The names that may follow `aria-`. Sorted.
///
/// Source: WAI-ARIA 1.3, states and properties.
pub const ARIA_NAMES: &[&str] = &[
    "activedescendant",
    "atomic",
    "autocomplete",
    "braillelabel",
    "brailleroledescription",
    "busy",
    "checked",
    "colcount",
    "colindex",
    "colindextext",
    "colspan",
    "controls",
    "current",
    "describedby",
    "description",
    "details",
    "disabled",
    "errormessage",
    "expanded",
    "flowto",
    "haspopup",
    "hidden",
    "invalid",
    "keyshortcuts",
    "label",
    "labelledby",
    "level",
    "live",
    "modal",
    "multiline",
    "multiselectable",
    "orientation",
    "owns",
    "placeholder",
    "posinset",
    "pressed",
    "readonly",
    "relevant",
    "required",
    "roledescription",
    "rowcount",
    "rowindex",
    "rowindextext",
    "rowspan",
    "selected",
    "setsize",
    "sort",
    "valuemax",
    "valuemin",
    "valuenow",
    "valuetext",
];

/// Names after `aria-` that still work but should not be written any more.
pub const ARIA_DEPRECATED: &[&str] = &["dropeffect", "grabbed"];

/// What literal values an ARIA attribute takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AriaValues {
    /// Any text.
    Any,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number above zero.
    PositiveInteger,
}

/// Whether a name is a tag that may have children.
#[must_use]
pub fn is_normal_tag(name: &str) -> bool {
    NORMAL_TAGS.binary_search(&name).is_ok()
}

/// Whether a name is a tag that never has children.
#[must_use]
pub fn is_void_tag(name: &str) -> bool {
    VOID_TAGS.binary_search(&name).is_ok()
}

/// Whether a bare call of that name makes an element when nothing else has the name.
#[must_use]
pub fn is_tag(name: &str) -> bool {
    is_normal_tag(name) || is_void_tag(name)
}

/// Whether `aria-` and this name is an attribute, deprecated ones included.
#[must_use]
pub fn is_aria_name(name: &str) -> bool {
    ARIA_NAMES.binary_search(&name).is_ok() || ARIA_DEPRECATED.contains(&name)
}

/// What a literal value of `aria-` and this name has to be.
#[must_use]
pub fn aria_values(name: &str) -> AriaValues {
    match name {
        "hidden" => AriaValues::Words(&["true", "false"]),
        "expanded" => AriaValues::Words(&["true", "false", "undefined"]),
        "checked" | "pressed" => AriaValues::Words(&["true", "false", "mixed", "undefined"]),
        "level" => AriaValues::PositiveInteger,
        _ => AriaValues::Any,
    }
}

/// Whether an attribute name can be written in markup:
/// `[A-Za-z_:@][A-Za-z0-9_.:@-]*`.
#[must_use]
pub fn is_attribute_name(name: &str) -> bool {
    let start = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | b'@');
    let rest = |byte: u8| start(byte) || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    match name.as_bytes() {
        [first, tail @ ..] => start(*first) && tail.iter().all(|byte| rest(*byte)),
        [] => false,
    }
}
