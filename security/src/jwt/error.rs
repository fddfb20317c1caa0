use std::fmt;

use plumego_contract::BoxError;

/// Why there is no token, or no claims. No text contains a token or a key; ids
/// of keys may occur.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// A configuration that cannot be used, and what to do.
    #[error("jwt configuration: {0}")]
    Config(String),
    /// Options that this call cannot have, and what to do.
    #[error("jwt options: {0}")]
    Options(&'static str),
    /// A token that is none, or that was changed.
    #[error("invalid token")]
    InvalidToken(InvalidReason),
    /// A token whose time is over.
    #[error("token expired")]
    Expired,
    /// A token whose time has not come.
    #[error("token not valid yet")]
    NotYetValid,
    /// A token under a key that is not known, or not any more.
    #[error("unknown key")]
    UnknownKey,
    /// No subject, in a token or in what to issue.
    #[error("missing subject")]
    MissingSubject,
    /// A token of somebody else.
    #[error("invalid issuer")]
    InvalidIssuer,
    /// A token for somebody else.
    #[error("invalid audience")]
    InvalidAudience,
    /// A token that would be too large to be verified.
    #[error("the token would be too large: carry fewer claims")]
    TokenTooLarge,
    /// The store of keys failed.
    #[error("the store of signing keys failed")]
    KeyStore(#[source] BoxError),
    /// A record in the store that is no key.
    #[error("the record of signing key `{kid}` is corrupt")]
    CorruptKey {
        /// The id the record is stored under.
        kid: String,
    },
    /// No randomness for a key or an id.
    #[error("no randomness")]
    Entropy(#[source] BoxError),
}

impl JwtError {
    /// A failure of the store, and at what.
    pub(super) fn store(context: &'static str, source: BoxError) -> Self {
        Self::KeyStore(Box::new(StoreFailure { context, source }))
    }
}

/// What was being done when the store failed.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
struct StoreFailure {
    context: &'static str,
    source: BoxError,
}

/// What is wrong with a token; for logs and metrics, never for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidReason {
    /// Too long, or not three parts.
    Form,
    /// Not strict base64url, or not the JSON that belongs there.
    Encoding,
    /// A header without key, algorithm or the right type.
    Header,
    /// A header that asks for something that is not supported.
    Unsupported,
    /// An algorithm that is not that of the key.
    Algorithm,
    /// A signature that does not hold.
    Signature,
    /// A payload that has not the form of one.
    Payload,
    /// A payload of another key than the header's.
    KeyMismatch,
    /// Times that are missing or make no sense.
    Times,
    /// A token that is of another type than expected.
    TokenType,
    /// A claim that has to be there and is not.
    MissingClaim,
}

impl InvalidReason {
    /// One word, for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Encoding => "encoding",
            Self::Header => "header",
            Self::Unsupported => "unsupported",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Payload => "payload",
            Self::KeyMismatch => "key_mismatch",
            Self::Times => "times",
            Self::TokenType => "token_type",
            Self::MissingClaim => "missing_claim",
        }
    }
}

impl fmt::Display for InvalidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<InvalidReason> for JwtError {
    fn from(reason: InvalidReason) -> Self {
        Self::InvalidToken(reason)
    }
}
