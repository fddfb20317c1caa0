use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plumego_store::disk::{Disk, DiskFileExt, OpenMode, SystemDisk};

use crate::domain::ProfileTable;

/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Permissions of what is made: nobody's but the owner's.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// Why profiles cannot be read or kept. The file is left as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfileFileError {
    #[error("{path}: not the path of a file in a directory; correct APP_PROFILE_STORE_PATH")]
    Path { path: PathBuf },
    #[error(
        "{path}: {operation} failed; the service needs to read the file and to write its directory"
    )]
    Disk {
        path: PathBuf,
        operation: &'static str,
        source: io::Error,
    },
    #[error("{path}: larger than {FILE_BYTES_MAX} bytes; move the profiles to a database")]
    TooLarge { path: PathBuf },
    #[error(
        "{path}: not a JSON object of profiles; restore it from a backup, or move it away to start empty"
    )]
    Corrupt {
        path: PathBuf,
        source: serde_json::Error,
    },
}

/// A JSON file: an object with a profile for each tenant id.
///
/// It is replaced whole: written beside its place, synced, renamed. Whatever
/// ends a write half-way, a reader finds the old content or the new.
#[derive(Debug)]
pub(crate) struct ProfileFile {
    disk: Arc<dyn Disk>,
    name: String,
    path: PathBuf,
}

impl ProfileFile {
    /// The file at this path, in a directory that is there.
    pub(crate) fn at(path: &Path) -> Result<Self, ProfileFileError> {
        let bad_path = || ProfileFileError::Path {
            path: path.to_owned(),
        };
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(bad_path)?;
        let parent = path.parent().ok_or_else(bad_path)?;
        let directory = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        let disk = SystemDisk::open(directory).map_err(|source| ProfileFileError::Disk {
            path: path.to_owned(),
            operation: "opening its directory",
            source,
        })?;
        Ok(Self::on_disk(
            Arc::new(disk.modes(FILE_MODE, DIRECTORY_MODE)),
            name,
        ))
    }

    /// The file of this name on a disk.
    pub(super) fn on_disk(disk: Arc<dyn Disk>, name: &str) -> Self {
        let path = disk.location().join(name);
        Self {
            disk,
            name: name.to_owned(),
            path,
        }
    }

    /// The profiles in the file. One that is missing is made, empty, so that a
    /// place that cannot be written is known at the start.
    pub(crate) fn load(&self) -> Result<ProfileTable, ProfileFileError> {
        match self.disk.open(&self.name, OpenMode::Read) {
            Ok(file) => {
                let length = file.len().map_err(self.failed("reading"))?;
                if length > FILE_BYTES_MAX {
                    return Err(ProfileFileError::TooLarge {
                        path: self.path.clone(),
                    });
                }
                let mut text = vec![0; usize::try_from(length).unwrap_or_default()];
                file.read_exact_at(0, &mut text)
                    .map_err(self.failed("reading"))?;
                serde_json::from_slice(&text).map_err(|source| ProfileFileError::Corrupt {
                    path: self.path.clone(),
                    source,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let empty = ProfileTable::new();
                self.save(&empty)?;
                Ok(empty)
            }
            Err(error) => Err(self.failed("reading")(error)),
        }
    }

    /// Replaces the content of the file.
    pub(crate) fn save(&self, profiles: &ProfileTable) -> Result<(), ProfileFileError> {
        let text = serde_json::to_vec_pretty(profiles)
            .map_err(|error| self.failed("writing")(error.into()))?;
        let temporary = format!("{}.new", self.name);
        self.replace(&temporary, &text).map_err(|error| {
            // A leftover is overwritten by the next write.
            let _ = self.disk.remove(&temporary);
            self.failed("writing")(error)
        })
    }

    fn replace(&self, temporary: &str, text: &[u8]) -> io::Result<()> {
        match self.disk.remove(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.disk.open(temporary, OpenMode::CreateNew)?;
        file.write_all_at(0, text)?;
        file.sync()?;
        self.disk.rename(temporary, &self.name)?;
        self.disk.sync_dir("")
    }

    fn failed(&self, operation: &'static str) -> impl Fn(io::Error) -> ProfileFileError {
        let path = self.path.clone();
        move |source| ProfileFileError::Disk {
            path: path.clone(),
            operation,
            source,
        }
    }
}
