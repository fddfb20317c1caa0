//! What can go wrong with idempotency records.

use std::fmt;

use crate::BoxError;

/// Why an idempotency operation failed. No kind wraps another.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyError {
    /// The key cannot identify a request.
    #[error("idempotency: {0}")]
    InvalidKey(KeyRule),
    /// The record, or the request to make one, contradicts itself.
    #[error("idempotency: {0}")]
    InvalidRecord(RecordRule),
    /// There is no record, or it has expired.
    #[error("idempotency: there is no such record")]
    NotFound,
    /// The record has expired.
    #[error("idempotency: the record has expired")]
    Expired,
    /// The record belongs to another request.
    #[error("idempotency: the key was used for another request")]
    RequestMismatch,
    /// The operation was completed before; the stored response stays.
    #[error("idempotency: the operation is completed already")]
    AlreadyCompleted,
    /// Another attempt took the operation over.
    #[error("idempotency: the lease was lost to another attempt")]
    LeaseLost,
    /// The response is larger than a record may hold.
    #[error("idempotency: a response of {size} bytes is larger than the {limit} a record may hold")]
    ResponseTooLarge {
        /// Bytes of the response.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A setting is out of its range.
    #[error("idempotency: {detail}")]
    InvalidConfig {
        /// What to change.
        detail: String,
    },
    /// The store cannot answer. The operation must not run.
    #[error("idempotency: the store is unavailable")]
    Unavailable(#[source] BoxError),
}

impl IdempotencyError {
    /// The kind in snake case, for logs and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InvalidKey(_) => "invalid_key",
            Self::InvalidRecord(_) => "invalid_record",
            Self::NotFound => "not_found",
            Self::Expired => "expired",
            Self::RequestMismatch => "request_mismatch",
            Self::AlreadyCompleted => "already_completed",
            Self::LeaseLost => "lease_lost",
            Self::ResponseTooLarge { .. } => "response_too_large",
            Self::InvalidConfig { .. } => "invalid_config",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// The rule that a key breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyRule {
    /// It is empty or only whitespace.
    Blank,
    /// It is longer than 255 bytes.
    TooLong,
    /// It begins or ends with whitespace. Keys are never trimmed, or two
    /// callers could mean one record by accident.
    OuterWhitespace,
    /// It holds a control character.
    ControlCharacter,
}

impl fmt::Display for KeyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blank => "a key cannot be blank",
            Self::TooLong => "a key has at most 255 bytes",
            Self::OuterWhitespace => "a key cannot begin or end with whitespace",
            Self::ControlCharacter => "a key cannot hold control characters",
        })
    }
}

/// The rule that a record breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordRule {
    /// There is no request hash.
    MissingHash,
    /// The request hash is longer than 512 bytes or holds control characters.
    MalformedHash,
    /// The status is neither `in_progress` nor `completed`.
    UnknownStatus,
    /// It expires before it was created.
    ExpiresBeforeCreated,
    /// The time to live or the lease is zero.
    ZeroDuration,
    /// The lease is longer than the record lives.
    LeaseBeyondExpiry,
    /// What is stored is not a record.
    Malformed,
}

impl fmt::Display for RecordRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingHash => "a record needs a request hash",
            Self::MalformedHash => "a request hash has at most 512 bytes and no control characters",
            Self::UnknownStatus => "a status is `in_progress` or `completed`",
            Self::ExpiresBeforeCreated => "a record cannot expire before it was created",
            Self::ZeroDuration => "time to live and lease must be longer than zero",
            Self::LeaseBeyondExpiry => "a lease cannot outlive the record",
            Self::Malformed => "what is stored is not a record",
        })
    }
}
