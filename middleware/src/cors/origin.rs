use std::collections::HashSet;
use std::net::Ipv6Addr;

/// The origins of a policy.
#[derive(Clone, Debug)]
pub(super) enum Origins {
    Any,
    Listed {
        exact: HashSet<String>,
        wildcards: Vec<Wildcard>,
    },
}

/// One entry of a list of origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OriginRule {
    /// Serialised as browsers do it: lower case, no default port.
    Exact(String),
    OneLabelBelow(Wildcard),
}

/// `https://*.example.com:8443` is the text before and after the star.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wildcard {
    prefix: String,
    suffix: String,
}

impl Origins {
    pub(super) fn listed(rules: Vec<OriginRule>) -> Self {
        let mut exact = HashSet::new();
        let mut wildcards = Vec::new();
        for rule in rules {
            match rule {
                OriginRule::Exact(origin) => {
                    exact.insert(origin);
                }
                OriginRule::OneLabelBelow(wildcard) => wildcards.push(wildcard),
            }
        }
        Self::Listed { exact, wildcards }
    }

    /// Browsers send an origin in its one serialised form (RFC 6454 section
    /// 6.2), so it is compared byte by byte.
    pub(super) fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed { exact, wildcards } => {
                exact.contains(origin) || wildcards.iter().any(|wildcard| wildcard.covers(origin))
            }
        }
    }
}

impl Wildcard {
    fn covers(&self, origin: &str) -> bool {
        origin
            .strip_prefix(self.prefix.as_str())
            .and_then(|rest| rest.strip_suffix(self.suffix.as_str()))
            .is_some_and(|label| !label.is_empty() && label.bytes().all(is_label_byte))
    }
}

impl OriginRule {
    /// `None` for what is not `scheme://host[:port]` or `null`.
    pub(super) fn parse(entry: &str) -> Option<Self> {
        if entry == "null" {
            return Some(Self::Exact(entry.to_owned()));
        }
        let (scheme, authority) = entry.split_once("://")?;
        let scheme = Some(scheme).filter(|s| is_scheme(s))?.to_ascii_lowercase();
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(port) if Some(port) != default_port(&scheme) => format!(":{port}"),
            _ => String::new(),
        };
        if let Some(parent) = host.strip_prefix("*.") {
            let parent = Some(parent).filter(|p| is_name(p))?.to_ascii_lowercase();
            return Some(Self::OneLabelBelow(Wildcard {
                prefix: format!("{scheme}://"),
                suffix: format!(".{parent}{port}"),
            }));
        }
        let host = canonical_host(host)?;
        Some(Self::Exact(format!("{scheme}://{host}{port}")))
    }
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    // The colons of an IPv6 address are inside its brackets.
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[after_host..].find(':') else {
        return Some((authority, None));
    };
    let (host, port) = authority.split_at(after_host + colon);
    let digits = &port[1..];
    let port = digits.bytes().all(|b| b.is_ascii_digit());
    let port = port.then(|| digits.parse().ok())??;
    (port > 0).then_some((host, Some(port)))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

fn canonical_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    is_name(host).then(|| host.to_ascii_lowercase())
}

/// Labels of ASCII letters, digits, `-` and `_`, separated by single dots.
/// Names in other scripts arrive as Punycode.
fn is_name(name: &str) -> bool {
    name.len() <= 253
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(is_label_byte))
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(entry: &str) -> Option<String> {
        match OriginRule::parse(entry)? {
            OriginRule::Exact(origin) => Some(origin),
            OriginRule::OneLabelBelow(_) => None,
        }
    }

    fn allows(entry: &str, origin: &str) -> bool {
        Origins::listed(vec![OriginRule::parse(entry).unwrap()]).allows(origin)
    }

    #[test]
    fn origins_take_the_form_browsers_send() {
        for (entry, origin) in [
            ("null", "null"),
            ("HTTPS://App.Example.com", "https://app.example.com"),
            ("https://a.example:443", "https://a.example"),
            ("http://a.example:80", "http://a.example"),
            ("http://a.example:443", "http://a.example:443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("http://[::0001]:3000", "http://[::1]:3000"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ] {
            assert_eq!(exact(entry).as_deref(), Some(origin), "{entry}");
        }
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for entry in [
            "",
            "example.com",
            "//example.com",
            "https://",
            "https:///",
            "https://a.example/",
            "https://a.example/path",
            "https://a.example?q",
            "https://user@a.example",
            "https://a..example",
            "https://.example",
            "https://a.example:",
            "https://a.example:0",
            "https://a.example:65536",
            "https://a.example:+80",
            "https://a.example:80:80",
            "https://bücher.example",
            "https://a b.example",
            "https://*",
            "https://*.",
            "https://a.*.example",
            "https://*.*.example",
            "https://x*.example",
            "http://[::1",
            "http://[::1]x",
            "http://[zz]",
            "1http://a.example",
            "*://a.example",
            "NULL",
        ] {
            assert_eq!(OriginRule::parse(entry), None, "{entry}");
        }
    }

    #[test]
    fn a_wildcard_is_one_label() {
        let entry = "https://*.Example.com:8443";
        for (origin, allowed) in [
            ("https://a.example.com:8443", true),
            ("https://a-1.example.com:8443", true),
            ("https://example.com:8443", false),
            ("https://.example.com:8443", false),
            ("https://a.b.example.com:8443", false),
            ("https://a.example.com", false),
            ("http://a.example.com:8443", false),
            ("https://evil.com/.example.com:8443", false),
            ("https://evil.com:80.example.com:8443", false),
            ("https://aexample.com:8443", false),
        ] {
            assert_eq!(allows(entry, origin), allowed, "{origin}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(entry in ".*", origin in ".*") {
            if let Some(rule) = OriginRule::parse(&entry) {
                Origins::listed(vec![rule]).allows(&origin);
            }
        }

        #[test]
        fn the_canonical_form_is_stable_and_allows_itself_alone(
            scheme in "[a-zA-Z][a-z0-9+.-]{0,5}",
            host in "[a-zA-Z0-9_-]{1,8}(\\.[a-zA-Z0-9]{1,5}){0,3}",
            port in proptest::option::of(1u16..),
            other in "[a-z.:/@*-]{0,12}",
        ) {
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            let origin = exact(&format!("{scheme}://{host}{port}")).unwrap();
            prop_assert_eq!(exact(&origin), Some(origin.clone()));
            prop_assert!(allows(&origin, &origin));
            let (longer, inside) = (format!("{origin}{other}x"), format!("x{other}{origin}"));
            prop_assert!(!allows(&origin, &longer));
            prop_assert!(!allows(&origin, &inside));
        }

        #[test]
        fn a_wildcard_never_leaves_its_parent(label in "[^.]{0,20}", parent in "[a-z]{1,5}(\\.[a-z]{1,5}){0,2}") {
            let origin = format!("https://{label}.{parent}");
            let allowed = allows(&format!("https://*.{parent}"), &origin);
            // What is allowed is itself a plain origin one label below.
            prop_assert_eq!(allowed, exact(&origin).is_some_and(|o| o.eq_ignore_ascii_case(&origin)));
        }
    }
}
