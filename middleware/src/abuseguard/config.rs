use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use plumego_contract::{Clock, SystemClock};
use plumego_log::Logger;
use plumego_security::abuse::OnError;

pub(super) type Key = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;
pub(super) type Cost = Arc<dyn Fn(&Parts) -> u32 + Send + Sync>;
pub(super) type Skip = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// How requests are told apart and what clients are told. Functions must not
/// block.
#[derive(Clone)]
#[non_exhaustive]
pub struct AbuseGuardConfig {
    /// Whether checked responses carry the rate headers. Default: yes.
    pub headers: bool,
    /// Whether they carry `RateLimit` and `RateLimit-Policy` too, after the
    /// draft of the IETF. Default: no.
    pub draft_headers: bool,
    /// What happens when the limiter does not answer. Default: 503.
    pub on_error: OnError,
    /// Takes a warning for each request that is refused. Default: nobody.
    pub logger: Option<Arc<dyn Logger>>,
    /// Where the time of `X-RateLimit-Reset` is read. Default: the system's
    /// clock.
    pub clock: Arc<dyn Clock>,
    pub(super) key: Option<Key>,
    pub(super) cost: Option<Cost>,
    pub(super) skip: Option<Skip>,
}

impl Default for AbuseGuardConfig {
    fn default() -> Self {
        Self {
            headers: true,
            draft_headers: false,
            on_error: OnError::FailClosed,
            logger: None,
            clock: Arc::new(SystemClock),
            key: None,
            cost: None,
            skip: None,
        }
    }
}

impl AbuseGuardConfig {
    /// Sets [`headers`](Self::headers).
    #[must_use]
    pub fn with_headers(mut self, headers: bool) -> Self {
        self.headers = headers;
        self
    }

    /// Sets [`draft_headers`](Self::draft_headers).
    #[must_use]
    pub fn with_draft_headers(mut self, draft_headers: bool) -> Self {
        self.draft_headers = draft_headers;
        self
    }

    /// Sets [`on_error`](Self::on_error).
    #[must_use]
    pub fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// Sets [`logger`](Self::logger).
    #[must_use]
    pub fn with_logger(mut self, logger: Arc<dyn Logger>) -> Self {
        self.logger = Some(logger);
        self
    }

    /// Sets [`clock`](Self::clock).
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Tells clients apart by what this gives. `None`, blank text and a panic
    /// fall back to the address of the connection.
    ///
    /// Default: the address of the client, in IPv6 its network of 64 bits.
    #[must_use]
    pub fn with_key(
        mut self,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.key = Some(Arc::new(key));
        self
    }

    /// Tokens a request takes; a panic takes one. Default: one.
    #[must_use]
    pub fn with_cost(mut self, cost: impl Fn(&Parts) -> u32 + Send + Sync + 'static) -> Self {
        self.cost = Some(Arc::new(cost));
        self
    }

    /// Lets requests through unchecked and without rate headers, such as
    /// health probes; a panic lets none through. Default: none.
    #[must_use]
    pub fn with_skip(mut self, skip: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.skip = Some(Arc::new(skip));
        self
    }
}

impl fmt::Debug for AbuseGuardConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbuseGuardConfig")
            .field("headers", &self.headers)
            .field("draft_headers", &self.draft_headers)
            .field("on_error", &self.on_error)
            .field("logger", &self.logger.is_some())
            .field("key", &self.key.is_some())
            .field("cost", &self.cost.is_some())
            .field("skip", &self.skip.is_some())
            .finish_non_exhaustive()
    }
}
