//! Names of files that come out, their map, and writing what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::write::replace_file;

/// The map, in the directory of the files.
const MAP: &str = "assets.json";

/// Hexadecimal digits of a content's hash in a name.
const DIGITS: usize = 10;

/// Files that come out.
#[derive(Debug)]
pub(super) struct Published {
    hash: bool,
    /// From the name in the source to what stands for it.
    map: BTreeMap<String, String>,
    /// By path below the directory.
    files: BTreeMap<String, Vec<u8>>,
}

impl Published {
    pub(super) const fn new(hash: bool) -> Self {
        Self {
            hash,
            map: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    /// Adds a file; gives the path under which browsers find it.
    pub(super) fn add(&mut self, name: &str, content: Vec<u8>) -> String {
        let file = match self.hash {
            true => hashed(name, &content),
            false => name.to_owned(),
        };
        let target = format!("/{file}");
        self.map.insert(name.to_owned(), target.clone());
        self.files.insert(file, content);
        target
    }

    /// Adds something that is no file.
    pub(super) fn name(&mut self, name: &str, value: String) {
        self.map.insert(name.to_owned(), value);
    }
}

/// `css/notes.css` as `css/notes.0123456789.css`.
fn hashed(name: &str, content: &[u8]) -> String {
    let hash = blake3::hash(content).to_hex();
    let hash = &hash[..DIGITS];
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[file..].rfind('.') {
        Some(dot) if dot > 0 => {
            let (stem, ending) = name.split_at(file + dot);
            format!("{stem}.{hash}{ending}")
        }
        _ => format!("{name}.{hash}"),
    }
}

/// Brings a directory to hold exactly these files and their map, which is given.
/// Files that an earlier step wrote and that are none any more are removed; what
/// else is there is left alone.
pub(super) fn write(directory: &Path, published: &Published) -> Result<PathBuf, Failure> {
    let path = directory.join(MAP);
    let earlier = earlier_files(&path);
    for (file, content) in &published.files {
        replace(&directory.join(file), content)?;
    }
    let mut map = serde_json::to_vec_pretty(&published.map).unwrap_or_default();
    map.push(b'\n');
    // The map is last: what it names is there.
    replace(&path, &map)?;
    for file in earlier {
        if !published.files.contains_key(&file) {
            remove(&directory.join(&file))?;
        }
    }
    Ok(path)
}

/// The files that the map of an earlier step names.
fn earlier_files(map: &Path) -> BTreeSet<String> {
    let text = fs::read(map).unwrap_or_default();
    let map: BTreeMap<String, String> = serde_json::from_slice(&text).unwrap_or_default();
    let files = map.into_values().filter_map(|target| {
        let file = target.strip_prefix('/')?;
        let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        file.split('/').all(plain).then(|| file.to_owned())
    });
    files.collect()
}

fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|known| known == content) {
        return Ok(());
    }
    let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
    parent
        .and_then(|()| replace_file(path, content))
        .map_err(|problem| Failure::write(path, &problem))
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => {
            Err(Failure::write(path, &problem))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_stands_before_the_ending() {
        let name = |name| hashed(name, b"");
        assert_eq!(name("css/a.css"), "css/a.af1349b9f5.css");
        assert_eq!(name("a.tar.gz"), "a.tar.af1349b9f5.gz");
        assert_eq!(name("d.x/LICENSE"), "d.x/LICENSE.af1349b9f5");
        assert_eq!(name("d/.hidden"), "d/.hidden.af1349b9f5");
        assert_ne!(hashed("a.css", b"a"), hashed("a.css", b"b"));
    }

    #[test]
    fn only_what_an_earlier_step_wrote_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("out");
        let mut first = Published::new(true);
        first.add("a.css", b"one".to_vec());
        first.name("a.module.css/title", "x_title".to_owned());
        let map = write(&out, &first).unwrap();
        fs::write(out.join("mine.txt"), "kept").unwrap();
        fs::write(directory.path().join("outside"), "kept").unwrap();
        let old = out.join(hashed("a.css", b"one"));
        assert!(old.is_file());
        // A map that somebody has changed leads nowhere else.
        let text = fs::read_to_string(&map).unwrap();
        fs::write(&map, text.replace("x_title", "/../outside")).unwrap();
        let mut second = Published::new(true);
        second.add("a.css", b"two".to_vec());
        write(&out, &second).unwrap();
        assert!(!old.exists());
        assert!(out.join(hashed("a.css", b"two")).is_file());
        assert!(out.join("mine.txt").is_file() && directory.path().join("outside").is_file());
    }

    #[test]
    fn what_is_there_already_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let mut published = Published::new(false);
        published.add("a.txt", b"text".to_vec());
        let map = write(directory.path(), &published).unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        for file in [map, directory.path().join("a.txt")] {
            let open = fs::File::options().append(true).open(&file).unwrap();
            open.set_modified(long_ago).unwrap();
            drop(open);
            write(directory.path(), &published).unwrap();
            assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);
        }
    }
}
