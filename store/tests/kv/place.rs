//! Directories that stores are opened in.

use std::fs;
use std::path::{Path, PathBuf};

use plumego_store::conformance::kv::BadPlace;
use tempfile::TempDir;

/// A place for a store whose file has this name, below a directory that is kept
/// for as long; `None` for one that cannot be made.
pub(crate) fn bad(place: BadPlace, file: &str) -> Option<(TempDir, PathBuf)> {
    let directory = tempfile::tempdir().unwrap();
    let inside = directory.path().join("kv");
    let path = match place {
        BadPlace::Blank => PathBuf::from("  "),
        BadPlace::Padded => PathBuf::from(format!(" {} ", inside.display())),
        BadPlace::FileInTheWay => {
            fs::write(&inside, "not a directory").unwrap();
            inside
        }
        BadPlace::Unreadable => {
            // The file is a directory: nobody, root included, reads that.
            fs::create_dir_all(inside.join(file)).unwrap();
            inside
        }
        _ => return None,
    };
    Some((directory, path))
}

/// Checks that blanks around a path were cut off when a store was opened there.
pub(crate) fn assert_trimmed(place: BadPlace, directory: &TempDir) {
    let padded = place == BadPlace::Padded && !directory.path().join("kv").is_dir();
    assert!(!padded, "blanks were not cut off");
}

/// All bytes of the files in a directory that count.
pub(crate) fn contents(directory: &Path, counts: impl Fn(&Path) -> bool) -> Vec<u8> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| counts(path))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| fs::read(file).unwrap())
        .collect()
}
