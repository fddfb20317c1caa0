use std::sync::Arc;

use http::header::{COOKIE, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};
use plumego_contract::{RequestScope, Scheme};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// What a [`CrossOriginGuard`] knows about the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrossOriginConfig {
    /// Origins, `scheme://host[:port]`, whose pages may send requests.
    pub trusted_origins: Vec<String>,
    /// Cookies that authenticate. A request that carries one and that no
    /// browser vouches for needs an `X-Requested-With` header, which forms
    /// cannot send.
    pub cookie_names: Vec<String>,
    /// Requests that are not checked, such as those signed otherwise.
    pub bypass: Vec<Bypass>,
}

/// Requests that are not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bypass {
    /// This path by this method, or by any.
    Path {
        /// The method; none for any.
        method: Option<Method>,
        /// The whole path.
        path: String,
    },
    /// All paths below this one by this method, or by any. A path with dot
    /// segments, doubled separators, or escapes of these is checked all the
    /// same.
    Below {
        /// The method; none for any.
        method: Option<Method>,
        /// The beginning of the path, with a `/` at its end.
        prefix: String,
    },
}

impl Bypass {
    fn covers(&self, method: &Method, path: &str) -> bool {
        let is_method = |own: &Option<Method>| own.as_ref().is_none_or(|own| own == method);
        match self {
            Self::Path {
                method: own,
                path: exact,
            } => is_method(own) && path == exact,
            Self::Below {
                method: own,
                prefix,
            } => is_method(own) && path.starts_with(prefix.as_str()) && is_plain(path),
        }
    }

    fn is_valid(&self) -> bool {
        match self {
            Self::Path { path, .. } => path.starts_with('/'),
            Self::Below { prefix, .. } => prefix.starts_with('/') && prefix.ends_with('/'),
        }
    }
}

/// True for a path that means the same however it is normalised.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let is_dotted = lower
        .split('/')
        .any(|segment| matches!(segment, "." | ".."));
    let has_escape = ["%2e", "%2f", "%5c", "\\", "//"]
        .iter()
        .any(|escape| lower.contains(escape));
    !is_dotted && !has_escape
}

/// A configuration that would check nothing, or not what is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCrossOriginConfig {
    /// A trusted origin that browsers never send.
    #[error("`{0}` is not an origin: write `scheme://host[:port]` in lower case, without a path")]
    Origin(String),
    /// An empty cookie name.
    #[error("the name of a cookie is empty: remove it")]
    CookieName,
    /// A path that is not absolute, or a prefix that does not end in `/`.
    #[error("a path begins with `/`, and a prefix ends with it too")]
    Bypass,
}

/// A request that another site may have caused. Answered with 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request may come from another site: {reason}")]
pub struct CrossOriginDenied {
    /// One word for logs and metrics.
    pub reason: &'static str,
}

const fn denied(reason: &'static str) -> Result<(), CrossOriginDenied> {
    Err(CrossOriginDenied { reason })
}

/// Tells requests that another site caused from others, by what browsers say.
///
/// 1. `GET`, `HEAD` and `OPTIONS` pass; they must not change anything.
/// 2. `Sec-Fetch-Site` (W3C Fetch Metadata): `same-origin` and `none` pass; any
///    other value needs a trusted `Origin`.
/// 3. Without it, an `Origin` must be that of the request itself, scheme and
///    port included, or trusted; `null` is neither.
/// 4. Without both it is no browser of the last years: it passes, unless it
///    carries a cookie that authenticates and no `X-Requested-With`.
#[derive(Clone, Debug)]
pub struct CrossOriginGuard {
    config: Arc<CrossOriginConfig>,
}

impl CrossOriginGuard {
    /// A guard for a service.
    ///
    /// # Errors
    /// [`InvalidCrossOriginConfig`].
    pub fn new(config: CrossOriginConfig) -> Result<Self, InvalidCrossOriginConfig> {
        let mut origins = config.trusted_origins.iter();
        if let Some(origin) = origins.find(|origin| !is_origin(origin)) {
            return Err(InvalidCrossOriginConfig::Origin(origin.clone()));
        }
        if config.cookie_names.iter().any(String::is_empty) {
            return Err(InvalidCrossOriginConfig::CookieName);
        }
        if !config.bypass.iter().all(Bypass::is_valid) {
            return Err(InvalidCrossOriginConfig::Bypass);
        }
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Decides about a request.
    ///
    /// # Errors
    /// [`CrossOriginDenied`] when another site may have caused it.
    pub fn check(&self, head: &Parts) -> Result<(), CrossOriginDenied> {
        if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        let path = head.uri.path();
        if self
            .config
            .bypass
            .iter()
            .any(|own| own.covers(&head.method, path))
        {
            return Ok(());
        }
        let origin = only(&head.headers, &ORIGIN);
        let is_trusted = |origin: Option<&[u8]>| {
            let mut trusted = self.config.trusted_origins.iter();
            origin.is_some_and(|origin| trusted.any(|own| own.as_bytes() == origin))
        };
        match (only(&head.headers, &SEC_FETCH_SITE), origin) {
            (Found::One(b"same-origin" | b"none"), _) => Ok(()),
            (Found::One(_) | Found::Several, origin) if is_trusted(origin.one()) => Ok(()),
            (Found::One(_), _) => denied("fetch_site"),
            (Found::Several, _) => denied("ambiguous"),
            (Found::None, Found::One(origin)) => {
                if is_trusted(Some(origin)) || is_own(origin, head) {
                    Ok(())
                } else {
                    denied("origin")
                }
            }
            (Found::None, Found::Several) => denied("ambiguous"),
            (Found::None, Found::None) => self.check_without_browser(&head.headers),
        }
    }

    fn check_without_browser(&self, headers: &HeaderMap) -> Result<(), CrossOriginDenied> {
        let is_listed = |name: &[u8]| {
            let mut names = self.config.cookie_names.iter();
            names.any(|own| own.as_bytes() == name)
        };
        let carries_session = headers.get_all(COOKIE).iter().any(|value| {
            let pairs = value.as_bytes().split(|byte| *byte == b';');
            let mut names = pairs.filter_map(|pair| pair.split(|byte| *byte == b'=').next());
            names.any(|name| is_listed(name.trim_ascii()))
        });
        if carries_session && !headers.contains_key(X_REQUESTED_WITH) {
            denied("cookie")
        } else {
            Ok(())
        }
    }
}

/// How often a header is there.
#[derive(Clone, Copy)]
enum Found<'h> {
    None,
    One(&'h [u8]),
    Several,
}

impl<'h> Found<'h> {
    fn one(self) -> Option<&'h [u8]> {
        match self {
            Self::One(value) => Some(value),
            Self::None | Self::Several => None,
        }
    }
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Found<'h> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Found::None,
        (Some(value), None) => Found::One(value.as_bytes().trim_ascii()),
        (Some(_), Some(_)) => Found::Several,
    }
}

/// Whether an origin is that of the request: scheme and host as core decided
/// them, or the host as it was sent when there is no server that decides.
fn is_own(origin: &[u8], head: &Parts) -> bool {
    let Some((origin_scheme, origin_host)) = std::str::from_utf8(origin)
        .ok()
        .and_then(|origin| origin.split_once("://"))
    else {
        return false;
    };
    let client = head
        .extensions
        .get::<RequestScope>()
        .map(RequestScope::client);
    let scheme = client.map_or(Scheme::Http, plumego_contract::ClientInfo::scheme);
    let host = client
        .and_then(plumego_contract::ClientInfo::host)
        .or_else(|| head.uri.authority().map(http::uri::Authority::as_str))
        .or_else(|| {
            only(&head.headers, &HOST)
                .one()
                .and_then(|host| std::str::from_utf8(host).ok())
        });
    host.is_some_and(|host| {
        origin_scheme == scheme.as_str()
            && without_default_port(origin_host, scheme)
                .eq_ignore_ascii_case(without_default_port(host, scheme))
    })
}

fn without_default_port(host: &str, scheme: Scheme) -> &str {
    let port = match scheme {
        Scheme::Http => ":80",
        Scheme::Https => ":443",
    };
    host.strip_suffix(port).unwrap_or(host)
}

/// An origin as browsers send it (RFC 6454 section 6.1).
fn is_origin(text: &str) -> bool {
    let parsed = url::Url::parse(text).ok();
    parsed.is_some_and(|url| url.origin().ascii_serialization() == text && text != "null")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use plumego_contract::{ClientInfo, ScopeInit};

    use super::*;

    fn guard() -> CrossOriginGuard {
        let config = CrossOriginConfig {
            trusted_origins: vec![
                "https://app.example.com".into(),
                "http://localhost:3000".into(),
            ],
            cookie_names: vec!["session".into()],
            bypass: vec![
                Bypass::Path {
                    method: Some(Method::POST),
                    path: "/webhook".into(),
                },
                Bypass::Below {
                    method: None,
                    prefix: "/signed/".into(),
                },
            ],
        };
        CrossOriginGuard::new(config).unwrap()
    }

    /// A request to `https://example.com` as core sees it.
    fn request(method: Method, path: &str, headers: &[(&'static str, &'static str)]) -> Parts {
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.method = method;
        head.uri = path.parse().unwrap();
        let client = ClientInfo::default()
            .with_scheme(Scheme::Https)
            .with_host(HeaderValue::from_static("Example.com"));
        let mut init = ScopeInit::default();
        init.client = client;
        head.extensions
            .insert(RequestScope::new(Arc::default(), init));
        for (name, value) in headers {
            head.headers.append(*name, HeaderValue::from_static(value));
        }
        head
    }

    fn reason(head: &Parts) -> &'static str {
        guard()
            .check(head)
            .err()
            .map_or("allowed", |denied| denied.reason)
    }

    #[test]
    fn the_decision_table() {
        let site = |value| ("sec-fetch-site", value);
        let origin = |value| ("origin", value);
        let cookie = ("cookie", "theme=dark; session=abc");
        for (headers, expected) in [
            (&[site("same-origin")][..], "allowed"),
            (&[site("none")], "allowed"),
            (
                &[site("same-origin"), origin("https://evil.example")],
                "allowed",
            ),
            (&[site("same-site")], "fetch_site"),
            (&[site("cross-site")], "fetch_site"),
            (&[site("Same-Origin")], "fetch_site"),
            (&[site("")], "fetch_site"),
            (
                &[site("cross-site"), origin("https://evil.example")],
                "fetch_site",
            ),
            (
                &[site("cross-site"), origin("https://example.com")],
                "fetch_site",
            ),
            (&[site("cross-site"), origin("null")], "fetch_site"),
            (
                &[site("cross-site"), origin("https://app.example.com")],
                "allowed",
            ),
            (
                &[site("same-site"), origin("http://localhost:3000")],
                "allowed",
            ),
            (&[site("same-origin"), site("cross-site")], "ambiguous"),
            (&[site("same-origin"), site("same-origin")], "ambiguous"),
            (&[origin("https://example.com")], "allowed"),
            (&[origin("https://example.com:443")], "allowed"),
            (&[origin("https://example.com:8443")], "origin"),
            (&[origin("http://example.com")], "origin"),
            (&[origin("https://www.example.com")], "origin"),
            (&[origin("https://example.com.evil.example")], "origin"),
            (&[origin("https://app.example.com")], "allowed"),
            (&[origin("https://app.example.com:444")], "origin"),
            (&[origin("null")], "origin"),
            (&[origin("")], "origin"),
            (
                &[origin("https://example.com"), origin("null")],
                "ambiguous",
            ),
            (&[], "allowed"),
            (&[("cookie", "theme=dark")], "allowed"),
            (&[cookie], "cookie"),
            (&[("cookie", "a=b"), cookie], "cookie"),
            (&[("cookie", "sessions=1; xsession=2")], "allowed"),
            (&[("cookie", "session")], "cookie"),
            (&[cookie, ("x-requested-with", "fetch")], "allowed"),
            (&[cookie, origin("https://example.com")], "allowed"),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let head = request(method, "/x", headers);
                assert_eq!(reason(&head), expected, "{headers:?}");
            }
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                assert_eq!(reason(&request(method, "/x", headers)), "allowed");
            }
        }
    }

    #[test]
    fn without_a_server_the_host_that_was_sent_counts() {
        let (mut head, ()) = http::Request::post("/x")
            .header("origin", "http://example.com:8080")
            .header("host", "example.com:8080")
            .body(())
            .unwrap()
            .into_parts();
        assert_eq!(reason(&head), "allowed");
        head.headers
            .insert("host", HeaderValue::from_static("example.com"));
        assert_eq!(reason(&head), "origin");
        head.headers.remove("host");
        assert_eq!(reason(&head), "origin");
    }

    #[test]
    fn bypasses_are_exact() {
        let forged = &[("sec-fetch-site", "cross-site")];
        for (method, path, expected) in [
            (Method::POST, "/webhook", "allowed"),
            (Method::PUT, "/webhook", "fetch_site"),
            (Method::POST, "/webhook/", "fetch_site"),
            (Method::POST, "/webhook?x=1", "allowed"),
            (Method::DELETE, "/signed/a/b", "allowed"),
            (Method::POST, "/signed", "fetch_site"),
            (Method::POST, "/signedx", "fetch_site"),
            (Method::POST, "/signed/../account", "fetch_site"),
            (Method::POST, "/signed/%2E%2e/account", "fetch_site"),
            (Method::POST, "/signed/..%2faccount", "fetch_site"),
            (Method::POST, "/signed//x", "fetch_site"),
        ] {
            let head = request(method, path, forged);
            assert_eq!(reason(&head), expected, "{path}");
        }
    }

    #[test]
    fn configurations_that_would_not_do_what_is_meant_are_refused() {
        for origin in [
            "",
            "example.com",
            "https://example.com/",
            "https://Example.com",
            "https://example.com:443",
            "*",
            "null",
            "file:///x",
        ] {
            let config = CrossOriginConfig {
                trusted_origins: vec![origin.to_owned()],
                ..CrossOriginConfig::default()
            };
            assert!(CrossOriginGuard::new(config).is_err(), "{origin}");
        }
        let config = CrossOriginConfig {
            cookie_names: vec![String::new()],
            ..CrossOriginConfig::default()
        };
        assert!(CrossOriginGuard::new(config).is_err());
        for bypass in [
            Bypass::Path {
                method: None,
                path: "x".into(),
            },
            Bypass::Below {
                method: None,
                prefix: "/x".into(),
            },
        ] {
            let config = CrossOriginConfig {
                bypass: vec![bypass],
                ..CrossOriginConfig::default()
            };
            assert!(CrossOriginGuard::new(config).is_err());
        }
    }
}
