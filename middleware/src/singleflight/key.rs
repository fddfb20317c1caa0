use std::fmt;
use std::sync::Arc;

use http::header::{
    HOST, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE,
};
use http::request::Parts;
use http::uri::Authority;
use plumego_contract::{ClientInfo, RequestScope, Scheme};

use super::config::{CustomKey, KeySource};
use crate::callback::guarded;
use crate::{ConfigError, ConfigErrorKind};

/// Everything that tells a request from others, byte for byte.
pub(super) type Key = Arc<[u8]>;

/// They decide between 200, 206, 304 and 412, so no key goes without them.
const CONDITIONS: [HeaderName; 5] = [
    IF_MATCH,
    IF_NONE_MATCH,
    IF_MODIFIED_SINCE,
    IF_UNMODIFIED_SINCE,
    IF_RANGE,
];

/// Stands for a key in logs. It says nothing about the key, which may hold
/// credentials, and differs from process to process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyDigest(pub(super) u64);

impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Makes keys.
pub(super) enum KeyMaker {
    Headers(Vec<HeaderName>),
    Custom(CustomKey),
}

impl KeyMaker {
    pub(super) fn new(source: KeySource) -> Result<Self, ConfigError> {
        let names = match source {
            KeySource::Custom(key) => return Ok(Self::Custom(key)),
            KeySource::Headers(names) => names,
        };
        let mut headers = CONDITIONS.to_vec();
        for name in names.iter().map(|name| name.trim()) {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid(name))?;
            if !headers.contains(&name) {
                headers.push(name);
            }
        }
        Ok(Self::Headers(headers))
    }

    /// The key of a request that goes to service number `service`; `None` when
    /// it has none and runs alone.
    pub(super) fn key(&self, service: u64, parts: &Parts) -> Option<Key> {
        let mut key = Writer(Vec::with_capacity(256));
        key.write(&service.to_le_bytes());
        // The answer to HEAD is of no use to GET.
        key.write(parts.method.as_str().as_bytes());
        match self {
            Self::Headers(names) => key.write_request(parts, names),
            Self::Custom(custom) => {
                let text = guarded(|| custom(parts)).flatten();
                key.write(text.filter(|text| !text.trim().is_empty())?.as_bytes());
            }
        }
        Some(key.0.into())
    }
}

fn invalid(name: &str) -> ConfigError {
    let remedy = format!("has `{}`, which is no header name", name.escape_debug());
    ConfigError::new(ConfigErrorKind::Invalid, "singleflight", "key", remedy)
}

/// Writes parts with their lengths, so that two lists of parts never make the
/// same bytes.
struct Writer(Vec<u8>);

impl Writer {
    fn write(&mut self, part: &[u8]) {
        self.write_count(part.len());
        self.0.extend_from_slice(part);
    }

    fn write_count(&mut self, count: usize) {
        self.0.extend_from_slice(&(count as u64).to_le_bytes());
    }

    fn write_request(&mut self, parts: &Parts, names: &[HeaderName]) {
        let client = parts
            .extensions
            .get::<RequestScope>()
            .map(RequestScope::client);
        let scheme = client.map_or(Scheme::Http, ClientInfo::scheme);
        self.write(scheme.as_str().as_bytes());
        let decided = client.and_then(|client| client.host());
        let host = decided.or_else(|| parts.uri.authority().map(Authority::as_str));
        let sent = parts.headers.get(HOST).map(HeaderValue::as_bytes);
        self.write(host.map(str::as_bytes).or(sent).unwrap_or_default());
        self.write(parts.uri.path().as_bytes());
        // An empty query and none are different targets.
        let query = parts.uri.query();
        self.write_count(query.iter().len());
        self.write(query.unwrap_or_default().as_bytes());
        for name in names {
            let values = parts.headers.get_all(name);
            self.write_count(values.iter().count());
            for value in values {
                self.write(value.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Request};
    use proptest::prelude::*;

    use super::*;
    use crate::singleflight::SingleFlightConfig;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn default_key(uri: &str, headers: &[(&str, &str)]) -> Key {
        let maker = KeyMaker::new(SingleFlightConfig::default().key).unwrap();
        maker.key(0, &parts(uri, headers)).unwrap()
    }

    #[test]
    fn whatever_may_change_the_response_changes_the_key() {
        let base = default_key("/a?x=1", &[("host", "h")]);
        assert_eq!(
            base,
            default_key("/a?x=1", &[("host", "h"), ("x-other", "1")])
        );
        for (uri, headers) in [
            ("/b?x=1", &[("host", "h")][..]),
            ("/a?x=2", &[("host", "h")]),
            ("/a", &[("host", "h")]),
            ("/a?", &[("host", "h")]),
            ("/a?x=1", &[("host", "g")]),
            ("http://g/a?x=1", &[("host", "h")]),
            ("/a?x=1", &[("host", "h"), ("accept", "")]),
            ("/a?x=1", &[("host", "h"), ("authorization", "a")]),
            ("/a?x=1", &[("host", "h"), ("cookie", "a")]),
            ("/a?x=1", &[("host", "h"), ("range", "bytes=0-1")]),
            ("/a?x=1", &[("host", "h"), ("if-none-match", "\"e\"")]),
        ] {
            assert_ne!(base, default_key(uri, headers), "{uri} {headers:?}");
        }
    }

    #[test]
    fn services_and_methods_never_mix() {
        let maker = KeyMaker::new(
            SingleFlightConfig::default()
                .with_key(|_| Some("k".into()))
                .key,
        );
        let maker = maker.unwrap();
        let get = parts("/", &[]);
        let mut head = parts("/", &[]);
        head.method = http::Method::HEAD;
        assert_ne!(maker.key(0, &get), maker.key(1, &get));
        assert_ne!(maker.key(0, &get), maker.key(0, &head));
        assert_eq!(maker.key(0, &get), maker.key(0, &get));
    }

    #[test]
    fn blank_and_panicking_keys_are_none() {
        for key in [
            SingleFlightConfig::default().with_key(|_| None),
            SingleFlightConfig::default().with_key(|_| Some(" \t".into())),
            SingleFlightConfig::default().with_key(|_| panic!("key")),
        ] {
            let maker = KeyMaker::new(key.key).unwrap();
            assert_eq!(maker.key(0, &parts("/", &[])), None);
        }
    }

    #[test]
    fn header_names_are_checked_and_canonical() {
        let config = SingleFlightConfig::default().with_header_key(["X-Tenant", " x-tenant "]);
        let maker = KeyMaker::new(config.key).unwrap();
        let a = maker.key(0, &parts("/", &[("X-TENANT", "a")]));
        assert_eq!(a, maker.key(0, &parts("/", &[("x-tenant", "a")])));
        assert_ne!(a, maker.key(0, &parts("/", &[("x-tenant", "b")])));
        let bad = SingleFlightConfig::default().with_header_key(["x y"]);
        assert!(KeyMaker::new(bad.key).is_err());
    }

    proptest! {
        #[test]
        fn different_values_never_make_the_same_key(
            one in proptest::collection::vec("[ab]{0,3}", 0..4),
            two in proptest::collection::vec("[ab]{0,3}", 0..4),
            other_one in proptest::collection::vec("[ab]{0,3}", 0..3),
            other_two in proptest::collection::vec("[ab]{0,3}", 0..3),
        ) {
            let config = SingleFlightConfig::default().with_header_key(["x-a", "x-b"]);
            let maker = KeyMaker::new(config.key).unwrap();
            let key = |a: &[String], b: &[String]| {
                let mut parts = parts("/", &[]);
                let mut headers = HeaderMap::new();
                for value in a {
                    headers.append("x-a", HeaderValue::from_str(value).unwrap());
                }
                for value in b {
                    headers.append("x-b", HeaderValue::from_str(value).unwrap());
                }
                parts.headers = headers;
                maker.key(0, &parts).unwrap()
            };
            let same = one == two && other_one == other_two;
            prop_assert_eq!(key(&one, &other_one) == key(&two, &other_two), same);
        }
    }
}
