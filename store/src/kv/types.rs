//! What the operations of a key/value store take and give.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::Serialize;

use super::KvError;

/// Most entries of one page of a scan.
pub const SCAN_LIMIT_MAX: usize = 10_000;

/// Entries of one page, unless asked otherwise.
pub const SCAN_LIMIT_DEFAULT: usize = 1_000;

/// Bytes an entry counts beyond its key and value.
pub const ENTRY_OVERHEAD_BYTES: u64 = 64;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It has a value.
    Found {
        /// The value; may be empty.
        value: Bytes,
        /// When it expires; `None` is never.
        expires_at: Option<SystemTime>,
        /// When it was last written.
        updated_at: SystemTime,
    },
    /// It had a value, which has expired and not been removed yet.
    Expired {
        /// When it expired.
        at: SystemTime,
    },
    /// It has no value.
    Missing,
}

impl Lookup {
    /// The value, if there is one that has not expired.
    #[must_use]
    pub fn into_value(self) -> Option<Bytes> {
        match self {
            Self::Found { value, .. } => Some(value),
            Self::Expired { .. } | Self::Missing => None,
        }
    }
}

/// Which entries a page shall hold.
///
/// ```
/// use plumego_store::kv::ScanRequest;
///
/// let page = ScanRequest::prefix("user/").after("user/17").limit(50).with_values();
/// assert_eq!((page.limit, page.with_values), (50, true));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ScanRequest<'a> {
    /// What the keys begin with; empty is every key.
    pub prefix: &'a str,
    /// Only keys behind this one.
    pub after: Option<&'a str>,
    /// Most entries to return, 1 to 10 000.
    pub limit: usize,
    /// Whether values are wanted.
    pub with_values: bool,
}

impl<'a> ScanRequest<'a> {
    /// The first page of 1 000 keys that begin with `prefix`.
    #[must_use]
    pub const fn prefix(prefix: &'a str) -> Self {
        Self {
            prefix,
            after: None,
            limit: SCAN_LIMIT_DEFAULT,
            with_values: false,
        }
    }

    /// Begins behind `key`, which need not exist.
    #[must_use]
    pub const fn after(mut self, key: &'a str) -> Self {
        self.after = Some(key);
        self
    }

    /// Most entries to return, 1 to 10 000.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Returns values, too.
    #[must_use]
    pub const fn with_values(mut self) -> Self {
        self.with_values = true;
        self
    }

    /// Checks the limit and the keys of the request, as every adapter must.
    ///
    /// # Errors
    ///
    /// `InvalidKey` or `KeyTooLong` for prefix or start, `InvalidConfig` for a
    /// limit out of range.
    pub fn check(&self, key_bytes_max: usize) -> Result<(), KvError> {
        crate::key::check_prefix(self.prefix, key_bytes_max)?;
        if let Some(after) = self.after {
            crate::check_key(after, key_bytes_max)?;
        }
        if (1..=SCAN_LIMIT_MAX).contains(&self.limit) {
            Ok(())
        } else {
            Err(KvError::config(format!(
                "a page of {} entries is out of range: ask for 1 to {SCAN_LIMIT_MAX}",
                self.limit
            )))
        }
    }
}

/// One entry of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanEntry {
    /// Its key.
    pub key: String,
    /// Its value, if values were asked for.
    pub value: Option<Bytes>,
    /// When it expires; `None` is never.
    pub expires_at: Option<SystemTime>,
}

impl ScanEntry {
    /// An entry, as adapters make it.
    #[must_use]
    pub const fn new(key: String, value: Option<Bytes>, expires_at: Option<SystemTime>) -> Self {
        Self {
            key,
            value,
            expires_at,
        }
    }
}

/// Live entries in byte order of their keys: one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanPage {
    /// The entries.
    pub entries: Vec<ScanEntry>,
    /// Whether more entries lie behind; the next page begins after the last
    /// key of this one.
    pub more: bool,
}

impl ScanPage {
    /// A page, as adapters make it.
    #[must_use]
    pub const fn new(entries: Vec<ScanEntry>, more: bool) -> Self {
        Self { entries, more }
    }

    /// Where the next page begins; `None` if this was the last.
    #[must_use]
    pub fn next_after(&self) -> Option<&str> {
        self.more
            .then(|| self.entries.last().map(|entry| entry.key.as_str()))
            .flatten()
    }
}

/// What a store counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct KvStats {
    /// Live entries.
    pub entries: u64,
    /// Reads that found a value.
    pub hits: u64,
    /// Reads that found none. A read with an invalid key is neither.
    pub misses: u64,
    /// Hits of all reads; 0 without reads.
    pub hit_ratio: f64,
    /// Bytes of keys and values of live entries, and 64 for each.
    pub memory_usage: u64,
    /// Entries that have expired and are not removed yet.
    pub expired: u64,
    /// Entries removed to make room, since the store was opened.
    pub evictions: u64,
    /// Bytes on the medium; 0 where there is none.
    pub file_bytes: u64,
    /// Commits since the store was opened.
    pub commits: u64,
    /// Operations that shared a commit, on average; 0 without commits.
    pub group_commit_mean: f64,
}

impl KvStats {
    /// Fills in the reads and their ratio.
    pub(crate) fn set_reads(&mut self, hits: u64, misses: u64) {
        self.hits = hits;
        self.misses = misses;
        let all = hits + misses;
        self.hit_ratio = if all == 0 {
            0.0
        } else {
            hits as f64 / all as f64
        };
    }
}

/// What is promised of a write that was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DurabilityClass {
    /// It survives the end of the process and of the power.
    Synced,
    /// It survives the end of the process. When the power ends, at most the
    /// acknowledged writes of this long are lost: always the last ones, never
    /// one in between.
    Interval(Duration),
    /// It may be lost when the process ends.
    Volatile,
}
