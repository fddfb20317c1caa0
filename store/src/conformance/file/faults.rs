//! The medium fails.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;

use super::{FileFixture, all, open, open_on, path, put, read};
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq, ensure_kind};
use crate::conformance::{Calls, Crash, Fault, Image, SimulatedDisk};
use crate::file::{
    CopyOptions, FileErrorKind, FileResult, FileStorage, GetOptions, ListRequest, PutRequest,
};

type Contents = BTreeMap<String, Bytes>;

/// What is done until something fails.
#[derive(Clone, Debug)]
enum Write {
    Put(&'static str, Bytes, bool),
    Delete(&'static str),
    Copy(&'static str, &'static str),
}

impl Write {
    async fn run(&self, storage: &dyn FileStorage) -> Result<FileResult<()>, Stop> {
        Ok(match self {
            Self::Put(at, content, new) => {
                let mut request = put(at, content.clone())?;
                if *new {
                    request = request.create_new();
                }
                storage.put(request).await.map(drop)
            }
            Self::Delete(at) => storage.delete(&path(at)?).await,
            Self::Copy(from, to) => {
                let options = CopyOptions::default();
                storage
                    .copy(&path(from)?, &path(to)?, options)
                    .await
                    .map(drop)
            }
        })
    }

    fn apply(&self, contents: &mut Contents) {
        match self {
            Self::Put(at, content, _) => drop(contents.insert((*at).to_owned(), content.clone())),
            Self::Delete(at) => drop(contents.remove(*at)),
            Self::Copy(from, to) => {
                if let Some(content) = contents.get(*from).cloned() {
                    contents.insert((*to).to_owned(), content);
                }
            }
        }
    }

    /// Where it changes something.
    fn target(&self) -> &'static str {
        match self {
            Self::Put(at, ..) | Self::Delete(at) | Self::Copy(_, at) => at,
        }
    }
}

fn writes() -> Vec<Write> {
    use Write::{Copy, Delete, Put};
    let content = |seed: u8, len: usize| {
        Bytes::from(
            (0..len)
                .map(|at| seed.wrapping_add(at as u8))
                .collect::<Vec<_>>(),
        )
    };
    vec![
        Put("a", content(1, 100), false),
        Put("deep/er/b", content(2, 700_000), true),
        Put("a", content(3, 5_000), false),
        Copy("deep/er/b", "a"),
        Put("deep/c", content(4, 0), true),
        Copy("a", "other/d"),
        Delete("deep/er/b"),
        Put("deep/er/b", content(5, 300), false),
    ]
}

/// Everything a storage holds.
async fn contents(storage: &dyn FileStorage) -> Result<Contents, Stop> {
    let mut contents = Contents::new();
    for at in all(storage).await? {
        contents.insert(at.clone(), read(storage, &at).await?);
    }
    Ok(contents)
}

async fn open_image(
    fixture: &dyn FileFixture,
    image: &Image,
) -> Result<(Arc<SimulatedDisk>, Arc<dyn FileStorage>), Stop> {
    let disk = Arc::new(SimulatedDisk::from_image(image));
    let storage = open_on(fixture, &disk).await??;
    Ok((disk, storage))
}

/// Checks that nothing but objects is left on a disk.
fn no_temporaries(image: &Image) -> Outcome {
    let left = image.keys().find(|name| name.contains(".plumego-"));
    ensure!(left.is_none(), "{left:?} was left");
    Ok(())
}

pub(super) async fn power_cut(fixture: &dyn FileFixture) -> Outcome {
    for cut in 0.. {
        let disk = SimulatedDisk::new();
        disk.fail_after(Calls::Changes, cut, Fault::PowerCut);
        let (mut kept, mut open) = (Contents::new(), None);
        if let Ok(storage) = open_on(fixture, &disk).await? {
            for write in writes() {
                match write.run(&*storage).await? {
                    Ok(()) => write.apply(&mut kept),
                    Err(error) => {
                        ensure!(disk.has_failed(), "{error}");
                        open = Some(write);
                        break;
                    }
                }
            }
        }
        for crash in [
            Crash::Kept,
            Crash::Dropped,
            Crash::Torn(1),
            Crash::Torn(2),
            Crash::Torn(3),
        ] {
            let what = format!("cut at change {cut}, {crash:?}");
            let found = after_crash(fixture, &disk.after(crash)).await;
            let found = found.map_err(|stop| stop.within(&what))?;
            compare(&kept, open.as_ref(), &found).map_err(|stop| stop.within(&what))?;
        }
        if !disk.has_failed() {
            ensure!(cut > 20, "only {cut} changes were made: is the disk used?");
            break;
        }
    }
    Ok(())
}

/// Opens what a crash left, and shows that it can be written again.
async fn after_crash(fixture: &dyn FileFixture, image: &Image) -> Result<Contents, Stop> {
    let (disk, storage) = open_image(fixture, image).await?;
    let found = contents(&*storage).await?;
    no_temporaries(&disk.image())?;
    storage.put(put("deep/er/after", "the crash")?).await?;
    ensure_eq!(
        read(&*storage, "deep/er/after").await?,
        Bytes::from("the crash"),
        "a new object"
    );
    Ok(found)
}

/// All that was acknowledged is there, and the write that was under way is
/// there whole, or what was there before, or nothing.
fn compare(kept: &Contents, open: Option<&Write>, found: &Contents) -> Outcome {
    let mut with = kept.clone();
    if let Some(open) = open {
        open.apply(&mut with);
    }
    let target = open.map(Write::target);
    for at in kept.keys().chain(found.keys()) {
        let is = found.get(at);
        let whole = is == kept.get(at) || is == with.get(at);
        let gone = is.is_none() && target == Some(at.as_str());
        ensure!(whole || gone, "{at} is not what was put");
        ensure!(
            target == Some(at.as_str()) || is == kept.get(at),
            "{at} is not what was put"
        );
    }
    Ok(())
}

pub(super) async fn every_call(fixture: &dyn FileFixture) -> Outcome {
    for fault in [Fault::Error(io::ErrorKind::Other), Fault::Short] {
        for count in 0.. {
            let disk = SimulatedDisk::new();
            disk.fail_after(Calls::All, count, fault);
            let reached = one_failure(fixture, &disk).await;
            let reached =
                reached.map_err(|stop| stop.within(format!("{fault:?} at call {count}")))?;
            if !reached {
                break;
            }
        }
    }
    Ok(())
}

/// Runs the workload with one failure in it; whether the failure was reached.
async fn one_failure(fixture: &dyn FileFixture, disk: &Arc<SimulatedDisk>) -> Result<bool, Stop> {
    let mut kept = Contents::new();
    let mut failures = 0;
    if let Ok(storage) = open_on(fixture, disk).await? {
        for write in writes() {
            let outcome = write.run(&*storage).await?;
            match outcome {
                Ok(()) => write.apply(&mut kept),
                Err(error) => {
                    // What follows may miss what failed.
                    let expected = [FileErrorKind::Io, FileErrorKind::NotFound];
                    ensure!(expected.contains(&error.kind()), "{error}");
                    failures += 1;
                    unclear(&mut kept, &write, &*storage).await?;
                }
            }
        }
        // A disk that fails may keep them.
        settle(disk, Duration::from_millis(400)).await;
        let found = match contents(&*storage).await {
            Err(_) if !disk.is_waiting() => contents(&*storage).await?,
            found => found?,
        };
        ensure_eq!(found, kept, "what is read in the same process");
    }
    let reached = !disk.is_waiting();
    disk.heal();
    ensure!(
        reached || failures == 0,
        "{failures} operations failed without a fault"
    );
    let (_, storage) = open_image(fixture, &disk.image()).await?;
    ensure_eq!(contents(&*storage).await?, kept, "after reopening");
    Ok(reached)
}

/// A delete that failed may have happened; a put that failed may not, and
/// leaves what was there.
async fn unclear(kept: &mut Contents, write: &Write, storage: &dyn FileStorage) -> Outcome {
    if let Write::Delete(at) = write
        && !storage.exists(&path(at)?).await?
    {
        kept.remove(*at);
    }
    Ok(())
}

/// How long what is removed in the background may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what is removed in the background.
async fn settle(disk: &SimulatedDisk, patience: Duration) {
    let gone = async {
        while no_temporaries(&disk.image()).is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    // What is there all the same is for the caller to judge.
    drop(tokio::time::timeout(patience, gone).await);
}

pub(super) async fn full_disk(fixture: &dyn FileFixture) -> Outcome {
    let disk = SimulatedDisk::new();
    let storage = open_on(fixture, &disk).await??;
    storage.put(put("kept", "old")?).await?;
    for room in [0, 100, 5_000, 300_000] {
        disk.fill_up(room);
        for at in ["kept", "new"] {
            let failed = storage.put(put(at, vec![1; room as usize + 1])?).await;
            ensure_kind!(
                failed,
                FileErrorKind::StorageUnavailable,
                "with {room} bytes of room"
            );
        }
        settle(&disk, PATIENCE).await;
        no_temporaries(&disk.image())?;
        ensure_eq!(
            read(&*storage, "kept").await?,
            Bytes::from("old"),
            "with {room} bytes"
        );
        ensure!(!storage.exists(&path("new")?).await?, "a part was stored");
        disk.heal();
        let at = format!("healed/{room}");
        storage.put(put(&at, vec![2; 1_000])?).await?;
    }
    ensure_eq!(all(&*storage).await?.len(), 5, "objects");
    Ok(())
}

pub(super) async fn killed(fixture: &dyn FileFixture) -> Outcome {
    let disk = SimulatedDisk::new();
    let storage = open_on(fixture, &disk).await??;
    storage.put(put("deep/object", "old")?).await?;
    let piece = || Ok(Bytes::from(vec![9; 300_000]));
    for mode in ["overwrite", "create"] {
        let at = if mode == "create" {
            "deep/new"
        } else {
            "deep/object"
        };
        let endless =
            futures_util::stream::iter([piece(), piece()]).chain(futures_util::stream::pending());
        let request = PutRequest::new("n", endless).at(path(at)?);
        let writes = disk.calls(Calls::Writes);
        let (other, image) = (Arc::clone(&storage), Arc::clone(&disk));
        let put = tokio::spawn(async move { other.put(request).await.is_ok() });
        let begun = async {
            while image.calls(Calls::Writes) == writes {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let patience = tokio::time::timeout(PATIENCE, begun).await;
        patience.map_err(|_| Stop::Failed("nothing was written".to_owned()))?;
        // Killed here.
        let image = disk.after(Crash::Kept);
        put.abort();
        // What it had under way must not be taken for the next one's.
        drop(put.await);
        settle(&disk, PATIENCE).await;
        ensure!(
            no_temporaries(&image).is_err(),
            "content was written to its place at once"
        );
        let (reopened, storage) = open_image(fixture, &image).await?;
        ensure_eq!(
            all(&*storage).await?,
            ["deep/object"],
            "objects after a kill"
        );
        ensure_eq!(
            read(&*storage, "deep/object").await?,
            Bytes::from("old"),
            "the old object"
        );
        no_temporaries(&reopened.image())?;
    }
    Ok(())
}

pub(super) async fn lost_medium(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    storage.put(put("a/b", "x")?).await?;
    if !fixture.lose_medium().await {
        return Err(Stop::NotApplicable("the medium cannot be lost"));
    }
    let at = path("a/b")?;
    let kind = FileErrorKind::StorageUnavailable;
    ensure_kind!(storage.get(&at, GetOptions::new()).await, kind, "get");
    ensure_kind!(storage.stat(&at).await, kind, "stat");
    ensure_kind!(storage.exists(&at).await, kind, "exists");
    ensure_kind!(storage.delete(&at).await, kind, "delete");
    ensure_kind!(storage.put(put("c", "x")?).await, kind, "put");
    ensure_kind!(storage.list(ListRequest::default()).await, kind, "list");
    let copied = storage.copy(&at, &path("c")?, CopyOptions::default()).await;
    ensure_kind!(copied, kind, "copy");
    Ok(())
}
