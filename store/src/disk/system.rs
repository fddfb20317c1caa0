//! A directory of the file system.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, Metadata, OpenOptions};
#[cfg(unix)]
use cap_std::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};

use super::{Disk, DiskEntry, DiskFile, DiskMetadata, FileId, OpenMode};

/// A directory of the file system, held open: whatever is renamed or linked
/// meanwhile, nothing outside of it is reached. A symbolic link that leads out
/// is refused.
///
/// New files are readable by their owner alone, new directories as well,
/// unless [`modes`](Self::modes) says otherwise.
#[derive(Debug)]
pub struct SystemDisk {
    root: Dir,
    location: PathBuf,
    file_mode: u32,
    dir_mode: u32,
}

impl SystemDisk {
    /// The directory at `path`.
    ///
    /// # Errors
    ///
    /// `NotFound`, `NotADirectory`, or whatever the file system says.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let location = path.as_ref().to_owned();
        Ok(Self {
            root: Dir::open_ambient_dir(&location, ambient_authority())?,
            location,
            file_mode: 0o600,
            dir_mode: 0o700,
        })
    }

    /// The directory at `path`, made with its parents if it is not there, and
    /// synced into them.
    ///
    /// # Errors
    ///
    /// Whatever the file system says; a file in the way is `NotADirectory` or
    /// `AlreadyExists`.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        if !path.is_dir() {
            let mut missing: Vec<&Path> =
                path.ancestors().take_while(|dir| !dir.exists()).collect();
            missing.reverse();
            let mut builder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            for dir in missing.iter().filter(|dir| !dir.as_os_str().is_empty()) {
                match builder.create(dir) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(error);
                    }
                    _ => sync_parent(dir)?,
                }
            }
        }
        Self::open(path)
    }

    /// The permissions of files and directories it makes, on Unix.
    #[must_use]
    pub const fn modes(mut self, file: u32, dir: u32) -> Self {
        self.file_mode = file;
        self.dir_mode = dir;
        self
    }
}

/// The directory itself has no name that can be opened relative to it but `.`.
fn relative(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

impl Disk for SystemDisk {
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true);
        match mode {
            OpenMode::Read => {}
            OpenMode::Write => drop(options.write(true)),
            OpenMode::Create => drop(options.write(true).create(true)),
            OpenMode::CreateNew => drop(options.write(true).create_new(true)),
        }
        #[cfg(unix)]
        options.mode(self.file_mode);
        let file = self.root.open_with(path, &options)?.into_std();
        Ok(Arc::new(SystemFile(file, AtomicBool::new(false))))
    }

    fn metadata(&self, path: &str) -> io::Result<DiskMetadata> {
        let metadata = self.root.metadata(relative(path))?;
        // A directory that was removed while it is held has no name left.
        #[cfg(unix)]
        if path.is_empty() && metadata.nlink() == 0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(describe(&metadata))
    }

    fn list(&self, path: &str) -> io::Result<Vec<DiskEntry>> {
        let mut entries = Vec::new();
        for entry in self.root.read_dir(relative(path))? {
            let entry = entry?;
            // A name that is not UTF-8 is nothing a store wrote.
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(DiskEntry::new(name, entry.file_type()?.is_dir()));
            }
        }
        Ok(entries)
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        builder.mode(self.dir_mode);
        self.root.create_dir_with(path, &builder)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.root.rename(from, &self.root, to)
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.root.hard_link(from, &self.root, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.root.remove_file(path)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        // A directory that cap-std holds was not opened for reading, which
        // syncing needs; a file that happens to be a directory is.
        if cfg!(windows) {
            return Ok(());
        }
        sync_directory(&self.root.open(relative(path))?.into_std())
    }

    fn location(&self) -> PathBuf {
        self.location.clone()
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if cfg!(windows) {
        return Ok(());
    }
    sync_directory(&File::open(parent)?)
}

/// Some file systems cannot sync a directory, and say so. Windows has no such
/// call, and needs none.
fn sync_directory(directory: &File) -> io::Result<()> {
    match directory.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

fn describe(metadata: &Metadata) -> DiskMetadata {
    DiskMetadata::new(
        metadata.len(),
        metadata.is_dir(),
        metadata
            .modified()
            .ok()
            .map(cap_std::time::SystemTime::into_std),
        identity(metadata),
    )
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> FileId {
    // Nothing replaces an open file here, which is all an identity is for.
    (0, 0)
}

/// A file of the file system, and whether it is locked through it.
#[derive(Debug)]
struct SystemFile(File, AtomicBool);

impl Drop for SystemFile {
    fn drop(&mut self) {
        if self.1.load(Relaxed) {
            // A process that is being started may hold a copy of the handle
            // for a moment longer, and with it the lock.
            let _ = self.0.unlock();
        }
    }
}

impl DiskFile for SystemFile {
    fn metadata(&self) -> io::Result<DiskMetadata> {
        let metadata = Metadata::from_file(&self.0)?;
        Ok(describe(&metadata))
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, buffer, offset)
    }

    #[cfg(unix)]
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(&self.0, data, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.0, buffer, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_write(&self.0, data, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn try_lock(&self) -> io::Result<bool> {
        match self.0.try_lock() {
            Ok(()) => {
                self.1.store(true, Relaxed);
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::DiskFileExt as _;

    #[test]
    fn nothing_outside_is_reached() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("secret"), "s").unwrap();
        let disk = SystemDisk::create(directory.path().join("root")).unwrap();
        assert!(disk.open("../secret", OpenMode::Read).is_err());
        assert!(disk.open("/etc/hostname", OpenMode::Read).is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../secret", directory.path().join("root/link")).unwrap();
            assert!(disk.open("link", OpenMode::Read).is_err());
            assert!(disk.open("link", OpenMode::Create).is_err());
            assert!(disk.metadata("link").is_err());
        }
    }

    #[test]
    fn a_second_lock_is_refused_while_the_first_is_held() {
        let directory = tempfile::tempdir().unwrap();
        let disk = SystemDisk::open(directory.path()).unwrap();
        let first = disk.open("a", OpenMode::Create).unwrap();
        let second = disk.open("a", OpenMode::Write).unwrap();
        assert!(first.try_lock().unwrap());
        assert!(!second.try_lock().unwrap());
        drop(first);
        assert!(second.try_lock().unwrap());
    }

    #[test]
    fn publishing_never_replaces() {
        let directory = tempfile::tempdir().unwrap();
        let disk = SystemDisk::open(directory.path()).unwrap();
        for (name, content) in [("new", "1"), ("old", "2")] {
            let file = disk.open(name, OpenMode::CreateNew).unwrap();
            file.write_all_at(0, content.as_bytes()).unwrap();
        }
        let refused = disk.publish("new", "old").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        disk.publish("new", "other").unwrap();
        let mut names: Vec<_> = disk
            .list("")
            .unwrap()
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        names.sort();
        assert_eq!(names, ["old", "other"]);
    }

    #[cfg(unix)]
    #[test]
    fn new_files_and_directories_are_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("a/b");
        let disk = SystemDisk::create(&root).unwrap();
        disk.create_dir("c").unwrap();
        disk.open("c/d", OpenMode::Create).unwrap();
        let mode = |path: &str| root.join(path).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(""), mode("c"), mode("c/d")), (0o700, 0o700, 0o600));
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_was_removed_is_missing() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        let disk = SystemDisk::create(&root).unwrap();
        assert!(disk.metadata("").unwrap().is_dir);
        std::fs::remove_dir(root).unwrap();
        assert_eq!(
            disk.metadata("").unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    /// The process file system cannot sync directories.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_system_without_directory_sync_is_tolerated() {
        let proc = SystemDisk::open("/proc/self").unwrap();
        proc.sync_dir("").unwrap();
    }
}
