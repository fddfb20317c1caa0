//! Where the stamps of checks are kept, and what they depend on beside files.

use std::fs;
use std::path::{Path, PathBuf};

use fuse_check::cache::CheckStamp;
use fuse_syntax::{Diagnostic, Files};

use crate::disk::Disk;
use crate::project::{Checked, Project};
use crate::version;
use crate::write::replace_cache_file;

/// The stamp of one program.
pub(super) struct CheckCache<'a> {
    project: &'a Project,
    path: PathBuf,
    key: String,
}

impl<'a> CheckCache<'a> {
    /// The stamp in the build directory of a package; a file outside every
    /// package has none.
    pub(super) fn of_package(project: &'a Project, strict: bool) -> Option<Self> {
        let name = if strict {
            "check.strict.meta"
        } else {
            "check.meta"
        };
        let path = project.build_directory().join(name);
        project.has_manifest.then(|| Self {
            project,
            path,
            key: key(project, strict),
        })
    }

    /// The stamp of a package below `root`, in the cache directory of `root`.
    pub(super) fn of_member(project: &'a Project, root: &Path, strict: bool) -> Self {
        let key = key(project, strict);
        let inside = project.root.strip_prefix(root).unwrap_or(&project.root);
        let name = blake3::hash(format!("{}\n{strict}", inside.display()).as_bytes()).to_hex();
        let path = root
            .join(".fuse-cache")
            .join(format!("check-{}.tsv", &name[..16]));
        Self { project, path, key }
    }

    /// The warnings of the last check, when nothing has changed since.
    pub(super) fn read(&self) -> Option<(Vec<Diagnostic>, Files)> {
        let stamp = CheckStamp::decode(&fs::read(&self.path).ok()?)?;
        let root = &self.project.root;
        if !stamp.is_valid(&self.key, root, &Disk) {
            return None;
        }
        let files = stamp.files(root, &Disk, &|path| self.project.display(path))?;
        Some((stamp.diagnostics, files))
    }

    /// Keeps the outcome of a check that found no error, and forgets the last
    /// one otherwise. A cache that cannot be written is only missed.
    pub(super) fn write(&self, checked: &Checked) {
        let stamp = checked
            .graph
            .as_ref()
            .filter(|_| !checked.has_errors())
            .and_then(|graph| {
                CheckStamp::new(
                    self.key.clone(),
                    &self.project.root,
                    graph,
                    &checked.signatures(),
                    &checked.diagnostics,
                    &Disk,
                )
            });
        let written = stamp.and_then(|stamp| {
            fs::create_dir_all(self.path.parent()?).ok()?;
            replace_cache_file(&self.path, stamp.encode().as_bytes()).ok()
        });
        if written.is_none() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Everything beside files that the outcome of a check depends on.
fn key(project: &Project, strict: bool) -> String {
    let relative = |path: &Path| {
        path.strip_prefix(&project.root)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    };
    let file = project.file.as_deref().map(relative).unwrap_or_default();
    let tests: Vec<String> = project
        .test_modules()
        .iter()
        .map(|path| relative(path))
        .collect();
    format!(
        "{} {} {}\nstrict {strict}\nfile {file}\ntests {}",
        version::VERSION,
        version::COMMIT,
        version::TARGET,
        tests.join(" ")
    )
}
