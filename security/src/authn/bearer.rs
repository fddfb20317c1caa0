use std::fmt;

use http::HeaderMap;
use http::header::HeaderName;

/// Header that carries credentials (RFC 9110 section 11.6.2).
pub const AUTHORIZATION: HeaderName = http::header::AUTHORIZATION;

/// Header for static tokens where a bearer token cannot be sent.
pub const X_TOKEN: HeaderName = HeaderName::from_static("x-token");

/// Longest bearer token that is looked at, in bytes.
pub const BEARER_BYTES_MAX: usize = 16 * 1024;

/// What `Authorization` says about a bearer token (RFC 6750 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BearerToken<'h> {
    /// No bearer token was meant: no header, or another scheme.
    Absent,
    /// A bearer token was meant and cannot be read: no token, several, one that
    /// is not visible ASCII or too long, or several headers.
    Malformed,
    /// A token; nothing is known about whether it holds.
    Present(SecretRef<'h>),
}

/// A credential that stands in a request. `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct SecretRef<'h>(&'h str);

impl<'h> SecretRef<'h> {
    /// The credential itself.
    #[must_use]
    pub fn expose(self) -> &'h str {
        self.0
    }
}

impl PartialEq for SecretRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        crate::secret::ct_eq(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for SecretRef<'_> {}

impl fmt::Debug for SecretRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// Reads the bearer token of a request; never a query, a body or a cookie.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use plumego_security::authn::{BearerToken, bearer_token};
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(bearer_token(&headers), BearerToken::Absent);
/// headers.insert("authorization", HeaderValue::from_static("bearer abc"));
/// let BearerToken::Present(token) = bearer_token(&headers) else { panic!() };
/// assert_eq!(token.expose(), "abc");
/// ```
#[must_use]
pub fn bearer_token(headers: &HeaderMap) -> BearerToken<'_> {
    const SCHEME: &[u8] = b"bearer";
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return BearerToken::Absent,
        (Some(only), None) => only.as_bytes().trim_ascii(),
        // Which one counts would depend on who reads it.
        (Some(_), Some(_)) => return BearerToken::Malformed,
    };
    let Some((scheme, rest)) = value.split_at_checked(SCHEME.len()) else {
        return BearerToken::Absent;
    };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return BearerToken::Absent;
    }
    if !matches!(rest.first(), Some(b' ' | b'\t')) {
        return BearerToken::Malformed;
    }
    match std::str::from_utf8(rest.trim_ascii()) {
        Ok(token) if is_token(token) => BearerToken::Present(SecretRef(token)),
        _ => BearerToken::Malformed,
    }
}

fn is_token(text: &str) -> bool {
    (1..=BEARER_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The static token of a request that sent no bearer token.
pub(super) fn x_token(headers: &HeaderMap) -> Option<SecretRef<'_>> {
    let mut values = headers.get_all(X_TOKEN).iter();
    let (Some(only), None) = (values.next(), values.next()) else {
        return None;
    };
    let token = std::str::from_utf8(only.as_bytes().trim_ascii()).ok()?;
    is_token(token).then_some(SecretRef(token))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        match bearer_token(&headers) {
            BearerToken::Absent => "absent".to_owned(),
            BearerToken::Malformed => "malformed".to_owned(),
            BearerToken::Present(token) => format!("present {}", token.expose()),
        }
    }

    #[test]
    fn the_table_of_forms() {
        for value in [
            "Bearer abc",
            "BEARER abc",
            "bearer abc",
            "Bearer   abc",
            "Bearer\tabc",
            "  Bearer abc\t",
        ] {
            assert_eq!(read(&[value.as_bytes()]), "present abc", "{value:?}");
        }
        assert_eq!(read(&[]), "absent");
        for value in ["", "Basic YTpi", "Digest x", "B", "Beare r abc", "abc"] {
            assert_eq!(read(&[value.as_bytes()]), "absent", "{value:?}");
        }
        for value in [
            "Bearer",
            "Bearer   ",
            "Bearerabc",
            "BearerX abc",
            "Bearer a b",
            "Bearer a,b c",
            "Bearer \u{e9}",
        ] {
            assert_eq!(read(&[value.as_bytes()]), "malformed", "{value:?}");
        }
        assert_eq!(read(&[b"Bearer \xff"]), "malformed");
        assert_eq!(read(&[b"Bearer a", b"Bearer a"]), "malformed");
        assert_eq!(read(&[b"Basic YTpi", b"Bearer a"]), "malformed");
        let longest = format!("Bearer {}", "x".repeat(BEARER_BYTES_MAX));
        assert!(read(&[longest.as_bytes()]).starts_with("present"));
        let longer = format!("{longest}x");
        assert_eq!(read(&[longer.as_bytes()]), "malformed");
    }

    #[test]
    fn tokens_are_not_printed() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer hunter2"));
        let shown = format!("{:?}", bearer_token(&headers));
        assert_eq!(shown, "Present([REDACTED])");
    }

    proptest! {
        #[test]
        fn any_header_is_read(value in proptest::collection::vec(0x20_u8.., 0..64)) {
            let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
            if let BearerToken::Present(token) = bearer_token(&headers) {
                prop_assert!(is_token(token.expose()));
            }
        }
    }
}
