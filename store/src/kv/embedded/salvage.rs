//! What can be read of a damaged store.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use redb::{Builder, ReadOnlyTable, ReadableDatabase, ReadableTable};
use serde::Serialize;

use super::copy::{Copy, fill};
use super::database::{Database, guard};
use super::engine::engine_error;
use super::files::FILE;
use super::medium::{Backend, Medium};
use super::tables::{ENTRIES, Identity, Place};
use crate::disk::{Disk, OpenMode, SystemDisk};
use crate::kv::record::{self, Nanos};
use crate::kv::{KvError, KvResult, directory};

/// Keys that are tried between the last one read from the front and the first
/// one read from the back.
const PROBES_MAX: usize = 4_096;

/// What a rescue came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SalvageReport {
    /// Live entries that were copied.
    pub copied: u64,
    /// Entries that had expired and were left.
    pub expired: u64,
    /// Entries that are there and cannot be read.
    pub unreadable: u64,
    /// Whether parts of the store could not be walked at all, so that entries
    /// may be missing that are counted nowhere.
    pub incomplete: bool,
}

/// Copies every live entry that can be read from the store in `source` to a
/// new one in `target`, on this thread. The source is not changed, and may be
/// damaged in any way.
///
/// What a store wrote to its journal and did not sync is not looked for.
///
/// # Errors
///
/// `AlreadyOpen` if the source is in use, `InvalidConfig` if there is a store
/// in the target, `Io` if the one cannot be read or the other not be written.
pub fn salvage(
    source: impl AsRef<Path>,
    target: impl AsRef<Path>,
    now: std::time::SystemTime,
) -> KvResult<SalvageReport> {
    let failed = |op| move |source| KvError::Io { op, source };
    let source = SystemDisk::open(source).map_err(failed("opening the source"))?;
    let target = SystemDisk::create(target).map_err(failed("opening the target"))?;
    salvage_between(&source, &target, record::nanos(now))
}

/// [`salvage`] between any two disks.
fn salvage_between(source: &dyn Disk, target: &dyn Disk, now: Nanos) -> KvResult<SalvageReport> {
    let failed = |op| move |source| KvError::Io { op, source };
    let place = Place(source.location().join(FILE));
    let file = source
        .open(FILE, OpenMode::Read)
        .map_err(failed("opening the source"))?;
    directory::lock(&*file, place.path(), "locking the source")?;
    let output = Place(target.location().join(FILE));
    let new = target
        .open(FILE, OpenMode::CreateNew)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => KvError::config(format!(
                "there is a store in {} already: salvage to another directory",
                target.location().display()
            )),
            _ => failed("opening the target")(error),
        })?;
    let mut report = SalvageReport::default();
    let op = "writing what was salvaged";
    let filled = fill(&new, &output, op, &Identity::new(now)?, |copy| {
        let mut rescue = Rescue {
            copy,
            now,
            report: &mut report,
            seen: BTreeSet::new(),
        };
        match open_damaged(&file, &place) {
            Ok((_database, entries)) => rescue.all(&entries),
            Err(KvError::CorruptState { .. }) => {
                rescue.report.incomplete = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    });
    if let Err(error) = filled {
        let _ = target.remove(FILE);
        return Err(error);
    }
    target.sync_dir("").map_err(failed(op))?;
    Ok(report)
}

type Entries = ReadOnlyTable<&'static [u8], &'static [u8]>;

fn open_damaged(
    file: &Arc<dyn crate::disk::DiskFile>,
    place: &Place,
) -> KvResult<(Database, Entries)> {
    guard(place, || {
        let medium = Medium::held(file.clone()).map_err(|source| KvError::Io {
            op: "opening the source",
            source,
        })?;
        medium.forget_steps();
        if medium.len() == 0 {
            return Err(place.corrupt("the file is empty"));
        }
        let database = Builder::new()
            .create_with_backend(Backend(medium))
            .map(Database::new)
            .map_err(|error| engine_error(place, "opening", error))?;
        let transaction = database
            .begin_read()
            .map_err(|error| engine_error(place, "opening", error))?;
        let entries = transaction
            .open_table(ENTRIES)
            .map_err(|error| place.table(error))?;
        Ok((database, entries))
    })
}

/// A rescue under way.
struct Rescue<'r, 'c> {
    copy: &'r mut Copy<'c>,
    now: Nanos,
    report: &'r mut SalvageReport,
    /// Keys that were met, readable or not.
    seen: BTreeSet<Vec<u8>>,
}

/// Where a walk ended.
enum Ended {
    /// Everything in its direction was walked, or met before.
    Whole,
    /// The engine could go no further.
    Stopped,
}

impl Rescue<'_, '_> {
    /// Walks from the front and from the back, and where both stop, tries to
    /// get in between.
    fn all(&mut self, entries: &Entries) -> KvResult<()> {
        if let Ended::Whole = self.walk(entries, Bound::Unbounded, false)? {
            return Ok(());
        }
        self.report.incomplete = true;
        let low = self.seen.last().cloned().unwrap_or_default();
        self.walk(entries, Bound::Unbounded, true)?;
        let behind = (Bound::Excluded(&low), Bound::Unbounded);
        let high = self.seen.range::<Vec<u8>, _>(behind).next().cloned();
        self.probe(entries, low, high.unwrap_or_else(|| vec![u8::MAX; 12]))
    }

    /// Looks for readable parts between two keys: seeks keys in between, the
    /// widest gaps first, and walks on from wherever that leads.
    fn probe(&mut self, entries: &Entries, low: Vec<u8>, high: Vec<u8>) -> KvResult<()> {
        let mut gaps = VecDeque::from([(low, high)]);
        for _ in 0..PROBES_MAX {
            let Some((low, high)) = gaps.pop_front() else {
                break;
            };
            let Some(middle) = between(&low, &high) else {
                continue;
            };
            self.walk(entries, Bound::Included(&middle), false)?;
            gaps.push_back((low, middle.clone()));
            gaps.push_back((middle, high));
        }
        Ok(())
    }

    fn walk(&mut self, entries: &Entries, start: Bound<&[u8]>, backward: bool) -> KvResult<Ended> {
        let opened = catch_unwind(AssertUnwindSafe(|| {
            ReadableTable::range::<&[u8]>(entries, (start, Bound::Unbounded))
        }));
        let Ok(Ok(mut range)) = opened else {
            return Ok(Ended::Stopped);
        };
        loop {
            let next = catch_unwind(AssertUnwindSafe(|| {
                let next = if backward {
                    range.next_back()
                } else {
                    range.next()
                };
                next.map(|found| found.map(|(k, v)| (k.value().to_vec(), v.value().to_vec())))
            }));
            let (key, entry) = match next {
                Ok(None) => return Ok(Ended::Whole),
                Ok(Some(Ok(found))) => found,
                Ok(Some(Err(_))) | Err(_) => return Ok(Ended::Stopped),
            };
            if !self.seen.insert(key.clone()) {
                // From here on everything was met by an earlier walk.
                return Ok(Ended::Whole);
            }
            self.take(&key, &entry)?;
        }
    }

    fn take(&mut self, key: &[u8], entry: &[u8]) -> KvResult<()> {
        let key = std::str::from_utf8(key)
            .ok()
            .filter(|key| crate::check_key(key, 0).is_ok());
        let readable = key.and_then(|key| Some((key, record::decode(key, entry).ok()?)));
        match readable {
            None => self.report.unreadable += 1,
            Some((_, entry)) if entry.meta.is_expired(self.now) => self.report.expired += 1,
            Some((key, entry)) => {
                self.copy.add(key, &entry.meta, entry.value)?;
                self.report.copied += 1;
            }
        }
        Ok(())
    }
}

/// A key in the middle of two, if there is one.
fn between(low: &[u8], high: &[u8]) -> Option<Vec<u8>> {
    // Twelve bytes of both, as fractions.
    let number = |bytes: &[u8]| {
        let mut padded = [0; 16];
        let kept = bytes.len().min(12);
        padded[4..4 + kept].copy_from_slice(&bytes[..kept]);
        u128::from_be_bytes(padded)
    };
    let (low, high) = (number(low), number(high));
    let middle = low + high.checked_sub(low)? / 2;
    (middle > low).then(|| middle.to_be_bytes()[4..].to_vec())
}
