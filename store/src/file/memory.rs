//! A storage in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use plumego_contract::{Clock, SystemClock};

use super::{
    CopyOptions, FileBackendInfo, FileError, FileErrorKind, FileReader, FileRecord, FileResult,
    FileStat, FileStorage, GetOptions, Intake, ListPage, ListRequest, Metadata, ObjectPath,
    PutMode, PutRequest, SIZE_MAX_DEFAULT,
};
use crate::BoxFuture;

/// Content is given out in pieces of this size.
const PIECE_BYTES: usize = 64 << 10;

/// How a [`MemoryFileStorage`] is bounded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MemoryFileOptions {
    /// Largest object, in bytes. 32 MiB unless set.
    pub max_size: u64,
    /// Bytes of all objects together. 64 MiB unless set.
    pub max_total: u64,
    /// Where it reads the time.
    pub clock: Arc<dyn Clock>,
}

impl Default for MemoryFileOptions {
    fn default() -> Self {
        Self {
            max_size: SIZE_MAX_DEFAULT,
            max_total: 64 << 20,
            clock: Arc::new(SystemClock),
        }
    }
}

/// A storage whose objects end with the process, for tests and development.
///
/// ```
/// use plumego_store::file::{FileStorage, GetOptions, MemoryFileStorage, ObjectPath, PutRequest};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), plumego_store::file::FileError> {
/// let storage = MemoryFileStorage::new();
/// let record = storage.put(PutRequest::bytes("hello.txt", "hello")).await?;
/// assert!(record.path.as_str().ends_with(".txt"));
/// let reader = storage.get(&record.path, GetOptions::new()).await?;
/// assert_eq!(reader.bytes(1_000).await?, "hello");
/// # Ok(())
/// # }
/// ```
pub struct MemoryFileStorage {
    options: MemoryFileOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<ObjectPath, Object>,
    bytes: u64,
    last_version: u64,
}

#[derive(Clone)]
struct Object {
    content: Bytes,
    content_type: String,
    metadata: Metadata,
    modified_at: SystemTime,
    version: u64,
}

impl Object {
    fn stat(&self, path: &ObjectPath) -> FileStat {
        FileStat::new(
            path.clone(),
            self.content.len() as u64,
            self.modified_at,
            self.content_type.clone(),
            Some(format!("\"{:x}\"", self.version)),
        )
    }
}

impl Default for MemoryFileStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryFileStorage {
    /// An empty storage with the default bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(MemoryFileOptions::default())
    }

    /// An empty storage.
    #[must_use]
    pub fn with_options(options: MemoryFileOptions) -> Self {
        Self {
            options,
            state: Mutex::default(),
        }
    }

    /// Metadata of an object.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn metadata(&self, path: &ObjectPath) -> FileResult<Metadata> {
        let state = self.state();
        let object = state.objects.get(path);
        let object = object.ok_or_else(|| missing("metadata", path))?;
        Ok(object.metadata.clone())
    }

    /// The state, which no panic leaves half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take_in(&self, request: PutRequest<'_>) -> FileResult<FileRecord> {
        let now = self.options.clock.now();
        let mut intake = Intake::begin(request, self.options.max_size, now)?;
        let mut content = BytesMut::new();
        while let Some(piece) = intake.next().await? {
            content.extend_from_slice(&piece);
        }
        let record = intake.finish("memory", self.options.clock.now())?;
        let object = Object {
            content: content.freeze(),
            content_type: intake.content_type().to_owned(),
            metadata: intake.metadata().clone(),
            modified_at: record.updated_at,
            version: 0,
        };
        self.place("put", intake.path(), object, intake.mode())?;
        Ok(record)
    }

    fn place(
        &self,
        op: &'static str,
        path: &ObjectPath,
        mut object: Object,
        mode: PutMode,
    ) -> FileResult<FileStat> {
        let fail = |kind| FileError::new(op, kind).at(path);
        let state = &mut *self.state();
        let old = state.objects.get(path).map(|old| old.content.len() as u64);
        if old.is_some() && mode == PutMode::CreateNew {
            return Err(fail(FileErrorKind::AlreadyExists));
        }
        if state.is_blocked(path) {
            return Err(fail(FileErrorKind::InvalidPath));
        }
        let bytes = state.bytes - old.unwrap_or_default() + object.content.len() as u64;
        if bytes > self.options.max_total {
            return Err(fail(FileErrorKind::StorageUnavailable));
        }
        state.bytes = bytes;
        state.last_version += 1;
        object.version = state.last_version;
        let stat = object.stat(path);
        state.objects.insert(path.clone(), object);
        Ok(stat)
    }

    fn find(&self, op: &'static str, path: &ObjectPath) -> FileResult<Object> {
        let state = self.state();
        let object = state.objects.get(path);
        object.cloned().ok_or_else(|| missing(op, path))
    }

    fn page(&self, request: &ListRequest) -> ListPage {
        let state = self.state();
        let below = state
            .objects
            .iter()
            .filter(|(path, _)| path.is_below(&request.prefix))
            .filter(|(path, _)| {
                let after = request.after.as_deref();
                after.is_none_or(|after| path.as_str() > after)
            });
        ListPage::collect(below.map(|(path, object)| object.stat(path)), request.limit)
    }
}

fn missing(op: &'static str, path: &ObjectPath) -> FileError {
    FileError::new(op, FileErrorKind::NotFound).at(path)
}

impl State {
    /// Whether an object is where a directory would have to be, or the other
    /// way round: a file system could not hold both.
    fn is_blocked(&self, path: &ObjectPath) -> bool {
        let mut ancestors = path
            .as_str()
            .match_indices('/')
            .map(|(at, _)| &path.as_str()[..at]);
        if ancestors.any(|ancestor| self.objects.contains_key(ancestor)) {
            return true;
        }
        let below = format!("{path}/");
        let behind = (Bound::Included(&*below), Bound::Unbounded);
        let next = self.objects.range::<str, _>(behind).next();
        next.is_some_and(|(other, _)| other.as_str().starts_with(&below))
    }
}

/// Parts of content in memory.
struct Pieces(Bytes);

impl Stream for Pieces {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.0.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(self.0.split_to(len))))
    }
}

/// Nothing here waits, but nothing is done before the future is polled.
fn soon<'a, T: Send + 'a>(work: impl FnOnce() -> T + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(async move { work() })
}

impl FileStorage for MemoryFileStorage {
    fn put<'a>(&'a self, request: PutRequest<'a>) -> BoxFuture<'a, FileResult<FileRecord>> {
        Box::pin(self.take_in(request))
    }

    fn get<'a>(
        &'a self,
        path: &'a ObjectPath,
        options: GetOptions,
    ) -> BoxFuture<'a, FileResult<FileReader>> {
        soon(move || {
            let object = self.find("get", path)?;
            let stat = object.stat(path);
            let range = options.resolve(&stat).map_err(|error| error.at(path))?;
            // The range lies within what is in memory.
            let content = object
                .content
                .slice(range.start as usize..range.end as usize);
            Ok(FileReader::new(stat, range, Pieces(content)))
        })
    }

    fn delete<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<()>> {
        soon(|| {
            let state = &mut *self.state();
            let object = state.objects.remove(path);
            let object = object.ok_or_else(|| missing("delete", path))?;
            state.bytes -= object.content.len() as u64;
            Ok(())
        })
    }

    fn exists<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<bool>> {
        soon(|| Ok(self.state().objects.contains_key(path)))
    }

    fn stat<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<FileStat>> {
        soon(|| Ok(self.find("stat", path)?.stat(path)))
    }

    fn list<'a>(&'a self, request: ListRequest) -> BoxFuture<'a, FileResult<ListPage>> {
        soon(move || Ok(self.page(&request)))
    }

    fn copy<'a>(
        &'a self,
        from: &'a ObjectPath,
        to: &'a ObjectPath,
        options: CopyOptions,
    ) -> BoxFuture<'a, FileResult<FileStat>> {
        soon(move || {
            let object = self.find("copy", from)?;
            if from == to {
                return Ok(object.stat(from));
            }
            let copied = Object {
                modified_at: self.options.clock.now(),
                ..object
            };
            self.place("copy", to, copied, options.mode)
        })
    }

    fn describe(&self) -> FileBackendInfo {
        FileBackendInfo::new("memory", self.options.max_size)
    }
}

impl fmt::Debug for MemoryFileStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFileStorage")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
