use serde::{Deserialize, Serialize};

/// The six families every error belongs to; clients fall back on it when they
/// do not know a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorCategory {
    /// Generic input and resource-state failures (4xx).
    #[serde(rename = "client_error")]
    Client,
    /// Input validation and parse failures.
    #[serde(rename = "validation_error")]
    Validation,
    /// Authentication and authorisation.
    #[serde(rename = "auth_error")]
    Auth,
    /// Throttling.
    #[serde(rename = "rate_limit_error")]
    RateLimit,
    /// Slow client, exceeded deadline, upstream timeout.
    #[serde(rename = "timeout_error")]
    Timeout,
    /// Infrastructure, programming and upstream failures.
    #[serde(rename = "server_error")]
    Server,
}

impl ErrorCategory {
    /// The text on the wire, for example `client_error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client_error",
            Self::Validation => "validation_error",
            Self::Auth => "auth_error",
            Self::RateLimit => "rate_limit_error",
            Self::Timeout => "timeout_error",
            Self::Server => "server_error",
        }
    }
}

impl std::fmt::Display for ErrorCategory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
