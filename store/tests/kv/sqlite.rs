//! The store in a SQLite database.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use plumego_contract::ManualClock;
use plumego_store::conformance::durability::{
    self, DurabilityFixture, Effort, Opened, write_until_killed,
};
use plumego_store::conformance::kv::{BadPlace, KvFixture, KvSetup, run};
use plumego_store::db::sqlite::{SqliteConfig, SqlitePool};
use plumego_store::kv::{DurabilityClass, KvResult, KvStore, SqliteKvOptions};
use plumego_store::{BoxFuture, Ttl};
use tempfile::TempDir;

use crate::place;

/// Where the process to be killed finds its store.
const DIRECTORY: &str = "PLUMEGO_KILLED_SQLITE";

const SEED: &str = "PLUMEGO_KILLED_SEED";

struct Sqlite {
    clock: ManualClock,
    directory: Mutex<Option<TempDir>>,
}

impl Sqlite {
    fn new() -> Self {
        Self {
            clock: ManualClock::new(SystemTime::now()),
            directory: Mutex::default(),
        }
    }

    fn options(&self, path: impl Into<PathBuf>) -> SqliteKvOptions {
        SqliteKvOptions::new(path)
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

impl KvFixture for Sqlite {
    fn name(&self) -> &str {
        "SqliteKv"
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
        Box::pin(async move {
            let (directory, path) = place::bad(place, "store.sqlite")?;
            let opened = self.options(path).open().await;
            place::assert_trimmed(place, &directory);
            Some(opened.map(drop))
        })
    }

    fn make_newer<'a>(&'a self) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let file = self.path().unwrap().join("store.sqlite");
            let pool = SqlitePool::open(SqliteConfig::file(file)).unwrap();
            let newer = "UPDATE meta SET value = 99 WHERE name = 'format_version'";
            assert_eq!(pool.execute(newer, &[]).unwrap().rows_affected, 1);
            pool.close();
            true
        })
    }

    fn steps(&self) -> usize {
        2_500
    }
}

/// What is on the medium. The index of the log is memory that processes share,
/// which no crash leaves.
fn contents(directory: &Path) -> Vec<u8> {
    place::contents(directory, |file| {
        file.extension().is_none_or(|end| end != "sqlite-shm")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_the_suite() {
    run(&Sqlite::new()).await.assert_passed();
}

/// What the suite cannot stage here needs a disk that breaks beneath the
/// engine.
struct Killed;

impl DurabilityFixture for Killed {
    fn name(&self) -> &str {
        "SqliteKv"
    }

    fn class(&self) -> DurabilityClass {
        DurabilityClass::Synced
    }

    fn open_directory<'a>(&'a self, directory: &'a Path) -> BoxFuture<'a, KvResult<Opened>> {
        let options = SqliteKvOptions::new(directory).sweep_interval(Duration::ZERO);
        Box::pin(async move { Ok(Opened::new(Arc::new(options.open().await?))) })
    }

    fn spawn_writer(&self, directory: &Path, seed: u64) -> Option<io::Result<Child>> {
        let this = std::env::current_exe().unwrap();
        let child = Command::new(this)
            .args([
                "--exact",
                "sqlite::durability_writes_until_killed",
                "--nocapture",
            ])
            .env(DIRECTORY, directory)
            .env(SEED, seed.to_string())
            .stdout(Stdio::piped())
            .spawn();
        Some(child)
    }

    fn effort(&self) -> Effort {
        Effort::named(&std::env::var("PLUMEGO_FAULTS").unwrap_or_default())
    }
}

/// The process that is killed; it does nothing when it runs as a test.
#[tokio::test(flavor = "multi_thread")]
async fn durability_writes_until_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        return;
    };
    let opened = Killed.open_directory(Path::new(&directory)).await.unwrap();
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    let done = write_until_killed(opened.store, io::stdout(), seed).await;
    panic!("nobody killed it: {done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn durability_survives_kills() {
    let report = durability::run(&Killed).await;
    report.assert_passed_except(&[
        "DU-01", "DU-03", "DU-04", "DU-06", "DU-07", "DU-08", "DU-09", "DU-10", "DU-11", "DU-12",
        "DU-13",
    ]);
}

#[tokio::test]
async fn files_are_for_their_owner_and_damage_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv");
    let store = SqliteKvOptions::new(&path).open().await.unwrap();
    store.set("k", "value".into(), Ttl::Never).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        for file in fs::read_dir(&path).unwrap() {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
    }
    store.close().await.unwrap();
    let file = path.join("store.sqlite");
    let pool = SqlitePool::open(SqliteConfig::file(&file)).unwrap();
    // One byte of the value, behind the back of the store.
    let spoil = "UPDATE entries SET record = cast(replace(record, x'61', x'62') AS BLOB)";
    assert_eq!(pool.execute(spoil, &[]).unwrap().rows_affected, 1);
    pool.close();
    let opened = SqliteKvOptions::new(&path).open().await;
    assert_eq!(opened.unwrap_err().kind(), "corrupt_state");
    // A store too large to be verified first says so when it is read.
    let unverified = SqliteKvOptions::new(&path).verify_at_open_max(0);
    let store = unverified.open().await.unwrap();
    assert_eq!(store.get("k").await.unwrap_err().kind(), "corrupt_state");
    store.close().await.unwrap();
    // A database of something else is left alone.
    let pool = SqlitePool::open(SqliteConfig::file(&file)).unwrap();
    pool.execute("DROP TABLE meta", &[]).unwrap();
    pool.close();
    let opened = SqliteKvOptions::new(&path).open().await;
    assert_eq!(opened.unwrap_err().kind(), "corrupt_state");
    fs::write(&file, "no database at all, but quite some text").unwrap();
    let opened = SqliteKvOptions::new(&path).open().await;
    assert_eq!(opened.unwrap_err().kind(), "corrupt_state");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_removed_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let clock = ManualClock::new(SystemTime::now());
    let store = SqliteKvOptions::new(directory.path())
        .sweep_interval(Duration::from_millis(1))
        .clock(Arc::new(clock.clone()))
        .open()
        .await
        .unwrap();
    let soon = Ttl::After(Duration::from_secs(1));
    store.set("k", "v".into(), soon).await.unwrap();
    clock.advance(Duration::from_secs(1));
    let removed = async {
        while store.stats().await.unwrap().expired > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), removed)
        .await
        .unwrap();
    store.close().await.unwrap();
}
