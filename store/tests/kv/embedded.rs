//! The store in one file, on the file system.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use plumego_contract::ManualClock;
use plumego_store::BoxFuture;
use plumego_store::conformance::kv::{BadPlace, KvFixture, KvSetup, run};
use plumego_store::kv::{EmbeddedKvOptions, KvResult, KvStore, SyncPolicy};
use redb::ReadableDatabase;
use tempfile::TempDir;

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
        Box::pin(async move { Some(contents(&self.path()?)) })
    }

    fn open_in<'a>(&'a self, place: BadPlace) -> BoxFuture<'a, Option<KvResult<()>>> {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("kv");
        let path = match place {
            BadPlace::Blank => PathBuf::from("  "),
            BadPlace::Padded => PathBuf::from(format!(" {} ", inside.display())),
            BadPlace::FileInTheWay => {
                fs::write(&inside, "not a directory").unwrap();
                inside
            }
            BadPlace::Unreadable => {
                // The file is a directory: nobody, root included, reads that.
                fs::create_dir_all(inside.join("store.redb")).unwrap();
                inside
            }
            _ => return Box::pin(std::future::ready(None)),
        };
        Box::pin(async move {
            let opened = self.options(path).open().await;
            let padded = place == BadPlace::Padded && !directory.path().join("kv").is_dir();
            assert!(!padded, "blanks were not cut off");
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

fn contents(directory: &Path) -> Vec<u8> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| fs::read(file).unwrap())
        .collect()
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
