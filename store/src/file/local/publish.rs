//! How an object comes to its place.

use std::io;
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use super::{PIECE_BYTES, Store};
use crate::blocking::off_worker;
use crate::disk::{DiskFile, DiskFileExt, OpenMode};
use crate::file::naming::random_hex;
use crate::file::path::RESERVED_PREFIX;
use crate::file::{FileError, FileErrorKind, FileResult, FileStat, ObjectPath, PutMode};

/// Content beside its place. Unless it is published it is removed, whether an
/// operation fails or is given up.
pub(super) struct Temporary {
    inner: Option<Inner>,
}

struct Inner {
    store: Arc<Store>,
    file: Arc<dyn DiskFile>,
    /// Where it is.
    name: String,
    /// Where it goes.
    path: ObjectPath,
    op: &'static str,
    len: u64,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            // A future that is dropped must not wait for the disk.
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(move || inner.discard())),
                Err(_) => inner.discard(),
            }
        }
    }
}

impl Temporary {
    /// Makes an empty file in the directory of `path`, and the directory.
    pub(super) async fn create(
        store: &Arc<Store>,
        path: &ObjectPath,
        op: &'static str,
    ) -> FileResult<Self> {
        let (store, path) = (Arc::clone(store), path.clone());
        let name = format!("{RESERVED_PREFIX}{}", random_hex::<8>()?);
        // If nobody waits for it any more, what was made is dropped, and so
        // removed, on the blocking pool.
        let made = off_worker(move || {
            store.make_parents(&path, op)?;
            let name = match path.parent() {
                "" => name,
                parent => format!("{parent}/{name}"),
            };
            let file = store.disk.open(&name, OpenMode::CreateNew);
            let file = file.map_err(|error| store.fail_to_place(op, &path, error))?;
            let inner = Inner {
                store,
                file,
                name,
                path,
                op,
                len: 0,
            };
            Ok(Self { inner: Some(inner) })
        });
        made.await.unwrap_or_else(|_| Err(unavailable(op)))
    }

    /// Appends a piece.
    pub(super) async fn write(self, piece: Vec<u8>) -> FileResult<Self> {
        self.step(move |inner| {
            inner.file.write_all_at(inner.len, &piece)?;
            inner.len += piece.len() as u64;
            Ok(())
        })
        .await
    }

    /// Appends a part of a file.
    pub(super) async fn copy_from(
        self,
        source: Arc<dyn DiskFile>,
        range: Range<u64>,
    ) -> FileResult<Self> {
        self.step(move |inner| {
            let mut buffer = vec![0; PIECE_BYTES];
            let mut at = range.start;
            while at < range.end {
                let wanted = (range.end - at).min(PIECE_BYTES as u64) as usize;
                source.read_exact_at(at, &mut buffer[..wanted])?;
                inner.file.write_all_at(inner.len, &buffer[..wanted])?;
                inner.len += wanted as u64;
                at += wanted as u64;
            }
            Ok(())
        })
        .await
    }

    async fn step(
        mut self,
        work: impl FnOnce(&mut Inner) -> io::Result<()> + Send + 'static,
    ) -> FileResult<Self> {
        let Some(inner) = &self.inner else {
            return Err(unavailable("put"));
        };
        let op = inner.op;
        let done = off_worker(move || {
            if let Some(inner) = &mut self.inner {
                work(inner).map_err(|error| inner.store.fail_to_place(op, &inner.path, error))?;
            }
            Ok(self)
        });
        done.await.unwrap_or_else(|_| Err(unavailable(op)))
    }

    /// Syncs it and moves it to its place. From the moment this has begun on
    /// the blocking pool it runs to its end, whoever waits.
    pub(super) async fn publish(mut self, mode: PutMode) -> FileResult<FileStat> {
        let op = self.inner.as_ref().map_or("put", |inner| inner.op);
        let done = off_worker(move || {
            let Some(inner) = &self.inner else {
                return Err(unavailable(op));
            };
            let stat = inner.publish(mode)?;
            // It has no name of its own any more.
            drop(self.inner.take());
            Ok(stat)
        });
        done.await.unwrap_or_else(|_| Err(unavailable(op)))
    }
}

fn unavailable(op: &'static str) -> FileError {
    FileError::new(op, FileErrorKind::StorageUnavailable)
}

impl Inner {
    /// What cannot be removed now is removed when it is old.
    fn discard(self) {
        let _ = self.store.disk.remove(&self.name);
    }

    fn publish(&self, mode: PutMode) -> FileResult<FileStat> {
        let (disk, path) = (&self.store.disk, &self.path);
        let fail = |error| self.store.fail_to_place(self.op, path, error);
        self.file.sync().map_err(fail)?;
        let metadata = self.file.metadata().map_err(fail)?;
        let _alone = self.store.lock(path);
        match mode {
            PutMode::CreateNew => {
                disk.publish(&self.name, path.as_str()).map_err(fail)?;
                if let Err(error) = disk.sync_dir(path.parent()) {
                    let _ = disk.remove(path.as_str());
                    return Err(fail(error));
                }
            }
            PutMode::Overwrite => self.overwrite().map_err(fail)?,
        }
        Ok(self.store.describe(path, &metadata))
    }

    /// Replaces what is there. If the directory cannot be synced, what was
    /// there before is there again.
    fn overwrite(&self) -> io::Result<()> {
        let (disk, path) = (&self.store.disk, self.path.as_str());
        let kept = format!("{}.old", self.name);
        let had_one = match disk.link(path, &kept) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            // A directory has no second name: something is in the way.
            Err(_) if disk.metadata(path).is_ok_and(|metadata| metadata.is_dir) => {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Err(error) => return Err(error),
        };
        let done = disk
            .rename(&self.name, path)
            .and_then(|()| disk.sync_dir(self.path.parent()));
        match (&done, had_one) {
            (Ok(()), false) => {}
            (Ok(()), true) => drop(disk.remove(&kept)),
            (Err(_), true) => drop(disk.rename(&kept, path)),
            (Err(_), false) => drop(disk.remove(path)),
        }
        done
    }
}

impl Store {
    /// An error of the medium where an object is to be placed: what is missing
    /// is the medium, and what is in the way makes the path impossible.
    pub(super) fn fail_to_place(
        &self,
        op: &'static str,
        path: &ObjectPath,
        error: io::Error,
    ) -> FileError {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => FileErrorKind::StorageUnavailable,
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
                FileErrorKind::InvalidPath
            }
            _ => super::kind_of(&error),
        };
        FileError::new(op, kind).at(path).with_source(error)
    }

    /// Makes the directories above a path, each synced into the one above.
    fn make_parents(&self, path: &ObjectPath, op: &'static str) -> FileResult<()> {
        let fail = |error| self.fail_to_place(op, path, error);
        let mut unsynced = self.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
        let parents = path
            .as_str()
            .match_indices('/')
            .map(|(at, _)| &path.as_str()[..at]);
        for directory in parents {
            match self.disk.metadata(directory) {
                Ok(metadata) if metadata.is_dir => {}
                Ok(_) => return Err(fail(io::ErrorKind::NotADirectory.into())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    unsynced.insert(directory.to_owned());
                    match self.disk.create_dir(directory) {
                        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                            unsynced.remove(directory);
                            return Err(fail(error));
                        }
                        _ => {}
                    }
                }
                Err(error) => return Err(fail(error)),
            }
            if unsynced.contains(directory) {
                let above = directory.rsplit_once('/').map_or("", |(above, _)| above);
                self.disk.sync_dir(above).map_err(fail)?;
                unsynced.remove(directory);
            }
        }
        Ok(())
    }
}
