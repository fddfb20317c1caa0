//! Cookies (RFC 6265): reading those of a request, setting them in a response.
//! Signing and encryption live elsewhere.

mod set;

use http::header::COOKIE;

pub use set::{InvalidCookie, SameSite, SetCookie};

use crate::Request;

/// Most cookies of one request that are looked at.
const COOKIES_MAX: usize = 100;
/// Most bytes of `Cookie` headers that are looked at.
const BYTES_MAX: usize = 16 * 1024;

/// The value of the first cookie with this name. Pairs that are malformed are
/// passed over; at most 100 cookies and 16 KiB are looked at.
///
/// ```
/// use plumego_contract::{Body, Request, cookie};
///
/// let mut request = Request::new(Body::empty());
/// request.headers_mut().insert("cookie", "theme=dark; broken; id=17".parse().unwrap());
/// assert_eq!(cookie::get(&request, "id"), Some("17"));
/// assert_eq!(cookie::get(&request, "broken"), None);
/// ```
#[must_use]
pub fn get<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let mut bytes_left = BYTES_MAX;
    let mut cookies_left = COOKIES_MAX;
    for header in request.headers().get_all(COOKIE) {
        let whole = header.as_bytes();
        let seen = &whole[..whole.len().min(bytes_left)];
        bytes_left -= seen.len();
        let mut pairs = seen.split(|b| *b == b';').peekable();
        while let Some(pair) = pairs.next() {
            if cookies_left == 0 {
                return None;
            }
            cookies_left -= 1;
            // What was cut in the middle is no pair.
            let cut = pairs.peek().is_none() && seen.len() < whole.len();
            if !cut
                && let Some((own, value)) = split(pair.trim_ascii())
                && own == name
            {
                return Some(value);
            }
        }
    }
    None
}

/// Name and value; `None` when either holds a byte a cookie cannot carry.
fn split(pair: &[u8]) -> Option<(&str, &str)> {
    let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
    let (name, value) = (name.trim_end(), value.trim_start());
    (is_name(name) && is_value(value)).then_some((name, value))
}

/// A token (RFC 9110 section 5.6.2).
fn is_name(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(legal)
}

/// Visible ASCII without comma, semicolon and backslash; double quotes only
/// around the whole.
fn is_value(text: &str) -> bool {
    let inner = match text.strip_prefix('"') {
        Some(rest) => match rest.strip_suffix('"') {
            Some(inner) => inner,
            None => return false,
        },
        None => text,
    };
    let legal = |b: u8| b.is_ascii_graphic() && !b"\",;\\".contains(&b);
    inner.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Body;

    fn request(lines: &[&str]) -> Request {
        let mut request = Request::new(Body::empty());
        for line in lines {
            let value = http::HeaderValue::from_bytes(line.as_bytes()).unwrap();
            request.headers_mut().append(COOKIE, value);
        }
        request
    }

    #[test]
    fn reading() {
        let request = request(&["a=1; b = 2;;=x; c; d=\"q\"; e=a b; f=é; a=9", "g="]);
        for (name, value) in [
            ("a", Some("1")),
            ("b", Some("2")),
            ("c", None),
            ("d", Some("\"q\"")),
            ("e", None),
            ("f", None),
            ("g", Some("")),
            ("", None),
            ("A", None),
        ] {
            assert_eq!(get(&request, name), value, "{name}");
        }
    }

    #[test]
    fn bounds() {
        let many: Vec<_> = (0..101).map(|i| format!("c{i}=1")).collect();
        let request_of_many = request(&[&many.join("; ")]);
        assert_eq!(get(&request_of_many, "c99"), Some("1"));
        assert_eq!(get(&request_of_many, "c100"), None);
        let long = format!("a={}; b=1", "x".repeat(BYTES_MAX));
        assert_eq!(get(&request(&[&long]), "a"), None);
        assert_eq!(get(&request(&[&long]), "b"), None);
        let exact = format!("a={}", "x".repeat(BYTES_MAX - 2));
        assert!(get(&request(&[&exact, "b=1"]), "a").is_some());
        assert_eq!(get(&request(&[&exact, "b=1"]), "b"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ -~\u{e9}]{0,80}", name in "[a-c]") {
            let _ = get(&request(&[&text]), &name);
        }
    }
}
