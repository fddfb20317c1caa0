//! `Content-Disposition` (RFC 6266), with the name in ASCII for old clients and
//! in full by RFC 8187.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 8187 lets stand in a value, besides letters and digits.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

pub(super) fn disposition(kind: &'static str, name: &str) -> HeaderValue {
    let fallback: String = name.chars().filter_map(ascii).collect();
    let encoded = utf8_percent_encode(name, ENCODED);
    let text = format!("{kind}; filename=\"{fallback}\"; filename*=UTF-8''{encoded}");
    // Both renditions are visible ASCII and spaces.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(kind))
}

fn ascii(c: char) -> Option<char> {
    match c {
        '"' | '\\' => None,
        c if c.is_control() => None,
        c if c.is_ascii() => Some(c),
        _ => Some('_'),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            (
                "a b.txt",
                "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt",
            ),
            (
                "naïve €.pdf",
                "attachment; filename=\"na_ve _.pdf\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.pdf",
            ),
            (
                "a\"b\\c\r\n.txt",
                "attachment; filename=\"abc.txt\"; filename*=UTF-8''a%22b%5Cc%0D%0A.txt",
            ),
        ] {
            assert_eq!(disposition("attachment", name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_gives_a_whole_header(name in ".{0,40}") {
            let value = disposition("inline", &name);
            let text = value.to_str().unwrap();
            prop_assert!(text.starts_with("inline; filename=\""));
            prop_assert_eq!(text.matches('"').count(), 2);
        }
    }
}
