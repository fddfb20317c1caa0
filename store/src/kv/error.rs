//! What can go wrong in a key/value store.

use std::io;
use std::path::PathBuf;

use crate::{BoxError, InvalidTtl, KeyError, KeyExcerpt};

/// Why a key/value operation failed.
///
/// Texts name sizes, limits and the beginning of keys, never a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KvError {
    /// The key is empty or holds a control byte.
    #[error("kv: {0}")]
    InvalidKey(#[source] KeyError),
    /// The key is longer than the store takes.
    #[error("kv: {0}")]
    KeyTooLong(#[source] KeyError),
    /// The lifetime is zero.
    #[error("kv: {0}")]
    InvalidTtl(#[source] InvalidTtl),
    /// One entry is larger than the whole store may be.
    #[error("kv: an entry of {size} bytes does not fit into a store of {limit} bytes")]
    ValueTooLarge {
        /// Bytes the entry would take: key, value, and 64.
        size: u64,
        /// The bound of the store.
        limit: u64,
    },
    /// The store has no room, expired entries already removed.
    #[error(
        "kv: the store is full ({entries} of {entries_max} entries, {bytes} of {bytes_max} bytes): \
         delete entries or raise the bound"
    )]
    CapacityExceeded {
        /// Entries it would hold.
        entries: u64,
        /// Entries it may hold.
        entries_max: u64,
        /// Bytes it would hold: keys, values, and 64 for each entry.
        bytes: u64,
        /// Bytes it may hold.
        bytes_max: u64,
    },
    /// The batch has more operations or bytes than one may.
    #[error(
        "kv: a batch of {operations} operations and {bytes} bytes is too large: split it into \
         batches of at most {} operations and {} bytes",
        super::BATCH_OPERATIONS_MAX,
        super::BATCH_BYTES_MAX
    )]
    BatchTooLarge {
        /// Operations and preconditions of the batch.
        operations: usize,
        /// Bytes of its keys and values.
        bytes: usize,
    },
    /// A precondition of a batch does not hold; nothing was written.
    #[error("kv: the state of key \"{key}\" is not what the batch requires")]
    PreconditionFailed {
        /// Which precondition, in the order they were added.
        index: usize,
        /// The beginning of its key.
        key: KeyExcerpt,
    },
    /// There is no such key; only from
    /// [`remove_required`](super::KvStoreExt::remove_required).
    #[error("kv: there is no key \"{key}\"")]
    NotFound {
        /// The beginning of the key.
        key: KeyExcerpt,
    },
    /// A setting, or the argument of a call, is out of its range.
    #[error("kv: {detail}")]
    InvalidConfig {
        /// What to change.
        detail: String,
    },
    /// What is stored is damaged. It is left as it is.
    #[error("kv: {} is damaged ({detail}): restore a backup, or salvage what can be read", path.display())]
    CorruptState {
        /// Where it is stored.
        path: PathBuf,
        /// What does not hold.
        detail: String,
        /// What noticed it.
        source: Option<BoxError>,
    },
    /// It was written in a newer form than this version knows.
    #[error("kv: {} has format {found}, newer than the {known} this version reads: upgrade", path.display())]
    NewerFormat {
        /// Where it is stored.
        path: PathBuf,
        /// The version it says.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// Another store, here or in another process, has it open.
    #[error("kv: {} is open already: close the other store first", path.display())]
    AlreadyOpen {
        /// Where it is stored.
        path: PathBuf,
    },
    /// The medium refused. Nothing that was acknowledged is lost.
    #[error("kv: {op} failed")]
    Io {
        /// What was tried.
        op: &'static str,
        /// What the medium said.
        source: io::Error,
    },
    /// The backend cannot be reached, or answered with an error of its own.
    #[error("kv: the backend is unavailable")]
    Unavailable(#[source] BoxError),
    /// The store was opened for reading only.
    #[error("kv: the store is open for reading only")]
    ReadOnly,
    /// An earlier sync failed, so that nothing written now could be promised.
    /// Reads go on from the last committed state.
    #[error("kv: an earlier sync failed: reopen the store to write again")]
    Poisoned,
    /// The store is closed.
    #[error("kv: the store is closed")]
    Closed,
}

impl KvError {
    /// The kind in snake case, for logs and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InvalidKey(_) => "invalid_key",
            Self::KeyTooLong(_) => "key_too_long",
            Self::InvalidTtl(_) => "invalid_ttl",
            Self::ValueTooLarge { .. } => "value_too_large",
            Self::CapacityExceeded { .. } => "capacity_exceeded",
            Self::BatchTooLarge { .. } => "batch_too_large",
            Self::PreconditionFailed { .. } => "precondition_failed",
            Self::NotFound { .. } => "not_found",
            Self::InvalidConfig { .. } => "invalid_config",
            Self::CorruptState { .. } => "corrupt_state",
            Self::NewerFormat { .. } => "newer_format",
            Self::AlreadyOpen { .. } => "already_open",
            Self::Io { .. } => "io",
            Self::Unavailable(_) => "unavailable",
            Self::ReadOnly => "read_only",
            Self::Poisoned => "poisoned",
            Self::Closed => "closed",
        }
    }

    /// A setting out of range.
    pub(crate) fn config(detail: impl Into<String>) -> Self {
        Self::InvalidConfig {
            detail: detail.into(),
        }
    }
}

impl From<KeyError> for KvError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::TooLong { .. } => Self::KeyTooLong(error),
            KeyError::Invalid { .. } => Self::InvalidKey(error),
        }
    }
}

impl From<InvalidTtl> for KvError {
    fn from(error: InvalidTtl) -> Self {
        Self::InvalidTtl(error)
    }
}
