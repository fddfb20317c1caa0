//! The power is cut.

use std::sync::Arc;

use super::workload::{Contents, contents, states, writes};
use super::{DurabilityFixture, Opened, close, open_image, open_on};
use crate::Ttl;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::conformance::{Calls, Crash, Fault, Image, SimulatedDisk};
use crate::kv::{DurabilityClass, KvResult};

/// How many writes were acknowledged before the power was cut, and how many
/// were begun.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    acknowledged: usize,
    begun: usize,
}

/// What may be found after a crash.
fn crashes(fixture: &dyn DurabilityFixture) -> Vec<Crash> {
    let tears = (0..fixture.effort().tears()).map(Crash::Torn);
    [Crash::Kept, Crash::Dropped]
        .into_iter()
        .chain(tears)
        .collect()
}

pub(super) async fn power_cut(fixture: &dyn DurabilityFixture) -> Outcome {
    let all = writes();
    let states = states(&all);
    for cut in 0.. {
        let disk = SimulatedDisk::new();
        disk.fail_after(Calls::Changes, cut, Fault::PowerCut);
        let progress = write(fixture, &disk).await?;
        for crash in crashes(fixture) {
            let image = disk.after(crash);
            let what = || format!("cut at change {cut}, {crash:?}");
            let found = recover(fixture, &image)
                .await
                .map_err(|stop| stop.within(what()))?;
            allowed(fixture, crash, progress, &states, &found)
                .map_err(|stop| stop.within(what()))?;
        }
        if !disk.has_failed() {
            ensure!(
                cut > 20,
                "only {cut} changes were ever made: is the disk used?"
            );
            return while_recovering(fixture, &disk.after(Crash::Kept), &states).await;
        }
    }
    Ok(())
}

/// Writes until the power is cut, or all is written.
async fn write(
    fixture: &dyn DurabilityFixture,
    disk: &Arc<SimulatedDisk>,
) -> Result<Progress, Stop> {
    let mut progress = Progress::default();
    let opened = match open_on(fixture, disk).await? {
        Ok(opened) => opened,
        Err(_) if disk.has_failed() => return Ok(progress),
        Err(error) => return Err(error.into()),
    };
    for write in writes() {
        progress.begun += 1;
        match write.run(&*opened.store).await {
            Ok(()) => progress.acknowledged += 1,
            Err(_) if disk.has_failed() => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(progress)
}

/// Whether a state is one that the class allows.
fn allowed(
    fixture: &dyn DurabilityFixture,
    crash: Crash,
    progress: Progress,
    states: &[Contents],
    found: &Contents,
) -> Outcome {
    let least = match (fixture.class(), crash) {
        (DurabilityClass::Synced, _) | (_, Crash::Kept) => progress.acknowledged,
        // How much time went by is not known: any earlier state will do.
        _ => 0,
    };
    let good = states[least..=progress.begun].contains(found);
    let keys: Vec<_> = found.keys().collect();
    ensure!(
        good,
        "{progress:?}, and what is found is none of the states since {least}: {keys:?}"
    );
    Ok(())
}

/// Opens what a crash left, reads it, and shows that it can be written again.
async fn recover(fixture: &dyn DurabilityFixture, image: &Image) -> Result<Contents, Stop> {
    let opened = open_image(fixture, image).await?;
    let found = contents(&*opened.store).await?;
    opened
        .store
        .set("after", "the crash".into(), Ttl::Never)
        .await?;
    let mut expected = found.clone();
    expected.insert("after".to_owned(), "the crash".into());
    ensure_eq!(
        contents(&*opened.store).await?,
        expected,
        "after another write"
    );
    Ok(found)
}

/// Cuts the power again while what the first cut left is recovered.
async fn while_recovering(
    fixture: &dyn DurabilityFixture,
    image: &Image,
    states: &[Contents],
) -> Outcome {
    let expected = states.last().cloned().unwrap_or_default();
    for cut in 0.. {
        let disk = Arc::new(SimulatedDisk::from_image(image));
        disk.fail_after(Calls::Changes, cut, Fault::PowerCut);
        let opened = open_on(fixture, &disk).await?;
        let whole = opened.is_ok();
        drop(opened);
        for crash in crashes(fixture) {
            let found = recover(fixture, &disk.after(crash)).await;
            let found = found.map_err(|stop| {
                stop.within(format!("cut at change {cut} of the recovery, {crash:?}"))
            })?;
            ensure_eq!(
                found,
                expected,
                "after a cut at change {cut} of the recovery"
            );
        }
        if whole {
            break;
        }
    }
    Ok(())
}

pub(super) async fn maintenance(fixture: &dyn DurabilityFixture) -> Outcome {
    let disk = SimulatedDisk::new();
    write(fixture, &disk).await?;
    let base = disk.after(Crash::Kept);
    let expected = {
        let opened = open_image(fixture, &base).await?;
        if opened.backup.is_none() && opened.compact.is_none() {
            return Err(Stop::NotApplicable("there is no backup and no compaction"));
        }
        contents(&*opened.store).await?
    };
    compaction(fixture, &base, &expected).await?;
    backup(fixture, &base, &expected).await
}

async fn compaction(fixture: &dyn DurabilityFixture, base: &Image, expected: &Contents) -> Outcome {
    for cut in 0.. {
        let disk = Arc::new(SimulatedDisk::from_image(base));
        let opened = open_on(fixture, &disk).await??;
        let Some(compact) = &opened.compact else {
            return Ok(());
        };
        disk.fail_after(Calls::Changes, cut, Fault::PowerCut);
        let done = compact().await;
        let written = match &done {
            Ok(()) => opened.store.set("new", "v".into(), Ttl::Never).await,
            Err(_) => Err(crate::kv::KvError::Closed),
        };
        for crash in crashes(fixture) {
            let image = disk.after(crash);
            let found = recover(fixture, &image).await;
            let mut found = found.map_err(|stop| {
                stop.within(format!("cut at change {cut} of a compaction, {crash:?}"))
            })?;
            let new = found.remove("new");
            let must = written.is_ok()
                && (crash == Crash::Kept || fixture.class() == DurabilityClass::Synced);
            ensure!(
                new.is_some() || !must,
                "a write after the compaction is lost"
            );
            ensure_eq!(
                found,
                *expected,
                "after a cut at change {cut} of a compaction"
            );
        }
        if !disk.has_failed() {
            done?;
            written?;
            break;
        }
    }
    Ok(())
}

async fn backup(fixture: &dyn DurabilityFixture, base: &Image, expected: &Contents) -> Outcome {
    let opened = open_image(fixture, base).await?;
    let Some(backup) = &opened.backup else {
        return Ok(());
    };
    for cut in 0.. {
        let target = SimulatedDisk::new();
        target.fail_after(Calls::Changes, cut, Fault::PowerCut);
        let done: KvResult<()> = backup(Arc::clone(&target)).await;
        for crash in crashes(fixture) {
            let image = target.after(crash);
            let found = recover(fixture, &image).await;
            let found = found.map_err(|stop| {
                stop.within(format!("cut at change {cut} of a backup, {crash:?}"))
            })?;
            let nothing = found.is_empty() && done.is_err();
            ensure!(
                nothing || found == *expected,
                "a part of a backup, cut at change {cut}"
            );
        }
        if !target.has_failed() {
            done?;
            ensure!(backup(target).await.is_err(), "a backup over a store");
            break;
        }
    }
    ensure_eq!(
        contents(&*opened.store).await?,
        *expected,
        "the store after its backups"
    );
    close(opened).await
}

pub(super) async fn twice(fixture: &dyn DurabilityFixture) -> Outcome {
    let disk = SimulatedDisk::new();
    write(fixture, &disk).await?;
    // Neither store is closed, so that each start finds what a crash left.
    let mut image = disk.after(Crash::Kept);
    let expected = states(&writes()).pop().unwrap_or_default();
    for start in 1..=3 {
        let disk = Arc::new(SimulatedDisk::from_image(&image));
        let Opened { store, .. } = open_on(fixture, &disk).await??;
        ensure_eq!(contents(&*store).await?, expected, "at start {start}");
        image = disk.after(Crash::Kept);
    }
    // What is written now is newer than all that was recovered.
    let disk = Arc::new(SimulatedDisk::from_image(&image));
    let opened = open_on(fixture, &disk).await??;
    opened
        .store
        .set("often", "newest".into(), Ttl::Never)
        .await?;
    opened.store.delete("d").await?;
    let image = disk.after(Crash::Kept);
    let opened = open_image(fixture, &image).await?;
    ensure_eq!(
        opened.store.get("often").await?,
        Some("newest".into()),
        "the newest value"
    );
    ensure_eq!(opened.store.get("d").await?, None, "a deleted key");
    close(opened).await
}
