//! Records in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use plumego_contract::{Clock, SystemClock};

use super::transition::{self, Claimed, Completion, Held};
use super::{
    Claim, ClaimRequest, ClaimStore, ClaimToken, HashAwareStore, IdempotencyError,
    IdempotencyResult, IdempotencyStore, NewRecord, OwnerId, RESPONSE_BYTES_DEFAULT, Record,
    validate_key,
};
use crate::BoxFuture;

/// How a [`MemoryIdempotencyStore`] is bounded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MemoryIdempotencyOptions {
    /// Most records. 100 000 unless set.
    pub max_records: usize,
    /// Largest response, in bytes. 1 MiB unless set.
    pub max_response: usize,
    /// Where it reads the time.
    pub clock: Arc<dyn Clock>,
}

impl Default for MemoryIdempotencyOptions {
    fn default() -> Self {
        Self {
            max_records: 100_000,
            max_response: RESPONSE_BYTES_DEFAULT,
            clock: Arc::new(SystemClock),
        }
    }
}

/// Records of this process, which end with it. When it is full, expired
/// records go first, then it is `Unavailable`: to forget a record that counts
/// would let its operation run twice.
///
/// ```
/// use plumego_store::idempotency::{Claim, ClaimRequest, ClaimStore, MemoryIdempotencyStore};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), plumego_store::idempotency::IdempotencyError> {
/// let store = MemoryIdempotencyStore::new();
/// let request = ClaimRequest::new("payment-17", "sha256:ab12");
/// let Claim::Won(token) = store.claim(request).await? else { panic!("nobody else asks") };
/// store.complete_claim(&token, "paid".into()).await?;
/// assert!(matches!(store.claim(request).await?, Claim::Replay(_)));
/// # Ok(())
/// # }
/// ```
pub struct MemoryIdempotencyStore {
    records: Mutex<HashMap<String, Held>>,
    options: MemoryIdempotencyOptions,
}

impl Default for MemoryIdempotencyStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryIdempotencyStore {
    /// An empty store with the default bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(MemoryIdempotencyOptions::default())
    }

    /// An empty store.
    #[must_use]
    pub fn with_options(options: MemoryIdempotencyOptions) -> Self {
        Self {
            records: Mutex::default(),
            options,
        }
    }

    /// The records, which no panic leaves half changed.
    fn records(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores what a key holds from now on.
    fn store(&self, records: &mut HashMap<String, Held>, held: Held) -> IdempotencyResult<()> {
        let full = records.len() >= self.options.max_records;
        if full && !records.contains_key(&held.record.key) {
            let now = self.options.clock.now();
            records.retain(|_, held| !held.record.is_expired(now));
            if records.len() >= self.options.max_records {
                let reason = "there is no room for another record";
                return Err(IdempotencyError::Unavailable(reason.into()));
            }
        }
        records.insert(held.record.key.clone(), held);
        Ok(())
    }

    fn complete_by(&self, by: Completion<'_>, response: Bytes) -> IdempotencyResult<()> {
        let records = &mut *self.records();
        let completed = transition::complete(
            records.get(by.key()),
            by,
            response,
            self.options.max_response,
            self.options.clock.now(),
        )?;
        self.store(records, completed)
    }
}

/// Nothing here waits, but nothing is done before the future is polled.
fn soon<'a, T: Send + 'a>(work: impl FnOnce() -> T + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(async move { work() })
}

impl IdempotencyStore for MemoryIdempotencyStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, IdempotencyResult<Option<Record>>> {
        soon(|| {
            validate_key(key)?;
            let records = &mut *self.records();
            let now = self.options.clock.now();
            match records.get(key) {
                Some(held) if held.record.is_expired(now) => {
                    records.remove(key);
                    Ok(None)
                }
                held => Ok(held.map(|held| held.record.clone())),
            }
        })
    }

    fn put_if_absent<'a>(&'a self, record: NewRecord) -> BoxFuture<'a, IdempotencyResult<bool>> {
        soon(move || {
            let records = &mut *self.records();
            let held = records.get(&record.key);
            let (max_response, now) = (self.options.max_response, self.options.clock.now());
            match transition::put_if_absent(held, record, max_response, now)? {
                Some(held) => self.store(records, held).map(|()| true),
                None => Ok(false),
            }
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a str,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>> {
        soon(move || self.complete_by(Completion::Key(key), response))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, IdempotencyResult<bool>> {
        soon(|| {
            validate_key(key)?;
            let now = self.options.clock.now();
            let removed = self.records().remove(key);
            Ok(removed.is_some_and(|held| !held.record.is_expired(now)))
        })
    }
}

impl HashAwareStore for MemoryIdempotencyStore {
    fn complete_with_request_hash<'a>(
        &'a self,
        key: &'a str,
        request_hash: &'a str,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>> {
        soon(move || self.complete_by(Completion::Hash { key, request_hash }, response))
    }
}

impl ClaimStore for MemoryIdempotencyStore {
    fn claim<'a>(&'a self, request: ClaimRequest<'a>) -> BoxFuture<'a, IdempotencyResult<Claim>> {
        soon(move || {
            let owner = OwnerId::random()?;
            let records = &mut *self.records();
            let now = self.options.clock.now();
            match transition::claim(records.get(request.key), &request, owner, now)? {
                Claimed::Store(held, token) => {
                    self.store(records, held)?;
                    Ok(Claim::Won(token))
                }
                Claimed::Answer(answer) => Ok(answer),
            }
        })
    }

    fn complete_claim<'a>(
        &'a self,
        token: &'a ClaimToken,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>> {
        soon(move || self.complete_by(Completion::Token(token), response))
    }

    fn renew<'a>(
        &'a self,
        token: &'a ClaimToken,
        lease: Duration,
    ) -> BoxFuture<'a, IdempotencyResult<()>> {
        soon(move || {
            let records = &mut *self.records();
            let now = self.options.clock.now();
            let renewed = transition::renew(records.get(token.key()), token, lease, now)?;
            self.store(records, renewed)
        })
    }

    fn release<'a>(&'a self, token: &'a ClaimToken) -> BoxFuture<'a, IdempotencyResult<()>> {
        soon(|| {
            let records = &mut *self.records();
            let now = self.options.clock.now();
            transition::release(records.get(token.key()), token, now)?;
            records.remove(token.key());
            Ok(())
        })
    }

    fn purge_expired<'a>(&'a self, limit: usize) -> BoxFuture<'a, IdempotencyResult<usize>> {
        soon(move || {
            let records = &mut *self.records();
            let now = self.options.clock.now();
            let expired = records
                .iter()
                .filter(|(_, held)| held.record.is_expired(now));
            let keys: Vec<_> = expired.take(limit).map(|(key, _)| key.clone()).collect();
            for key in &keys {
                records.remove(key);
            }
            Ok(keys.len())
        })
    }

    fn shared(&self) -> bool {
        false
    }
}

impl fmt::Debug for MemoryIdempotencyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryIdempotencyStore")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
