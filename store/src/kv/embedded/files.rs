//! The files of a store: which there are, and how they are taken.

use std::io;
use std::sync::Arc;

use super::copy;
use super::tables::{Identity, Place};
use crate::disk::{Disk, DiskFile, OpenMode};
use crate::kv::record::Nanos;
use crate::kv::{KvError, KvResult, directory};

/// The store.
pub(super) const FILE: &str = "store.redb";

/// A store that is being created.
const NEW: &str = "store.redb.new";

/// A store that is being compacted.
pub(super) const COMPACTED: &str = "store.redb.compact";

/// What was acknowledged and is not synced.
pub(super) const JOURNAL: &str = "store.journal";

fn failed(op: &'static str) -> impl Fn(io::Error) -> KvError {
    move |source| KvError::Io { op, source }
}

/// The file of the store, locked; made if there is none.
pub(super) fn take(
    disk: &dyn Disk,
    place: &Place,
    read_only: bool,
    now: Nanos,
) -> KvResult<Arc<dyn DiskFile>> {
    let mode = if read_only {
        OpenMode::Read
    } else {
        OpenMode::Write
    };
    loop {
        let file = match disk.open(FILE, mode) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !read_only => {
                return create(disk, place, now);
            }
            file => file.map_err(failed("opening"))?,
        };
        directory::lock(&*file, place.path(), "locking")?;
        // Another process may have compacted the store between opening and
        // locking, and what was locked is the old file, which has no name.
        let named = disk.metadata(FILE).map_err(failed("opening"))?;
        if named.id == file.metadata().map_err(failed("opening"))?.id {
            if !read_only {
                sweep(disk)?;
            }
            return Ok(file);
        }
    }
}

/// Removes what a process that ended in the middle of something left.
fn sweep(disk: &dyn Disk) -> KvResult<()> {
    for name in [NEW, COMPACTED] {
        match disk.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("removing a temporary file")(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes a store beside its place and moves it there, so that a store that is
/// there is whole.
fn create(disk: &dyn Disk, place: &Place, now: Nanos) -> KvResult<Arc<dyn DiskFile>> {
    let op = "creating";
    let file = disk.open(NEW, OpenMode::Create).map_err(failed(op))?;
    directory::lock(&*file, place.path(), "locking")?;
    copy::fill(&file, place, op, &Identity::new(now)?, |_| Ok(()))?;
    disk.publish(NEW, FILE)
        .map_err(|error| match error.kind() {
            // Somebody else was faster.
            io::ErrorKind::AlreadyExists => KvError::AlreadyOpen {
                path: place.path().to_owned(),
            },
            _ => failed(op)(error),
        })?;
    disk.sync_dir("").map_err(failed(op))?;
    Ok(file)
}
