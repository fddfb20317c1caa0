//! Writing files so that readers see the old text or the new, never a part.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Files being written, for whoever ends the process meanwhile.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the files being written; the process is about to end.
pub(crate) fn remove_temporaries() {
    if let Ok(open) = OPEN.lock() {
        for path in open.iter() {
            // It may not have been created yet.
            let _ = fs::remove_file(path);
        }
    }
}

/// Replaces the content of a file. The new text is written beside it, synced
/// and renamed; the permissions of an existing file are kept, and a link is
/// written through.
///
/// # Errors
///
/// As the file system reports them; the old content is then still there.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    // Renaming onto a link would replace the link.
    let path = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(path)?,
        _ => path.to_owned(),
    };
    let temporary = Temporary::beside(&path);
    let mut file = File::create_new(&temporary.path)?;
    file.write_all(content)?;
    if let Ok(metadata) = fs::metadata(&path) {
        file.set_permissions(metadata.permissions())?;
    }
    file.sync_all()?;
    drop(file);
    temporary.rename_to(&path)
}

/// The same for files that can be made anew: without waiting for the disk.
///
/// # Errors
///
/// As [`replace_file`].
pub(crate) fn replace_cache_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = Temporary::beside(path);
    fs::write(&temporary.path, content)?;
    temporary.rename_to(path)
}

/// A file that is removed unless it is renamed.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    fn beside(path: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let own = format!(".{name}.{}.{number}.tmp", std::process::id());
        let path = path.with_file_name(own);
        if let Ok(mut open) = OPEN.lock() {
            open.push(path.clone());
        }
        Self {
            path,
            renamed: false,
        }
    }

    fn rename_to(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Ok(mut open) = OPEN.lock() {
            open.retain(|path| *path != self.path);
        }
        if !self.renamed {
            // It may not have been created; nothing else can be done about it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.txt");
        replace_file(&path, b"one").unwrap();
        replace_file(&path, b"two").unwrap();
        replace_cache_file(&path, b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(names(directory.path()), ["a.txt"]);
    }

    #[test]
    fn a_failure_leaves_the_directory_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("full");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("file"), "").unwrap();
        assert!(replace_file(&path, b"text").is_err());
        assert_eq!(names(directory.path()), ["full"]);
        assert!(replace_file(&directory.path().join("gone/a.txt"), b"text").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_are_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.fuse");
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        let link = directory.path().join("link.fuse");
        symlink(&path, &link).unwrap();
        replace_file(&link, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o750
        );
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
