use std::fmt;

use url::Url;

use super::{InputError, Kind};
use crate::ssrf::SsrfPolicy;

const KIND: Kind = Kind("url");

/// Longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2048;

/// A URL for a link or a redirect: a path on this host, or an absolute URL by
/// HTTP or HTTPS whose host is what it looks like.
///
/// Text that browsers would read otherwise than it stands there is refused:
/// backslashes, blanks and control characters inside, user names, hosts that
/// are written in another form than the one they are sent in. Whether it is
/// safe to fetch is another question; see [`PublicUrl`] and
/// [`ssrf`](crate::ssrf).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SafeUrl {
    text: String,
    is_absolute: bool,
}

impl SafeUrl {
    /// Checks a URL; blanks around it are dropped.
    ///
    /// # Errors
    /// [`InputError`] of kind `url`.
    pub fn parse(raw: impl AsRef<[u8]>) -> Result<Self, InputError> {
        let (text, start) = KIND.trimmed(raw.as_ref())?;
        if text.len() > URL_BYTES_MAX {
            return Err(KIND.error("too_long"));
        }
        KIND.every_byte(text, start, |b| b > 0x20 && b != 0x7f && b != b'\\')?;
        let is_absolute = !text.starts_with('/');
        if is_absolute {
            check_absolute(text, start)?;
        } else {
            check_relative(text, start)?;
        }
        Ok(Self {
            text: text.to_owned(),
            is_absolute,
        })
    }

    /// The URL as it was given, without the blanks around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True when it names a host.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.is_absolute
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether [`SafeUrl::parse`] accepts it.
#[must_use]
pub fn is_safe_url(raw: impl AsRef<[u8]>) -> bool {
    SafeUrl::parse(raw).is_ok()
}

/// An absolute URL whose host, as it is written, is not an address or a name
/// of this machine or a private network. A name passes: what it resolves to
/// must still be checked when connecting, by
/// [`GuardedResolver`](crate::ssrf::GuardedResolver).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicUrl(SafeUrl);

impl PublicUrl {
    /// Checks a URL; blanks around it are dropped.
    ///
    /// # Errors
    /// [`InputError`] of kind `url`.
    pub fn parse(raw: impl AsRef<[u8]>) -> Result<Self, InputError> {
        let url = SafeUrl::parse(raw)?;
        if !url.is_absolute() {
            return Err(KIND.error("not_absolute"));
        }
        SsrfPolicy::strict()
            .check_url(url.as_str())
            .map_err(|_| KIND.error("private_host"))?;
        Ok(Self(url))
    }

    /// The URL as it was given, without the blanks around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether [`PublicUrl::parse`] accepts it.
#[must_use]
pub fn is_public_url(raw: impl AsRef<[u8]>) -> bool {
    PublicUrl::parse(raw).is_ok()
}

fn check_relative(text: &str, start: usize) -> Result<(), InputError> {
    const BASE: &str = "http://base.invalid";
    if text.starts_with("//") {
        return Err(KIND.error_at("host_without_scheme", start));
    }
    let is_on_base = |url: Url| {
        url.scheme() == "http"
            && url.host_str() == Some("base.invalid")
            && url.username().is_empty()
            && url.port().is_none()
    };
    let base = Url::parse(BASE).map_err(|_| KIND.error("malformed"))?;
    match base.join(text) {
        Ok(url) if is_on_base(url.clone()) => Ok(()),
        _ => Err(KIND.error("malformed")),
    }
}

fn check_absolute(text: &str, start: usize) -> Result<(), InputError> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .ok_or_else(|| KIND.error_at("scheme", start))?;
    let at = start + text.len() - rest.len();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    if authority.contains('@') {
        return Err(KIND.error_at("user_info", at));
    }
    let (host, port) = split_port(authority).ok_or_else(|| KIND.error_at("host", at))?;
    if port.is_some_and(|port| !is_port(port)) {
        return Err(KIND.error_at("port", at + host.len() + 1));
    }
    let url = Url::parse(text).map_err(|_| KIND.error_at("host", at))?;
    // What it is parsed to must be what it says.
    let is_same = match url.host() {
        Some(url::Host::Ipv6(_)) => host.starts_with('['),
        Some(parsed) => parsed.to_string().eq_ignore_ascii_case(host),
        None => false,
    };
    if is_same {
        Ok(())
    } else {
        Err(KIND.error_at("host", at))
    }
}

/// Host and port of an authority; `None` when it cannot be told.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, rest) = if authority.starts_with('[') {
        authority.split_at(authority.find(']')? + 1)
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        authority.split_at(end)
    };
    match rest.strip_prefix(':') {
        Some(port) => Some((host, Some(port))),
        None if rest.is_empty() => Some((host, None)),
        None => None,
    }
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_and_absolute_urls_pass() {
        for text in [
            "/",
            "/a/b?c=d#e",
            "/a//b",
            "/..//x",
            "/%2F%2Fevil.example",
            "/ä",
            "/x:y@z",
        ] {
            let url = SafeUrl::parse(text).unwrap();
            assert!(!url.is_absolute(), "{text}");
        }
        for text in [
            "http://example.com",
            "https://example.com/",
            "https://EXAMPLE.com:8443/a?b#c",
            " https://example.com:1\n",
            "https://xn--fsqu00a.com",
            "https://example.com?x=http://other",
            "http://192.0.2.1:65535",
            "http://[2001:db8::1]:80/x",
            "https://example.com./",
            "https://a_b.example.com",
        ] {
            let url = SafeUrl::parse(text).unwrap();
            assert!(url.is_absolute(), "{text}");
            assert_eq!(url.as_str(), text.trim());
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, code) in [
            ("", "empty"),
            ("//evil.example", "host_without_scheme"),
            ("/\\evil.example", "invalid_character"),
            ("\\\\evil.example", "invalid_character"),
            ("https:\\\\evil.example", "invalid_character"),
            ("/a b", "invalid_character"),
            ("/a\tb", "invalid_character"),
            ("java\nscript:alert(1)", "invalid_character"),
            ("/a\0", "invalid_character"),
            ("/a\x7f", "invalid_character"),
            ("javascript:alert(1)", "scheme"),
            ("JavaScript:alert(1)", "scheme"),
            ("data:text/html,x", "scheme"),
            ("file:///etc/passwd", "scheme"),
            ("vbscript:x", "scheme"),
            ("ftp://example.com", "scheme"),
            ("HTTP://example.com", "scheme"),
            ("http:/example.com", "scheme"),
            ("http:example.com", "scheme"),
            ("example.com", "scheme"),
            ("?x", "scheme"),
            ("#x", "scheme"),
            ("http://", "host"),
            ("http:///x", "host"),
            ("http://user@example.com", "user_info"),
            ("http://user:pw@example.com", "user_info"),
            ("http://example.com:", "port"),
            ("http://example.com:http", "port"),
            ("http://example.com:65536", "port"),
            ("http://example.com:000080", "port"),
            ("http://example.com:8 0", "invalid_character"),
            ("http://::1", "port"),
            ("http://[::1", "host"),
            ("http://[fe80::1%25eth0]", "host"),
            ("http://[::1]x", "host"),
            ("http://127.1", "host"),
            ("http://0x7f000001", "host"),
            ("http://2130706433", "host"),
            ("http://ex%61mple.com", "host"),
            ("http://exämple.com", "host"),
            ("http://ｅxample.com", "host"),
            ("http://a<b", "host"),
        ] {
            assert_eq!(SafeUrl::parse(text).unwrap_err().code, code, "{text:?}");
        }
        assert!(is_safe_url(format!("/{}", "x".repeat(2047))));
        let longer = format!("/{}", "x".repeat(2048));
        assert_eq!(SafeUrl::parse(longer).unwrap_err().code, "too_long");
        assert!(!is_safe_url(b"/\xff"));
    }

    #[test]
    fn public_urls_name_no_private_host() {
        for text in [
            "https://example.com/x",
            "http://192.88.100.1",
            "http://[2606:4700::1]:8080",
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "/path",
            "http://localhost",
            "http://x.localhost.",
            "http://127.0.0.1",
            "http://10.0.0.1/x",
            "http://169.254.169.254/latest",
            "http://[::1]",
            "http://[::ffff:10.0.0.1]",
            "http://metadata.google.internal",
        ] {
            assert!(!is_public_url(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_accepted_url_is_read_as_another_host(
            start in prop_oneof![Just(""), Just("/"), Just("http://"), Just("https://"), Just("//")],
            text in "[a-zA-Z0-9./?#@:%\\[\\]\\\\ \\tä_-]{0,24}",
        ) {
            let text = format!("{start}{text}");
            let Ok(safe) = SafeUrl::parse(&text) else { return Ok(()) };
            let base = Url::parse("https://own.example/dir/").unwrap();
            let read = base.join(safe.as_str()).unwrap();
            prop_assert!(read.username().is_empty() && read.password().is_none());
            if safe.is_absolute() {
                let host = read.host_str().unwrap().to_owned();
                let written = safe.as_str().split("://").nth(1).unwrap().to_ascii_lowercase();
                prop_assert!(written.starts_with(&host) || written.starts_with('['), "{} {}", text, host);
            } else {
                prop_assert_eq!(read.host_str(), Some("own.example"));
                prop_assert_eq!(read.scheme(), "https");
            }
        }
    }
}
