//! One correlation id per request.
//!
//! The id is decided once: an id the request's scope already has, else the
//! first valid inbound header, else a generated one. A server that makes
//! scopes decides it before any layer runs; the layer then only writes the
//! headers. Ids tie log lines, traces and answers together; they can be decoded
//! and logged, and are never secrets.
//!
//! ```
//! use plumego_contract::X_REQUEST_ID;
//! use plumego_middleware::requestid::{RequestIdConfig, inbound};
//!
//! let config = RequestIdConfig::default();
//! let mut headers = http::HeaderMap::new();
//! assert_eq!(inbound(&headers, &config), None);
//!
//! headers.insert(X_REQUEST_ID, " req-17 ".parse().unwrap());
//! assert_eq!(inbound(&headers, &config).unwrap().as_str(), "req-17");
//!
//! headers.insert(X_REQUEST_ID, "two words".parse().unwrap());
//! assert_eq!(inbound(&headers, &config), None, "not valid, so not used");
//! ```

mod compact;
mod generate;
mod layer;
mod random;
mod uuid;

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::HeaderName;
use http::request::Parts;
use plumego_contract::{RequestId, RequestScope, X_REQUEST_ID};

pub use compact::{CompactGenerator, CompactParts};
pub use generate::{PrefixedGenerator, RequestIdGenerator, SequentialGenerator, UuidGenerator};
pub use layer::RequestIdLayer;
pub(crate) use layer::settle;

use crate::callback::guarded;

/// Where request ids come from and where they are written.
#[derive(Clone)]
#[non_exhaustive]
pub struct RequestIdConfig {
    /// Makes ids for requests that bring none; UUIDs of version 7 when absent.
    pub generator: Option<Arc<dyn RequestIdGenerator>>,
    /// Whether an id that the request brings is used; true by default.
    pub trust_inbound: bool,
    /// Headers that may bring an id, most important first; `X-Request-ID` by
    /// default. Of several values of one header the first counts.
    pub inbound_headers: Vec<HeaderName>,
    /// Whether the request's `X-Request-ID` is set for the handler, so that a
    /// proxied request carries the id on; true by default.
    pub set_request_header: bool,
    /// Whether every response carries `X-Request-ID`; true by default.
    pub set_response_header: bool,
}

impl Default for RequestIdConfig {
    fn default() -> Self {
        Self {
            generator: None,
            trust_inbound: true,
            inbound_headers: vec![X_REQUEST_ID],
            set_request_header: true,
            set_response_header: true,
        }
    }
}

impl RequestIdConfig {
    /// Sets who makes ids. A closure `Fn() -> Option<RequestId>` will do; when
    /// it panics or returns nothing, the request gets a UUID.
    #[must_use]
    pub fn with_generator(mut self, generator: impl RequestIdGenerator) -> Self {
        self.generator = Some(Arc::new(generator));
        self
    }

    /// Sets whether an id that the request brings is used.
    #[must_use]
    pub fn with_trust_inbound(mut self, trust: bool) -> Self {
        self.trust_inbound = trust;
        self
    }

    /// Sets the headers that may bring an id, most important first.
    #[must_use]
    pub fn with_inbound_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.inbound_headers = names.into_iter().collect();
        self
    }

    /// Sets whether the request's `X-Request-ID` is set for the handler.
    #[must_use]
    pub fn with_set_request_header(mut self, set: bool) -> Self {
        self.set_request_header = set;
        self
    }

    /// Sets whether responses carry `X-Request-ID`.
    #[must_use]
    pub fn with_set_response_header(mut self, set: bool) -> Self {
        self.set_response_header = set;
        self
    }

    /// Makes an id. Never fails: a generator that panics or returns nothing is
    /// replaced by the default one for this id.
    #[must_use]
    pub fn generate(&self) -> RequestId {
        let made = self
            .generator
            .as_ref()
            .and_then(|generator| guarded(|| generator.generate()).flatten());
        made.unwrap_or_else(uuid::generate)
    }
}

impl fmt::Debug for RequestIdConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestIdConfig")
            .field("generator", &self.generator.is_some())
            .field("trust_inbound", &self.trust_inbound)
            .field("inbound_headers", &self.inbound_headers)
            .field("set_request_header", &self.set_request_header)
            .field("set_response_header", &self.set_response_header)
            .finish()
    }
}

/// The id a request brings, when it is trusted and valid. An invalid value is
/// ignored, so that it is echoed nowhere.
#[must_use]
pub fn inbound(headers: &HeaderMap, config: &RequestIdConfig) -> Option<RequestId> {
    if !config.trust_inbound {
        return None;
    }
    config
        .inbound_headers
        .iter()
        .filter_map(|name| headers.get(name))
        .find_map(|value| RequestId::from_header(value).ok())
}

/// Decides the id of a request: that of its scope, else [`inbound`], else a
/// generated one. Writes nothing.
#[must_use]
pub fn decide(parts: &Parts, config: &RequestIdConfig) -> RequestId {
    let scope = parts.extensions.get::<RequestScope>();
    scope
        .and_then(RequestScope::request_id)
        .cloned()
        .or_else(|| inbound(&parts.headers, config))
        .unwrap_or_else(|| config.generate())
}
