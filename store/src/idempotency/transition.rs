//! The state table of idempotency records, as pure functions.
//!
//! A backend reads what it holds, asks here what becomes of it, and stores the
//! answer, all within one atomic step of its own. So every backend means the
//! same.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use plumego_store::idempotency::transition::{self, Claimed};
//! use plumego_store::idempotency::{Claim, ClaimRequest, OwnerId};
//!
//! let now = SystemTime::now();
//! let request = ClaimRequest::new("payment-17", "sha256:ab12");
//! let Ok(Claimed::Store(held, _token)) = transition::claim(None, &request, OwnerId::random()?, now) else {
//!     panic!("the key is free");
//! };
//! let again = transition::claim(Some(&held), &request, OwnerId::random()?, now);
//! assert!(matches!(again, Ok(Claimed::Answer(Claim::InProgress { .. }))));
//! # Ok::<(), plumego_store::idempotency::IdempotencyError>(())
//! ```

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::{
    Claim, ClaimRequest, ClaimToken, IdempotencyError, NewRecord, OwnerId, Record, Status,
    validate_hash, validate_key,
};

/// How long to wait for an attempt that has no lease.
const RETRY_AFTER_UNLEASED: Duration = Duration::from_secs(1);

/// What a backend stores for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The record.
    pub record: Record,
    /// Who holds the claim.
    pub owner: OwnerId,
}

impl Held {
    /// What a backend read.
    #[must_use]
    pub const fn new(record: Record, owner: OwnerId) -> Self {
        Self { record, owner }
    }
}

/// What becomes of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Store this, then answer `Won` with the token.
    Store(Held, ClaimToken),
    /// Store nothing, and answer this.
    Answer(Claim),
}

/// Who completes an operation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Completion<'a> {
    /// Whoever knows the key.
    Key(&'a str),
    /// Whoever knows key and request.
    Hash {
        /// The key.
        key: &'a str,
        /// The request.
        request_hash: &'a str,
    },
    /// The holder of the claim.
    Token(&'a ClaimToken),
}

impl Completion<'_> {
    /// The key of the operation.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Key(key) | Self::Hash { key, .. } => key,
            Self::Token(token) => token.key(),
        }
    }

    fn check(&self) -> Result<(), IdempotencyError> {
        validate_key(self.key())?;
        match self {
            Self::Hash { request_hash, .. } => validate_hash(request_hash),
            Self::Key(_) | Self::Token(_) => Ok(()),
        }
    }
}

/// An expired record is absent.
fn live(held: Option<&Held>, now: SystemTime) -> Option<&Held> {
    held.filter(|held| !held.record.is_expired(now))
}

/// Decides a claim by `owner`, when `held` is what is stored.
///
/// # Errors
///
/// `InvalidKey` or `InvalidRecord` for a bad request.
pub fn claim(
    held: Option<&Held>,
    request: &ClaimRequest<'_>,
    owner: OwnerId,
    now: SystemTime,
) -> Result<Claimed, IdempotencyError> {
    request.check()?;
    let Some(held) = live(held, now) else {
        return Ok(won(
            Record::new(request.key, request.request_hash, now),
            request,
            owner,
            now,
        ));
    };
    let record = &held.record;
    if record.request_hash != request.request_hash {
        return Ok(Claimed::Answer(Claim::Mismatch));
    }
    if record.status == Status::Completed {
        return Ok(Claimed::Answer(Claim::Replay(record.clone())));
    }
    match record.lease_until {
        Some(until) if now >= until => {
            let attempt = record.attempt.saturating_add(1);
            let taken_over = Record {
                attempt,
                updated_at: now,
                ..record.clone()
            };
            Ok(won(taken_over, request, owner, now))
        }
        lease => Ok(Claimed::Answer(Claim::InProgress {
            since: record.created_at,
            retry_after: lease
                .and_then(|until| until.duration_since(now).ok())
                .unwrap_or(RETRY_AFTER_UNLEASED),
        })),
    }
}

fn won(record: Record, request: &ClaimRequest<'_>, owner: OwnerId, now: SystemTime) -> Claimed {
    let token = ClaimToken::new(request.key, request.request_hash, owner);
    let record = Record {
        expires_at: now.checked_add(request.ttl),
        lease_until: now.checked_add(request.lease),
        ..record
    };
    Claimed::Store(Held::new(record, owner), token)
}

/// Decides whether a record is stored; `None` if the key is taken.
///
/// # Errors
///
/// `InvalidKey` or `InvalidRecord` for a bad record, `Expired` for one that
/// has expired already, `ResponseTooLarge`.
pub fn put_if_absent(
    held: Option<&Held>,
    record: NewRecord,
    response_bytes_max: usize,
    now: SystemTime,
) -> Result<Option<Held>, IdempotencyError> {
    let record = record.into_record(now)?;
    if record.is_expired(now) {
        return Err(IdempotencyError::Expired);
    }
    if let Some(response) = &record.response {
        check_response(response, response_bytes_max)?;
    }
    Ok(match live(held, now) {
        Some(_) => None,
        None => Some(Held::new(record, OwnerId::NOBODY)),
    })
}

/// Refuses a response larger than a record may hold.
///
/// # Errors
///
/// `ResponseTooLarge`.
pub fn check_response(response: &Bytes, limit: usize) -> Result<(), IdempotencyError> {
    if response.len() > limit {
        return Err(IdempotencyError::ResponseTooLarge {
            size: response.len(),
            limit,
        });
    }
    Ok(())
}

/// What is stored once the operation is completed.
///
/// # Errors
///
/// `InvalidKey`, `InvalidRecord`, `ResponseTooLarge`, `NotFound`,
/// `AlreadyCompleted`, `RequestMismatch` or `LeaseLost`.
pub fn complete(
    held: Option<&Held>,
    by: Completion<'_>,
    response: Bytes,
    response_bytes_max: usize,
    now: SystemTime,
) -> Result<Held, IdempotencyError> {
    by.check()?;
    check_response(&response, response_bytes_max)?;
    let held = live(held, now).ok_or(IdempotencyError::NotFound)?;
    if held.record.status == Status::Completed {
        return Err(IdempotencyError::AlreadyCompleted);
    }
    match by {
        Completion::Key(_) => {}
        Completion::Hash { request_hash, .. } => {
            if held.record.request_hash != request_hash {
                return Err(IdempotencyError::RequestMismatch);
            }
        }
        Completion::Token(token) => check_owner(held, token)?,
    }
    let record = Record {
        status: Status::Completed,
        response: Some(response),
        updated_at: now,
        lease_until: None,
        ..held.record.clone()
    };
    Ok(Held::new(record, held.owner))
}

/// What is stored once the lease is extended: `lease` from `now`, at most to
/// the end of the record.
///
/// # Errors
///
/// `InvalidRecord` for a lease of zero, `NotFound`, `AlreadyCompleted` or
/// `LeaseLost`.
pub fn renew(
    held: Option<&Held>,
    token: &ClaimToken,
    lease: Duration,
    now: SystemTime,
) -> Result<Held, IdempotencyError> {
    if lease.is_zero() {
        let rule = super::RecordRule::ZeroDuration;
        return Err(IdempotencyError::InvalidRecord(rule));
    }
    let held = in_progress(held, token, now)?;
    let until = now.checked_add(lease);
    let until = match (until, held.record.expires_at) {
        (Some(until), Some(expiry)) => Some(until.min(expiry)),
        (until, expiry) => until.or(expiry),
    };
    let record = Record {
        lease_until: until,
        updated_at: now,
        ..held.record.clone()
    };
    Ok(Held::new(record, held.owner))
}

/// Whether the record may be removed because its attempt gave up.
///
/// # Errors
///
/// `NotFound`, `AlreadyCompleted` or `LeaseLost`.
pub fn release(
    held: Option<&Held>,
    token: &ClaimToken,
    now: SystemTime,
) -> Result<(), IdempotencyError> {
    in_progress(held, token, now).map(drop)
}

fn in_progress<'a>(
    held: Option<&'a Held>,
    token: &ClaimToken,
    now: SystemTime,
) -> Result<&'a Held, IdempotencyError> {
    validate_key(token.key())?;
    let held = live(held, now).ok_or(IdempotencyError::NotFound)?;
    if held.record.status == Status::Completed {
        return Err(IdempotencyError::AlreadyCompleted);
    }
    check_owner(held, token)?;
    Ok(held)
}

fn check_owner(held: &Held, token: &ClaimToken) -> Result<(), IdempotencyError> {
    if held.owner == token.owner() && held.record.request_hash == token.request_hash() {
        Ok(())
    } else {
        Err(IdempotencyError::LeaseLost)
    }
}
