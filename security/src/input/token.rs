/// True for a token (RFC 9110 section 5.6.2): one or more of the characters
/// that need no quotes.
#[must_use]
pub fn is_token(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    let is_tchar = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    !text.is_empty() && text.iter().all(is_tchar)
}

/// True for the name of a header, which is a token.
#[must_use]
pub fn is_header_name(text: impl AsRef<[u8]>) -> bool {
    is_token(text)
}

/// True for UTF-8 text that cannot leave the value of a header: no control
/// character but the tab.
#[must_use]
pub fn is_header_value(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    let is_legal = |b: &u8| *b == b'\t' || (*b >= 0x20 && *b != 0x7f);
    text.iter().all(is_legal) && std::str::from_utf8(text).is_ok()
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_need_no_quotes() {
        for text in ["a", "X-Request-ID", "!#$%&'*+-.^_`|~09azAZ"] {
            assert!(is_token(text) && is_header_name(text), "{text}");
        }
        for text in [
            "", " ", "a b", "a:", "a\t", "a\r\n", "a\0", "ä", "\"a\"", "(a)", "a,b", "a/b", "a@b",
        ] {
            assert!(!is_token(text), "{text:?}");
        }
        assert!(!is_token(b"a\xff"));
    }

    #[test]
    fn values_keep_to_their_line() {
        for text in ["", " ", "a\tb", "text/html; charset=utf-8", "ä 😀"] {
            assert!(is_header_value(text), "{text:?}");
        }
        for text in ["a\r\nX: y", "a\n", "a\r", "\0", "\x1b[0m", "\x7f"] {
            assert!(!is_header_value(text), "{text:?}");
        }
        assert!(!is_header_value(b"\xff"));
    }

    proptest! {
        #[test]
        fn what_is_accepted_makes_a_header(bytes in proptest::collection::vec(any::<u8>(), 0..32)) {
            if is_header_value(&bytes) {
                prop_assert!(HeaderValue::from_bytes(&bytes).is_ok());
            }
            prop_assert_eq!(is_header_name(&bytes), HeaderName::from_bytes(&bytes).is_ok());
        }
    }
}
