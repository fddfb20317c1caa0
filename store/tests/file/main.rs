//! Every storage of files passes its suite.
//!
//! With `PLUMEGO_FAULTS=full` in the environment the writer is killed 500
//! times, which takes minutes.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use plumego_contract::{Clock, ManualClock};
use plumego_store::BoxFuture;
use plumego_store::conformance::file::{FileFixture, run, write_until_killed};
use plumego_store::conformance::{Effort, SimulatedDisk};
use plumego_store::file::{
    FileErrorKind, FileResult, FileStorage, LocalFileOptions, MemoryFileOptions, MemoryFileStorage,
    ObjectPath, PutRequest,
};
use tempfile::TempDir;

/// Where the process to be killed finds its storage.
const DIRECTORY: &str = "PLUMEGO_KILLED_STORAGE";

const SEED: &str = "PLUMEGO_KILLED_SEED";

/// The process that is killed; it does nothing when it runs as a test.
#[tokio::test(flavor = "multi_thread")]
async fn writes_until_killed() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        return;
    };
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    let storage = LocalFileOptions::new(directory).open().await.unwrap();
    write_until_killed(Arc::new(storage), io::stdout(), seed)
        .await
        .unwrap();
}

struct Memory;

impl FileFixture for Memory {
    fn name(&self) -> &str {
        "MemoryFileStorage"
    }

    fn open<'a>(&'a self, max_size: u64) -> BoxFuture<'a, FileResult<Arc<dyn FileStorage>>> {
        let mut options = MemoryFileOptions::default();
        options.max_size = max_size;
        let storage: Arc<dyn FileStorage> = Arc::new(MemoryFileStorage::with_options(options));
        Box::pin(std::future::ready(Ok(storage)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_passes() {
    let report = run(&Memory).await;
    report.assert_passed_except(&[
        "FI-03", "FI-14", "FI-16", "FI-17", "FI-18", "FI-19", "FI-20",
    ]);
}

#[tokio::test]
async fn memory_is_bounded() {
    let mut options = MemoryFileOptions::default();
    options.max_total = 10;
    let storage = MemoryFileStorage::with_options(options);
    let path = ObjectPath::parse("a").unwrap();
    storage
        .put(PutRequest::bytes("a", "12345").at(path.clone()))
        .await
        .unwrap();
    let full = storage
        .put(PutRequest::bytes("b", "123456"))
        .await
        .unwrap_err();
    assert_eq!(full.kind(), FileErrorKind::StorageUnavailable);
    // What it replaces makes room.
    storage
        .put(PutRequest::bytes("a", "1234567890").at(path.clone()))
        .await
        .unwrap();
    storage.delete(&path).await.unwrap();
    storage
        .put(PutRequest::bytes("b", "1234567890"))
        .await
        .unwrap();
}

struct Local(Mutex<Option<TempDir>>);

impl Local {
    fn root(&self) -> PathBuf {
        let directory = self.0.lock().unwrap();
        directory.as_ref().unwrap().path().join("root")
    }
}

impl FileFixture for Local {
    fn name(&self) -> &str {
        "LocalFileStorage"
    }

    fn open<'a>(&'a self, max_size: u64) -> BoxFuture<'a, FileResult<Arc<dyn FileStorage>>> {
        *self.0.lock().unwrap() = Some(tempfile::tempdir().unwrap());
        let root = self.root();
        fs::create_dir(&root).unwrap();
        Box::pin(async move {
            let storage = LocalFileOptions::new(root)
                .max_size(max_size)
                .open()
                .await?;
            Ok(Arc::new(storage) as Arc<dyn FileStorage>)
        })
    }

    fn names<'a>(&'a self) -> BoxFuture<'a, Option<Vec<String>>> {
        let mut names = Vec::new();
        walk(&self.root(), "", &mut names);
        Box::pin(std::future::ready(Some(names)))
    }

    fn open_directory<'a>(
        &'a self,
        directory: &'a Path,
    ) -> Option<BoxFuture<'a, FileResult<Arc<dyn FileStorage>>>> {
        Some(Box::pin(async move {
            let storage = LocalFileOptions::new(directory).open().await?;
            Ok(Arc::new(storage) as Arc<dyn FileStorage>)
        }))
    }

    fn spawn_writer(&self, directory: &Path, seed: u64) -> Option<io::Result<Child>> {
        let this = std::env::current_exe().unwrap();
        let child = Command::new(this)
            .args(["--exact", "writes_until_killed", "--nocapture"])
            .env(DIRECTORY, directory)
            .env(SEED, seed.to_string())
            .stdout(Stdio::piped())
            .spawn();
        Some(child)
    }

    fn effort(&self) -> Effort {
        Effort::named(&std::env::var("PLUMEGO_FAULTS").unwrap_or_default())
    }

    fn link_out(&self) -> bool {
        let outside = self.root().with_file_name("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret.txt"), "secret").unwrap();
        link(&outside, &self.root().join("out"));
        true
    }

    fn swap_link(&self) {
        let (root, place) = (self.root(), self.root().join("swapped"));
        let hidden = root.with_file_name("hidden");
        if place.symlink_metadata().unwrap().is_symlink() {
            fs::remove_file(&place).unwrap();
            fs::rename(hidden, place).unwrap();
        } else {
            fs::rename(&place, hidden).unwrap();
            link(&root.with_file_name("outside"), &place);
        }
    }

    fn lose_medium<'a>(&'a self) -> BoxFuture<'a, bool> {
        fs::remove_dir_all(self.root()).unwrap();
        Box::pin(std::future::ready(true))
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.root().to_string_lossy().into_owned()]
    }

    fn steps(&self) -> usize {
        // Each change waits for the disk; `Simulated` makes as many as there
        // are to be.
        1_000
    }
}

/// The same storage, on a disk that never waits.
#[derive(Default)]
struct Simulated(Mutex<Option<Arc<SimulatedDisk>>>);

impl FileFixture for Simulated {
    fn name(&self) -> &str {
        "LocalFileStorage, simulated"
    }

    fn open<'a>(&'a self, max_size: u64) -> BoxFuture<'a, FileResult<Arc<dyn FileStorage>>> {
        let disk = SimulatedDisk::new();
        *self.0.lock().unwrap() = Some(Arc::clone(&disk));
        Box::pin(async move {
            let storage = LocalFileOptions::on_disk(disk)
                .max_size(max_size)
                .open()
                .await?;
            Ok(Arc::new(storage) as Arc<dyn FileStorage>)
        })
    }

    fn open_simulated<'a>(
        &'a self,
        disk: Arc<SimulatedDisk>,
    ) -> Option<BoxFuture<'a, FileResult<Arc<dyn FileStorage>>>> {
        Some(Box::pin(async move {
            let storage = LocalFileOptions::on_disk(disk).open().await?;
            Ok(Arc::new(storage) as Arc<dyn FileStorage>)
        }))
    }

    fn names<'a>(&'a self) -> BoxFuture<'a, Option<Vec<String>>> {
        let disk = self.0.lock().unwrap().clone();
        let names = disk.map(|disk| disk.image().into_keys().collect());
        Box::pin(std::future::ready(names))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn local_passes_on_any_disk() {
    let report = run(&Simulated::default()).await;
    report.assert_passed_except(&["FI-03", "FI-16", "FI-20"]);
}

#[cfg(unix)]
fn link(to: &Path, from: &Path) {
    std::os::unix::fs::symlink(to, from).unwrap();
}

#[cfg(windows)]
fn link(to: &Path, from: &Path) {
    std::os::windows::fs::symlink_dir(to, from).unwrap();
}

fn walk(directory: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        match entry.file_type().unwrap().is_dir() {
            true => walk(&entry.path(), &format!("{name}/"), names),
            false => names.push(name),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn local_passes() {
    let report = run(&Local(Mutex::default())).await;
    report.assert_passed_except(&["FI-14", "FI-17", "FI-18", "FI-19"]);
}

#[tokio::test]
async fn a_root_that_is_missing_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("not-mounted");
    let failed = LocalFileOptions::new(&root).open().await.unwrap_err();
    assert_eq!(failed.kind(), FileErrorKind::StorageUnavailable);
    assert!(!root.exists());
}

#[tokio::test]
async fn only_old_temporaries_are_swept() {
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    let temporary = below.join(".plumego-0123456789abcdef");
    fs::write(&temporary, "half").unwrap();
    fs::write(below.join("object"), "whole").unwrap();
    let clock = ManualClock::new(SystemTime::now());
    let open = || {
        LocalFileOptions::new(directory.path())
            .clock(Arc::new(clock.clone()))
            .open()
    };
    let storage = open().await.unwrap();
    assert!(temporary.exists(), "another process may be writing it");
    let listed = storage.list(Default::default()).await.unwrap().entries;
    assert_eq!(listed.len(), 1);
    clock.advance(Duration::from_secs(24 * 3_600 + 60));
    open().await.unwrap();
    assert!(!temporary.exists());
    assert!(below.join("object").exists());
    assert!(clock.now() > SystemTime::now());
}

#[cfg(unix)]
#[tokio::test]
async fn permissions_are_those_asked_for() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let options = LocalFileOptions::new(directory.path()).modes(0o640, 0o750);
    let storage = options.open().await.unwrap();
    let path = ObjectPath::parse("a/b").unwrap();
    storage
        .put(PutRequest::bytes("b", "x").at(path))
        .await
        .unwrap();
    let mode = |path: &str| {
        let metadata = directory.path().join(path).metadata().unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("a"), mode("a/b")), (0o750, 0o640));
}
