//! Key/value stores: the contract, and stores that need no server.
//!
//! A store keeps bytes under keys, in byte order of the keys, each with an
//! optional lifetime. Reads never write; writes are atomic; what a write
//! promises once it is acknowledged is the store's [`DurabilityClass`].
//!
//! ```
//! use plumego_store::Ttl;
//! use plumego_store::kv::{KvStore, KvStoreExt, ScanRequest, WriteBatch};
//!
//! async fn rename(store: &dyn KvStore, id: u64, name: &str) -> Result<(), plumego_store::kv::KvError> {
//!     let key = format!("user/{id}");
//!     let Some(old) = store.get(&key).await? else { return Ok(()) };
//!     // Both writes, or neither; and only if nobody renamed the user meanwhile.
//!     let batch = WriteBatch::new()
//!         .require_equals(&*key, old)
//!         .put(&*key, name.to_owned(), Ttl::Never)
//!         .put(format!("renamed/{id}"), "", Ttl::Never);
//!     store.write(batch).await
//! }
//! ```

mod apply;
mod batch;
mod directory;
mod embedded;
mod error;
mod ext;
mod memory;
mod record;
#[cfg(feature = "kv-sqlite")]
mod sqlite;
mod types;

use std::fmt;

use bytes::Bytes;

pub use apply::Capacity;
pub use batch::{BATCH_BYTES_MAX, BATCH_OPERATIONS_MAX, BatchOperation, Precondition, WriteBatch};
pub use embedded::{EmbeddedKv, EmbeddedKvOptions, SalvageReport, SyncPolicy, salvage};
pub use error::KvError;
pub use ext::{Keys, KvStoreExt};
pub use memory::{MemoryKv, MemoryKvOptions};
#[cfg(feature = "kv-sqlite")]
pub use sqlite::{SqliteKv, SqliteKvOptions};
pub use types::{
    DurabilityClass, ENTRY_OVERHEAD_BYTES, KvStats, Lookup, SCAN_LIMIT_DEFAULT, SCAN_LIMIT_MAX,
    ScanEntry, ScanPage, ScanRequest,
};

use self::apply::Command;
#[cfg(feature = "idempotency")]
pub(crate) use self::record::{nanos, system_time};
use crate::{BoxFuture, Ttl, check_key};

/// What an operation of a store gives.
pub type KvResult<T> = Result<T, KvError>;

/// A store of bytes under ordered keys.
///
/// Every operation checks its keys, those that read as well. An expired entry
/// is invisible to all but [`lookup`](Self::lookup). Dropping the future of a
/// write before it was committed leaves the store as it was; afterwards the
/// write is wholly there. [`Ttl::Default`] means never.
#[expect(clippy::len_without_is_empty, reason = "`KvStoreExt` has it")]
pub trait KvStore: Send + Sync + fmt::Debug + 'static {
    /// The live value of a key.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<Option<Bytes>>>;

    /// All that is known of a key, telling expired from missing.
    fn lookup<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<Lookup>>;

    /// Stores a value and its lifetime, replacing both.
    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Ttl) -> BoxFuture<'a, KvResult<()>>;

    /// Removes a key; true if there was an entry, even an expired one.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<bool>>;

    /// Whether a key has a live value.
    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<bool>>;

    /// One page of live entries, in byte order of their keys. A page is one
    /// snapshot; a later page may show later writes.
    fn scan<'a>(&'a self, request: ScanRequest<'a>) -> BoxFuture<'a, KvResult<ScanPage>>;

    /// Stores a value if the key has none; true if it was stored.
    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        ttl: Ttl,
    ) -> BoxFuture<'a, KvResult<bool>>;

    /// Replaces what a key has, if that is `expected`; true if it was. `None`
    /// stands for no live value: as `expected` it creates, as `value` it
    /// removes.
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Bytes>,
        value: Option<Bytes>,
        ttl: Ttl,
    ) -> BoxFuture<'a, KvResult<bool>>;

    /// Writes all of a batch, or nothing.
    fn write<'a>(&'a self, batch: WriteBatch) -> BoxFuture<'a, KvResult<()>>;

    /// How many live entries there are.
    fn len<'a>(&'a self) -> BoxFuture<'a, KvResult<u64>>;

    /// Counts, for dashboards.
    fn stats<'a>(&'a self) -> BoxFuture<'a, KvResult<KvStats>>;

    /// What is promised of a write that was acknowledged.
    fn durability(&self) -> DurabilityClass;

    /// Waits for writes in flight, then refuses everything. Closing again does
    /// nothing. Dropping a store closes it, too.
    fn close<'a>(&'a self) -> BoxFuture<'a, KvResult<()>>;
}

/// Checks the bounds of a store.
fn check_bounds(max_entries: u64, max_memory: u64, max_key_length: usize) -> KvResult<()> {
    if max_entries == 0 || max_memory == 0 {
        return Err(KvError::config("a store must be allowed to hold something"));
    }
    if !(1..=64 << 10).contains(&max_key_length) {
        return Err(KvError::config(
            "the longest key must have 1 byte to 64 KiB",
        ));
    }
    Ok(())
}

/// A checked `set`.
fn set_command(key: &str, value: Bytes, ttl: Ttl, key_bytes_max: usize) -> KvResult<Command> {
    check_key(key, key_bytes_max)?;
    Ok(Command::Set {
        key: key.to_owned(),
        value,
        ttl: ttl.check()?,
    })
}

/// A checked `compare_and_swap`.
fn swap_command(
    key: &str,
    expected: Option<Bytes>,
    value: Option<Bytes>,
    ttl: Ttl,
    key_bytes_max: usize,
) -> KvResult<Command> {
    check_key(key, key_bytes_max)?;
    Ok(Command::CompareAndSwap {
        key: key.to_owned(),
        expected,
        value,
        ttl: ttl.check()?,
    })
}
