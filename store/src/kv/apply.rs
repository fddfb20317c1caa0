//! What the operations mean, once, for every engine.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::record::{Meta, Nanos, deadline};
use super::{BatchOperation, ENTRY_OVERHEAD_BYTES, KvError, KvResult, Precondition, WriteBatch};
use crate::{KeyExcerpt, Ttl};

/// Expired entries removed at one time.
const PURGE_BATCH: usize = 1_000;

/// What a full store does with a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capacity {
    /// It refuses. Nothing durable is dropped silently.
    #[default]
    Reject,
    /// It removes what was written longest ago, and counts it.
    EvictOldest,
}

/// The bounds of a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_entries: u64,
    pub(crate) max_memory: u64,
    pub(crate) capacity: Capacity,
}

/// What a store holds, expired entries included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) entries: u64,
    /// Keys, values, and 64 for each entry.
    pub(crate) bytes: u64,
}

/// Bytes an entry counts.
pub(crate) fn weight(key: &str, value_len: usize) -> u64 {
    key.len() as u64 + value_len as u64 + ENTRY_OVERHEAD_BYTES
}

/// An entry that is there.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) meta: Meta,
    pub(crate) value: Bytes,
}

/// The state of a store within one atomic change. An error leaves it unusable:
/// the change is given up.
pub(crate) trait Draft {
    fn get(&self, key: &str) -> KvResult<Option<Stored>>;

    /// Stores an entry; `old` is the one it replaces.
    fn put(&mut self, key: &str, new: &Stored, old: Option<&Stored>) -> KvResult<()>;

    fn remove(&mut self, key: &str, old: &Stored) -> KvResult<()>;

    fn totals(&self) -> KvResult<Totals>;

    /// Keys of at most `limit` expired entries, those that expired first.
    fn expired(&self, now: Nanos, limit: usize) -> KvResult<Vec<String>>;

    /// Keys of at most `limit` entries, those that were written first.
    fn oldest(&mut self, limit: usize) -> KvResult<Vec<String>>;

    /// A number above that of every earlier write.
    fn next_version(&mut self) -> u64;
}

/// A change that somebody asked for. Keys and lifetimes are checked.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Set {
        key: String,
        value: Bytes,
        ttl: Ttl,
    },
    Delete {
        key: String,
    },
    CompareAndSwap {
        key: String,
        expected: Option<Bytes>,
        value: Option<Bytes>,
        ttl: Ttl,
    },
    Write(WriteBatch),
    /// Removes at most this many expired entries.
    Sweep(usize),
}

/// What a change came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The answer: whether there was an entry, or whether the swap happened.
    pub(crate) flag: bool,
    /// Whether anything is different now.
    pub(crate) changed: bool,
    /// Entries removed to make room.
    pub(crate) evicted: u64,
    /// Expired entries removed.
    pub(crate) purged: u64,
}

/// What becomes of a key.
struct New {
    value: Bytes,
    ttl: Ttl,
}

/// Carries out one change. When it is refused, the state is as before, but for
/// expired entries that were removed to make room.
pub(crate) fn apply<D: Draft>(
    draft: &mut D,
    command: Command,
    limits: &Limits,
    now: Nanos,
) -> KvResult<Outcome> {
    match command {
        Command::Set { key, value, ttl } => {
            change(draft, [(key, Some(New { value, ttl }))].into(), limits, now)
        }
        Command::Delete { key } => {
            let Some(old) = draft.get(&key)? else {
                return Ok(Outcome::default());
            };
            draft.remove(&key, &old)?;
            Ok(Outcome {
                flag: true,
                changed: true,
                ..Outcome::default()
            })
        }
        Command::CompareAndSwap {
            key,
            expected,
            value,
            ttl,
        } => {
            let live = draft.get(&key)?.filter(|old| !old.meta.is_expired(now));
            if live.map(|old| old.value) != expected {
                return Ok(Outcome::default());
            }
            let value = value.map(|value| New { value, ttl });
            let outcome = change(draft, [(key, value)].into(), limits, now)?;
            Ok(Outcome {
                flag: true,
                ..outcome
            })
        }
        Command::Write(batch) => write(draft, &batch, limits, now),
        Command::Sweep(limit) => {
            let purged = purge(draft, now, limit)?;
            Ok(Outcome {
                changed: purged > 0,
                purged,
                ..Outcome::default()
            })
        }
    }
}

fn write<D: Draft>(
    draft: &mut D,
    batch: &WriteBatch,
    limits: &Limits,
    now: Nanos,
) -> KvResult<Outcome> {
    for (index, precondition) in batch.preconditions().iter().enumerate() {
        check(draft, index, precondition, now)?;
    }
    // The last operation for a key is the one that counts.
    let mut changes = BTreeMap::new();
    for operation in batch.operations() {
        match operation {
            BatchOperation::Put { key, value, ttl } => {
                let new = New {
                    value: value.clone(),
                    ttl: *ttl,
                };
                changes.insert(key.clone(), Some(new));
            }
            BatchOperation::Delete { key } => drop(changes.insert(key.clone(), None)),
        }
    }
    change(draft, changes, limits, now)
}

fn check<D: Draft>(
    draft: &D,
    index: usize,
    precondition: &Precondition,
    now: Nanos,
) -> KvResult<()> {
    let live = draft
        .get(precondition.key())?
        .filter(|old| !old.meta.is_expired(now));
    if precondition.holds(live.as_ref().map(|old| &*old.value)) {
        return Ok(());
    }
    Err(KvError::PreconditionFailed {
        index,
        key: KeyExcerpt::of(precondition.key()),
    })
}

/// Puts and removes entries, all or none.
fn change<D: Draft>(
    draft: &mut D,
    changes: BTreeMap<String, Option<New>>,
    limits: &Limits,
    now: Nanos,
) -> KvResult<Outcome> {
    for (key, new) in &changes {
        let size = new.as_ref().map_or(0, |new| weight(key, new.value.len()));
        if size > limits.max_memory {
            return Err(KvError::ValueTooLarge {
                size,
                limit: limits.max_memory,
            });
        }
    }
    check_alone(&changes, limits)?;
    let mut outcome = make_room(draft, &changes, limits, now)?;
    for (key, new) in changes {
        let old = draft.get(&key)?;
        match (new, old) {
            (Some(new), old) => {
                let meta = Meta {
                    expires_at: new.ttl.resolve(None).map(|ttl| deadline(now, ttl)),
                    updated_at: now,
                    version: draft.next_version(),
                };
                let new = Stored {
                    meta,
                    value: new.value,
                };
                draft.put(&key, &new, old.as_ref())?;
            }
            (None, Some(old)) => draft.remove(&key, &old)?,
            (None, None) => continue,
        }
        outcome.changed = true;
    }
    Ok(outcome)
}

/// Refuses what would not fit into an empty store, before room is made for it
/// in vain.
fn check_alone(changes: &BTreeMap<String, Option<New>>, limits: &Limits) -> KvResult<()> {
    let mut alone = Totals::default();
    for (key, new) in changes {
        if let Some(new) = new {
            alone.entries += 1;
            alone.bytes += weight(key, new.value.len());
        }
    }
    if alone.entries <= limits.max_entries && alone.bytes <= limits.max_memory {
        return Ok(());
    }
    Err(full(alone, limits))
}

fn full(totals: Totals, limits: &Limits) -> KvError {
    KvError::CapacityExceeded {
        entries: totals.entries,
        entries_max: limits.max_entries,
        bytes: totals.bytes,
        bytes_max: limits.max_memory,
    }
}

/// How the totals would change.
fn growth<D: Draft>(draft: &D, changes: &BTreeMap<String, Option<New>>) -> KvResult<(i64, i64)> {
    let (mut entries, mut bytes) = (0_i64, 0_i64);
    // No store holds 2^63 bytes.
    let signed = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
    for (key, new) in changes {
        if let Some(old) = draft.get(key)? {
            entries -= 1;
            bytes = bytes.saturating_sub(signed(weight(key, old.value.len())));
        }
        if let Some(new) = new {
            entries += 1;
            bytes = bytes.saturating_add(signed(weight(key, new.value.len())));
        }
    }
    Ok((entries, bytes))
}

/// Makes sure that the changes fit: expired entries go first, then, if that is
/// the policy, the oldest. What does not grow a bound is let through, however
/// full the store is.
fn make_room<D: Draft>(
    draft: &mut D,
    changes: &BTreeMap<String, Option<New>>,
    limits: &Limits,
    now: Nanos,
) -> KvResult<Outcome> {
    let mut outcome = Outcome::default();
    loop {
        let (entries, bytes) = growth(draft, changes)?;
        let totals = draft.totals()?;
        let after = Totals {
            entries: totals.entries.saturating_add_signed(entries),
            bytes: totals.bytes.saturating_add_signed(bytes),
        };
        let fits = (entries <= 0 || after.entries <= limits.max_entries)
            && (bytes <= 0 || after.bytes <= limits.max_memory);
        if fits {
            return Ok(outcome);
        }
        let purged = purge(draft, now, PURGE_BATCH)?;
        if purged > 0 {
            outcome.purged += purged;
            outcome.changed = true;
            continue;
        }
        let evicted = match limits.capacity {
            Capacity::Reject => 0,
            Capacity::EvictOldest => {
                let over = Totals {
                    entries: after.entries.saturating_sub(limits.max_entries),
                    bytes: after.bytes.saturating_sub(limits.max_memory),
                };
                evict(draft, changes, over)?
            }
        };
        if evicted == 0 {
            return Err(full(after, limits));
        }
        outcome.evicted += evicted;
        outcome.changed = true;
    }
}

fn purge<D: Draft>(draft: &mut D, now: Nanos, limit: usize) -> KvResult<u64> {
    let keys = draft.expired(now, limit)?;
    for key in &keys {
        if let Some(old) = draft.get(key)? {
            draft.remove(key, &old)?;
        }
    }
    Ok(keys.len() as u64)
}

/// Removes the oldest entries that are not about to be changed anyway, until
/// `over` is made up for or a batch is done; how many.
fn evict<D: Draft>(
    draft: &mut D,
    changes: &BTreeMap<String, Option<New>>,
    over: Totals,
) -> KvResult<u64> {
    let keys = draft.oldest(changes.len() + PURGE_BATCH)?;
    let mut freed = Totals::default();
    for key in keys.iter().filter(|key| !changes.contains_key(*key)) {
        if freed.entries >= over.entries && freed.bytes >= over.bytes {
            break;
        }
        if let Some(old) = draft.get(key)? {
            draft.remove(key, &old)?;
            freed.entries += 1;
            freed.bytes += weight(key, old.value.len());
        }
    }
    Ok(freed.entries)
}
