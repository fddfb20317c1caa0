//! Several writes as one.

use bytes::Bytes;

use super::KvError;
use crate::{KeyExcerpt, Ttl, check_key};

/// Most operations and preconditions of one batch.
pub const BATCH_OPERATIONS_MAX: usize = 10_000;

/// Most bytes of keys and values of one batch.
pub const BATCH_BYTES_MAX: usize = 16 << 20;

/// One write of a batch.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchOperation {
    /// Stores a value.
    Put {
        /// The key.
        key: String,
        /// The value.
        value: Bytes,
        /// How long it lives.
        ttl: Ttl,
    },
    /// Removes a key, if it is there.
    Delete {
        /// The key.
        key: String,
    },
}

/// What must hold before the first write of a batch.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precondition {
    /// The key has no live value.
    Absent {
        /// The key.
        key: String,
    },
    /// The key has exactly this value.
    Equals {
        /// The key.
        key: String,
        /// The value.
        value: Bytes,
    },
    /// The key has some live value.
    Exists {
        /// The key.
        key: String,
    },
}

impl Precondition {
    /// The key it is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Absent { key } | Self::Equals { key, .. } | Self::Exists { key } => key,
        }
    }

    /// Whether it holds when the key has `live`.
    #[must_use]
    pub fn holds(&self, live: Option<&[u8]>) -> bool {
        match self {
            Self::Absent { .. } => live.is_none(),
            Self::Equals { value, .. } => live == Some(value),
            Self::Exists { .. } => live.is_some(),
        }
    }
}

/// Writes that happen together or not at all.
///
/// Operations apply in order, so that the last one for a key wins.
/// Preconditions look at the state before the first.
///
/// ```
/// use plumego_store::Ttl;
/// use plumego_store::kv::WriteBatch;
///
/// let transfer = WriteBatch::new()
///     .require_equals("balance/a", "10")
///     .put("balance/a", "4", Ttl::Never)
///     .put("balance/b", "6", Ttl::Never)
///     .delete("pending/a");
/// assert_eq!(transfer.operations().len(), 3);
/// ```
#[derive(Clone, Default)]
pub struct WriteBatch {
    operations: Vec<BatchOperation>,
    preconditions: Vec<Precondition>,
    bytes: usize,
}

impl WriteBatch {
    /// A batch that does nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores a value.
    #[must_use]
    pub fn put(mut self, key: impl Into<String>, value: impl Into<Bytes>, ttl: Ttl) -> Self {
        let (key, value) = (key.into(), value.into());
        self.bytes = self.bytes.saturating_add(key.len() + value.len());
        self.operations
            .push(BatchOperation::Put { key, value, ttl });
        self
    }

    /// Removes a key, if it is there.
    #[must_use]
    pub fn delete(mut self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.bytes = self.bytes.saturating_add(key.len());
        self.operations.push(BatchOperation::Delete { key });
        self
    }

    /// Refuses the batch unless the key has no live value.
    #[must_use]
    pub fn require_absent(self, key: impl Into<String>) -> Self {
        self.require(Precondition::Absent { key: key.into() })
    }

    /// Refuses the batch unless the key has this value.
    #[must_use]
    pub fn require_equals(self, key: impl Into<String>, value: impl Into<Bytes>) -> Self {
        let (key, value) = (key.into(), value.into());
        self.require(Precondition::Equals { key, value })
    }

    /// Refuses the batch unless the key has a live value.
    #[must_use]
    pub fn require_exists(self, key: impl Into<String>) -> Self {
        self.require(Precondition::Exists { key: key.into() })
    }

    fn require(mut self, precondition: Precondition) -> Self {
        let value_len = match &precondition {
            Precondition::Equals { value, .. } => value.len(),
            Precondition::Absent { .. } | Precondition::Exists { .. } => 0,
        };
        self.bytes = self
            .bytes
            .saturating_add(precondition.key().len() + value_len);
        self.preconditions.push(precondition);
        self
    }

    /// The writes, in order.
    #[must_use]
    pub fn operations(&self) -> &[BatchOperation] {
        &self.operations
    }

    /// What must hold before.
    #[must_use]
    pub fn preconditions(&self) -> &[Precondition] {
        &self.preconditions
    }

    /// Bytes of its keys and values.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it neither writes nor requires anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.preconditions.is_empty()
    }

    /// Checks size, keys and lifetimes, as every adapter must before it begins.
    ///
    /// # Errors
    ///
    /// `BatchTooLarge`, `InvalidKey`, `KeyTooLong` or `InvalidTtl`.
    pub fn check(&self, key_bytes_max: usize) -> Result<(), KvError> {
        let operations = self.operations.len() + self.preconditions.len();
        if operations > BATCH_OPERATIONS_MAX || self.bytes > BATCH_BYTES_MAX {
            return Err(KvError::BatchTooLarge {
                operations,
                bytes: self.bytes,
            });
        }
        for operation in &self.operations {
            match operation {
                BatchOperation::Put { key, ttl, .. } => {
                    check_key(key, key_bytes_max)?;
                    ttl.check()?;
                }
                BatchOperation::Delete { key } => check_key(key, key_bytes_max)?,
            }
        }
        for precondition in &self.preconditions {
            check_key(precondition.key(), key_bytes_max)?;
        }
        Ok(())
    }
}

/// Values may be secrets: only numbers are shown.
impl std::fmt::Debug for WriteBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteBatch")
            .field("operations", &self.operations.len())
            .field("preconditions", &self.preconditions.len())
            .field("bytes", &self.bytes)
            .finish()
    }
}

impl std::fmt::Debug for BatchOperation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, key) = match self {
            Self::Put { key, .. } => ("Put", key),
            Self::Delete { key } => ("Delete", key),
        };
        f.debug_struct(name)
            .field("key", &KeyExcerpt::of(key))
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Precondition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Absent { .. } => "Absent",
            Self::Equals { .. } => "Equals",
            Self::Exists { .. } => "Exists",
        };
        f.debug_struct(name)
            .field("key", &KeyExcerpt::of(self.key()))
            .finish_non_exhaustive()
    }
}
