//! Files as objects: the contract of a storage, and storages that need no
//! server.
//!
//! An object has a path and content, appears and changes as a whole, and is
//! streamed both ways. Where a path may lead is decided when it is parsed,
//! once, for every backend.
//!
//! ```
//! use plumego_store::file::{FileResult, FileStorage, GetOptions, ObjectPath, PutRequest};
//!
//! async fn publish(storage: &dyn FileStorage, report: Vec<u8>) -> FileResult<u64> {
//!     let path = ObjectPath::parse("reports/latest.pdf")?;
//!     // Readers see the old report or the new one, never a part.
//!     let record = storage.put(PutRequest::bytes("report.pdf", report).at(path.clone())).await?;
//!     let reader = storage.get(&path, GetOptions::new()).await?;
//!     assert_eq!(reader.stat.size, record.size);
//!     Ok(record.size)
//! }
//! ```

mod error;
mod intake;
#[cfg(feature = "file-local")]
mod local;
mod memory;
mod naming;
mod path;
mod record;
mod types;

use std::fmt;

pub use error::{FileError, FileErrorKind};
pub use intake::Intake;
#[cfg(feature = "file-local")]
pub use local::{LocalFileOptions, LocalFileStorage};
pub use memory::{MemoryFileOptions, MemoryFileStorage};
pub use naming::{CONTENT_TYPE_UNKNOWN, content_type_of, extension_of, generate_path};
pub use path::{COMPONENT_BYTES_MAX, ListPrefix, ObjectPath, PATH_BYTES_MAX, PathRule};
pub use record::{FileQuery, FileRecord, FileStat};
pub use types::{
    BodyStream, ByteRange, CopyOptions, FileBackendInfo, FileReader, GetOptions, ListPage,
    ListRequest, METADATA_BYTES_MAX, METADATA_ENTRIES_MAX, Metadata, PutMode, PutRequest,
    SIZE_MAX_DEFAULT,
};

use crate::BoxFuture;

/// What an operation of a storage gives.
pub type FileResult<T> = Result<T, FileError>;

/// A storage of objects.
///
/// An object appears, changes and goes as a whole: a reader has one version
/// from its first byte to its last, whatever happens meanwhile. Dropping the
/// future of a put before the object was published leaves nothing behind.
/// When the medium cannot be reached, that is `StorageUnavailable`, never
/// `NotFound`.
pub trait FileStorage: Send + Sync + fmt::Debug + 'static {
    /// Stores an object. Content that is longer or shorter than was said, or
    /// longer than the storage takes, is `InvalidSize`, and nothing is stored.
    fn put<'a>(&'a self, request: PutRequest<'a>) -> BoxFuture<'a, FileResult<FileRecord>>;

    /// Opens an object to read.
    fn get<'a>(
        &'a self,
        path: &'a ObjectPath,
        options: GetOptions,
    ) -> BoxFuture<'a, FileResult<FileReader>>;

    /// Removes an object; `NotFound` if there is none.
    fn delete<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<()>>;

    /// Whether there is an object.
    fn exists<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<bool>>;

    /// What is known of an object.
    fn stat<'a>(&'a self, path: &'a ObjectPath) -> BoxFuture<'a, FileResult<FileStat>>;

    /// Objects in byte order of their paths; none for a prefix nobody uses.
    fn list<'a>(&'a self, request: ListRequest) -> BoxFuture<'a, FileResult<ListPage>>;

    /// Copies an object. Onto itself that does nothing, but it has to be
    /// there.
    fn copy<'a>(
        &'a self,
        from: &'a ObjectPath,
        to: &'a ObjectPath,
        options: CopyOptions,
    ) -> BoxFuture<'a, FileResult<FileStat>>;

    /// What the storage is and can do.
    fn describe(&self) -> FileBackendInfo;
}
