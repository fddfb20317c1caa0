//! Input that may pass, and what must be true of it then.

use std::net::IpAddr;

use plumego_security::input::{
    EmailAddress, EmailOptions, HtmlPolicy, PhoneNumber, RelativePath, SafeUrl, is_public_url,
    sanitize_html,
};
use plumego_security::ssrf::{HostRule, IpNet, SsrfPolicy};
use url::{Host, Url};

pub(crate) fn email(data: &[u8]) {
    for (smtputf8, idn) in [(false, false), (true, true)] {
        let options = EmailOptions { smtputf8, idn };
        let Ok(address) = EmailAddress::parse_with(data, options) else {
            continue;
        };
        let again = EmailAddress::parse_with(address.as_str(), options);
        assert_eq!(again.as_ref(), Ok(&address));
        assert!(address.as_str().len() <= 254);
        assert!(address.domain().is_ascii() && address.domain().contains('.'));
        assert_eq!(address.as_str().matches('@').count(), 1);
        assert!(
            !address
                .as_str()
                .contains(['\0', '\r', '\n', ' ', '<', '>', ','])
        );
    }
}

pub(crate) fn phone(data: &[u8]) {
    if let Ok(number) = PhoneNumber::parse(data) {
        assert!((7..=15).contains(&number.digits().len()));
        let typed = data.iter().copied().filter(u8::is_ascii_digit);
        assert!(typed.eq(number.digits().bytes()));
    }
}

pub(crate) fn relative_path(data: &[u8]) {
    let Ok(path) = RelativePath::parse(data) else {
        return;
    };
    let joined = std::path::Path::new("/base").join(&path);
    assert!(joined.starts_with("/base"));
    assert_eq!(joined.components().count(), path.components().count() + 2);
    assert!(!path.as_str().contains(['\\', ':', '\0']));
}

/// A link: read by a browser on some page, it leads where it says.
pub(crate) fn safe_url(data: &[u8]) {
    let Ok(safe) = SafeUrl::parse(data) else {
        assert!(!is_public_url(data));
        return;
    };
    let page = Url::parse("https://own.example/dir/page").expect("a URL");
    let read = page.join(safe.as_str()).expect("a URL");
    assert!(matches!(read.scheme(), "http" | "https"));
    assert!(read.username().is_empty() && read.password().is_none());
    let host = read.host_str().expect("a host");
    if safe.is_absolute() {
        let (_, rest) = safe.as_str().split_once("://").expect("a scheme");
        let is_written = rest.to_ascii_lowercase().starts_with(host);
        assert!(is_written || rest.starts_with('['), "{host}");
    } else {
        assert_eq!(host, "own.example");
    }
}

/// A URL to fetch, and whatever a client makes of it.
pub(crate) fn ssrf_url(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let policy = SsrfPolicy::strict();
    if policy.check_url(&text).is_ok() {
        let url = Url::parse(&text).expect("a URL");
        assert!(matches!(url.scheme(), "http" | "https"));
        let address = match url.host().expect("a host") {
            Host::Domain(name) => {
                assert!(!name.trim_end_matches('.').ends_with("localhost"));
                name.trim_matches(['[', ']', '.']).parse().ok()
            }
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        if let Some(address) = address {
            assert!(!is_private(address), "{address}");
        }
    }
    if let Ok(rule) = text.parse::<HostRule>() {
        assert_eq!(
            rule.to_string().parse::<HostRule>().ok().as_ref(),
            Some(&rule)
        );
    }
    if let Ok(net) = text.parse::<IpNet>() {
        assert_eq!(net.to_string().parse(), Ok(net));
    }
}

/// A second opinion, by the library of the language.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(own) => {
            own.is_private()
                || own.is_loopback()
                || own.is_link_local()
                || own.is_unspecified()
                || own.is_broadcast()
                || own.is_multicast()
        }
        IpAddr::V6(own) => {
            own.is_loopback()
                || own.is_unspecified()
                || own.is_multicast()
                || own.is_unique_local()
                || own.is_unicast_link_local()
        }
    }
}

/// HTML: what is clean stays so, and runs nothing.
pub(crate) fn html(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let policy = HtmlPolicy::default();
    let clean = sanitize_html(&text, &policy);
    assert_eq!(sanitize_html(&clean, &policy), clean);
    let (tags, values) = tags_and_values(&clean);
    for tag in tags {
        let mut words = tag.split_ascii_whitespace();
        let name = words.next().unwrap_or_default().trim_start_matches('/');
        assert!(policy.elements.contains(&name), "{clean}");
        for attribute in words {
            assert!(["href=", "title=", "rel="].contains(&attribute), "{clean}");
        }
    }
    for value in values {
        let value = value.trim_start().to_ascii_lowercase();
        assert!(!value.starts_with("javascript:"), "{clean}");
    }
}

/// Tags without the values of their attributes, and those of `href`, as the
/// serializer writes them: it always quotes.
fn tags_and_values(html: &str) -> (Vec<String>, Vec<&str>) {
    let (mut tags, mut values) = (Vec::new(), Vec::new());
    let mut rest = html;
    while let Some((_, behind)) = rest.split_once('<') {
        let mut tag = String::new();
        rest = behind;
        while let Some(at) = rest.find(['"', '>']) {
            tag.push_str(&rest[..at]);
            let is_end = rest[at..].starts_with('>');
            rest = &rest[at + 1..];
            if is_end {
                break;
            }
            let (value, behind) = rest.split_once('"').unwrap_or((rest, ""));
            if tag.ends_with("href=") {
                values.push(value);
            }
            rest = behind;
        }
        tags.push(tag);
    }
    (tags, values)
}
