//! What file operations take and give.

use std::fmt;
use std::io;
use std::ops::Range;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use super::{FileError, FileErrorKind, FileResult, FileStat, ListPrefix, ObjectPath};

/// Content on its way, in pieces.
pub type BodyStream<'a> = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send + 'a>>;

/// Largest object unless configured otherwise, in bytes.
pub const SIZE_MAX_DEFAULT: u64 = 32 << 20;

/// Most entries of [`Metadata`].
pub const METADATA_ENTRIES_MAX: usize = 64;

/// Most bytes of [`Metadata`], as JSON.
pub const METADATA_BYTES_MAX: usize = 16 << 10;

/// What is known of an object beyond its content: an object of JSON, with at
/// most 64 entries and 16 KiB.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks an object.
    ///
    /// # Errors
    ///
    /// `InvalidSize` if it has too many entries or bytes.
    pub fn from_map(map: Map<String, Value>) -> FileResult<Self> {
        let bytes = serde_json::to_vec(&map).map_or(usize::MAX, |json| json.len());
        if map.len() > METADATA_ENTRIES_MAX || bytes > METADATA_BYTES_MAX {
            return Err(FileError::new("metadata", FileErrorKind::InvalidSize));
        }
        Ok(Self(map))
    }

    /// The entries.
    #[must_use]
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::deserialize(deserializer)?;
        Self::from_map(map).map_err(de::Error::custom)
    }
}

/// What becomes of an object that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PutMode {
    /// It is replaced.
    #[default]
    Overwrite,
    /// It stays, and the operation is `AlreadyExists`.
    CreateNew,
}

/// An object to be stored.
///
/// ```
/// use plumego_store::file::{ObjectPath, PutRequest};
///
/// let request = PutRequest::bytes("report.pdf", "content")
///     .at(ObjectPath::parse("reports/17.pdf")?)
///     .content_type("application/pdf")
///     .create_new();
/// assert_eq!(request.size, Some(7));
/// # Ok::<(), plumego_store::file::FileError>(())
/// ```
#[non_exhaustive]
pub struct PutRequest<'a> {
    /// Where; a path of its own if left out.
    pub path: Option<ObjectPath>,
    /// What the file was called where it came from. Data, never a part of a
    /// path.
    pub file_name: String,
    /// The media type; guessed from the name if left out.
    pub content_type: Option<String>,
    /// How many bytes the content has, if that is known.
    pub size: Option<u64>,
    /// What else is known.
    pub metadata: Metadata,
    /// What becomes of an object that is there.
    pub mode: PutMode,
    /// What the content must hash to.
    pub sha256: Option<[u8; 32]>,
    /// The content.
    pub body: BodyStream<'a>,
}

impl<'a> PutRequest<'a> {
    /// Content of unknown size.
    #[must_use]
    pub fn new(
        file_name: impl Into<String>,
        body: impl Stream<Item = io::Result<Bytes>> + Send + 'a,
    ) -> Self {
        Self {
            path: None,
            file_name: file_name.into(),
            content_type: None,
            size: None,
            metadata: Metadata::default(),
            mode: PutMode::Overwrite,
            sha256: None,
            body: Box::pin(body),
        }
    }

    /// Content that is in memory.
    #[must_use]
    pub fn bytes(file_name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let size = content.len() as u64;
        Self {
            size: Some(size),
            ..Self::new(file_name, Once(Some(content)))
        }
    }

    /// Where it is stored.
    #[must_use]
    pub fn at(mut self, path: ObjectPath) -> Self {
        self.path = Some(path);
        self
    }

    /// The media type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// How many bytes it has: another number is an error.
    #[must_use]
    pub const fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    /// What else is known.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Leaves an object that is there alone.
    #[must_use]
    pub const fn create_new(mut self) -> Self {
        self.mode = PutMode::CreateNew;
        self
    }

    /// What the content must hash to.
    #[must_use]
    pub const fn sha256(mut self, sha256: [u8; 32]) -> Self {
        self.sha256 = Some(sha256);
        self
    }
}

impl fmt::Debug for PutRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutRequest")
            .field("path", &self.path)
            .field("file_name", &self.file_name)
            .field("size", &self.size)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// One piece of content.
struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = io::Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}

/// Bytes of an object, as [RFC 9110 section 14.1.2] has them.
///
/// [RFC 9110 section 14.1.2]: https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteRange {
    /// From one to another, both included.
    FromTo(u64, u64),
    /// From one to the end.
    From(u64),
    /// This many at the end.
    Last(u64),
}

impl ByteRange {
    /// The bytes of an object of this size.
    ///
    /// ```
    /// use plumego_store::file::ByteRange;
    ///
    /// assert_eq!(ByteRange::FromTo(2, 99).resolve(10)?, 2..10);
    /// assert_eq!(ByteRange::Last(3).resolve(10)?, 7..10);
    /// assert!(ByteRange::From(10).resolve(10).is_err());
    /// # Ok::<(), plumego_store::file::FileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `RangeNotSatisfiable` if there are none.
    pub fn resolve(self, size: u64) -> FileResult<Range<u64>> {
        let range = match self {
            Self::FromTo(first, last) => first..last.saturating_add(1).min(size),
            Self::From(first) => first..size,
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        if range.is_empty() {
            return Err(FileError::new("get", FileErrorKind::RangeNotSatisfiable));
        }
        Ok(range)
    }
}

/// How an object is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetOptions {
    /// Which bytes; all if left out.
    pub range: Option<ByteRange>,
    /// Only if this is its entity tag.
    pub if_etag: Option<String>,
}

impl GetOptions {
    /// All of it, whatever its version.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These bytes.
    #[must_use]
    pub const fn range(mut self, range: ByteRange) -> Self {
        self.range = Some(range);
        self
    }

    /// Only if this is its entity tag.
    #[must_use]
    pub fn if_etag(mut self, etag: impl Into<String>) -> Self {
        self.if_etag = Some(etag.into());
        self
    }

    /// The bytes to send of an object, as backends decide it.
    ///
    /// # Errors
    ///
    /// `PreconditionFailed` or `RangeNotSatisfiable`.
    pub fn resolve(&self, stat: &FileStat) -> FileResult<Range<u64>> {
        if let Some(wanted) = &self.if_etag
            && stat.etag.as_ref() != Some(wanted)
        {
            return Err(FileError::new("get", FileErrorKind::PreconditionFailed));
        }
        match self.range {
            Some(range) => range.resolve(stat.size),
            None => Ok(0..stat.size),
        }
    }
}

/// How an object is copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyOptions {
    /// What becomes of an object at the destination.
    pub mode: PutMode,
}

impl CopyOptions {
    /// Leaves an object at the destination alone.
    #[must_use]
    pub const fn create_new(mut self) -> Self {
        self.mode = PutMode::CreateNew;
        self
    }
}

/// One version of an object, to be read.
#[must_use = "content is read by polling the body"]
#[non_exhaustive]
pub struct FileReader {
    /// What is known of the version.
    pub stat: FileStat,
    /// The bytes that follow.
    pub range: Range<u64>,
    /// Its content.
    pub body: BodyStream<'static>,
}

impl FileReader {
    /// A version, as backends give it.
    pub fn new(
        stat: FileStat,
        range: Range<u64>,
        body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self {
            stat,
            range,
            body: Box::pin(body),
        }
    }

    /// All of it, in memory.
    ///
    /// # Errors
    ///
    /// `InvalidSize` if it is more than `limit` bytes, `Io` if it cannot be
    /// read.
    pub async fn bytes(mut self, limit: usize) -> FileResult<Bytes> {
        let fail = |kind| FileError::new("read", kind).at(&self.stat.path);
        if self.range.end - self.range.start > limit as u64 {
            return Err(fail(FileErrorKind::InvalidSize));
        }
        let mut bytes = BytesMut::new();
        loop {
            let piece = std::future::poll_fn(|cx| self.body.as_mut().poll_next(cx)).await;
            match piece {
                Some(Ok(piece)) => bytes.extend_from_slice(&piece),
                Some(Err(error)) => return Err(fail(FileErrorKind::Io).with_source(error)),
                None => return Ok(bytes.freeze()),
            }
        }
    }
}

impl fmt::Debug for FileReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReader")
            .field("stat", &self.stat)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// Which objects a page shall hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListRequest {
    /// What their paths have in common.
    pub prefix: ListPrefix,
    /// Only what lies behind this cursor of an earlier page.
    pub after: Option<String>,
    /// Most objects to return; 0 is all.
    pub limit: usize,
}

impl ListRequest {
    /// Everything below a prefix.
    #[must_use]
    pub const fn new(prefix: ListPrefix) -> Self {
        Self {
            prefix,
            after: None,
            limit: 0,
        }
    }

    /// Only what lies behind this cursor.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.after = Some(cursor.into());
        self
    }

    /// Most objects to return.
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// Objects in byte order of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ListPage {
    /// The objects.
    pub entries: Vec<FileStat>,
    /// Where the next page begins; `None` if this was the last.
    pub next: Option<String>,
}

impl ListPage {
    /// A page, as backends make it.
    #[must_use]
    pub const fn new(entries: Vec<FileStat>, next: Option<String>) -> Self {
        Self { entries, next }
    }

    /// The first `limit` of some entries, or all; the cursor is a path.
    pub(super) fn collect(entries: impl IntoIterator<Item = FileStat>, limit: usize) -> Self {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let mut entries = entries.into_iter();
        let page: Vec<_> = entries.by_ref().take(limit).collect();
        let more = entries.next().is_some();
        let last = page.last().filter(|_| more);
        let next = last.map(|last| last.path.as_str().to_owned());
        Self {
            entries: page,
            next,
        }
    }
}

/// What a backend is and can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileBackendInfo {
    /// What records call it: `memory`, `local`, `s3`.
    pub storage_type: String,
    /// Whether a copy appears as a whole.
    pub atomic_copy: bool,
    /// Whether media types and metadata are there again.
    pub preserves_metadata: bool,
    /// Largest object, in bytes.
    pub max_size: u64,
    /// Whether parts of an object can be read.
    pub range_reads: bool,
    /// Whether `CreateNew` is decided in one step.
    pub conditional_put: bool,
}

impl FileBackendInfo {
    /// A backend that can do everything.
    #[must_use]
    pub fn new(storage_type: impl Into<String>, max_size: u64) -> Self {
        Self {
            storage_type: storage_type.into(),
            atomic_copy: true,
            preserves_metadata: true,
            max_size,
            range_reads: true,
            conditional_put: true,
        }
    }

    /// Media types and metadata are not kept.
    #[must_use]
    pub const fn without_metadata(mut self) -> Self {
        self.preserves_metadata = false;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_bounded() {
        let map = |entries: usize, len: usize| {
            let entry = |number| (format!("k{number}"), Value::from("x".repeat(len)));
            (0..entries).map(entry).collect::<Map<_, _>>()
        };
        assert!(Metadata::from_map(map(64, 1)).is_ok());
        assert!(Metadata::from_map(map(65, 1)).is_err());
        assert!(Metadata::from_map(map(1, METADATA_BYTES_MAX)).is_err());
        let json = serde_json::to_string(&map(65, 1)).unwrap();
        assert!(serde_json::from_str::<Metadata>(&json).is_err());
    }

    #[test]
    fn ranges_of_rfc_9110() {
        let rows = [
            (ByteRange::FromTo(0, 0), 10, Some(0..1)),
            (ByteRange::FromTo(0, 9), 10, Some(0..10)),
            (ByteRange::FromTo(5, u64::MAX), 10, Some(5..10)),
            (ByteRange::FromTo(5, 4), 10, None),
            (ByteRange::FromTo(10, 20), 10, None),
            (ByteRange::From(9), 10, Some(9..10)),
            (ByteRange::From(10), 10, None),
            (ByteRange::From(0), 0, None),
            (ByteRange::Last(0), 10, None),
            (ByteRange::Last(1), 10, Some(9..10)),
            (ByteRange::Last(99), 10, Some(0..10)),
            (ByteRange::Last(1), 0, None),
        ];
        for (range, size, expected) in rows {
            assert_eq!(range.resolve(size).ok(), expected, "{range:?} of {size}");
        }
    }
}
