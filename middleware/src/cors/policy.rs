use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName,
    HeaderValue, ORIGIN,
};
use http::{Method, StatusCode};
use plumego_contract::{Body, Request, Response};

use super::config::CorsConfig;
use super::error::{CorsConfigError, CorsConfigErrorKind};
use super::origin::Origins;
use crate::headers::add_vary;

const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");
const REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Every response header of the protocol; nobody but the layer sets them.
const RESPONSE_HEADERS: [HeaderName; 7] = [
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    ALLOW_PRIVATE_NETWORK,
];

/// A checked configuration, with its header values made.
#[derive(Debug)]
pub(super) struct Policy {
    origins: Origins,
    methods: Vec<String>,
    method_list: HeaderValue,
    headers: Vec<String>,
    header_list: HeaderValue,
    any_header: bool,
    exposed_list: Option<HeaderValue>,
    credentials: bool,
    max_age: Option<HeaderValue>,
    private_network: bool,
}

/// What the policy says to a request with an origin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The value of `Access-Control-Allow-Origin`.
    Allowed(HeaderValue),
    Refused,
}

impl Policy {
    pub(super) fn new(config: CorsConfig) -> Result<Self, CorsConfigError> {
        let any = matches!(config.origins, Origins::Any);
        if any && config.credentials {
            let kind = CorsConfigErrorKind::CredentialsWithWildcard;
            return Err(CorsConfigError::new(kind));
        }
        for method in &config.methods {
            if method == "*" || Method::from_bytes(method.as_bytes()).is_err() {
                let kind = CorsConfigErrorKind::InvalidMethod;
                return Err(CorsConfigError::of_entry(kind, method));
            }
        }
        for header in config.headers.iter().chain(&config.exposed) {
            if !is_token(header.as_bytes()) {
                return Err(invalid_header(header));
            }
        }
        Ok(Self {
            method_list: list(&config.methods)?,
            header_list: list(&config.headers)?,
            any_header: !config.credentials && config.headers.iter().any(|name| name == "*"),
            exposed_list: match config.exposed.as_slice() {
                [] => None,
                exposed => Some(list(exposed)?),
            },
            max_age: config
                .max_age
                .as_ref()
                .map(Duration::as_secs)
                .map(Into::into),
            origins: config.origins,
            methods: config.methods,
            headers: config.headers,
            credentials: config.credentials,
            private_network: config.private_network,
        })
    }

    /// True when answers differ by origin, which caches must know.
    pub(super) fn depends_on_origin(&self) -> bool {
        matches!(self.origins, Origins::Listed { .. })
    }

    /// `None` for a request without an origin.
    pub(super) fn judge(&self, headers: &HeaderMap) -> Option<Verdict> {
        let mut values = headers.get_all(ORIGIN).iter();
        let origin = values.next()?;
        if values.next().is_some() {
            return Some(Verdict::Refused);
        }
        Some(match &self.origins {
            Origins::Any => Verdict::Allowed(ANY),
            listed if origin.to_str().is_ok_and(|text| listed.allows(text)) => {
                Verdict::Allowed(origin.clone())
            }
            Origins::Listed { .. } => Verdict::Refused,
        })
    }

    /// The answer to a preflight of an allowed origin; `None` when it asks for
    /// more than the policy allows.
    pub(super) fn preflight(&self, asked: &HeaderMap, origin: HeaderValue) -> Option<Response> {
        let method = asked.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        if !self.allows_method(method.as_bytes()) {
            return None;
        }
        let allowed_headers = self.preflight_headers(asked)?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.reserve(8);
        self.allow(headers, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.method_list.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers);
        if let Some(age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, age.clone());
        }
        if self.private_network && asked.get(REQUEST_PRIVATE_NETWORK) == Some(&TRUE) {
            headers.insert(ALLOW_PRIVATE_NETWORK, TRUE);
        }
        let by = [
            ACCESS_CONTROL_REQUEST_METHOD,
            ACCESS_CONTROL_REQUEST_HEADERS,
        ];
        add_vary(headers, &by);
        Some(response)
    }

    fn allows_method(&self, asked: &[u8]) -> bool {
        let asked = asked.trim_ascii();
        let mut methods = self.methods.iter();
        methods.any(|method| method.as_bytes().eq_ignore_ascii_case(asked))
    }

    /// The names that were asked for, or all listed when none were; `None`
    /// when one of them is not allowed, or the field is there but blank.
    fn preflight_headers(&self, asked: &HeaderMap) -> Option<HeaderValue> {
        let fields = asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS);
        if fields.iter().next().is_none() {
            return Some(self.header_list.clone());
        }
        let mut names = Vec::new();
        for field in fields {
            for name in field.as_bytes().split(|byte| *byte == b',') {
                let name = name.trim_ascii();
                if name.is_empty() {
                    continue;
                }
                if !self.allows_header(name) {
                    return None;
                }
                if !names.is_empty() {
                    names.extend_from_slice(b", ");
                }
                names.extend_from_slice(name);
            }
        }
        if names.is_empty() {
            return None;
        }
        HeaderValue::from_bytes(&names).ok()
    }

    fn allows_header(&self, name: &[u8]) -> bool {
        if self.any_header {
            return is_token(name);
        }
        let mut listed = self.headers.iter();
        listed.any(|header| header.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Replaces the CORS headers of an answer to an allowed origin.
    pub(super) fn allow(&self, headers: &mut HeaderMap, origin: HeaderValue) {
        strip(headers);
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
        add_vary(headers, &[ORIGIN]);
    }

    /// Lets pages read the listed response headers.
    pub(super) fn expose(&self, headers: &mut HeaderMap) {
        if let Some(exposed) = &self.exposed_list {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }
}

/// True when a browser asks what it may send.
pub(super) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Removes CORS headers that were set further inside.
pub(super) fn strip(headers: &mut HeaderMap) {
    for name in RESPONSE_HEADERS {
        headers.remove(name);
    }
}

fn list(names: &[String]) -> Result<HeaderValue, CorsConfigError> {
    let joined = names.join(", ");
    // Names are checked before, so this is a formality.
    HeaderValue::from_str(&joined).map_err(|_| invalid_header(&joined))
}

fn invalid_header(name: &str) -> CorsConfigError {
    CorsConfigError::of_entry(CorsConfigErrorKind::InvalidHeader, name)
}

/// RFC 9110 section 5.6.2.
fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(config: CorsConfig) -> Option<CorsConfigErrorKind> {
        Policy::new(config).err().map(|error| error.kind())
    }

    #[test]
    fn unsafe_and_broken_configurations_are_refused() {
        let any = CorsConfig::any_origin;
        assert_eq!(kind(any()), None);
        assert_eq!(
            kind(any().with_credentials(true)),
            Some(CorsConfigErrorKind::CredentialsWithWildcard)
        );
        for method in ["GET POST", "*", "G(T", "é"] {
            assert_eq!(
                kind(any().with_methods(["PUT", method])),
                Some(CorsConfigErrorKind::InvalidMethod),
                "{method}"
            );
        }
        for header in ["X Y", "X:", "é", "a,b"] {
            let expected = Some(CorsConfigErrorKind::InvalidHeader);
            assert_eq!(kind(any().with_headers([header])), expected, "{header}");
            let exposed = any().with_exposed_headers([header]);
            assert_eq!(kind(exposed), expected, "{header}");
        }
        let blanks = any().with_methods([" put ", " "]).with_headers(["", " * "]);
        let policy = Policy::new(blanks).unwrap();
        assert_eq!(policy.method_list, "put");
        assert_eq!(policy.header_list, "*");
    }

    proptest! {
        #[test]
        fn asked_headers_are_echoed_only_when_all_are_listed(
            asked in proptest::collection::vec(" {0,2}(x-one|X-Two|accept|x-no|\\*|) {0,2}", 0..6),
        ) {
            let config = CorsConfig::any_origin().with_headers(["X-One", "x-two", "Accept"]);
            let policy = Policy::new(config).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(
                ACCESS_CONTROL_REQUEST_HEADERS,
                HeaderValue::from_str(&asked.join(",")).unwrap(),
            );
            let names: Vec<_> = asked.iter().map(|n| n.trim()).filter(|n| !n.is_empty()).collect();
            let legal = !names.is_empty() && names.iter().all(|n| *n != "x-no" && *n != "*");
            let echoed = policy.preflight_headers(&headers);
            prop_assert_eq!(echoed.is_some(), legal);
            if let Some(echoed) = echoed {
                prop_assert_eq!(echoed.to_str().unwrap(), names.join(", "));
            }
        }
    }
}
