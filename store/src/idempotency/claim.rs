//! Claims: who may run an operation.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::record::{LEASE_DEFAULT, TTL_DEFAULT};
use super::{IdempotencyError, Record, RecordRule, validate_hash, validate_key};

/// A wish to run an operation.
///
/// ```
/// use std::time::Duration;
/// use plumego_store::idempotency::ClaimRequest;
///
/// let request = ClaimRequest::new("payment-17", "sha256:ab12").lease(Duration::from_secs(5));
/// assert_eq!(request.ttl, Duration::from_secs(86_400));
/// assert!(request.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClaimRequest<'a> {
    /// What the client calls the operation.
    pub key: &'a str,
    /// What is asked for. Recommended: `sha256:` and the digest, in
    /// hexadecimal, of method, route and canonical body.
    pub request_hash: &'a str,
    /// How long the record lives; 24 h unless set.
    pub ttl: Duration,
    /// How long this attempt is left alone; 60 s unless set, at most `ttl`.
    pub lease: Duration,
}

impl<'a> ClaimRequest<'a> {
    /// A claim for 24 h with a lease of 60 s.
    #[must_use]
    pub const fn new(key: &'a str, request_hash: &'a str) -> Self {
        Self {
            key,
            request_hash,
            ttl: TTL_DEFAULT,
            lease: LEASE_DEFAULT,
        }
    }

    /// How long the record lives.
    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long this attempt is left alone.
    #[must_use]
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Checks key, hash and durations, as every backend must.
    ///
    /// # Errors
    ///
    /// `InvalidKey` or `InvalidRecord`.
    pub fn check(&self) -> Result<(), IdempotencyError> {
        validate_key(self.key)?;
        validate_hash(self.request_hash)?;
        if self.ttl.is_zero() || self.lease.is_zero() {
            return Err(IdempotencyError::InvalidRecord(RecordRule::ZeroDuration));
        }
        if self.lease > self.ttl {
            let rule = RecordRule::LeaseBeyondExpiry;
            return Err(IdempotencyError::InvalidRecord(rule));
        }
        Ok(())
    }
}

/// How a claim ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// The caller runs the operation, then completes or releases the token.
    Won(ClaimToken),
    /// Another attempt runs it.
    InProgress {
        /// Since when.
        since: SystemTime,
        /// When asking again may help.
        retry_after: Duration,
    },
    /// It is done; this is what to answer.
    Replay(Record),
    /// The key was used for another request.
    Mismatch,
}

/// Proof of a won claim.
///
/// Holds a random owner that the store compares, so that a slow attempt cannot
/// overwrite the result of the one that took over.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimToken {
    key: String,
    request_hash: String,
    owner: OwnerId,
}

impl ClaimToken {
    /// A token, as backends make it.
    #[must_use]
    pub fn new(key: impl Into<String>, request_hash: impl Into<String>, owner: OwnerId) -> Self {
        Self {
            key: key.into(),
            request_hash: request_hash.into(),
            owner,
        }
    }

    /// What the client calls the operation.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What was asked for.
    #[must_use]
    pub fn request_hash(&self) -> &str {
        &self.request_hash
    }

    /// Who won, as backends store it.
    #[must_use]
    pub const fn owner(&self) -> OwnerId {
        self.owner
    }
}

impl fmt::Debug for ClaimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimToken")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Who holds a claim: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OwnerId([u8; 16]);

impl OwnerId {
    /// Nobody: the owner of a record that was not claimed.
    pub const NOBODY: Self = Self([0; 16]);

    /// A new owner.
    ///
    /// # Errors
    ///
    /// `Unavailable` if the system has no random bytes.
    pub fn random() -> Result<Self, IdempotencyError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| IdempotencyError::Unavailable(Box::new(error)))?;
        Ok(Self(bytes))
    }

    /// The owner with these bytes, as a backend stored them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerId(..)")
    }
}
