//! What was acknowledged survives.
//!
//! With `PLUMEGO_FAULTS=full` in the environment every byte is flipped and the
//! writer is killed 500 times, which takes many minutes.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plumego_store::BoxFuture;
use plumego_store::conformance::SimulatedDisk;
use plumego_store::conformance::durability::{
    DurabilityFixture, Effort, Log, Opened, Rescued, run, write_until_killed,
};
use plumego_store::kv::{
    DurabilityClass, EmbeddedKv, EmbeddedKvOptions, KvResult, KvStore, SyncPolicy, salvage,
};

/// Where the process to be killed finds its store.
const DIRECTORY: &str = "PLUMEGO_KILLED_STORE";

/// How it syncs: milliseconds, or 0 for at once.
const INTERVAL: &str = "PLUMEGO_KILLED_INTERVAL_MS";

const SEED: &str = "PLUMEGO_KILLED_SEED";

struct Embedded(SyncPolicy);

impl Embedded {
    fn interval_ms(&self) -> u128 {
        match self.0 {
            SyncPolicy::Interval(interval) => interval.as_millis(),
            SyncPolicy::Immediate | SyncPolicy::Never => 0,
        }
    }

    async fn open(&self, options: EmbeddedKvOptions) -> KvResult<Opened> {
        let options = options.sync(self.0).sweep_interval(Duration::ZERO);
        let store = Arc::new(options.open().await?);
        let (backup, compact) = (Arc::clone(&store), Arc::clone(&store));
        Ok(Opened::new(store)
            .with_backup(move |target| {
                let store = Arc::clone(&backup);
                Box::pin(async move { store.backup_to(target).await })
            })
            .with_compact(move || {
                let store = Arc::clone(&compact);
                Box::pin(async move { EmbeddedKv::compact(&store).await })
            }))
    }
}

impl DurabilityFixture for Embedded {
    fn name(&self) -> &str {
        match self.0 {
            SyncPolicy::Immediate => "EmbeddedKv, immediate",
            SyncPolicy::Interval(_) => "EmbeddedKv, interval",
            SyncPolicy::Never => "EmbeddedKv, never",
        }
    }

    fn class(&self) -> DurabilityClass {
        match self.0 {
            SyncPolicy::Immediate => DurabilityClass::Synced,
            SyncPolicy::Interval(interval) => DurabilityClass::Interval(interval),
            SyncPolicy::Never => DurabilityClass::Volatile,
        }
    }

    fn open_directory<'a>(&'a self, directory: &'a Path) -> BoxFuture<'a, KvResult<Opened>> {
        Box::pin(self.open(EmbeddedKvOptions::new(directory)))
    }

    fn open_simulated<'a>(
        &'a self,
        disk: Arc<SimulatedDisk>,
    ) -> Option<BoxFuture<'a, KvResult<Opened>>> {
        Some(Box::pin(self.open(EmbeddedKvOptions::on_disk(disk))))
    }

    fn spawn_writer(&self, directory: &Path, seed: u64) -> Option<io::Result<Child>> {
        let this = std::env::current_exe().unwrap();
        let child = Command::new(this)
            .args(["--exact", "durability::writes_until_killed", "--nocapture"])
            .env(DIRECTORY, directory)
            .env(INTERVAL, self.interval_ms().to_string())
            .env(SEED, seed.to_string())
            .stdout(Stdio::piped())
            .spawn();
        Some(child)
    }

    fn log(&self) -> Option<Log> {
        match self.0 {
            SyncPolicy::Immediate => None,
            _ => Some(Log::new("store.journal", false)),
        }
    }

    fn salvage(&self, source: &Path, target: &Path) -> Option<KvResult<Rescued>> {
        let report = salvage(source, target, SystemTime::now());
        Some(report.map(|report| Rescued::new(report.copied)))
    }

    fn effort(&self) -> Effort {
        Effort::named(&std::env::var("PLUMEGO_FAULTS").unwrap_or_default())
    }
}

/// The process that is killed; it does nothing when it runs as a test.
#[tokio::test(flavor = "multi_thread")]
async fn writes_until_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        return;
    };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let sync = match number(INTERVAL) {
        0 => SyncPolicy::Immediate,
        interval => SyncPolicy::Interval(Duration::from_millis(interval)),
    };
    let options = EmbeddedKvOptions::new(directory).sync(sync);
    let store: Arc<dyn KvStore> = Arc::new(options.open().await.unwrap());
    write_until_killed(store, io::stdout(), number(SEED))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_when_it_syncs_at_once() {
    let report = run(&Embedded(SyncPolicy::Immediate)).await;
    report.assert_passed_except(&["DU-07"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_when_it_syncs_at_intervals() {
    // Long enough that the log holds something whenever it is looked at.
    let sync = SyncPolicy::Interval(Duration::from_millis(300));
    run(&Embedded(sync)).await.assert_passed();
}
