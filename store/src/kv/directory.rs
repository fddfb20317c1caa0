//! Directories that belong to one store each.

use std::io;
use std::path::Path;

use super::{KvError, KvResult};
use crate::disk::{DiskFile, SystemDisk};

/// A configured directory, without the blanks around it; it need not be there.
///
/// # Errors
///
/// `InvalidConfig` for none, and for something that is no directory.
pub(super) fn checked(path: &Path) -> KvResult<&Path> {
    let path = match path.to_str() {
        Some(text) => Path::new(text.trim()),
        None => path,
    };
    if path.as_os_str().is_empty() {
        return Err(KvError::config("data dir is required"));
    }
    if path.exists() && !path.is_dir() {
        let detail = format!("{} is not a directory", path.display());
        return Err(KvError::config(detail));
    }
    Ok(path)
}

/// What opening or making the directory gave.
pub(super) fn opened(disk: io::Result<SystemDisk>) -> KvResult<SystemDisk> {
    disk.map_err(|source| KvError::Io {
        op: "opening the data dir",
        source,
    })
}

/// Locks a file of a store, for as long as it is open.
///
/// # Errors
///
/// `AlreadyOpen` with `path`, or `Io`.
pub(super) fn lock(file: &dyn DiskFile, path: &Path, op: &'static str) -> KvResult<()> {
    match file.try_lock() {
        Ok(true) => Ok(()),
        Ok(false) => Err(KvError::AlreadyOpen {
            path: path.to_owned(),
        }),
        Err(source) => Err(KvError::Io { op, source }),
    }
}
