//! Bytes flip.

use std::sync::Arc;

use super::workload::{Contents, contents, states, writes};
use super::{DurabilityFixture, Opened, close, open_image, open_on};
use crate::Ttl;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::conformance::{Image, SimulatedDisk};
use crate::kv::{KvError, KvResult, ScanRequest};

/// A small store that was closed, and what is in it.
async fn small(fixture: &dyn DurabilityFixture) -> Result<(Image, Contents), Stop> {
    if let Some(opened) = fixture.open_simulated(SimulatedDisk::new()) {
        drop(opened);
        let disk = SimulatedDisk::new();
        let opened = open_on(fixture, &disk).await??;
        fill(&opened).await?;
        let kept = contents(&*opened.store).await?;
        close(opened).await?;
        return Ok((disk.image(), kept));
    }
    let directory = tempfile::tempdir()?;
    let opened = fixture.open_directory(directory.path()).await?;
    fill(&opened).await?;
    let kept = contents(&*opened.store).await?;
    close(opened).await?;
    Ok((read_directory(directory.path())?, kept))
}

async fn fill(opened: &Opened) -> Outcome {
    for number in 0..40 {
        let key = format!("key/{number:03}");
        let value = format!("value {number} ").repeat(number % 7 + 1);
        opened.store.set(&key, value.into(), Ttl::Never).await?;
    }
    Ok(())
}

fn read_directory(directory: &std::path::Path) -> Result<Image, Stop> {
    let mut image = Image::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            image.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(image)
}

fn write_directory(directory: &std::path::Path, image: &Image) -> Outcome {
    for (name, bytes) in image {
        std::fs::write(directory.join(name), bytes)?;
    }
    Ok(())
}

/// Opens an image, on a simulated disk or in a directory, which is returned so
/// that it lives as long as the store.
async fn open_any(
    fixture: &dyn DurabilityFixture,
    image: &Image,
) -> Result<(KvResult<Opened>, Option<tempfile::TempDir>), Stop> {
    let disk = Arc::new(SimulatedDisk::from_image(image));
    if let Some(opened) = fixture.open_simulated(disk) {
        return Ok((opened.await, None));
    }
    let directory = tempfile::tempdir()?;
    write_directory(directory.path(), image)?;
    let opened = fixture.open_directory(directory.path()).await;
    Ok((opened, Some(directory)))
}

pub(super) async fn flipped_bytes(fixture: &dyn DurabilityFixture) -> Outcome {
    let (image, kept) = small(fixture).await?;
    let stride = fixture.effort().stride();
    let (mut flips, mut noticed) = (0_u32, 0_u32);
    for (name, bytes) in &image {
        for at in (0..bytes.len()).step_by(stride) {
            let mut flipped = image.clone();
            if let Some(bytes) = flipped.get_mut(name) {
                bytes[at] ^= if at % 2 == 0 { 0xFF } else { 1 << (at % 8) };
            }
            flips += 1;
            let wrong = look(fixture, &flipped, &kept).await;
            noticed +=
                u32::from(wrong.map_err(|stop| stop.within(format!("byte {at} of {name}")))?);
        }
    }
    ensure!(
        flips > 0 && noticed > 0,
        "{noticed} of {flips} flips were noticed"
    );
    Ok(())
}

/// Reads a damaged store: every answer is right or an error; whether there was
/// an error.
async fn look(
    fixture: &dyn DurabilityFixture,
    image: &Image,
    kept: &Contents,
) -> Result<bool, Stop> {
    let (opened, _directory) = open_any(fixture, image).await?;
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            ensure!(is_damage(&error), "opening says {error}");
            return Ok(true);
        }
    };
    let mut noticed = false;
    for (key, value) in kept {
        match opened.store.get(key).await {
            Ok(found) => ensure_eq!(found.as_ref(), Some(value), "{key}"),
            Err(error) => {
                ensure!(is_damage(&error), "reading says {error}");
                noticed = true;
            }
        }
    }
    match opened
        .store
        .scan(ScanRequest::prefix("").with_values())
        .await
    {
        Ok(page) => {
            let entries = page.entries.into_iter();
            let found: Contents = entries
                .map(|entry| (entry.key, entry.value.unwrap_or_default()))
                .collect();
            ensure_eq!(found, *kept, "a scan");
        }
        Err(error) => {
            ensure!(is_damage(&error), "scanning says {error}");
            noticed = true;
        }
    }
    drop(opened.store.close().await);
    Ok(noticed)
}

fn is_damage(error: &KvError) -> bool {
    matches!(
        error.kind(),
        "corrupt_state" | "newer_format" | "io" | "unavailable"
    )
}

pub(super) async fn torn_log(fixture: &dyn DurabilityFixture) -> Outcome {
    let Some(log) = fixture.log() else {
        return Err(Stop::NotApplicable("there is no log"));
    };
    let disk = SimulatedDisk::new();
    let opened = open_on(fixture, &disk).await??;
    let all = writes();
    for write in &all {
        write.run(&*opened.store).await?;
    }
    let image = disk.image();
    let whole = image.get(log.name).map_or(0, Vec::len);
    ensure!(
        whole > 0,
        "{} is empty: does the fixture sync too often?",
        log.name
    );
    let states = states(&all);
    let (mut last, mut shorter) = (0, 0);
    // Every length near the end, and some of the others.
    let lengths = (0..whole).filter(|length| whole - length < 200 || length % 97 == 0);
    for length in lengths.chain([whole]) {
        let mut torn = image.clone();
        if let Some(bytes) = torn.get_mut(log.name) {
            bytes.truncate(length);
        }
        let found = open_image(fixture, &torn).await;
        let found = found.map_err(|stop| stop.within(format!("cut to {length} bytes")))?;
        let found = contents(&*found.store).await?;
        let Some(state) = states.iter().rposition(|state| *state == found) else {
            return Err(Stop::Failed(format!(
                "cut to {length} bytes, it is no earlier state"
            )));
        };
        ensure!(
            state >= last,
            "cut to {length} bytes, it is older than with fewer"
        );
        shorter += u32::from(state > last);
        last = state;
    }
    ensure_eq!(last + 1, states.len(), "the state with the whole log");
    ensure!(shorter > 1, "the log holds nothing");
    bad_middle(fixture, &image, log, &states).await
}

async fn bad_middle(
    fixture: &dyn DurabilityFixture,
    image: &Image,
    log: super::Log,
    states: &[Contents],
) -> Outcome {
    let mut bad = image.clone();
    if let Some(bytes) = bad.get_mut(log.name) {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xFF;
    }
    let disk = Arc::new(SimulatedDisk::from_image(&bad));
    match open_on(fixture, &disk).await? {
        Err(error) => {
            ensure!(log.synced, "{error}, though nothing of it was synced");
            ensure_eq!(error.kind(), "corrupt_state", "{error}");
        }
        Ok(opened) => {
            ensure!(!log.synced, "a log that is bad in its middle was accepted");
            let found = contents(&*opened.store).await?;
            ensure!(states.contains(&found), "a bad middle left a gap");
        }
    }
    Ok(())
}

pub(super) async fn salvaged(fixture: &dyn DurabilityFixture) -> Outcome {
    let (image, kept) = small(fixture).await?;
    let whole = rescue(fixture, &image, &kept).await?;
    ensure_eq!(
        whole,
        kept.len() as u64,
        "entries salvaged of a whole store"
    );
    let Some((name, bytes)) = image.iter().max_by_key(|(_, bytes)| bytes.len()) else {
        return Err(Stop::Failed("the store has no file".to_owned()));
    };
    // Something is saved of nearly every store with one bad byte.
    let (mut rescues, mut fruitful) = (0_u32, 0_u32);
    for at in (0..bytes.len()).step_by(fixture.effort().stride() * 13) {
        let mut damaged = image.clone();
        if let Some(bytes) = damaged.get_mut(name) {
            bytes[at] ^= 0xFF;
        }
        let copied = rescue(fixture, &damaged, &kept).await;
        let copied = copied.map_err(|stop| stop.within(format!("byte {at} of {name}")))?;
        rescues += 1;
        fruitful += u32::from(copied + 1 >= kept.len() as u64);
    }
    ensure!(
        fruitful * 10 >= rescues * 8,
        "{fruitful} of {rescues} rescues saved all but one"
    );
    Ok(())
}

/// Salvages an image; how many entries came out of it, each of them right.
async fn rescue(
    fixture: &dyn DurabilityFixture,
    image: &Image,
    kept: &Contents,
) -> Result<u64, Stop> {
    let (source, target) = (tempfile::tempdir()?, tempfile::tempdir()?);
    write_directory(source.path(), image)?;
    let target_store = target.path().join("salvaged");
    let Some(rescued) = fixture.salvage(source.path(), &target_store) else {
        return Err(Stop::NotApplicable("there is no rescue"));
    };
    let rescued = rescued?;
    ensure_eq!(
        read_directory(source.path())?,
        *image,
        "the source of a rescue"
    );
    let opened = fixture.open_directory(&target_store).await?;
    let found = contents(&*opened.store).await?;
    ensure_eq!(
        found.len() as u64,
        rescued.copied,
        "entries, found and reported"
    );
    for (key, value) in &found {
        ensure_eq!(kept.get(key), Some(value), "{key}, salvaged");
    }
    close(opened).await?;
    Ok(rescued.copied)
}
