//! The file system, as the front end reads it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use fuse_check::cache::{FileMark, MarkProvider};
use fuse_check::load::SourceProvider;
use fuse_check::package::{DirectoryEntry, DirectoryProvider};

/// Files on disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Disk;

impl SourceProvider for Disk {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        fs::read(path).map(Arc::from)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        plain(fs::canonicalize(path)?)
    }
}

impl DirectoryProvider for Disk {
    fn list(&self, directory: &Path) -> io::Result<Vec<DirectoryEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            // A name that is no text cannot be written in a manifest or import.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            entries.push(DirectoryEntry {
                name,
                is_directory: entry.file_type()?.is_dir(),
            });
        }
        Ok(entries)
    }
}

impl MarkProvider for Disk {
    fn mark(&self, path: &Path) -> io::Result<FileMark> {
        let metadata = fs::metadata(path)?;
        Ok(FileMark {
            size: metadata.len(),
            modified_ns: since_epoch(metadata.modified()?),
            inode: inode(&metadata),
        })
    }

    fn now_ns(&self) -> i128 {
        since_epoch(SystemTime::now())
    }
}

/// Nanoseconds since the Unix epoch, negative before it.
fn since_epoch(time: SystemTime) -> i128 {
    let nanoseconds =
        |duration: std::time::Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanoseconds(after),
        Err(before) => -nanoseconds(before.duration()),
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// A canonical path without the `\\?\` that Windows puts before it, where the
/// plain form means the same.
fn plain(path: PathBuf) -> io::Result<PathBuf> {
    if cfg!(windows)
        && let Some(text) = path.to_str()
        && let Some(rest) = text.strip_prefix(r"\\?\")
        && !rest.starts_with("UNC")
        && rest.len() < 260
    {
        return Ok(PathBuf::from(rest));
    }
    Ok(path)
}
