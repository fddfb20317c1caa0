//! Copies of a store: backups, and what compaction puts in its place.

use std::io;
use std::ops::Bound;
use std::sync::Arc;

use redb::{Builder, Durability, Table};

use super::engine::{Engine, engine_error, verify_file};
use super::files::{COMPACTED, FILE};
use super::medium::{Backend, Medium};
use super::tables::{Counters, ENTRIES, EXPIRY, Identity, META, Place, Snapshot, write_counters};
use crate::disk::{Disk, DiskFile, OpenMode};
use crate::kv::apply::weight;
use crate::kv::record::{self, Meta, Nanos};
use crate::kv::{KvError, KvResult, directory};

/// Memory for the pages of a store that is being written as a whole.
const CACHE_BYTES: usize = 16 << 20;

/// A backup that is being written.
const TEMPORARY: &str = ".plumego-backup";

fn failed(op: &'static str) -> impl Fn(io::Error) -> KvError {
    move |source| KvError::Io { op, source }
}

/// Writes the store into a new file beside it and puts that in its place. The
/// file is locked before anybody can find it.
///
/// Once it is in its place the store has to go over to it, also when the
/// directory could not be synced, which then is the second part.
pub(super) fn compacted(engine: &Engine) -> KvResult<(Arc<dyn DiskFile>, KvResult<()>)> {
    let op = "compacting";
    let disk = &*engine.disk;
    let written = write(disk, COMPACTED, &engine.place, &*engine.snapshot()?, op);
    let renamed = written.and_then(|file| {
        directory::lock(&*file, engine.place.path(), op)?;
        disk.rename(COMPACTED, FILE).map_err(failed(op))?;
        Ok(file)
    });
    match renamed {
        Ok(file) => Ok((file, disk.sync_dir("").map_err(failed(op)))),
        Err(error) => {
            // What cannot be removed now is removed at the next start.
            let _ = disk.remove(COMPACTED);
            Err(error)
        }
    }
}

/// Writes a snapshot to another disk, verified, where no store is.
pub(super) fn backup(snapshot: &Snapshot, place: &Place, disk: &dyn Disk) -> KvResult<()> {
    let op = "writing the backup";
    match disk.metadata(FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Ok(_) => return Err(occupied(disk)),
        Err(error) => return Err(failed(op)(error)),
    }
    let published = write(disk, TEMPORARY, place, snapshot, op).and_then(|_| {
        disk.publish(TEMPORARY, FILE)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => occupied(disk),
                _ => failed(op)(error),
            })
    });
    if let Err(error) = published {
        let _ = disk.remove(TEMPORARY);
        return Err(error);
    }
    disk.sync_dir("").map_err(failed(op))
}

fn occupied(disk: &dyn Disk) -> KvError {
    let detail = format!(
        "there is a store in {} already: back up to another directory",
        disk.location().display()
    );
    KvError::config(detail)
}

/// Writes everything a snapshot holds into a new file, syncs it, and reads it
/// back.
fn write(
    disk: &dyn Disk,
    name: &str,
    place: &Place,
    snapshot: &Snapshot,
    op: &'static str,
) -> KvResult<Arc<dyn DiskFile>> {
    let file = disk.open(name, OpenMode::Create).map_err(failed(op))?;
    let counters = *snapshot.counters();
    fill(&file, place, op, snapshot.identity(), |copy| {
        snapshot.walk(Bound::Unbounded, |key, entry| {
            copy.add(key, &entry.meta, entry.value)?;
            Ok(true)
        })?;
        copy.counters = counters;
        Ok(())
    })?;
    verify_file(&file, place, &counters)?;
    Ok(file)
}

/// Makes a store in an open file out of what `source` adds, and syncs it.
pub(super) fn fill<T>(
    file: &Arc<dyn DiskFile>,
    place: &Place,
    op: &'static str,
    identity: &Identity,
    source: impl FnOnce(&mut Copy<'_>) -> KvResult<T>,
) -> KvResult<T> {
    file.set_len(0).map_err(failed(op))?;
    let medium = Medium::strict(file.clone()).map_err(failed(op))?;
    let database = Builder::new()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(Backend(medium))
        .map_err(|error| engine_error(place, op, error))?;
    let mut transaction = database
        .begin_write()
        .map_err(|error| engine_error(place, op, error))?;
    transaction
        .set_durability(Durability::Immediate)
        .map_err(|error| KvError::Unavailable(Box::new(error)))?;
    let value = {
        let fail = |error| place.table(error);
        let mut copy = Copy {
            entries: transaction.open_table(ENTRIES).map_err(fail)?,
            expiry: transaction.open_table(EXPIRY).map_err(fail)?,
            place,
            op,
            counters: Counters::default(),
        };
        let value = source(&mut copy)?;
        let mut meta = transaction.open_table(META).map_err(fail)?;
        write_counters(&mut meta, &copy.counters, place)?;
        identity.write(&mut meta, place)?;
        value
    };
    transaction
        .commit()
        .map_err(|error| engine_error(place, op, error))?;
    database
        .close()
        .map_err(|error| engine_error(place, op, error))?;
    file.sync().map_err(failed(op))?;
    Ok(value)
}

/// A new store that is filled entry by entry.
pub(super) struct Copy<'t> {
    entries: Table<'t, &'static [u8], &'static [u8]>,
    expiry: Table<'t, (Nanos, &'static [u8]), ()>,
    place: &'t Place,
    op: &'static str,
    pub(super) counters: Counters,
}

impl Copy<'_> {
    pub(super) fn add(&mut self, key: &str, meta: &Meta, value: &[u8]) -> KvResult<()> {
        let record = record::encode(key, meta, value);
        self.entries
            .insert(key.as_bytes(), &*record)
            .map_err(|error| self.place.storage(self.op, error))?;
        if let Some(at) = meta.expires_at {
            self.expiry
                .insert((at, key.as_bytes()), ())
                .map_err(|error| self.place.storage(self.op, error))?;
        }
        self.counters.bytes += weight(key, value.len());
        self.counters.version = self.counters.version.max(meta.version);
        Ok(())
    }
}
