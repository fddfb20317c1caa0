//! A store in one file.

mod copy;
mod database;
mod engine;
mod files;
mod journal;
mod medium;
mod options;
mod queue;
mod salvage;
mod shared;
mod tables;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use bytes::Bytes;
use tokio::sync::oneshot;

pub use options::{EmbeddedKvOptions, SyncPolicy};
pub use salvage::{SalvageReport, salvage};

use self::engine::Engine;
use self::queue::Task;
use self::shared::Shared;
use self::tables::Snapshot;
use self::writer::Writer;
use super::apply::{Command, Outcome};
use super::{
    DurabilityClass, KvError, KvResult, KvStats, KvStore, Lookup, ScanPage, ScanRequest,
    WriteBatch, set_command, swap_command,
};
use crate::disk::{Disk, SystemDisk};
use crate::{BoxFuture, Ttl, blocking, check_key};

/// A durable store in one file, for one process at a time.
///
/// The file is `store.redb`, in a directory of its own. A write that was
/// acknowledged survives the end of the process and of the power, unless
/// [`SyncPolicy`] says otherwise. Readers never wait for writers; writes that
/// come together share one sync. When a sync fails, nothing written since can
/// be promised: the store refuses writes until it is opened again, and reads
/// on. When the disk is full, writes fail until there is room.
///
/// ```
/// use plumego_store::Ttl;
/// use plumego_store::kv::{EmbeddedKvOptions, KvStore};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), plumego_store::kv::KvError> {
/// # let directory = tempfile::tempdir().unwrap();
/// # let data_dir = directory.path().join("kv");
/// let store = EmbeddedKvOptions::new(&data_dir).open().await?;
/// store.set("greeting", "hello".into(), Ttl::Never).await?;
/// store.close().await?;
///
/// let store = EmbeddedKvOptions::new(&data_dir).open().await?;
/// assert_eq!(store.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
/// # Ok(())
/// # }
/// ```
///
/// Dropping it closes it in the background; the file is free a moment later.
/// [`close`](KvStore::close) waits for that.
pub struct EmbeddedKv {
    shared: Arc<Shared>,
}

impl EmbeddedKv {
    fn start(options: EmbeddedKvOptions, disk: Arc<dyn Disk>) -> KvResult<Self> {
        let engine = Engine::open(&options, disk)?;
        let shared = Arc::new(Shared::new(options, engine.place.clone()));
        shared.show(engine.snapshot()?, engine.file_bytes());
        let writer = Writer::new(shared.clone(), engine);
        spawn("kv-writer", move || {
            let _end = End(writer.shared());
            // Whoever closes the store learns from the next start what went
            // wrong: nothing acknowledged is lost.
            writer.run()
        })?;
        let warm = shared.clone();
        spawn("kv-warm", move || warm.warm())?;
        Ok(Self { shared })
    }

    /// Writes a copy of the store as it is now into a directory, where it can
    /// be opened. Reads and writes go on meanwhile. The copy is verified, and
    /// appears as a whole.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` if there is a store already; else `Io` or
    /// `CorruptState`, and nothing appears.
    pub async fn backup(&self, directory: impl Into<PathBuf>) -> KvResult<()> {
        let directory = directory.into();
        self.backup_with(move || {
            let disk = SystemDisk::create(directory);
            let disk = disk.map_err(|source| KvError::Io {
                op: "opening the directory of the backup",
                source,
            })?;
            Ok(Arc::new(disk))
        })
        .await
    }

    /// Writes a copy of the store to another disk, as [`backup`](Self::backup)
    /// does.
    ///
    /// # Errors
    ///
    /// As [`backup`](Self::backup).
    pub async fn backup_to(&self, disk: Arc<dyn Disk>) -> KvResult<()> {
        self.backup_with(move || Ok(disk)).await
    }

    async fn backup_with(
        &self,
        disk: impl FnOnce() -> KvResult<Arc<dyn Disk>> + Send + 'static,
    ) -> KvResult<()> {
        let shared = self.shared.clone();
        off_worker(move || {
            let disk = disk()?;
            shared.read(|snapshot| copy::backup(snapshot, &shared.place, &*disk))
        })
        .await
    }

    /// Reads every page of the file and checks every checksum. Writes wait
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// `CorruptState` if anything is damaged.
    pub async fn verify(&self) -> KvResult<()> {
        self.task(Task::Verify).await
    }

    /// Writes the store anew, without what was freed. Writes wait meanwhile;
    /// the disk has to have room for both.
    ///
    /// # Errors
    ///
    /// `Io` if there is no room; the store then is as it was. `ReadOnly`.
    pub async fn compact(&self) -> KvResult<()> {
        self.writable()?;
        self.task(Task::Compact).await
    }

    /// Removes at most `limit` expired entries now; how many.
    ///
    /// # Errors
    ///
    /// As [`KvStore::delete`].
    pub async fn purge_expired(&self, limit: usize) -> KvResult<u64> {
        Ok(self.change(Command::Sweep(limit)).await?.purged)
    }

    async fn task(&self, task: fn(oneshot::Sender<KvResult<()>>) -> Task) -> KvResult<()> {
        let (reply, answer) = oneshot::channel();
        self.shared.queue.task(task(reply))?;
        answer.await.unwrap_or(Err(KvError::Closed))
    }

    fn writable(&self) -> KvResult<()> {
        if self.shared.options.read_only {
            return Err(KvError::ReadOnly);
        }
        Ok(())
    }

    async fn change(&self, command: Command) -> KvResult<Outcome> {
        self.writable()?;
        self.shared.queue.change(command).await
    }

    fn check(&self, key: &str) -> KvResult<()> {
        Ok(check_key(key, self.shared.options.max_key_length)?)
    }

    /// Reads the last commit: at once if that cannot wait for the disk, else
    /// on the blocking pool.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared, &Snapshot) -> KvResult<T> + Send + 'static,
    ) -> KvResult<T> {
        if self.shared.is_resident() {
            return self.shared.read(|snapshot| read(&self.shared, snapshot));
        }
        let shared = self.shared.clone();
        off_worker(move || shared.read(|snapshot| read(&shared, snapshot))).await
    }

    async fn find(&self, key: &str) -> KvResult<Lookup> {
        self.check(key)?;
        let find = |shared: &Shared, snapshot: &Snapshot, key: &str| {
            let now = shared.now();
            let found = snapshot.entry(key, |entry| entry.lookup(now))?;
            Ok(found.unwrap_or(Lookup::Missing))
        };
        let found = if self.shared.is_resident() {
            self.shared
                .read(|snapshot| find(&self.shared, snapshot, key))?
        } else {
            let key = key.to_owned();
            self.read(move |shared, snapshot| find(shared, snapshot, &key))
                .await?
        };
        let counter = match found {
            Lookup::Found { .. } => &self.shared.hits,
            Lookup::Expired { .. } | Lookup::Missing => &self.shared.misses,
        };
        counter.fetch_add(1, Relaxed);
        Ok(found)
    }
}

/// Runs what waits for the disk on the blocking pool, if there is one.
async fn off_worker<T: Send + 'static>(
    work: impl FnOnce() -> KvResult<T> + Send + 'static,
) -> KvResult<T> {
    let done = blocking::off_worker(work).await;
    done.unwrap_or(Err(KvError::Closed))
}

fn spawn<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> KvResult<()> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map(drop).map_err(|source| KvError::Io {
        op: "starting a thread",
        source,
    })
}

/// Says that the writer has ended, whatever ended it.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.queue.close();
        self.0.snapshot.store(None);
        self.0.ended.send_replace(true);
    }
}

impl Drop for EmbeddedKv {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

impl KvStore for EmbeddedKv {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<Option<Bytes>>> {
        Box::pin(async move { Ok(self.find(key).await?.into_value()) })
    }

    fn lookup<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<Lookup>> {
        Box::pin(self.find(key))
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Ttl) -> BoxFuture<'a, KvResult<()>> {
        Box::pin(async move {
            let command = set_command(key, value, ttl, self.shared.options.max_key_length)?;
            self.change(command).await.map(drop)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<bool>> {
        Box::pin(async move {
            self.check(key)?;
            let key = key.to_owned();
            Ok(self.change(Command::Delete { key }).await?.flag)
        })
    }

    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<bool>> {
        Box::pin(async move { Ok(matches!(self.find(key).await?, Lookup::Found { .. })) })
    }

    fn scan<'a>(&'a self, request: ScanRequest<'a>) -> BoxFuture<'a, KvResult<ScanPage>> {
        Box::pin(async move {
            request.check(self.shared.options.max_key_length)?;
            let prefix = request.prefix.to_owned();
            let after = request.after.map(str::to_owned);
            self.read(move |shared, snapshot| {
                let request = ScanRequest {
                    prefix: &prefix,
                    after: after.as_deref(),
                    limit: request.limit,
                    with_values: request.with_values,
                };
                snapshot.page(&request, shared.now())
            })
            .await
        })
    }

    fn put_if_absent<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        ttl: Ttl,
    ) -> BoxFuture<'a, KvResult<bool>> {
        self.compare_and_swap(key, None, Some(value), ttl)
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Bytes>,
        value: Option<Bytes>,
        ttl: Ttl,
    ) -> BoxFuture<'a, KvResult<bool>> {
        Box::pin(async move {
            let max_key_length = self.shared.options.max_key_length;
            let command = swap_command(key, expected, value, ttl, max_key_length)?;
            Ok(self.change(command).await?.flag)
        })
    }

    fn write<'a>(&'a self, batch: WriteBatch) -> BoxFuture<'a, KvResult<()>> {
        Box::pin(async move {
            batch.check(self.shared.options.max_key_length)?;
            self.change(Command::Write(batch)).await.map(drop)
        })
    }

    fn len<'a>(&'a self) -> BoxFuture<'a, KvResult<u64>> {
        Box::pin(self.read(|shared, snapshot| {
            let expired = snapshot.expired(shared.now())?;
            Ok(snapshot.totals()?.entries.saturating_sub(expired.entries))
        }))
    }

    fn stats<'a>(&'a self) -> BoxFuture<'a, KvResult<KvStats>> {
        Box::pin(self.read(|shared, snapshot| {
            let expired = snapshot.expired(shared.now())?;
            let totals = snapshot.totals()?;
            let commits = shared.commits.load(Relaxed);
            let operations = shared.operations.load(Relaxed);
            let mut stats = KvStats {
                entries: totals.entries.saturating_sub(expired.entries),
                memory_usage: totals.bytes.saturating_sub(expired.bytes),
                expired: expired.entries,
                evictions: shared.evictions.load(Relaxed),
                file_bytes: shared.file_bytes.load(Relaxed),
                commits,
                group_commit_mean: if commits == 0 {
                    0.0
                } else {
                    operations as f64 / commits as f64
                },
                ..KvStats::default()
            };
            stats.set_reads(shared.hits.load(Relaxed), shared.misses.load(Relaxed));
            Ok(stats)
        }))
    }

    fn durability(&self) -> DurabilityClass {
        self.shared.options.durability()
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, KvResult<()>> {
        Box::pin(async move {
            self.shared.queue.close();
            let mut ended = self.shared.ended.subscribe();
            // The sender lives as long as this store.
            let _ = ended.wait_for(|ended| *ended).await;
            Ok(())
        })
    }
}

impl fmt::Debug for EmbeddedKv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedKv")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}
