//! Every store of idempotency records passes its suite.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use plumego_contract::{Clock, ManualClock};
use plumego_store::BoxFuture;
use plumego_store::Ttl;
use plumego_store::conformance::idempotency::{IdempotencyFixture, run};
use plumego_store::conformance::{Crash, SimulatedDisk};
use plumego_store::idempotency::{
    ClaimStore, IdempotencyResult, IdempotencyStore, KvIdempotencyStore, MemoryIdempotencyOptions,
    MemoryIdempotencyStore, NewRecord,
};
use plumego_store::kv::{EmbeddedKvOptions, KvStore, MemoryKv, MemoryKvOptions, SqliteKvOptions};
use tempfile::TempDir;

struct Memory(ManualClock);

impl IdempotencyFixture for Memory {
    fn name(&self) -> &str {
        "MemoryIdempotencyStore"
    }

    fn open<'a>(
        &'a self,
        max_response: usize,
    ) -> BoxFuture<'a, IdempotencyResult<Arc<dyn ClaimStore>>> {
        let mut options = MemoryIdempotencyOptions::default();
        options.max_response = max_response;
        options.clock = self.clock();
        let store: Arc<dyn ClaimStore> = Arc::new(MemoryIdempotencyStore::with_options(options));
        Box::pin(std::future::ready(Ok(store)))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.0.clone())
    }

    fn advance(&self, by: Duration) {
        self.0.advance(by);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_passes() {
    let report = run(&Memory(ManualClock::new(SystemTime::now()))).await;
    report.assert_passed_except(&["ID-12", "ID-13", "ID-14"]);
}

#[tokio::test]
async fn memory_forgets_nothing_that_counts() {
    let clock = ManualClock::new(SystemTime::now());
    let mut options = MemoryIdempotencyOptions::default();
    options.max_records = 2;
    options.clock = Arc::new(clock.clone());
    let store = MemoryIdempotencyStore::with_options(options);
    let soon = clock.now() + Duration::from_secs(1);
    store.put_if_absent(NewRecord::new("a", "h")).await.unwrap();
    store
        .put_if_absent(NewRecord::new("b", "h").expires_at(soon))
        .await
        .unwrap();
    let full = store
        .put_if_absent(NewRecord::new("c", "h"))
        .await
        .unwrap_err();
    assert_eq!(full.kind(), "unavailable");
    store.complete("a", "done".into()).await.unwrap();
    clock.advance(Duration::from_secs(1));
    assert!(store.put_if_absent(NewRecord::new("c", "h")).await.unwrap());
    assert!(store.get("a").await.unwrap().is_some());
}

/// What the store in a key/value store stands on.
#[derive(Clone)]
struct Backend {
    disk: Option<Arc<SimulatedDisk>>,
    kv: Arc<dyn KvStore>,
}

struct Kv {
    clock: ManualClock,
    durable: bool,
    backend: Mutex<Option<Backend>>,
}

impl Kv {
    fn new(durable: bool) -> Self {
        Self {
            clock: ManualClock::new(SystemTime::now()),
            durable,
            backend: Mutex::default(),
        }
    }

    async fn start(&self, disk: Option<Arc<SimulatedDisk>>) -> Arc<dyn KvStore> {
        let kv: Arc<dyn KvStore> = match &disk {
            Some(disk) => {
                // Nothing is removed but by the suite, however long it takes.
                let options = EmbeddedKvOptions::on_disk(disk.clone())
                    .sweep_interval(Duration::ZERO)
                    .clock(self.clock());
                Arc::new(options.open().await.unwrap())
            }
            None => {
                let mut options = MemoryKvOptions::default();
                options.clock = self.clock();
                Arc::new(MemoryKv::with_options(options).unwrap())
            }
        };
        let backend = Backend {
            disk,
            kv: kv.clone(),
        };
        *self.backend.lock().unwrap() = Some(backend);
        kv
    }

    fn over(&self, kv: Arc<dyn KvStore>) -> KvIdempotencyStore {
        KvIdempotencyStore::new(kv).clock(self.clock())
    }

    fn last(&self) -> Backend {
        self.backend.lock().unwrap().clone().unwrap()
    }
}

impl IdempotencyFixture for Kv {
    fn name(&self) -> &str {
        if self.durable {
            "KvIdempotencyStore over EmbeddedKv"
        } else {
            "KvIdempotencyStore over MemoryKv"
        }
    }

    fn open<'a>(
        &'a self,
        max_response: usize,
    ) -> BoxFuture<'a, IdempotencyResult<Arc<dyn ClaimStore>>> {
        Box::pin(async move {
            let kv = self.start(self.durable.then(SimulatedDisk::new)).await;
            Ok(Arc::new(self.over(kv).max_response(max_response)) as Arc<dyn ClaimStore>)
        })
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn another<'a>(&'a self) -> BoxFuture<'a, Option<Arc<dyn ClaimStore>>> {
        let another: Arc<dyn ClaimStore> = Arc::new(self.over(self.last().kv));
        Box::pin(std::future::ready(Some(another)))
    }

    fn restart<'a>(&'a self) -> BoxFuture<'a, Option<IdempotencyResult<Arc<dyn ClaimStore>>>> {
        Box::pin(async move {
            // Killed, not closed: only what was synced is there.
            let image = self.last().disk?.after(Crash::Dropped);
            let disk = Arc::new(SimulatedDisk::from_image(&image));
            let kv = self.start(Some(disk)).await;
            Some(Ok(Arc::new(self.over(kv)) as Arc<dyn ClaimStore>))
        })
    }

    fn break_backend<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            self.last().kv.close().await.unwrap();
            true
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kv_passes_over_memory() {
    let report = run(&Kv::new(false)).await;
    report.assert_passed_except(&["ID-13", "ID-14"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kv_passes_over_one_file() {
    run(&Kv::new(true)).await.assert_passed_except(&["ID-13"]);
}

/// Over a store in a SQLite database.
struct Sqlite {
    clock: ManualClock,
    last: Mutex<Option<(TempDir, Arc<dyn KvStore>)>>,
}

impl Sqlite {
    async fn start(&self, directory: TempDir) -> Arc<dyn KvStore> {
        let options = SqliteKvOptions::new(directory.path())
            .sweep_interval(Duration::ZERO)
            .clock(self.clock());
        let kv: Arc<dyn KvStore> = Arc::new(options.open().await.unwrap());
        *self.last.lock().unwrap() = Some((directory, Arc::clone(&kv)));
        kv
    }

    fn kv(&self) -> Arc<dyn KvStore> {
        let last = self.last.lock().unwrap();
        Arc::clone(&last.as_ref().unwrap().1)
    }

    fn over(&self, kv: Arc<dyn KvStore>) -> KvIdempotencyStore {
        KvIdempotencyStore::new(kv).clock(self.clock())
    }

    /// What the medium holds at this moment, as a crash would leave it.
    fn image(&self) -> TempDir {
        let last = self.last.lock().unwrap();
        let image = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(last.as_ref().unwrap().0.path()).unwrap() {
            let entry = entry.unwrap();
            // The index of the log is memory, which no crash leaves.
            if !entry.file_name().to_string_lossy().ends_with("-shm") {
                std::fs::copy(entry.path(), image.path().join(entry.file_name())).unwrap();
            }
        }
        image
    }
}

impl IdempotencyFixture for Sqlite {
    fn name(&self) -> &str {
        "KvIdempotencyStore over SqliteKv"
    }

    fn open<'a>(
        &'a self,
        max_response: usize,
    ) -> BoxFuture<'a, IdempotencyResult<Arc<dyn ClaimStore>>> {
        Box::pin(async move {
            let kv = self.start(tempfile::tempdir().unwrap()).await;
            Ok(Arc::new(self.over(kv).max_response(max_response)) as Arc<dyn ClaimStore>)
        })
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn another<'a>(&'a self) -> BoxFuture<'a, Option<Arc<dyn ClaimStore>>> {
        let another: Arc<dyn ClaimStore> = Arc::new(self.over(self.kv()));
        Box::pin(std::future::ready(Some(another)))
    }

    fn restart<'a>(&'a self) -> BoxFuture<'a, Option<IdempotencyResult<Arc<dyn ClaimStore>>>> {
        Box::pin(async move {
            // Killed, not closed.
            let kv = self.start(self.image()).await;
            Some(Ok(Arc::new(self.over(kv)) as Arc<dyn ClaimStore>))
        })
    }

    fn break_backend<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            self.kv().close().await.unwrap();
            true
        })
    }

    fn steps(&self) -> usize {
        2_000
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kv_passes_over_sqlite() {
    let fixture = Sqlite {
        clock: ManualClock::new(SystemTime::now()),
        last: Mutex::default(),
    };
    run(&fixture).await.assert_passed_except(&["ID-13"]);
}

#[tokio::test]
async fn what_cannot_be_read_lets_nothing_run() {
    let kv = Arc::new(MemoryKv::new());
    let store = KvIdempotencyStore::new(kv.clone());
    kv.set("idem:k", "not a record".into(), Ttl::Never)
        .await
        .unwrap();
    assert_eq!(store.get("k").await.unwrap_err().kind(), "invalid_record");
    let put = store.put_if_absent(NewRecord::new("k", "h")).await;
    assert_eq!(put.unwrap_err().kind(), "invalid_record");
    assert!(!store.shared());
    assert!(KvIdempotencyStore::new(kv).shared_by_processes().shared());
}
