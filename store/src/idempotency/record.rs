//! Records, and the rules they are held to.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::{IdempotencyError, KeyRule, RecordRule};

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 255;

/// Longest request hash, in bytes.
pub const HASH_BYTES_MAX: usize = 512;

/// Largest response of a record unless configured otherwise, in bytes.
pub const RESPONSE_BYTES_DEFAULT: usize = 1 << 20;

/// How long a record lives unless asked otherwise.
pub const TTL_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an attempt is left alone unless asked otherwise.
pub const LEASE_DEFAULT: Duration = Duration::from_secs(60);

/// How far an operation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Somebody works on it.
    #[default]
    InProgress,
    /// It is done, and its response is stored.
    Completed,
}

impl Status {
    /// `in_progress` or `completed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = IdempotencyError;

    fn from_str(text: &str) -> Result<Self, IdempotencyError> {
        match text {
            "in_progress" => Ok(Self::InProgress),
            "completed" => Ok(Self::Completed),
            _ => Err(IdempotencyError::InvalidRecord(RecordRule::UnknownStatus)),
        }
    }
}

/// What is known of one operation.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// What the client calls it.
    pub key: String,
    /// What was asked for, as an opaque digest.
    pub request_hash: String,
    /// How far it has come.
    pub status: Status,
    /// The response, once there is one.
    pub response: Option<Bytes>,
    /// When it was first claimed.
    pub created_at: SystemTime,
    /// When it last changed.
    pub updated_at: SystemTime,
    /// When it is forgotten; `None` is never.
    pub expires_at: Option<SystemTime>,
    /// Until when the current attempt is left alone.
    pub lease_until: Option<SystemTime>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl Record {
    /// A record in progress, claimed at `now` for the first time.
    #[must_use]
    pub fn new(key: impl Into<String>, request_hash: impl Into<String>, now: SystemTime) -> Self {
        Self {
            key: key.into(),
            request_hash: request_hash.into(),
            status: Status::InProgress,
            response: None,
            created_at: now,
            updated_at: now,
            expires_at: None,
            lease_until: None,
            attempt: 1,
        }
    }

    /// Whether it counts as absent at `now`.
    #[must_use]
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|at| now >= at)
    }
}

/// The response may be a secret: only its size is shown.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("key", &self.key)
            .field("request_hash", &self.request_hash)
            .field("status", &self.status)
            .field("response_bytes", &self.response.as_ref().map(Bytes::len))
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .field("expires_at", &self.expires_at)
            .field("lease_until", &self.lease_until)
            .field("attempt", &self.attempt)
            .finish()
    }
}

/// A record to be stored: what the caller leaves out, the store fills in.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use plumego_store::idempotency::NewRecord;
///
/// let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
/// let record = NewRecord::new("payment-17", "sha256:ab12").expires_at(tomorrow);
/// assert_eq!(record.status, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewRecord {
    /// What the client calls it.
    pub key: String,
    /// What was asked for, as an opaque digest.
    pub request_hash: String,
    /// In progress if left out.
    pub status: Option<Status>,
    /// The response, for a completed record.
    pub response: Option<Bytes>,
    /// Now if left out.
    pub created_at: Option<SystemTime>,
    /// Never if left out.
    pub expires_at: Option<SystemTime>,
}

impl NewRecord {
    /// A record that leaves everything else to the store.
    #[must_use]
    pub fn new(key: impl Into<String>, request_hash: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            request_hash: request_hash.into(),
            status: None,
            response: None,
            created_at: None,
            expires_at: None,
        }
    }

    /// When it is forgotten.
    #[must_use]
    pub const fn expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// When it was created.
    #[must_use]
    pub const fn created_at(mut self, at: SystemTime) -> Self {
        self.created_at = Some(at);
        self
    }

    /// Stores it as completed, with this response.
    #[must_use]
    pub fn completed(mut self, response: impl Into<Bytes>) -> Self {
        self.status = Some(Status::Completed);
        self.response = Some(response.into());
        self
    }

    /// The record as it is stored at `now`.
    ///
    /// # Errors
    ///
    /// As [`validate`].
    pub fn into_record(self, now: SystemTime) -> Result<Record, IdempotencyError> {
        let record = Record {
            status: self.status.unwrap_or_default(),
            response: self.response,
            created_at: self.created_at.unwrap_or(now),
            expires_at: self.expires_at,
            ..Record::new(self.key, self.request_hash, now)
        };
        validate(&record)?;
        Ok(record)
    }
}

/// Checks a key: 1 to 255 bytes, not blank, no control characters, no
/// whitespace at either end.
///
/// ```
/// use plumego_store::idempotency::validate_key;
///
/// assert!(validate_key("payment 17").is_ok());
/// assert!(validate_key("payment 17 ").is_err());
/// ```
///
/// # Errors
///
/// `InvalidKey` with the rule it breaks.
pub fn validate_key(key: &str) -> Result<(), IdempotencyError> {
    let broken = if key.trim().is_empty() {
        KeyRule::Blank
    } else if key.len() > KEY_BYTES_MAX {
        KeyRule::TooLong
    } else if key.chars().any(char::is_control) {
        KeyRule::ControlCharacter
    } else if key.trim().len() != key.len() {
        KeyRule::OuterWhitespace
    } else {
        return Ok(());
    };
    Err(IdempotencyError::InvalidKey(broken))
}

/// Checks a request hash: not blank, at most 512 bytes, no control characters.
///
/// # Errors
///
/// `InvalidRecord` with the rule it breaks.
pub fn validate_hash(hash: &str) -> Result<(), IdempotencyError> {
    let broken = if hash.trim().is_empty() {
        RecordRule::MissingHash
    } else if hash.len() > HASH_BYTES_MAX || hash.chars().any(char::is_control) {
        RecordRule::MalformedHash
    } else {
        return Ok(());
    };
    Err(IdempotencyError::InvalidRecord(broken))
}

/// Checks a whole record.
///
/// # Errors
///
/// `InvalidKey` for its key, else `InvalidRecord`.
pub fn validate(record: &Record) -> Result<(), IdempotencyError> {
    validate_key(&record.key)?;
    validate_hash(&record.request_hash)?;
    if record.expires_at.is_some_and(|at| at < record.created_at) {
        let rule = RecordRule::ExpiresBeforeCreated;
        return Err(IdempotencyError::InvalidRecord(rule));
    }
    Ok(())
}

/// Whether a record may be completed for a request, and if not, why: an
/// invalid record or hash first, then another request, then expiry, then
/// completion. So an expired completed record is `Expired`.
///
/// # Errors
///
/// `InvalidKey`, `InvalidRecord`, `RequestMismatch`, `Expired` or
/// `AlreadyCompleted`.
pub fn classify_completion(
    record: &Record,
    request_hash: &str,
    now: SystemTime,
) -> Result<(), IdempotencyError> {
    validate(record)?;
    validate_hash(request_hash)?;
    if record.request_hash != request_hash {
        return Err(IdempotencyError::RequestMismatch);
    }
    if record.is_expired(now) {
        return Err(IdempotencyError::Expired);
    }
    match record.status {
        Status::Completed => Err(IdempotencyError::AlreadyCompleted),
        Status::InProgress => Ok(()),
    }
}
