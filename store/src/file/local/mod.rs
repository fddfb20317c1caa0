//! A storage in a directory.

mod publish;
mod read;

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use plumego_contract::{Clock, SystemClock};

use self::publish::Temporary;
use self::read::Pieces;
use super::path::RESERVED_PREFIX;
use super::{
    CopyOptions, FileBackendInfo, FileError, FileErrorKind, FileReader, FileRecord, FileResult,
    FileStat, FileStorage, GetOptions, Intake, ListPage, ListRequest, ObjectPath, PutRequest,
    SIZE_MAX_DEFAULT, content_type_of,
};
use crate::BoxFuture;
use crate::blocking::off_worker;
use crate::disk::{Disk, DiskMetadata, OpenMode, SystemDisk};

/// Content is read, and collected to be written, in pieces of this size.
const PIECE_BYTES: usize = 256 << 10;

/// How old a temporary is that nobody writes to any more.
const TEMPORARY_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How to open a [`LocalFileStorage`].
#[derive(Clone, Debug)]
pub struct LocalFileOptions {
    root: PathBuf,
    disk: Option<Arc<dyn Disk>>,
    max_size: u64,
    modes: (u32, u32),
    clock: Arc<dyn Clock>,
}

impl LocalFileOptions {
    /// The storage in a directory that is there.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            disk: None,
            max_size: SIZE_MAX_DEFAULT,
            modes: (0o600, 0o700),
            clock: Arc::new(SystemClock),
        }
    }

    /// The storage on a disk that is no directory of the file system.
    #[must_use]
    pub fn on_disk(disk: Arc<dyn Disk>) -> Self {
        let mut options = Self::new(disk.location());
        options.disk = Some(disk);
        options
    }

    /// Largest object, in bytes. 32 MiB unless set.
    #[must_use]
    pub const fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = bytes;
        self
    }

    /// Permissions of new files and directories, on Unix. Only their owner has
    /// any unless set.
    #[must_use]
    pub const fn modes(mut self, file: u32, directory: u32) -> Self {
        self.modes = (file, directory);
        self
    }

    /// Where it reads the time.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the storage, and removes temporaries that are older than a day.
    ///
    /// # Errors
    ///
    /// `StorageUnavailable` if there is no such directory: it is not made,
    /// since it may be a medium that is not mounted. Else `Io`.
    pub async fn open(self) -> FileResult<LocalFileStorage> {
        let opened = off_worker(move || self.open_blocking()).await;
        opened.unwrap_or_else(|_| Err(FileError::new("open", FileErrorKind::StorageUnavailable)))
    }

    fn open_blocking(self) -> FileResult<LocalFileStorage> {
        let disk = match self.disk {
            Some(disk) => disk,
            None => {
                let disk = SystemDisk::open(&self.root).map_err(|error| {
                    let kind = match error.kind() {
                        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                            FileErrorKind::StorageUnavailable
                        }
                        _ => kind_of(&error),
                    };
                    FileError::new("open", kind).with_source(error)
                })?;
                Arc::new(disk.modes(self.modes.0, self.modes.1))
            }
        };
        let store = Store {
            disk,
            max_size: self.max_size,
            clock: self.clock,
            unsynced: Mutex::default(),
            places: [const { Mutex::new(()) }; 64],
        };
        store.sweep("")?;
        Ok(LocalFileStorage {
            store: Arc::new(store),
        })
    }
}

/// A storage in a directory of the file system.
///
/// Nothing outside of the directory is reached, whatever is linked or renamed
/// in it. An object is written beside its place, synced, and moved there;
/// what was acknowledged survives the end of the power. Media types are told
/// from extensions, and metadata is not kept: a catalogue keeps it.
///
/// ```
/// use plumego_store::file::{FileStorage, GetOptions, LocalFileOptions, PutRequest};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let root = directory.path();
/// let storage = LocalFileOptions::new(root).open().await?;
/// let record = storage.put(PutRequest::bytes("hello.txt", "hello")).await?;
/// let reader = storage.get(&record.path, GetOptions::new()).await?;
/// assert_eq!(reader.bytes(1_000).await?, "hello");
/// # Ok(())
/// # }
/// ```
pub struct LocalFileStorage {
    store: Arc<Store>,
}

/// What tasks on the blocking pool share.
struct Store {
    disk: Arc<dyn Disk>,
    max_size: u64,
    clock: Arc<dyn Clock>,
    /// Directories whose own entry may not last yet. Held while directories
    /// are made, so that nobody takes one for lasting that is not.
    unsynced: Mutex<BTreeSet<String>>,
    /// Held while an object comes or goes, so that what is undone after a
    /// failure is never the work of another. Paths share them.
    places: [Mutex<()>; 64],
}

/// What an error of the medium means.
fn kind_of(error: &io::Error) -> FileErrorKind {
    use io::ErrorKind;
    match error.kind() {
        // An object below an object, or a directory in the place of one.
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
            FileErrorKind::NotFound
        }
        ErrorKind::AlreadyExists => FileErrorKind::AlreadyExists,
        // What leads out of the root is refused before the system is asked.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => FileErrorKind::InvalidPath,
        ErrorKind::InvalidFilename => FileErrorKind::InvalidPath,
        ErrorKind::StorageFull
        | ErrorKind::QuotaExceeded
        | ErrorKind::StaleNetworkFileHandle
        | ErrorKind::NotConnected
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::TimedOut => FileErrorKind::StorageUnavailable,
        _ => FileErrorKind::Io,
    }
}

impl Store {
    /// An error of the medium at an object. What is missing because the whole
    /// medium is, is not `NotFound`.
    fn fail(&self, op: &'static str, path: &ObjectPath, error: io::Error) -> FileError {
        let mut kind = kind_of(&error);
        if kind == FileErrorKind::NotFound && self.disk.metadata("").is_err() {
            kind = FileErrorKind::StorageUnavailable;
        }
        FileError::new(op, kind).at(path).with_source(error)
    }

    fn describe(&self, path: &ObjectPath, metadata: &DiskMetadata) -> FileStat {
        let modified_at = metadata.modified_at.unwrap_or(SystemTime::UNIX_EPOCH);
        let since = modified_at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        // Every version is a file of its own.
        let etag = format!(
            "\"{:x}-{:x}-{:x}\"",
            metadata.id.1,
            metadata.len,
            since.as_nanos()
        );
        let content_type = content_type_of(path.extension().unwrap_or_default());
        FileStat::new(
            path.clone(),
            metadata.len,
            modified_at,
            content_type.to_owned(),
            Some(etag),
        )
    }

    fn stat(&self, op: &'static str, path: &ObjectPath) -> FileResult<FileStat> {
        let metadata = self.disk.metadata(path.as_str());
        let metadata = metadata.map_err(|error| self.fail(op, path, error))?;
        if metadata.is_dir {
            return Err(FileError::new(op, FileErrorKind::NotFound).at(path));
        }
        Ok(self.describe(path, &metadata))
    }

    fn open(
        &self,
        path: &ObjectPath,
        options: &GetOptions,
    ) -> FileResult<(FileStat, Range<u64>, Arc<dyn crate::disk::DiskFile>)> {
        let fail = |error| self.fail("get", path, error);
        let file = self
            .disk
            .open(path.as_str(), OpenMode::Read)
            .map_err(fail)?;
        // Of the file that was opened, whatever has its name by now.
        let metadata = file.metadata().map_err(fail)?;
        if metadata.is_dir {
            return Err(FileError::new("get", FileErrorKind::NotFound).at(path));
        }
        let stat = self.describe(path, &metadata);
        let range = options.resolve(&stat).map_err(|error| error.at(path))?;
        Ok((stat, range, file))
    }

    /// Waits until nobody else changes what is at a path.
    fn lock(&self, path: &ObjectPath) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        // The remainder is below 64.
        let place = &self.places[(hasher.finish() % self.places.len() as u64) as usize];
        place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn delete(&self, path: &ObjectPath) -> FileResult<()> {
        let fail = |error| self.fail("delete", path, error);
        let _alone = self.lock(path);
        self.stat("delete", path)?;
        self.disk.remove(path.as_str()).map_err(fail)?;
        self.disk.sync_dir(path.parent()).map_err(fail)
    }

    fn exists(&self, path: &ObjectPath) -> FileResult<bool> {
        match self.stat("exists", path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == FileErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn list(&self, request: &ListRequest) -> FileResult<ListPage> {
        let fail = |error: io::Error| {
            let kind = match kind_of(&error) {
                FileErrorKind::NotFound => FileErrorKind::StorageUnavailable,
                kind => kind,
            };
            FileError::new("list", kind).with_source(error)
        };
        self.disk.metadata("").map_err(fail)?;
        let mut found = Vec::new();
        // One more than is asked for says whether there are more.
        let limit = match request.limit {
            0 => usize::MAX,
            limit => limit.saturating_add(1),
        };
        let prefix = request.prefix.as_str();
        match self.disk.metadata(prefix) {
            Ok(metadata) if metadata.is_dir => {
                self.walk(prefix, request.after.as_deref(), limit, &mut found)
                    .map_err(fail)?;
            }
            Ok(metadata) => {
                let path = ObjectPath::parse(prefix)?;
                if request.after.as_deref().is_none_or(|after| prefix > after) {
                    found.push(self.describe(&path, &metadata));
                }
            }
            Err(error) if kind_of(&error) == FileErrorKind::NotFound => {}
            Err(error) => return Err(fail(error)),
        }
        Ok(ListPage::collect(found, request.limit))
    }

    /// Objects below a directory, in byte order of their paths, as far as they
    /// lie behind `after`.
    fn walk(
        &self,
        directory: &str,
        after: Option<&str>,
        limit: usize,
        found: &mut Vec<FileStat>,
    ) -> io::Result<()> {
        let entries = match self.disk.list(directory) {
            // It went while others were listed.
            Err(error) if kind_of(&error) == FileErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        let join = |name: &str| match directory {
            "" => name.to_owned(),
            _ => format!("{directory}/{name}"),
        };
        // With its separator a directory stands where its objects do.
        let mut paths: Vec<(String, bool)> = entries
            .iter()
            .map(|entry| match entry.is_dir {
                true => (join(&entry.name) + "/", true),
                false => (join(&entry.name), false),
            })
            .collect();
        paths.sort_unstable();
        for (path, is_dir) in paths {
            if found.len() >= limit {
                break;
            }
            if is_dir {
                // All of it is `path` and more: nothing of it lies behind
                // something greater that does not begin with it.
                if after.is_none_or(|after| after < &*path || after.starts_with(&path)) {
                    self.walk(path.trim_end_matches('/'), after, limit, found)?;
                }
                continue;
            }
            // Temporaries, and whatever else is no object.
            let Ok(path) = ObjectPath::parse(&path) else {
                continue;
            };
            if after.is_some_and(|after| path.as_str() <= after) {
                continue;
            }
            match self.disk.metadata(path.as_str()) {
                Ok(metadata) if !metadata.is_dir => found.push(self.describe(&path, &metadata)),
                Ok(_) => {}
                Err(error) if kind_of(&error) == FileErrorKind::NotFound => {}
                // A link that leads out is not an object.
                Err(error) if kind_of(&error) == FileErrorKind::InvalidPath => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes old temporaries below a directory.
    fn sweep(&self, directory: &str) -> FileResult<()> {
        let fail = |error: io::Error| FileError::new("open", kind_of(&error)).with_source(error);
        let now = self.clock.now();
        for entry in self.disk.list(directory).map_err(fail)? {
            let path = match directory {
                "" => entry.name.clone(),
                _ => format!("{directory}/{}", entry.name),
            };
            if entry.is_dir {
                self.sweep(&path)?;
            } else if entry.name.starts_with(RESERVED_PREFIX) {
                let age = match self.disk.metadata(&path).map_err(fail)?.modified_at {
                    Some(modified_at) => now.duration_since(modified_at).unwrap_or_default(),
                    // Nobody knows, and nobody but us makes such names.
                    None => TEMPORARY_AGE_MAX,
                };
                if age >= TEMPORARY_AGE_MAX {
                    self.disk.remove(&path).map_err(fail)?;
                }
            }
        }
        Ok(())
    }
}

impl LocalFileStorage {
    /// Runs what waits for the disk on the blocking pool.
    async fn run<T: Send + 'static>(
        &self,
        op: &'static str,
        work: impl FnOnce(&Store) -> FileResult<T> + Send + 'static,
    ) -> FileResult<T> {
        let store = Arc::clone(&self.store);
        let done = off_worker(move || work(&store)).await;
        done.unwrap_or_else(|_| Err(FileError::new(op, FileErrorKind::StorageUnavailable)))
    }

    async fn take_in(&self, request: PutRequest<'_>) -> FileResult<FileRecord> {
        let store = &self.store;
        let mut intake = Intake::begin(request, store.max_size, store.clock.now())?;
        let mut temporary = Temporary::create(store, intake.path(), "put").await?;
        let mut pending = Vec::new();
        while let Some(piece) = intake.next().await? {
            pending.extend_from_slice(&piece);
            if pending.len() >= PIECE_BYTES {
                temporary = temporary.write(std::mem::take(&mut pending)).await?;
            }
        }
        let record = intake.finish("local", store.clock.now())?;
        if !pending.is_empty() {
            temporary = temporary.write(pending).await?;
        }
        temporary.publish(intake.mode()).await?;
        Ok(record)
    }
}

impl FileStorage for LocalFileStorage {
    fn put<'a>(&'a self, request: PutRequest<'a>) -> BoxFuture<'a, FileResult<FileRecord>> {
        Box::pin(self.take_in(request))
    }

    fn get<'a>(
        &'a self,
        path: &'a ObjectPath,
        options: GetOptions,
    ) -> BoxFuture<'a, FileResult<FileReader>> {
        let path = path.clone();
        Box::pin(async move {
            let (stat, range, file) = self
                .run("get", move |store| store.open(&path, &options))
                .await?;
            let body = Pieces::new(file, range.clone());
            Ok(FileReader::new(stat, range, body))
        })
    }

    fn delete<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<()>> {
        let path = path.clone();
        Box::pin(self.run("delete", move |store| store.delete(&path)))
    }

    fn exists<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<bool>> {
        let path = path.clone();
        Box::pin(self.run("exists", move |store| store.exists(&path)))
    }

    fn stat<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<FileStat>> {
        let path = path.clone();
        Box::pin(self.run("stat", move |store| store.stat("stat", &path)))
    }

    fn list<'a>(&'a self, request: ListRequest) -> BoxFuture<'a, FileResult<ListPage>> {
        Box::pin(self.run("list", move |store| store.list(&request)))
    }

    fn copy<'a>(
        &'a self,
        from: &'a ObjectPath,
        to: &'a ObjectPath,
        options: CopyOptions,
    ) -> BoxFuture<'a, FileResult<FileStat>> {
        Box::pin(async move {
            let path = from.clone();
            if from == to {
                return self
                    .run("copy", move |store| store.stat("copy", &path))
                    .await;
            }
            let (_, range, file) = self
                .run("copy", move |store| {
                    let opened = store.open(&path, &GetOptions::new());
                    opened.map_err(|error| error.during("copy"))
                })
                .await?;
            let temporary = Temporary::create(&self.store, to, "copy").await?;
            let temporary = temporary.copy_from(file, range).await?;
            temporary.publish(options.mode).await
        })
    }

    fn describe(&self) -> FileBackendInfo {
        FileBackendInfo::new("local", self.store.max_size).without_metadata()
    }
}

impl fmt::Debug for LocalFileStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalFileStorage")
            .field("disk", &self.store.disk)
            .field("max_size", &self.store.max_size)
            .finish_non_exhaustive()
    }
}
