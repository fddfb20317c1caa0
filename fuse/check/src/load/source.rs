//! Where the front end reads files from.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Reads files for the front end. It sees the file system through nothing
/// else, so that editors can lay unsaved text over it and tests can do without.
pub trait SourceProvider: Send + Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// As the file system reports them; [`io::ErrorKind::NotFound`] for a file that does not exist.
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>>;

    /// The one name of an existing file or directory: absolute, without links,
    /// in the spelling of the disk.
    ///
    /// # Errors
    ///
    /// As the file system reports them; [`io::ErrorKind::NotFound`] for a path that does not exist.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
}

/// Files in memory, for tests and as overlay.
///
/// ```
/// use fuse_check::load::{MemorySource, SourceProvider};
///
/// let files = MemorySource::new().file("/app/main.fuse", "app \"a\":\n  print(1)\n");
/// assert!(files.read("/app/main.fuse".as_ref()).is_ok());
/// assert_eq!(files.canonical("/app/./main.fuse".as_ref())?, std::path::Path::new("/app/main.fuse"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    files: BTreeMap<PathBuf, Entry>,
    ignores_case: bool,
}

#[derive(Clone, Debug)]
enum Entry {
    File(Arc<[u8]>),
    Link(PathBuf),
    Unreadable(io::ErrorKind),
}

impl MemorySource {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a file at an absolute path; it replaces one that is there.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>, content: impl AsRef<[u8]>) -> Self {
        self.insert(path, content);
        self
    }

    /// Adds or replaces a file at an absolute path.
    pub fn insert(&mut self, path: impl Into<PathBuf>, content: impl AsRef<[u8]>) {
        self.files
            .insert(path.into(), Entry::File(Arc::from(content.as_ref())));
    }

    /// Removes the file at a path.
    pub fn remove(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// With a symbolic link at `path` to an absolute path.
    #[must_use]
    pub fn link(mut self, path: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        self.files.insert(path.into(), Entry::Link(target.into()));
        self
    }

    /// With a file that exists, but fails to be read.
    #[must_use]
    pub fn unreadable(mut self, path: impl Into<PathBuf>, kind: io::ErrorKind) -> Self {
        self.files.insert(path.into(), Entry::Unreadable(kind));
        self
    }

    /// Finds files whatever the case of their names, as some file systems do.
    #[must_use]
    pub fn ignoring_case(mut self) -> Self {
        self.ignores_case = true;
        self
    }

    /// The file or directory at a path that holds no links, in the spelling it
    /// was added with. A directory exists as the start of the path of a file.
    fn find(&self, path: &Path) -> Option<PathBuf> {
        if !self.ignores_case {
            let from = (Bound::Included(path), Bound::Unbounded);
            let next = self.files.range::<Path, _>(from).next();
            return next
                .filter(|(known, _)| known.starts_with(path))
                .map(|_| path.to_owned());
        }
        let depth = path.components().count();
        let same = |known: &Path| {
            known
                .to_string_lossy()
                .eq_ignore_ascii_case(&path.to_string_lossy())
        };
        let mut starts = self.files.keys().flat_map(|known| known.ancestors());
        starts
            .find(|known| known.components().count() == depth && same(known))
            .map(Path::to_owned)
    }
}

impl SourceProvider for MemorySource {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        match self.files.get(&self.canonical(path)?) {
            Some(Entry::File(content)) => Ok(Arc::clone(content)),
            Some(Entry::Unreadable(kind)) => Err((*kind).into()),
            Some(Entry::Link(_)) | None => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        // As on disk: a link is followed before the `..` behind it is applied.
        let mut known = PathBuf::new();
        let mut links = 0;
        let mut rest: Vec<PathBuf> = path
            .components()
            .rev()
            .map(|part| PathBuf::from(part.as_os_str()))
            .collect();
        while let Some(part) = rest.pop() {
            match part.components().next() {
                Some(Component::ParentDir) => {
                    known.pop();
                }
                Some(Component::CurDir) | None => {}
                Some(_) => {
                    known.push(&part);
                    known = self.find(&known).ok_or(io::ErrorKind::NotFound)?;
                    if let Some(Entry::Link(target)) = self.files.get(&known) {
                        links += 1;
                        if links > 40 {
                            return Err(io::ErrorKind::InvalidInput.into());
                        }
                        known = PathBuf::new();
                        rest.extend(
                            target
                                .components()
                                .rev()
                                .map(|part| PathBuf::from(part.as_os_str())),
                        );
                    }
                }
            }
        }
        Ok(known)
    }
}

/// Unsaved text laid over another provider, for modules and assets alike.
#[derive(Debug)]
pub struct Overlay<S> {
    below: S,
    texts: BTreeMap<PathBuf, Arc<[u8]>>,
}

impl<S: SourceProvider> Overlay<S> {
    /// Nothing laid over `below`.
    #[must_use]
    pub fn new(below: S) -> Self {
        Self {
            below,
            texts: BTreeMap::new(),
        }
    }

    /// Shows `content` instead of the file at `path`, which need not exist.
    pub fn set(&mut self, path: &Path, content: impl AsRef<[u8]>) {
        let path = self
            .below
            .canonical(path)
            .unwrap_or_else(|_| path.to_owned());
        self.texts.insert(path, Arc::from(content.as_ref()));
    }

    /// Shows the file at `path` again as it is below.
    pub fn clear(&mut self, path: &Path) {
        let path = self
            .below
            .canonical(path)
            .unwrap_or_else(|_| path.to_owned());
        self.texts.remove(&path);
    }
}

impl<S: SourceProvider> SourceProvider for Overlay<S> {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let canonical = self.canonical(path)?;
        self.texts
            .get(&canonical)
            .map_or_else(|| self.below.read(path), |text| Ok(Arc::clone(text)))
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        match self.below.canonical(path) {
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
                // A file that exists only as unsaved text, in a directory that may exist.
                let directory = path
                    .parent()
                    .and_then(|parent| self.below.canonical(parent).ok());
                let named = directory
                    .zip(path.file_name())
                    .map(|(directory, name)| directory.join(name));
                let known = |path: &Path| self.texts.contains_key(path);
                named
                    .filter(|named| known(named))
                    .or_else(|| known(path).then(|| path.to_owned()))
                    .ok_or(problem)
            }
            other => other,
        }
    }
}
