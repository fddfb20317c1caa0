//! The store in one file, on the file system.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use plumego_contract::ManualClock;
use plumego_store::BoxFuture;
use plumego_store::conformance::kv::{BadPlace, KvFixture, KvSetup, run};
use plumego_store::kv::{EmbeddedKvOptions, KvResult, KvStore, SyncPolicy};
use redb::ReadableDatabase;
use tempfile::TempDir;

use crate::place;

struct Embedded {
    clock: ManualClock,
    sync: SyncPolicy,
    directory: Mutex<Option<TempDir>>,
}

impl Embedded {
    fn new(sync: SyncPolicy) -> Self {
        Self {
            clock: ManualClock::new(SystemTime::now()),
            sync,
            directory: Mutex::default(),
        }
    }

    fn options(&self, path: impl Into<PathBuf>) -> EmbeddedKvOptions {
        EmbeddedKvOptions::new(path)
            .sync(self.sync)
            .sweep_interval(Duration::ZERO)
            .clock(Arc::new(self.clock.clone()))
    }

    fn path(&self) -> Option<PathBuf> {
        let directory = self.directory.lock().unwrap();
        Some(directory.as_ref()?.path().join("kv"))
    }

    async fn start(&self, path: PathBuf, setup: KvSetup) -> KvResult<Arc<dyn KvStore>> {
        let options = self
            .options(path)
            .max_entries(setup.max_entries)
            .max_memory(setup.max_memory)
            .max_key_length(setup.max_key_length)
            .capacity(setup.capacity);
        Ok(Arc::new(options.open().await?))
    }
}

impl KvFixture for Embedded {
    fn name(&self) -> &str {
        match self.sync {
            SyncPolicy::Immediate => "EmbeddedKv, immediate",
            SyncPolicy::Interval(_) => "EmbeddedKv, interval",
            SyncPolicy::Never => "EmbeddedKv, never",
        }
    }

    fn open<'a>(&'a self, setup: KvSetup) -> BoxFuture<'a, KvResult<Arc<dyn KvStore>>> {
        *self.directory.lock().unwrap() = Some(tempfile::tempdir().unwrap());
        let path = self.path().unwrap();
        Box::pin(self.start(path, setup))
    }

    fn reopen<'a>(&'a self, setup: KvSetup) -> BoxFuture<'a, Option<KvResult<Arc<dyn KvStore>>>> {
        Box::pin(async move { Some(self.start(self.path()?, setup).await) })
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn contents<'a>(&'a self) -> BoxFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move { Some(place::contents(&self.path()?, |_| true)) })
    }

    fn open_in<'a>(&'a self, place: BadPlace) -> BoxFuture<'a, Option<KvResult<()>>> {
        Box::pin(async move {
            let (directory, path) = place::bad(place, "store.redb")?;
            let opened = self.options(path).open().await;
            place::assert_trimmed(place, &directory);
            Some(opened.map(drop))
        })
    }

    fn make_newer<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let file = self.path().unwrap().join("store.redb");
            let database = redb::Database::open(file).unwrap();
            let transaction = database.begin_write().unwrap();
            let meta = redb::TableDefinition::<&str, u64>::new("meta");
            let mut table = transaction.open_table(meta).unwrap();
            table.insert("format_version", 99).unwrap();
            drop(table);
            transaction.commit().unwrap();
            assert!(database.begin_read().is_ok());
            true
        })
    }

    fn steps(&self) -> usize {
        10_000
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_suite_when_it_syncs_at_once() {
    run(&Embedded::new(SyncPolicy::Immediate))
        .await
        .assert_passed();
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_suite_when_it_syncs_at_intervals() {
    let sync = SyncPolicy::Interval(Duration::from_millis(20));
    run(&Embedded::new(sync)).await.assert_passed();
}
