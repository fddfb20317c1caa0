//! The files of a commit, written out and hashed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fuse_check::package::{FileMode, GitError, Integrity};

use super::process::Git;
use super::reason;

/// Suffix of the file beside a checkout that keeps the modes of its files,
/// for platforms whose file system does not.
const MODES: &str = "modes";

/// One file of a commit.
struct Blob {
    path: String,
    mode: FileMode,
    object: String,
}

/// Writes the files of a commit into `root`, which is replaced, and returns
/// their hash.
pub(super) fn write_checkout(store: &Path, rev: &str, root: &Path) -> Result<String, GitError> {
    let blobs = list(store, rev)?;
    let contents = read(store, &blobs)?;
    let written = |problem: io::Error| GitError::CheckoutDir(reason(&problem));
    let temporary = root.with_extension(format!("{}.tmp", std::process::id()));
    let result = write(&temporary, &blobs, &contents).and_then(|integrity| {
        // A directory cannot be replaced by renaming; nobody reads it while the
        // build directory is locked.
        remove_directory(root)?;
        fs::rename(&temporary, root)?;
        write_modes(root, &blobs)?;
        Ok(integrity)
    });
    if result.is_err() {
        let _ = fs::remove_dir_all(&temporary);
    }
    result.map_err(written)
}

fn list(store: &Path, rev: &str) -> Result<Vec<Blob>, GitError> {
    let listed = Git::in_store(store)
        .args(["ls-tree", "-r", "-z", "--full-tree", rev])
        .run()?;
    let mut blobs = Vec::new();
    for row in listed.split('\0').filter(|row| !row.is_empty()) {
        // `<mode> <kind> <object>\t<path>`
        let Some((head, path)) = row.split_once('\t') else {
            continue;
        };
        let mut parts = head.split(' ');
        let (mode, object) = (
            parts.next().unwrap_or_default(),
            parts.nth(1).unwrap_or_default(),
        );
        let mode = match mode {
            "100644" | "100664" => FileMode::Plain,
            "100755" => FileMode::Executable,
            "120000" => FileMode::Symlink,
            // A submodule is another repository, which was not asked for.
            _ => continue,
        };
        if !is_safe(path) {
            return Err(GitError::CheckoutDir(format!(
                "the commit holds the path `{path}`"
            )));
        }
        blobs.push(Blob {
            path: path.to_owned(),
            mode,
            object: object.to_owned(),
        });
    }
    Ok(blobs)
}

/// Whether a path of a commit stays in the directory it is written to.
fn is_safe(path: &str) -> bool {
    let part_is_safe = |part: &str| {
        !matches!(part, "" | "." | "..")
            && !part.eq_ignore_ascii_case(".git")
            && !part.contains(['\\', ':', '\0'])
    };
    path.split('/').all(part_is_safe)
}

/// The contents of blobs, in their order.
fn read(store: &Path, blobs: &[Blob]) -> Result<Vec<Vec<u8>>, GitError> {
    let names: String = blobs
        .iter()
        .map(|blob| format!("{}\n", blob.object))
        .collect();
    let output = Git::in_store(store)
        .args(["cat-file", "--batch"])
        .run_with_input(names.into_bytes())?;
    let mut rest = output.as_slice();
    let mut contents = Vec::with_capacity(blobs.len());
    for _ in blobs {
        // `<object> blob <size>\n<content>\n`
        let broken = || GitError::Command("git cat-file answered in an unknown form".to_owned());
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        let size: usize = head
            .rsplit(' ')
            .next()
            .and_then(|size| size.parse().ok())
            .ok_or_else(broken)?;
        let content = rest.get(end + 1..end + 1 + size).ok_or_else(broken)?;
        contents.push(content.to_vec());
        rest = rest.get(end + size + 2..).ok_or_else(broken)?;
    }
    Ok(contents)
}

fn write(root: &Path, blobs: &[Blob], contents: &[Vec<u8>]) -> io::Result<String> {
    remove_directory(root)?;
    fs::create_dir_all(root)?;
    let mut integrity = Integrity::default();
    for (blob, content) in blobs.iter().zip(contents) {
        let path = root.join(&blob.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        write_file(&path, blob.mode, content)?;
        integrity.add(&blob.path, blob.mode, content);
    }
    Ok(integrity.finish())
}

#[cfg(unix)]
fn write_file(path: &Path, mode: FileMode, content: &[u8]) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::PermissionsExt as _;
    match mode {
        FileMode::Symlink => std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(content), path),
        FileMode::Plain => fs::write(path, content),
        FileMode::Executable => {
            fs::write(path, content)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        }
    }
}

/// A link is written as the text it points to, as git does without links.
#[cfg(not(unix))]
fn write_file(path: &Path, _: FileMode, content: &[u8]) -> io::Result<()> {
    fs::write(path, content)
}

fn remove_directory(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => Err(problem),
        _ => Ok(()),
    }
}

fn write_modes(root: &Path, blobs: &[Blob]) -> io::Result<()> {
    let row = |blob: &Blob| match blob.mode {
        FileMode::Plain => None,
        FileMode::Executable => Some(format!("x {}\n", blob.path)),
        FileMode::Symlink => Some(format!("l {}\n", blob.path)),
    };
    let rows: String = blobs.iter().filter_map(row).collect();
    fs::write(modes_path(root), rows)
}

fn modes_path(root: &Path) -> PathBuf {
    let mut name = root.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(MODES);
    root.with_file_name(name)
}

/// The hash of the files of a checkout as they are now.
pub(super) fn hash_checkout(root: &Path) -> io::Result<String> {
    let mut integrity = Integrity::default();
    let modes = if cfg!(unix) {
        BTreeMap::new()
    } else {
        read_modes(root)
    };
    let mut open = vec![(root.to_owned(), String::new())];
    while let Some((directory, relative)) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let inside = if relative.is_empty() {
                name
            } else {
                format!("{relative}/{name}")
            };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push((entry.path(), inside));
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path())?;
                integrity.add(
                    &inside,
                    FileMode::Symlink,
                    target.as_os_str().as_encoded_bytes(),
                );
            } else {
                let mode = modes
                    .get(&inside)
                    .copied()
                    .unwrap_or_else(|| mode_of(&entry));
                integrity.add(&inside, mode, &fs::read(entry.path())?);
            }
        }
    }
    Ok(integrity.finish())
}

#[cfg(unix)]
fn mode_of(entry: &fs::DirEntry) -> FileMode {
    use std::os::unix::fs::PermissionsExt as _;
    let executable = entry
        .metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0);
    if executable {
        FileMode::Executable
    } else {
        FileMode::Plain
    }
}

#[cfg(not(unix))]
fn mode_of(_: &fs::DirEntry) -> FileMode {
    FileMode::Plain
}

fn read_modes(root: &Path) -> BTreeMap<String, FileMode> {
    let text = fs::read_to_string(modes_path(root)).unwrap_or_default();
    let row = |line: &str| match line.split_once(' ')? {
        ("x", path) => Some((path.to_owned(), FileMode::Executable)),
        ("l", path) => Some((path.to_owned(), FileMode::Symlink)),
        _ => None,
    };
    text.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_checkout_are_unsafe() {
        for path in ["a", "src/main.fuse", ".gitignore", "..a/b"] {
            assert!(is_safe(path), "{path}");
        }
        for path in [
            "",
            "../a",
            "a/../b",
            "a//b",
            ".git/config",
            "a/.GIT/x",
            "C:/a",
            "a\\b",
            "/a",
        ] {
            assert!(!is_safe(path), "{path}");
        }
    }
}
