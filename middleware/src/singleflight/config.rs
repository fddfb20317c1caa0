use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, HeaderName, RANGE,
};
use http::request::Parts;

use super::key::KeyDigest;

pub(super) type CustomKey = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;
pub(super) type OnCoalesced = Arc<dyn Fn(KeyDigest) + Send + Sync>;
pub(super) type OnError = Arc<dyn Fn(KeyDigest, FlightError) + Send + Sync>;

const HEADERS: [HeaderName; 6] = [
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    AUTHORIZATION,
    COOKIE,
    RANGE,
];

/// What those who waited do when the response cannot be shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnshareable {
    /// Make their own calls, at most 16 at a time for one key.
    #[default]
    RunAlone,
    /// Answer `502 upstream_failed`.
    Fail,
}

/// Why a request that waited was answered with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlightError {
    /// The call panicked, or was cut off by the end of the runtime.
    LeaderFailed,
    /// The response cannot be shared, and those who waited do not run alone.
    Unshareable,
    /// The response did not come in time.
    Timeout,
}

impl FlightError {
    /// The name in logs: `leader_failed`, `unshareable`, `timeout`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeaderFailed => "leader_failed",
            Self::Unshareable => "unshareable",
            Self::Timeout => "timeout",
        }
    }
}

impl fmt::Display for FlightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a request is told from others.
#[derive(Clone)]
pub(super) enum KeySource {
    Headers(Vec<String>),
    Custom(CustomKey),
}

/// Which requests share a call, and within which bounds. Functions are called
/// on the path of requests and must not block; one that panics is ignored.
#[derive(Clone)]
#[non_exhaustive]
pub struct SingleFlightConfig {
    /// Methods whose requests share calls; only safe ones (RFC 9110 section
    /// 9.2.1). Trimmed and upper-cased, blanks dropped. Default: `GET`, `HEAD`.
    pub methods: Vec<String>,
    /// Longest wait for the response of another request. Default: 30 s.
    pub timeout: Duration,
    /// Largest response body that is shared, in bytes. Default: 10 MiB.
    pub max_response_bytes: u64,
    /// What those who waited do when the response cannot be shared. Default:
    /// they run alone.
    pub on_unshareable: OnUnshareable,
    /// Whether copies carry `X-Coalesced: true`. Default: no.
    pub add_coalesced_header: bool,
    pub(super) key: KeySource,
    pub(super) on_coalesced: Option<OnCoalesced>,
    pub(super) on_error: Option<OnError>,
}

impl Default for SingleFlightConfig {
    fn default() -> Self {
        Self {
            methods: vec!["GET".to_owned(), "HEAD".to_owned()],
            timeout: Duration::from_secs(30),
            max_response_bytes: 10 * 1024 * 1024,
            on_unshareable: OnUnshareable::default(),
            add_coalesced_header: false,
            key: KeySource::Headers(HEADERS.iter().map(ToString::to_string).collect()),
            on_coalesced: None,
            on_error: None,
        }
    }
}

impl SingleFlightConfig {
    /// Sets [`methods`](Self::methods).
    #[must_use]
    pub fn with_methods<M: Into<String>>(mut self, methods: impl IntoIterator<Item = M>) -> Self {
        self.methods = methods.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`timeout`](Self::timeout).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets [`max_response_bytes`](Self::max_response_bytes).
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: u64) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets [`on_unshareable`](Self::on_unshareable).
    #[must_use]
    pub fn with_on_unshareable(mut self, reaction: OnUnshareable) -> Self {
        self.on_unshareable = reaction;
        self
    }

    /// Sets [`add_coalesced_header`](Self::add_coalesced_header).
    #[must_use]
    pub fn with_coalesced_header(mut self, add: bool) -> Self {
        self.add_coalesced_header = add;
        self
    }

    /// Makes the key of method, scheme, host, path, query and these headers
    /// instead of the default ones. Every value counts, in order. Leave out no
    /// header that the response depends on, credentials above all.
    #[must_use]
    pub fn with_header_key<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into);
        self.key = KeySource::Headers(names.collect());
        self
    }

    /// Makes the key of the method and this text alone. A request for which it
    /// is `None` or blank runs alone.
    #[must_use]
    pub fn with_key(
        mut self,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.key = KeySource::Custom(Arc::new(key));
        self
    }

    /// Called once for each request that is answered with a copy.
    #[must_use]
    pub fn with_on_coalesced(mut self, hook: impl Fn(KeyDigest) + Send + Sync + 'static) -> Self {
        self.on_coalesced = Some(Arc::new(hook));
        self
    }

    /// Called once for each request that waited and is answered with an error.
    #[must_use]
    pub fn with_on_error(
        mut self,
        hook: impl Fn(KeyDigest, FlightError) + Send + Sync + 'static,
    ) -> Self {
        self.on_error = Some(Arc::new(hook));
        self
    }
}

impl fmt::Debug for SingleFlightConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key_headers = match &self.key {
            KeySource::Headers(names) => Some(names),
            KeySource::Custom(_) => None,
        };
        f.debug_struct("SingleFlightConfig")
            .field("methods", &self.methods)
            .field("timeout", &self.timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("on_unshareable", &self.on_unshareable)
            .field("add_coalesced_header", &self.add_coalesced_header)
            .field("key_headers", &key_headers)
            .field("on_coalesced", &self.on_coalesced.is_some())
            .field("on_error", &self.on_error.is_some())
            .finish()
    }
}
