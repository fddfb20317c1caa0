//! The profile file on disks that fail.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plumego_store::disk::{Disk, DiskEntry, DiskFile, DiskMetadata, OpenMode, SystemDisk};

use super::*;
use crate::domain::{Profile, ProfileTable, TenantId};

fn table(names: &[&str]) -> ProfileTable {
    let profile = |name: &&str| {
        let profile = Profile {
            name: (*name).to_owned(),
            plan: "free".to_owned(),
        };
        (TenantId::parse(name).unwrap(), profile)
    };
    names.iter().map(profile).collect()
}

/// A disk on which the next operations succeed so many times, then none does:
/// what is left is what a crash at that moment leaves.
#[derive(Debug)]
struct Failing {
    disk: SystemDisk,
    left: Arc<AtomicUsize>,
}

fn spend(left: &AtomicUsize) -> io::Result<()> {
    let spent = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        left.checked_sub(1)
    });
    spent
        .map(drop)
        .map_err(|_| io::Error::other("the power is gone"))
}

impl Disk for Failing {
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        if mode == OpenMode::Read {
            return self.disk.open(path, mode);
        }
        spend(&self.left)?;
        let file = self.disk.open(path, mode)?;
        Ok(Arc::new(FailingFile {
            file,
            left: Arc::clone(&self.left),
        }))
    }

    fn metadata(&self, path: &str) -> io::Result<DiskMetadata> {
        self.disk.metadata(path)
    }

    fn list(&self, path: &str) -> io::Result<Vec<DiskEntry>> {
        self.disk.list(path)
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        self.disk.create_dir(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        spend(&self.left)?;
        self.disk.rename(from, to)
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.link(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        spend(&self.left)?;
        self.disk.remove(path)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        spend(&self.left)?;
        self.disk.sync_dir(path)
    }

    fn location(&self) -> PathBuf {
        self.disk.location()
    }
}

#[derive(Debug)]
struct FailingFile {
    file: Arc<dyn DiskFile>,
    left: Arc<AtomicUsize>,
}

impl DiskFile for FailingFile {
    fn metadata(&self) -> io::Result<DiskMetadata> {
        self.file.metadata()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, buffer)
    }

    /// The last write before the end is torn.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        spend(&self.left)?;
        let part = data.len().div_ceil(2);
        self.file.write_at(offset, &data[..part])
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        spend(&self.left)?;
        self.file.sync()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }
}

#[test]
fn profiles_are_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("profiles.json");
    let file = ProfileFile::at(&path).unwrap();
    assert_eq!(file.load().unwrap(), table(&[]));
    assert!(path.exists());
    file.save(&table(&["a", "b"])).unwrap();
    assert_eq!(
        ProfileFile::at(&path).unwrap().load().unwrap(),
        table(&["a", "b"])
    );
    let entries = std::fs::read_dir(directory.path()).unwrap();
    assert_eq!(entries.count(), 1, "no temporary is left");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("profiles.json");
    ProfileFile::at(&path).unwrap().load().unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn whatever_ends_a_write_leaves_the_old_content_or_the_new() {
    let (old, new) = (table(&["old"]), table(&["new", "newer"]));
    for survived in 0.. {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("profiles.json");
        ProfileFile::at(&path).unwrap().save(&old).unwrap();
        let disk = Failing {
            disk: SystemDisk::open(directory.path()).unwrap(),
            left: Arc::new(AtomicUsize::new(survived)),
        };
        let failed = ProfileFile::on_disk(Arc::new(disk), "profiles.json").save(&new);
        let found = ProfileFile::at(&path).unwrap().load().unwrap();
        match failed {
            Ok(()) => {
                assert_eq!(found, new);
                assert!(survived > 4, "the writes were not counted");
                return;
            }
            Err(_) => assert!(found == old || found == new, "{survived}: {found:?}"),
        }
        // A leftover does not stop the next write.
        ProfileFile::at(&path).unwrap().save(&new).unwrap();
    }
}

#[test]
fn a_corrupt_file_is_named_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("profiles.json");
    for content in [
        "",
        "[]",
        "{\"a\":",
        "{\"../b\":{\"name\":\"b\",\"plan\":\"p\"}}",
        "{\"a\":{\"name\":\"a\"}}",
    ] {
        std::fs::write(&path, content).unwrap();
        let error = ProfileFile::at(&path).unwrap().load().unwrap_err();
        assert!(
            matches!(error, ProfileFileError::Corrupt { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("profiles.json"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn a_place_that_is_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for path in ["gone/profiles.json", ".."] {
        assert!(
            ProfileFile::at(&directory.path().join("x").join(path)).is_err(),
            "{path}"
        );
    }
}
