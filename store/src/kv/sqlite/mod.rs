//! A store in a SQLite database.

mod options;
mod tables;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

pub use options::SqliteKvOptions;

use self::tables::{TableDraft, failed};
use super::apply::{Command, Outcome, apply};
use super::record::{Nanos, nanos};
use super::{
    DurabilityClass, KvError, KvResult, KvStats, KvStore, Lookup, ScanPage, ScanRequest, WriteBatch,
};
use crate::db::sqlite::{Begin, PooledConnection, Role, SqliteConfig, SqliteDb, Synchronous};
use crate::db::{Db, DbErrorKind};
use crate::disk::DiskFile;
use crate::{BoxFuture, Ttl, check_key};

/// Expired entries removed in one sweep.
const SWEEP_MAX: usize = 1_000;

/// A store in a SQLite database, in a directory that belongs to it: for
/// services that have their data there already, or read it with other tools.
///
/// Every write is one transaction, synced before it is acknowledged; readers
/// never wait for it. Where many write at one time,
/// [`EmbeddedKv`](super::EmbeddedKv) lets them share a sync.
///
/// ```
/// use plumego_store::Ttl;
/// use plumego_store::kv::{KvStore, SqliteKvOptions};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), plumego_store::kv::KvError> {
/// # let directory = tempfile::tempdir().expect("a directory");
/// # let path = directory.path().join("kv");
/// let store = SqliteKvOptions::new(path).open().await?;
/// store.set("greeting", "hello".into(), Ttl::Never).await?;
/// assert_eq!(store.get("greeting").await?.as_deref(), Some(&b"hello"[..]));
/// store.close().await?;
/// # Ok(())
/// # }
/// ```
pub struct SqliteKv {
    inner: Arc<Inner>,
    sweeper: Option<tokio::task::AbortHandle>,
}

struct Inner {
    db: SqliteDb,
    file: PathBuf,
    options: SqliteKvOptions,
    /// Held until the store is closed.
    lock: Mutex<Option<Arc<dyn DiskFile>>>,
    /// A sync failed: what is on the disk is not known.
    poisoned: AtomicBool,
    /// What the verification in the background found.
    damage: OnceLock<String>,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    commits: AtomicU64,
}

impl SqliteKv {
    async fn start(options: SqliteKvOptions) -> KvResult<Self> {
        let claiming = options.clone();
        let claimed = tokio::task::spawn_blocking(move || claiming.claim());
        let (directory, lock) = claimed.await.map_err(|_| KvError::Closed)??;
        let file = directory.join("store.sqlite");
        let mut config = SqliteConfig::file(&file);
        config.synchronous = Synchronous::Full;
        let db = SqliteDb::open(config).map_err(|error| failed(&file, "opening", error))?;
        let sweep_interval = options.sweep_interval;
        let inner = Arc::new(Inner {
            db,
            file,
            options,
            lock: Mutex::new(Some(lock)),
            poisoned: AtomicBool::new(false),
            damage: OnceLock::new(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
            commits: AtomicU64::new(0),
        });
        if let Err(error) = inner.prepare().await {
            // Why it cannot be opened says more than why it cannot be closed.
            let _ = inner.close().await;
            return Err(error);
        }
        if inner.file_bytes() > inner.options.verify_at_open_max {
            tokio::spawn(verify(Arc::downgrade(&inner)));
        }
        let sweeper = (!sweep_interval.is_zero())
            .then(|| tokio::spawn(sweep(Arc::downgrade(&inner), sweep_interval)).abort_handle());
        Ok(Self { inner, sweeper })
    }

    async fn change(&self, command: Command) -> KvResult<Outcome> {
        self.inner.change(command).await
    }

    async fn find(&self, key: &str) -> KvResult<Lookup> {
        check_key(key, self.inner.options.max_key_length)?;
        let key = key.to_owned();
        let found = self.inner.read(move |inner, connection| {
            let now = inner.now();
            tables::entry(connection, &inner.file, &key, |entry| entry.lookup(now))
        });
        let found = found.await?.unwrap_or(Lookup::Missing);
        let counter = match found {
            Lookup::Found { .. } => &self.inner.hits,
            Lookup::Expired { .. } | Lookup::Missing => &self.inner.misses,
        };
        counter.fetch_add(1, Relaxed);
        Ok(found)
    }
}

/// Looks for damage, which whoever reads or writes is told from then on.
async fn verify(store: Weak<Inner>) {
    let Some(inner) = store.upgrade() else {
        return;
    };
    if let Err(KvError::CorruptState { detail, .. }) = inner.read(Inner::verify).await {
        drop(inner.damage.set(detail));
    }
}

/// Removes what has expired, for as long as the store is there.
async fn sweep(store: Weak<Inner>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let Some(inner) = store.upgrade() else {
            return;
        };
        // What fails is tried again, and met by whoever writes.
        if let Err(KvError::Closed) = inner.change(Command::Sweep(SWEEP_MAX)).await {
            return;
        }
    }
}

impl Inner {
    fn now(&self) -> Nanos {
        nanos(self.options.clock.now())
    }

    /// Runs `work` on a connection. Who has the connection has the store, so
    /// that the lock outlives what is under way.
    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        op: &'static str,
        role: Role,
        work: impl FnOnce(&Self, &mut PooledConnection) -> KvResult<T> + Send + 'static,
    ) -> KvResult<T> {
        if let Some(detail) = self.damage.get() {
            return Err(KvError::CorruptState {
                path: self.file.clone(),
                detail: detail.clone(),
                source: None,
            });
        }
        let inner = Arc::clone(self);
        let done = self
            .db
            .run(op, role, move |connection| Ok(work(&inner, connection)));
        done.await
            .map_err(|error| failed(&self.file, op, error))
            .flatten()
    }

    async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self, &mut PooledConnection) -> KvResult<T> + Send + 'static,
    ) -> KvResult<T> {
        self.run("reading", Role::Reader, work).await
    }

    async fn prepare(self: &Arc<Self>) -> KvResult<()> {
        self.run("opening", Role::Writer, |inner, connection| {
            inner.transaction(connection, |connection| {
                let made = tables::prepare(connection, &inner.file, inner.now())?;
                Ok(((), made))
            })?;
            if inner.file_bytes() > inner.options.verify_at_open_max {
                return Ok(());
            }
            inner.verify(connection)
        })
        .await
    }

    fn verify(&self, connection: &mut PooledConnection) -> KvResult<()> {
        tables::verify(connection, &self.file)
    }

    async fn change(self: &Arc<Self>, command: Command) -> KvResult<Outcome> {
        self.run("writing", Role::Writer, move |inner, connection| {
            if inner.poisoned.load(Acquire) {
                return Err(KvError::Poisoned);
            }
            let outcome = inner.transaction(connection, |connection| {
                let mut draft = TableDraft::new(connection, &inner.file)?;
                let limits = inner.options.limits();
                let outcome = apply(&mut draft, command, &limits, inner.now())?;
                draft.finish()?;
                Ok((outcome, outcome.changed))
            })?;
            inner.evictions.fetch_add(outcome.evicted, Relaxed);
            inner.commits.fetch_add(outcome.changed.into(), Relaxed);
            Ok(outcome)
        })
        .await
    }

    /// Runs `work` in a transaction, and keeps what it did if it says so.
    fn transaction<T>(
        &self,
        connection: &mut PooledConnection,
        work: impl FnOnce(&mut PooledConnection) -> KvResult<(T, bool)>,
    ) -> KvResult<T> {
        let fail = |error| failed(&self.file, "writing", error);
        connection.begin(Begin::Immediate).map_err(fail)?;
        match work(connection) {
            Ok((value, true)) => {
                connection.commit().map_err(|error| {
                    if *error.kind() == DbErrorKind::ConnectionLost {
                        // Trying to sync again would prove nothing.
                        self.poisoned.fetch_or(true, AcqRel);
                    }
                    fail(error)
                })?;
                Ok(value)
            }
            Ok((value, false)) => {
                connection.rollback().map_err(fail)?;
                Ok(value)
            }
            Err(error) => {
                // The connection rolls back on its way to the pool, or is
                // closed, which does it too.
                let _ = connection.rollback();
                Err(error)
            }
        }
    }

    async fn close(&self) -> KvResult<()> {
        let closed = self.db.close().await;
        self.lock.lock().take();
        closed.map_err(|error| failed(&self.file, "closing", error))
    }

    /// Bytes of the database and its log.
    fn file_bytes(&self) -> u64 {
        let mut log = self.file.clone().into_os_string();
        log.push("-wal");
        [&*self.file, Path::new(&log)]
            .iter()
            .filter_map(|file| file.metadata().ok())
            .map(|metadata| metadata.len())
            .sum()
    }
}

impl Drop for SqliteKv {
    fn drop(&mut self) {
        if let Some(sweeper) = &self.sweeper {
            sweeper.abort();
        }
    }
}

impl KvStore for SqliteKv {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<Option<Bytes>>> {
        Box::pin(async move { Ok(self.find(key).await?.into_value()) })
    }

    fn lookup<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<Lookup>> {
        Box::pin(self.find(key))
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, ttl: Ttl) -> BoxFuture<'a, KvResult<()>> {
        Box::pin(async move {
            let length = self.inner.options.max_key_length;
            let command = super::set_command(key, value, ttl, length)?;
            self.change(command).await.map(drop)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<bool>> {
        Box::pin(async move {
            check_key(key, self.inner.options.max_key_length)?;
            let key = key.to_owned();
            Ok(self.change(Command::Delete { key }).await?.flag)
        })
    }

    fn exists<'a>(&'a self, key: &'a str) -> BoxFuture<'a, KvResult<bool>> {
        Box::pin(async move { Ok(matches!(self.find(key).await?, Lookup::Found { .. })) })
    }

    fn scan<'a>(&'a self, request: ScanRequest<'a>) -> BoxFuture<'a, KvResult<ScanPage>> {
        Box::pin(async move {
            request.check(self.inner.options.max_key_length)?;
            let (prefix, after) = (request.prefix.to_owned(), request.after.map(str::to_owned));
            let (limit, with_values) = (request.limit, request.with_values);
            let page = self.inner.read(move |inner, connection| {
                let request = ScanRequest {
                    prefix: &prefix,
                    after: after.as_deref(),
                    limit,
                    with_values,
                };
                tables::page(connection, &inner.file, &request, inner.now())
            });
            page.await
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
            let length = self.inner.options.max_key_length;
            let command = super::swap_command(key, expected, value, ttl, length)?;
            Ok(self.change(command).await?.flag)
        })
    }

    fn write<'a>(&'a self, batch: WriteBatch) -> BoxFuture<'a, KvResult<()>> {
        Box::pin(async move {
            batch.check(self.inner.options.max_key_length)?;
            self.change(Command::Write(batch)).await.map(drop)
        })
    }

    fn len<'a>(&'a self) -> BoxFuture<'a, KvResult<u64>> {
        Box::pin(async move {
            let counts = self
                .inner
                .read(|inner, connection| tables::counts(connection, &inner.file, inner.now()));
            Ok(counts.await?.0.entries)
        })
    }

    fn stats<'a>(&'a self) -> BoxFuture<'a, KvResult<KvStats>> {
        Box::pin(async move {
            let read = self.inner.read(|inner, connection| {
                let counts = tables::counts(connection, &inner.file, inner.now())?;
                Ok((counts, inner.file_bytes()))
            });
            let ((live, expired), file_bytes) = read.await?;
            let inner = &self.inner;
            let commits = inner.commits.load(Relaxed);
            let mut stats = KvStats {
                entries: live.entries,
                memory_usage: live.bytes,
                expired,
                evictions: inner.evictions.load(Relaxed),
                file_bytes,
                commits,
                group_commit_mean: if commits == 0 { 0.0 } else { 1.0 },
                ..KvStats::default()
            };
            stats.set_reads(inner.hits.load(Relaxed), inner.misses.load(Relaxed));
            Ok(stats)
        })
    }

    fn durability(&self) -> DurabilityClass {
        DurabilityClass::Synced
    }

    fn close<'a>(&'a self) -> BoxFuture<'a, KvResult<()>> {
        Box::pin(self.inner.close())
    }
}

impl fmt::Debug for SqliteKv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteKv")
            .field("limits", &self.inner.options.limits())
            .finish_non_exhaustive()
    }
}
