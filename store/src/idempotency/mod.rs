//! Idempotency: run an operation once, however often it is asked for.
//!
//! A client names its operation with a key. The first request with a key
//! claims it, runs the operation, and completes the claim with the response;
//! every later request with the key gets that response. A claim carries a
//! lease: when its holder dies, another request takes over, and the holder, if
//! it was only slow, can no longer complete.
//!
//! ```
//! use bytes::Bytes;
//! use plumego_store::idempotency::{Claim, ClaimRequest, ClaimStore, IdempotencyError};
//!
//! async fn pay(store: &dyn ClaimStore, key: &str, hash: &str) -> Result<&'static str, IdempotencyError> {
//!     Ok(match store.claim(ClaimRequest::new(key, hash)).await? {
//!         Claim::Won(token) => {
//!             // The operation runs here.
//!             store.complete_claim(&token, Bytes::from_static(b"paid")).await?;
//!             "paid"
//!         }
//!         Claim::Replay(_record) => "paid before: send the stored response",
//!         Claim::InProgress { .. } => "answer 409 with Retry-After",
//!         Claim::Mismatch => "answer 422",
//!         _ => "a newer outcome",
//!     })
//! }
//! ```
//!
//! What to answer a client is the caller's policy; when the store fails, the
//! operation must not run.

mod claim;
mod error;
#[cfg(feature = "kv")]
mod kv;
mod memory;
mod record;
pub mod transition;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

pub use claim::{Claim, ClaimRequest, ClaimToken, OwnerId};
pub use error::{IdempotencyError, KeyRule, RecordRule};
#[cfg(feature = "kv")]
pub use kv::KvIdempotencyStore;
pub use memory::{MemoryIdempotencyOptions, MemoryIdempotencyStore};
pub use record::{
    HASH_BYTES_MAX, KEY_BYTES_MAX, LEASE_DEFAULT, NewRecord, RESPONSE_BYTES_DEFAULT, Record,
    Status, TTL_DEFAULT, classify_completion, validate, validate_hash, validate_key,
};

pub use self::IdempotencyStore as Store;
use crate::BoxFuture;

/// What an operation of a store gives.
pub type IdempotencyResult<T> = Result<T, IdempotencyError>;

/// Keeps records of operations.
///
/// An expired record is absent for every operation. Exactly one of any number
/// of concurrent calls that claim a key wins, in all processes that share the
/// backend.
pub trait IdempotencyStore: Send + Sync + fmt::Debug + 'static {
    /// The record of a key; `None` if there is none or it has expired, which
    /// then may be removed.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, IdempotencyResult<Option<Record>>>;

    /// Stores a record if the key is free; true only if this call stored it.
    /// False says nothing about whether a replay is safe. A record that has
    /// expired already is `Expired`.
    fn put_if_absent<'a>(&'a self, record: NewRecord) -> BoxFuture<'a, IdempotencyResult<bool>>;

    /// Completes the operation of a key, whoever claimed it.
    fn complete<'a>(
        &'a self,
        key: &'a str,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>>;

    /// Removes a record; true if there was one.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, IdempotencyResult<bool>>;
}

/// A store that compares requests.
pub trait HashAwareStore: IdempotencyStore {
    /// Completes the operation of a key, if it was claimed for this request.
    fn complete_with_request_hash<'a>(
        &'a self,
        key: &'a str,
        request_hash: &'a str,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>>;
}

/// A store with leases: what new code uses.
pub trait ClaimStore: HashAwareStore {
    /// Asks to run an operation.
    fn claim<'a>(&'a self, request: ClaimRequest<'a>) -> BoxFuture<'a, IdempotencyResult<Claim>>;

    /// Completes a claim that nobody took over.
    fn complete_claim<'a>(
        &'a self,
        token: &'a ClaimToken,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>>;

    /// Extends the lease to `lease` from now.
    fn renew<'a>(
        &'a self,
        token: &'a ClaimToken,
        lease: Duration,
    ) -> BoxFuture<'a, IdempotencyResult<()>>;

    /// Gives a claim back: the operation failed in a way that may be retried.
    fn release<'a>(&'a self, token: &'a ClaimToken) -> BoxFuture<'a, IdempotencyResult<()>>;

    /// Removes at most `limit` expired records; how many it removed.
    fn purge_expired<'a>(&'a self, limit: usize) -> BoxFuture<'a, IdempotencyResult<usize>>;

    /// Whether other processes see the same records, so that a claim is
    /// exclusive among all of them.
    fn shared(&self) -> bool;
}
