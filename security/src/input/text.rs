use std::borrow::Cow;
use std::fmt::Write as _;

/// Removes control characters (Unicode category Cc) but line feeds and tabs.
///
/// ```
/// assert_eq!(plumego_security::input::strip_control("a\u{1b}[1m\tb\r\n"), "a[1m\tb\n");
/// ```
#[must_use]
pub fn strip_control(text: &str) -> Cow<'_, str> {
    strip(text, |c| c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Removes characters that turn the direction of the text after them, which
/// can make it read otherwise than it is (UAX 9: embeddings, overrides,
/// isolates and marks).
#[must_use]
pub fn strip_bidi(text: &str) -> Cow<'_, str> {
    let is_bidi = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    strip(text, is_bidi)
}

fn strip(text: &str, is_dropped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.contains(&is_dropped) {
        Cow::Owned(text.chars().filter(|c| !is_dropped(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether text has a character that means something in HTML, scripts, shells
/// or templates: NUL, carriage return, `<`, `>`, quotes, backtick, backslash,
/// braces. A hint for fields that need none of them, not a defence.
#[must_use]
pub fn contains_dangerous(text: &str) -> bool {
    text.contains(['\0', '\r', '<', '>', '"', '\'', '`', '\\', '{', '}'])
}

/// One blank for every run of white space, none around the text.
#[must_use]
pub fn collapse_whitespace(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// Escapes text for a quoted string literal in JavaScript, inside a script
/// element or outside of one. Letters, digits and a few marks stay, all else is
/// written by its number.
///
/// ```
/// use plumego_security::input::escape_js_string;
///
/// assert_eq!(escape_js_string("a'</script>"), "a\\u0027\\u003c\\u002fscript\\u003e");
/// ```
#[must_use]
pub fn escape_js_string(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | ',' | ':');
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_plain(character) {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(escaped)
}

/// Percent-encodes text for a name or value in a query: all but the unreserved
/// characters of RFC 3986 section 2.3.
///
/// ```
/// assert_eq!(plumego_security::input::escape_url_query("a b&c=ä"), "a%20b%26c%3D%C3%A4");
/// ```
#[must_use]
pub fn escape_url_query(text: &str) -> Cow<'_, str> {
    let is_unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if text.bytes().all(is_unreserved) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if is_unreserved(byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clean_text_is_not_copied() {
        assert!(matches!(strip_control("a\tb\nä"), Cow::Borrowed(_)));
        assert!(matches!(strip_bidi("עברית"), Cow::Borrowed(_)));
        assert!(matches!(escape_js_string("plain text"), Cow::Borrowed(_)));
        assert!(matches!(escape_url_query("a-b_c.d~e"), Cow::Borrowed(_)));
    }

    #[test]
    fn control_and_direction_are_removed() {
        assert_eq!(strip_control("a\0b\x07c\u{85}d\x7fe\r\n\tf"), "abcde\n\tf");
        assert_eq!(
            strip_bidi("user\u{202e}gpj.exe\u{2066}\u{200f}"),
            "usergpj.exe"
        );
    }

    #[test]
    fn dangerous_characters_are_found_one_by_one() {
        for character in "\0\r<>\"'`\\{}".chars() {
            assert!(
                contains_dangerous(&format!("a{character}b")),
                "{character:?}"
            );
        }
        assert!(!contains_dangerous("plain, text; with (marks) & more\n\t/"));
    }

    #[test]
    fn white_space_collapses() {
        for (text, collapsed) in [
            ("", ""),
            (" \t\n", ""),
            (" a\u{a0} b\r\nc ", "a b c"),
            ("a b", "a b"),
        ] {
            assert_eq!(collapse_whitespace(text), collapsed, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_string_literal_reads_back(text in any::<String>()) {
            let escaped = escape_js_string(&text);
            let has_raw = escaped.contains(['<', '>', '"', '\'', '`', '\n', '\u{2028}', '/', '&', '$', '{']);
            prop_assert!(!has_raw);
            // The escapes are those of JSON too.
            let read: String = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn a_query_reads_back(text in any::<String>()) {
            let query = format!("k={}&l=1", escape_url_query(&text));
            let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
            prop_assert_eq!(pairs.len(), 2);
            prop_assert_eq!(&*pairs[0].1, &*text);
        }
    }
}
