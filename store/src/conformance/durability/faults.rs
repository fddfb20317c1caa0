//! Calls fail.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::workload::{Contents, contents, states, writes};
use super::{DurabilityFixture, Opened, close, open_image, open_on};
use crate::Ttl;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq, ensure_kind};
use crate::conformance::{Calls, Crash, Fault, SimulatedDisk};
use crate::kv::{DurabilityClass, KvError, KvStore};

/// How long something that a store does by itself may take.
const PATIENCE: Duration = Duration::from_secs(20);

const BROKEN: Fault = Fault::Error(io::ErrorKind::Other);

/// A store on a disk of its own, with one value.
async fn begin(fixture: &dyn DurabilityFixture) -> Result<(Arc<SimulatedDisk>, Opened), Stop> {
    let disk = SimulatedDisk::new();
    let opened = open_on(fixture, &disk).await??;
    opened.store.set("old", "value".into(), Ttl::Never).await?;
    Ok((disk, opened))
}

pub(super) async fn failed_sync(fixture: &dyn DurabilityFixture) -> Outcome {
    let (disk, opened) = begin(fixture).await?;
    let store = &opened.store;
    let mut kept = Contents::from([("old".to_owned(), Bytes::from("value"))]);
    // What is not synced yet is synced first.
    settle(fixture, &disk, &**store).await?;
    kept.extend(contents(&**store).await?);
    disk.fail_after(Calls::Syncs, 0, BROKEN);
    match fixture.class() {
        DurabilityClass::Synced => {
            let failed = store.set("new", "value".into(), Ttl::Never).await;
            ensure_kind!(failed, "io", "a write whose sync failed");
            ensure_eq!(store.get("new").await?, None, "a write whose sync failed");
        }
        _ => {
            // The sync comes by itself, some time after the write.
            let poisoned = async {
                for number in 0.. {
                    let key = format!("new/{number}");
                    match store.set(&key, "value".into(), Ttl::Never).await {
                        Ok(()) => drop(kept.insert(key, "value".into())),
                        Err(error) => return error,
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                KvError::Closed
            };
            let patience = tokio::time::timeout(PATIENCE, poisoned).await;
            let error = patience.map_err(|_| Stop::Failed("no sync fails".to_owned()))?;
            ensure!(
                matches!(error.kind(), "io" | "poisoned"),
                "{error} after a failed sync"
            );
        }
    }
    let written = store.set("later", "value".into(), Ttl::Never).await;
    ensure_kind!(written, "poisoned", "a write after a failed sync");
    ensure_kind!(
        store.delete("old").await,
        "poisoned",
        "a delete after a failed sync"
    );
    ensure_eq!(contents(&**store).await?, kept, "reads after a failed sync");
    drop(store.close().await);
    let image = disk.after(Crash::Kept);
    let opened = open_image(fixture, &image).await?;
    let mut found = contents(&*opened.store).await?;
    // Whether the last write is there is anybody's guess.
    found.remove("new");
    found.retain(|key, _| kept.contains_key(key) || !key.starts_with("new/"));
    ensure_eq!(found, kept, "after reopening");
    opened
        .store
        .set("later", "value".into(), Ttl::Never)
        .await?;
    close(opened).await
}

/// Waits until everything acknowledged is synced.
async fn settle(
    fixture: &dyn DurabilityFixture,
    disk: &SimulatedDisk,
    store: &dyn KvStore,
) -> Outcome {
    if fixture.class() == DurabilityClass::Synced {
        return Ok(());
    }
    let syncs = disk.calls(Calls::Syncs);
    store.set("settled", "value".into(), Ttl::Never).await?;
    let synced = async {
        while disk.calls(Calls::Syncs) == syncs {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let patience = tokio::time::timeout(PATIENCE, synced).await;
    patience.map_err(|_| Stop::Failed("nothing is synced".to_owned()))?;
    // The log is begun anew right after the sync.
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(())
}

pub(super) async fn full_disk(fixture: &dyn DurabilityFixture) -> Outcome {
    let (disk, opened) = begin(fixture).await?;
    let store = &opened.store;
    let mut kept = contents(&**store).await?;
    for room in [0, 700, 5_000, 50_000, 200_000] {
        disk.fill_up(room);
        let mut failures = 0;
        for number in 0..200 {
            let key = format!("{room}/{number}");
            let value = Bytes::from(vec![number as u8; 3_000]);
            match store.set(&key, value.clone(), Ttl::Never).await {
                Ok(()) => drop(kept.insert(key, value)),
                Err(error) => {
                    ensure_eq!(error.kind(), "io", "{error}");
                    failures += 1;
                    if failures == 3 {
                        break;
                    }
                }
            }
        }
        ensure!(
            failures > 0 || fixture.class() != DurabilityClass::Synced,
            "the disk is full"
        );
        ensure_eq!(contents(&**store).await?, kept, "with {room} bytes of room");
        disk.heal();
        let key = format!("{room}/healed");
        let written = eventually(&**store, &key).await;
        written.map_err(|stop| stop.within(format!("after {room} bytes of room")))?;
        kept.insert(key, "value".into());
        ensure_eq!(contents(&**store).await?, kept, "once there is room");
    }
    close(opened).await?;
    let opened = open_image(fixture, &disk.image()).await?;
    ensure_eq!(contents(&*opened.store).await?, kept, "after reopening");
    close(opened).await
}

/// Writes a value, perhaps not at the first attempt.
async fn eventually(store: &dyn KvStore, key: &str) -> Outcome {
    let written = async {
        let mut last = None;
        for _ in 0..200 {
            match store.set(key, "value".into(), Ttl::Never).await {
                Ok(()) => return Ok(()),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        last.map_or(Ok(()), Err)
    };
    Ok(written.await?)
}

pub(super) async fn failed_write(fixture: &dyn DurabilityFixture) -> Outcome {
    let (disk, opened) = begin(fixture).await?;
    let store = &opened.store;
    settle(fixture, &disk, &**store).await?;
    let kept = contents(&**store).await?;
    for fault in [BROKEN, Fault::Error(io::ErrorKind::StorageFull)] {
        disk.fail_from(Calls::Writes, 0, fault);
        let failed = store.set("old", "new".into(), Ttl::Never).await;
        ensure_kind!(failed, "io", "a write that failed");
        ensure_eq!(contents(&**store).await?, kept, "after a failed write");
        disk.heal();
        eventually(&**store, "old/healed").await?;
        store.delete("old/healed").await?;
    }
    let names: Vec<_> = disk.image().into_keys().collect();
    close(opened).await?;
    let after: Vec<_> = disk.image().into_keys().collect();
    let left = after.iter().find(|name| !names.contains(name));
    ensure!(left.is_none(), "closing left {left:?}");
    let opened = open_image(fixture, &disk.image()).await?;
    ensure_eq!(contents(&*opened.store).await?, kept, "after reopening");
    let fresh = SimulatedDisk::new();
    let other = open_on(fixture, &fresh).await??;
    let fresh: Vec<_> = fresh.image().into_keys().collect();
    let left = after.iter().find(|name| !fresh.contains(name));
    ensure!(left.is_none(), "a failed write left {left:?}");
    close(other).await?;
    close(opened).await
}

pub(super) async fn unsynced_directory(fixture: &dyn DurabilityFixture) -> Outcome {
    // The last sync of a new store is that of its directory.
    let count = {
        let disk = SimulatedDisk::new();
        let opened = open_on(fixture, &disk).await??;
        let count = disk.calls(Calls::Syncs);
        close(opened).await?;
        count
    };
    let disk = SimulatedDisk::new();
    disk.fail_after(Calls::Syncs, count - 1, BROKEN);
    match open_on(fixture, &disk).await? {
        Err(error) => ensure_eq!(error.kind(), "io", "{error}"),
        Ok(_) => ensure!(false, "a store whose directory was not synced was opened"),
    }
    disk.heal();
    let opened = open_on(fixture, &disk).await??;
    opened.store.set("k", "v".into(), Ttl::Never).await?;
    close(opened).await
}

pub(super) async fn busy_maintenance(fixture: &dyn DurabilityFixture) -> Outcome {
    let (disk, opened) = begin(fixture).await?;
    if opened.backup.is_none() && opened.compact.is_none() {
        return Err(Stop::NotApplicable("there is no backup and no compaction"));
    }
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (store, stop) = (Arc::clone(&opened.store), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut acknowledged = 0;
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    let key = format!("{writer}/{acknowledged:05}");
                    store.set(&key, key.clone().into(), Ttl::Never).await?;
                    acknowledged += 1;
                }
                Ok::<_, KvError>(acknowledged)
            })
        })
        .collect();
    let mut copies = Vec::new();
    for _ in 0..5 {
        if let Some(compact) = &opened.compact {
            compact().await?;
        }
        if let Some(backup) = &opened.backup {
            let target = SimulatedDisk::new();
            backup(Arc::clone(&target)).await?;
            copies.push(target);
        }
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.push(writer.await??);
    }
    ensure!(
        acknowledged.iter().any(|count| *count > 0),
        "nothing was written meanwhile"
    );
    // Killed, not closed.
    for image in [disk.after(Crash::Kept), disk.image()] {
        let opened = open_image(fixture, &image).await?;
        let found = contents(&*opened.store).await?;
        for (writer, count) in acknowledged.iter().enumerate() {
            for number in 0..*count {
                let key = format!("{writer}/{number:05}");
                ensure!(found.contains_key(&key), "{key} of {count} is lost");
            }
        }
    }
    for copy in copies {
        let opened = open_image(fixture, &copy.image()).await?;
        let found = contents(&*opened.store).await?;
        ensure!(
            found.contains_key("old"),
            "a backup lacks what was there before it began"
        );
        // What one writer wrote is there up to some point.
        for writer in 0..4 {
            let prefix = format!("{writer}/");
            let keys = found.keys().filter(|key| key.starts_with(&prefix));
            for (number, key) in keys.enumerate() {
                ensure_eq!(*key, format!("{writer}/{number:05}"), "a gap in a backup");
            }
        }
    }
    close(opened).await
}

pub(super) async fn every_call(fixture: &dyn DurabilityFixture) -> Outcome {
    for fault in [BROKEN, Fault::Short] {
        for count in 0.. {
            let disk = SimulatedDisk::new();
            disk.fail_after(Calls::All, count, fault);
            let failed = one_failure(fixture, &disk).await;
            let reached =
                failed.map_err(|stop| stop.within(format!("{fault:?} at call {count}")))?;
            if !reached {
                break;
            }
        }
    }
    Ok(())
}

/// Runs the workload with one failure in it; whether the failure was reached.
async fn one_failure(
    fixture: &dyn DurabilityFixture,
    disk: &Arc<SimulatedDisk>,
) -> Result<bool, Stop> {
    let before = disk.is_waiting();
    let all = writes();
    // Each write that failed may be there after reopening, or not.
    let mut kept = Contents::new();
    let mut maybe: Vec<Contents> = vec![Contents::new()];
    match open_on(fixture, disk).await? {
        Err(error) => ensure_eq!(error.kind(), "io", "{error}"),
        Ok(opened) => {
            for write in &all {
                match write.run(&*opened.store).await {
                    Ok(()) => {
                        write.apply(&mut kept);
                        maybe = vec![kept.clone()];
                    }
                    Err(error) => {
                        ensure!(matches!(error.kind(), "io" | "poisoned"), "{error}");
                        if error.kind() == "io" {
                            let mut with = kept.clone();
                            write.apply(&mut with);
                            maybe.push(with);
                        }
                    }
                }
            }
            // A read may be what fails; the next one does not.
            let found = match contents(&*opened.store).await {
                Err(_) if disk.is_waiting() != before => retry_contents(&*opened.store).await?,
                found => found?,
            };
            ensure_eq!(found, kept, "what is read in the same process");
            drop(opened.store.close().await);
        }
    }
    let reached = !disk.is_waiting();
    disk.heal();
    let opened = open_image(fixture, &disk.image()).await?;
    let found = contents(&*opened.store).await?;
    ensure!(
        maybe.contains(&found) || found == kept,
        "after reopening: {:?}",
        found.keys()
    );
    if !reached {
        let last = states(&all).pop().unwrap_or_default();
        ensure_eq!(found, last, "without a failure");
    }
    close(opened).await?;
    Ok(reached)
}

async fn retry_contents(store: &dyn KvStore) -> Result<Contents, Stop> {
    let mut last = contents(store).await;
    for _ in 0..100 {
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        last = contents(store).await;
    }
    last
}
