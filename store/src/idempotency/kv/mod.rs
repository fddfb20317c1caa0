//! Records in a key/value store.

mod codec;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use plumego_contract::{Clock, SystemClock};

use super::transition::{self, Claimed, Completion, Held};
use super::{
    Claim, ClaimRequest, ClaimStore, ClaimToken, HashAwareStore, IdempotencyError,
    IdempotencyResult, IdempotencyStore, NewRecord, OwnerId, RESPONSE_BYTES_DEFAULT, Record,
    validate_key,
};
use crate::kv::{KvError, KvStore, ScanRequest};
use crate::{BoxFuture, Ttl};

/// What stands before the key of a record.
const PREFIX: &str = "idem:";

/// How often a change is tried while others change the same key. Each time
/// somebody got on.
const ATTEMPTS_MAX: usize = 1_000;

/// Records that outlive the process, in any key/value store: what its
/// durability class promises holds for them.
///
/// Every change is one compare-and-swap of the store, so that a claim is
/// exclusive among all who use the store.
///
/// ```
/// use std::sync::Arc;
/// use plumego_store::idempotency::{Claim, ClaimRequest, ClaimStore, KvIdempotencyStore};
/// use plumego_store::kv::EmbeddedKvOptions;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let data_dir = directory.path();
/// let kv = Arc::new(EmbeddedKvOptions::new(data_dir).open().await?);
/// let store = KvIdempotencyStore::new(kv);
/// let claim = store.claim(ClaimRequest::new("payment-17", "sha256:ab12")).await?;
/// assert!(matches!(claim, Claim::Won(_)));
/// # Ok(())
/// # }
/// ```
pub struct KvIdempotencyStore {
    store: Arc<dyn KvStore>,
    max_response: usize,
    shared: bool,
    clock: Arc<dyn Clock>,
}

impl KvIdempotencyStore {
    /// Records below `idem:` of a store that this process alone uses.
    #[must_use]
    pub fn new(store: Arc<dyn KvStore>) -> Self {
        Self {
            store,
            max_response: RESPONSE_BYTES_DEFAULT,
            shared: false,
            clock: Arc::new(SystemClock),
        }
    }

    /// Largest response, in bytes. 1 MiB unless set.
    #[must_use]
    pub const fn max_response(mut self, bytes: usize) -> Self {
        self.max_response = bytes;
        self
    }

    /// Says that other processes use the same store.
    #[must_use]
    pub const fn shared_by_processes(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Where it reads the time.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Reads what is stored for a key, as it is and as it is meant.
    async fn read(&self, key: &str) -> IdempotencyResult<Option<(Bytes, Held)>> {
        let stored = self.store.get(&format!("{PREFIX}{key}")).await;
        let Some(stored) = stored.map_err(unavailable)? else {
            return Ok(None);
        };
        let held = codec::decode(key, &stored).ok_or_else(malformed)?;
        Ok(Some((stored, held)))
    }

    /// Replaces what was read by something else, or by nothing; false if
    /// somebody else was faster.
    async fn swap(
        &self,
        key: &str,
        old: Option<Bytes>,
        new: Option<&Held>,
    ) -> IdempotencyResult<bool> {
        let ttl = new.map_or(Ttl::Never, |new| self.lifetime(new.record.expires_at));
        let new = new.map(codec::encode).transpose()?;
        let key = format!("{PREFIX}{key}");
        let swapped = self.store.compare_and_swap(&key, old, new, ttl).await;
        swapped.map_err(unavailable)
    }

    /// The store forgets a record not before it has expired; whether it has is
    /// decided by the record.
    fn lifetime(&self, expires_at: Option<SystemTime>) -> Ttl {
        let Some(expires_at) = expires_at else {
            return Ttl::Never;
        };
        let left = expires_at.duration_since(self.clock.now());
        Ttl::After(left.unwrap_or_default().max(Duration::from_millis(1)))
    }

    /// Changes a key by what it holds: `decide` says what it holds then, if
    /// that is anything new, and the answer.
    async fn change<T>(
        &self,
        key: &str,
        decide: impl Fn(Option<&Held>, SystemTime) -> IdempotencyResult<(Change, T)>,
    ) -> IdempotencyResult<T> {
        validate_key(key)?;
        for _ in 0..ATTEMPTS_MAX {
            let read = self.read(key).await?;
            let (change, answer) = decide(read.as_ref().map(|(_, held)| held), self.clock.now())?;
            let old = read.map(|(stored, _)| stored);
            let swapped = match &change {
                Change::None => true,
                Change::Store(held) => self.swap(key, old, Some(held)).await?,
                Change::Remove => self.swap(key, old, None).await?,
            };
            if swapped {
                return Ok(answer);
            }
        }
        let reason = "too many others change the same key";
        Err(IdempotencyError::Unavailable(reason.into()))
    }

    async fn complete_by(&self, by: Completion<'_>, response: Bytes) -> IdempotencyResult<()> {
        self.change(by.key(), |held, now| {
            let completed =
                transition::complete(held, by, response.clone(), self.max_response, now)?;
            Ok((Change::Store(completed), ()))
        })
        .await
    }

    async fn purge(&self, limit: usize) -> IdempotencyResult<usize> {
        let (mut purged, mut after) = (0, None::<String>);
        loop {
            let mut request = ScanRequest::prefix(PREFIX).with_values();
            request.after = after.as_deref();
            let page = self.store.scan(request).await.map_err(unavailable)?;
            for entry in &page.entries {
                if purged == limit {
                    return Ok(purged);
                }
                let key = entry.key.strip_prefix(PREFIX).unwrap_or_default();
                let stored = entry.value.clone().unwrap_or_default();
                // What is no record is met by whoever asks for its key.
                let expired = codec::decode(key, &stored)
                    .is_some_and(|held| held.record.is_expired(self.clock.now()));
                if expired && self.swap(key, Some(stored), None).await? {
                    purged += 1;
                }
            }
            match page.next_after() {
                Some(next) => after = Some(next.to_owned()),
                None => return Ok(purged),
            }
        }
    }
}

/// What becomes of a key.
enum Change {
    None,
    Store(Held),
    Remove,
}

fn unavailable(error: KvError) -> IdempotencyError {
    IdempotencyError::Unavailable(Box::new(error))
}

/// A record that cannot be read may be one that counts: the operation must not
/// run.
fn malformed() -> IdempotencyError {
    IdempotencyError::InvalidRecord(super::RecordRule::Malformed)
}

impl IdempotencyStore for KvIdempotencyStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, IdempotencyResult<Option<Record>>> {
        Box::pin(async move {
            validate_key(key)?;
            let Some((stored, held)) = self.read(key).await? else {
                return Ok(None);
            };
            if held.record.is_expired(self.clock.now()) {
                // Somebody else may have removed or replaced it.
                drop(self.swap(key, Some(stored), None).await);
                return Ok(None);
            }
            Ok(Some(held.record))
        })
    }

    fn put_if_absent<'a>(&'a self, record: NewRecord) -> BoxFuture<'a, IdempotencyResult<bool>> {
        Box::pin(async move {
            let key = record.key.clone();
            self.change(&key, |held, now| {
                let put = transition::put_if_absent(held, record.clone(), self.max_response, now)?;
                Ok(put.map_or((Change::None, false), |held| (Change::Store(held), true)))
            })
            .await
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a str,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>> {
        Box::pin(self.complete_by(Completion::Key(key), response))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, IdempotencyResult<bool>> {
        Box::pin(self.change(key, |held, now| {
            Ok(match held {
                None => (Change::None, false),
                Some(held) => (Change::Remove, !held.record.is_expired(now)),
            })
        }))
    }
}

impl HashAwareStore for KvIdempotencyStore {
    fn complete_with_request_hash<'a>(
        &'a self,
        key: &'a str,
        request_hash: &'a str,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>> {
        Box::pin(self.complete_by(Completion::Hash { key, request_hash }, response))
    }
}

impl ClaimStore for KvIdempotencyStore {
    fn claim<'a>(&'a self, request: ClaimRequest<'a>) -> BoxFuture<'a, IdempotencyResult<Claim>> {
        Box::pin(async move {
            let owner = OwnerId::random()?;
            self.change(request.key, |held, now| {
                Ok(match transition::claim(held, &request, owner, now)? {
                    Claimed::Store(held, token) => (Change::Store(held), Claim::Won(token)),
                    Claimed::Answer(answer) => (Change::None, answer),
                })
            })
            .await
        })
    }

    fn complete_claim<'a>(
        &'a self,
        token: &'a ClaimToken,
        response: Bytes,
    ) -> BoxFuture<'a, IdempotencyResult<()>> {
        Box::pin(self.complete_by(Completion::Token(token), response))
    }

    fn renew<'a>(
        &'a self,
        token: &'a ClaimToken,
        lease: Duration,
    ) -> BoxFuture<'a, IdempotencyResult<()>> {
        Box::pin(self.change(token.key(), move |held, now| {
            Ok((
                Change::Store(transition::renew(held, token, lease, now)?),
                (),
            ))
        }))
    }

    fn release<'a>(&'a self, token: &'a ClaimToken) -> BoxFuture<'a, IdempotencyResult<()>> {
        Box::pin(self.change(token.key(), |held, now| {
            transition::release(held, token, now)?;
            Ok((Change::Remove, ()))
        }))
    }

    fn purge_expired<'a>(&'a self, limit: usize) -> BoxFuture<'a, IdempotencyResult<usize>> {
        Box::pin(self.purge(limit))
    }

    fn shared(&self) -> bool {
        self.shared
    }
}

impl fmt::Debug for KvIdempotencyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KvIdempotencyStore")
            .field("store", &self.store)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
