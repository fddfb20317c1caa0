//! Which files a program is made of, and when they change.
//!
//! What the operating system reports is a hint only: what counts is whether a
//! file is another one than before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use fuse_check::load::ModuleGraph;
use fuse_check::package::{LOCK_NAME, MANIFEST_NAME, Manifest};
use notify::{PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use super::Event;
use crate::assets;
use crate::project::Project;

/// How often files are looked at where the system reports nothing.
const POLL: Duration = Duration::from_millis(300);

/// Files of a directory that are watched, at most.
const FILES_MAX: usize = 20_000;

/// Directories in which nothing belongs to a program.
const IGNORED: [&str; 6] = [
    ".fuse",
    ".fuse-cache",
    ".git",
    ".hg",
    "node_modules",
    "target",
];

/// What a file was like; `None` when there was none.
type Print = Option<blake3::Hash>;

/// The files of a program, as they were when they were last looked at.
#[derive(Debug, Default)]
pub(super) struct Sources {
    prints: BTreeMap<PathBuf, Print>,
    /// Directories every file of which counts.
    trees: BTreeSet<PathBuf>,
}

impl Sources {
    /// The files of a package before anything is known of its modules.
    pub(super) fn of(project: &Project) -> Self {
        let mut sources = Self::default();
        for name in [MANIFEST_NAME, LOCK_NAME, "config.toml", ".env"] {
            sources.add(project.root.join(name), None);
        }
        if let Some(file) = &project.file {
            sources.add(file.clone(), None);
        }
        sources
    }

    /// Adds the modules of a program, as they were read, and its directories of
    /// static files.
    pub(super) fn learn(
        &mut self,
        project: &Project,
        graph: &ModuleGraph,
        manifest: Option<&Manifest>,
    ) {
        let modules = graph.modules.iter().map(|one| (&one.path, one.hash));
        let assets = graph.assets.iter().map(|one| (&one.path, one.hash));
        for (path, hash) in modules.chain(assets) {
            self.add(path.clone(), Some(blake3::Hash::from_bytes(hash)));
        }
        for missing in &graph.missing {
            self.add(missing.clone(), None);
        }
        let assets = manifest.map(|manifest| &manifest.assets);
        if assets.is_none_or(|assets| assets.watch) {
            self.add_tree(project.root.join(assets::DIRECTORY));
            let css = assets.and_then(|assets| assets.css.as_ref());
            match css.map(|css| (css.value.rsplit_once('/'), &css.value)) {
                Some((Some((beside, _)), _)) => self.add_tree(project.root.join(beside)),
                Some((None, alone)) => {
                    let path = project.root.join(alone);
                    let now = print(&path);
                    self.prints.entry(path).or_insert(now);
                }
                None => {}
            }
        }
        if let Some(directory) = manifest.and_then(|manifest| manifest.serve.static_dir.as_ref()) {
            self.add_tree(project.root.join(&directory.value));
        }
    }

    /// Adds a directory. The files that are in it already are none that changed.
    fn add_tree(&mut self, directory: PathBuf) {
        let mut files = BTreeSet::new();
        below(&directory, &mut files);
        if self.trees.insert(directory) {
            for file in files {
                let print = print(&file);
                self.add(file, print);
            }
        }
    }

    fn add(&mut self, path: PathBuf, print: Print) {
        self.prints.insert(path, print);
    }

    /// Looks at every file; what is another one than before.
    pub(super) fn look(&mut self) -> Vec<PathBuf> {
        let mut known: BTreeSet<PathBuf> = self.prints.keys().cloned().collect();
        for tree in &self.trees {
            below(tree, &mut known);
        }
        let mut changed = Vec::new();
        for path in known {
            let print = print(&path);
            if self.prints.get(&path).copied().flatten() != print {
                changed.push(path.clone());
            }
            self.prints.insert(path, print);
        }
        changed
    }

    /// Directories in which something may happen. Those that are not there yet
    /// stand for the nearest one that is.
    fn directories(&self) -> BTreeSet<PathBuf> {
        let parents = self.prints.keys().filter_map(|path| path.parent());
        let mut directories: BTreeSet<PathBuf> = parents.map(existing).collect();
        for tree in &self.trees {
            directories.insert(existing(tree));
            directories_below(tree, &mut directories);
        }
        directories
    }
}

fn existing(path: &Path) -> PathBuf {
    let there = path.ancestors().find(|path| path.is_dir());
    there.unwrap_or(path).to_owned()
}

/// What a file is like. One that cannot be read is like none.
fn print(path: &Path) -> Print {
    fs::read(path).ok().map(|bytes| blake3::hash(&bytes))
}

fn is_ignored(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| IGNORED.contains(&name) || is_database(name))
}

fn is_database(name: &str) -> bool {
    let name = name
        .trim_end_matches("-wal")
        .trim_end_matches("-shm")
        .trim_end_matches("-journal");
    [".db", ".sqlite", ".sqlite3"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// The files below a directory, links to directories not followed.
fn below(directory: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if is_ignored(&path) || files.len() >= FILES_MAX {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => below(&path, files),
            Ok(_) => {
                files.insert(path);
            }
            Err(_) => {}
        }
    }
}

fn directories_below(directory: &Path, directories: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !is_ignored(&path) {
            directories_below(&path, directories);
            directories.insert(path);
        }
    }
}

/// Reports that something happened where a program's files are.
pub(super) struct Watch {
    watcher: Box<dyn Watcher>,
    watched: BTreeSet<PathBuf>,
}

impl Watch {
    /// Reports to `events`.
    ///
    /// # Errors
    ///
    /// When files cannot be watched in any way.
    pub(super) fn new(events: &Sender<Event>) -> notify::Result<Self> {
        let report = |events: Sender<Event>| {
            move |event: notify::Result<notify::Event>| {
                // Reading a file is none of our business, and we do it ourselves.
                let counts = event.map_or(true, |event| !event.kind.is_access());
                if counts {
                    // Nobody listens any more at the end.
                    let _ = events.send(Event::Changed);
                }
            }
        };
        let watcher: Box<dyn Watcher> =
            match RecommendedWatcher::new(report(events.clone()), notify::Config::default()) {
                Ok(watcher) => Box::new(watcher),
                Err(_) => {
                    let config = notify::Config::default().with_poll_interval(POLL);
                    Box::new(PollWatcher::new(report(events.clone()), config)?)
                }
            };
        Ok(Self {
            watcher,
            watched: BTreeSet::new(),
        })
    }

    /// Watches where these files are, and nothing else any more.
    ///
    /// # Errors
    ///
    /// When a directory that is there cannot be watched.
    pub(super) fn follow(&mut self, sources: &Sources) -> notify::Result<()> {
        let wanted = sources.directories();
        for gone in self.watched.difference(&wanted) {
            // It may not exist any more.
            let _ = self.watcher.unwatch(gone);
        }
        self.watched.retain(|path| wanted.contains(path));
        for directory in wanted {
            if self.watched.contains(&directory) {
                continue;
            }
            match self.watcher.watch(&directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(directory);
                }
                // It went away meanwhile, which its parent reports.
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_absent(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound | notify::ErrorKind::WatchNotFound => true,
        notify::ErrorKind::Io(problem) => problem.kind() == ErrorKind::NotFound,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(changed: &[PathBuf]) -> Vec<&str> {
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<String> = changed.iter().map(name).collect();
        names.sort();
        names.into_iter().map(|name| &*name.leak()).collect()
    }

    #[test]
    fn a_change_is_another_content() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.fuse");
        let tree = directory.path().join("public");
        fs::create_dir(&tree).unwrap();
        fs::write(&file, "one").unwrap();
        let mut sources = Sources::default();
        sources.add(file.clone(), None);
        fs::write(tree.join("old.css"), "a").unwrap();
        sources.add_tree(tree.clone());
        assert_eq!(names(&sources.look()), ["a.fuse"]);
        assert_eq!(names(&sources.look()), [""; 0]);
        fs::write(&file, "one").unwrap();
        assert_eq!(names(&sources.look()), [""; 0]);
        fs::write(&file, "two").unwrap();
        fs::write(tree.join("style.css"), "a").unwrap();
        fs::write(tree.join("notes.db-wal"), "a").unwrap();
        assert_eq!(names(&sources.look()), ["a.fuse", "style.css"]);
        fs::remove_file(&file).unwrap();
        fs::remove_file(tree.join("style.css")).unwrap();
        assert_eq!(names(&sources.look()), ["a.fuse", "style.css"]);
    }

    #[test]
    fn what_is_missing_is_watched_for_where_it_will_be() {
        let directory = tempfile::tempdir().unwrap();
        let mut sources = Sources::default();
        sources.add(directory.path().join("new/deep/a.fuse"), None);
        let watched: Vec<_> = sources.directories().into_iter().collect();
        assert_eq!(watched, [directory.path()]);
    }
}
