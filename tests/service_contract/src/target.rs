/// How a service writes success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Success {
    /// `{"data","meta"?,"request_id"?}`, in that order.
    #[default]
    Reply,
    /// The value itself.
    Bare,
}

/// Which routes the service has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Routes {
    /// Those of the reference services, items among them.
    #[default]
    Canonical,
    /// Routes of its own beside `/` and the probes: what every service promises
    /// is examined, and the cases about items are skipped.
    Own,
}

/// The service to examine.
#[derive(Clone, Debug)]
pub struct Target {
    pub(crate) url: String,
    pub(crate) write_key: Option<String>,
    pub(crate) success: Success,
    pub(crate) routes: Routes,
}

impl Target {
    /// A service without a write key that writes `Reply`. The URL is
    /// `http://host[:port]`, perhaps with a prefix of all paths.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            write_key: None,
            success: Success::Reply,
            routes: Routes::Canonical,
        }
    }

    /// Sets the key that writes carry; the cases about the key need it.
    #[must_use]
    pub fn with_write_key(mut self, key: impl Into<String>) -> Self {
        self.write_key = Some(key.into());
        self
    }

    /// Sets how the service writes success.
    #[must_use]
    pub fn with_success(mut self, success: Success) -> Self {
        self.success = success;
        self
    }

    /// Sets which routes the service has.
    #[must_use]
    pub fn with_routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }
}

/// The suite cannot talk to such a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// The URL is not one of plain HTTP.
    #[error("`{0}` is not a URL of the form http://host[:port]")]
    Url(String),
    /// No header can carry the key.
    #[error("the write key must be visible ASCII without spaces")]
    WriteKey,
}
