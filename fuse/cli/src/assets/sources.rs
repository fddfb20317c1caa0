//! Which files are assets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fuse_check::package::Manifest;

use super::{DIRECTORY, failed};
use crate::failure::Failure;

/// Files at most.
const FILES_MAX: usize = 10_000;

/// Bytes of one file at most.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Directories inside each other at most.
const DEPTH_MAX: usize = 32;

/// The assets of a package: the files below `assets`, and those beside the style
/// sheet of the manifest where that is elsewhere. A name is the path below
/// `assets`, or that below the package; a path is free of links.
#[derive(Debug)]
pub(super) struct Sources {
    root: PathBuf,
    out: PathBuf,
    files: BTreeMap<String, PathBuf>,
    /// Directories that have been looked at, against links in circles.
    seen: BTreeSet<PathBuf>,
}

impl Sources {
    pub(super) fn collect(root: &Path, manifest: &Manifest, out: &Path) -> Result<Self, Failure> {
        let real = |path: &Path| path.canonicalize().map_err(|e| Failure::read(path, &e));
        let mut sources = Self {
            root: real(root)?,
            out: out.canonicalize().unwrap_or_else(|_| out.to_owned()),
            files: BTreeMap::new(),
            seen: BTreeSet::new(),
        };
        let assets = root.join(DIRECTORY);
        if assets.is_dir() {
            sources.add(&assets, "", 0)?;
        }
        if let Some(css) = &manifest.assets.css {
            let entry = root.join(&css.value);
            let path = sources.inside(&entry)?;
            if !sources.files.values().any(|known| *known == path) {
                let beside = css.value.rsplit_once('/').map_or("", |(beside, _)| beside);
                if beside.is_empty() {
                    // The package itself holds more than assets.
                    sources.files.insert(css.value.clone(), path);
                } else {
                    sources.add(&root.join(beside), &format!("{beside}/"), 0)?;
                }
            }
        }
        Ok(sources)
    }

    /// Everything but style sheets, by name.
    pub(super) fn plain(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.all().filter(|(name, _)| !is_style(name))
    }

    /// Style sheets, by name.
    pub(super) fn styles(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.all().filter(|(name, _)| is_style(name))
    }

    fn all(&self) -> impl Iterator<Item = (&str, &Path)> {
        let files = self.files.iter();
        files.map(|(name, path)| (name.as_str(), path.as_path()))
    }

    fn add(&mut self, directory: &Path, prefix: &str, depth: usize) -> Result<(), Failure> {
        let real = self.inside(directory)?;
        if depth > DEPTH_MAX {
            let shown = directory.display();
            return Err(failed(format!("`{shown}` is nested too deep for assets")));
        }
        if real == self.out || !self.seen.insert(real) {
            return Ok(());
        }
        let entries = fs::read_dir(directory).map_err(|e| Failure::read(directory, &e))?;
        for entry in entries {
            let path = entry.map_err(|e| Failure::read(directory, &e))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                let shown = path.display();
                return Err(failed(format!("the name of asset `{shown}` is no UTF-8")));
            };
            // What editors and version control leave there.
            if name.starts_with('.') || name.ends_with('~') {
                continue;
            }
            let name = format!("{prefix}{name}");
            let real = self.inside(&path)?;
            if real.is_dir() {
                self.add(&path, &format!("{name}/"), depth + 1)?;
            } else if real.is_file() {
                self.files.insert(name, real);
            }
            if self.files.len() > FILES_MAX {
                return Err(failed(format!("there are more than {FILES_MAX} assets")));
            }
        }
        Ok(())
    }

    /// Where a path leads, which has to be in the package.
    fn inside(&self, path: &Path) -> Result<PathBuf, Failure> {
        let real = path.canonicalize().map_err(|e| Failure::read(path, &e))?;
        if real.starts_with(&self.root) {
            return Ok(real);
        }
        let shown = path.display();
        let message = format!("asset `{shown}` leads out of the package");
        Err(failed(message).hint("copy it into the package"))
    }
}

fn is_style(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "css")
}

/// The content of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path)
        .map_err(|e| Failure::read(path, &e))?
        .len();
    if size > FILE_BYTES_MAX {
        let shown = path.display();
        let most = FILE_BYTES_MAX / 1024 / 1024;
        return Err(failed(format!("asset `{shown}` is larger than {most} MiB")));
    }
    fs::read(path).map_err(|e| Failure::read(path, &e))
}
