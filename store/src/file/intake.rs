//! What every backend does with content as it comes in.

use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::naming::{content_type_of, extension_of, hex, random_hex};
use super::types::BodyStream;
use super::{
    FileError, FileErrorKind, FileRecord, FileResult, Metadata, ObjectPath, PutMode, PutRequest,
    generate_path,
};

/// A put under way: counts and hashes content, and holds it to its limits.
///
/// A backend begins one with the request, passes every piece it gets from
/// [`next`](Self::next) on, and publishes the object only after
/// [`finish`](Self::finish) has agreed.
pub struct Intake<'a> {
    path: ObjectPath,
    mode: PutMode,
    file_name: String,
    content_type: String,
    extension: String,
    metadata: Metadata,
    expected_size: Option<u64>,
    expected_sha256: Option<[u8; 32]>,
    size_max: u64,
    body: BodyStream<'a>,
    size: u64,
    hash: Sha256,
}

impl<'a> Intake<'a> {
    /// Begins a put into a backend that takes objects of up to `size_max`
    /// bytes.
    ///
    /// # Errors
    ///
    /// `InvalidSize` if it is said to be larger, `StorageUnavailable` if a
    /// path is needed and none can be made.
    pub fn begin(request: PutRequest<'a>, size_max: u64, now: SystemTime) -> FileResult<Self> {
        let path = match request.path {
            Some(path) => path,
            None => generate_path(&request.file_name, request.content_type.as_deref(), now)?,
        };
        if request.size.is_some_and(|size| size > size_max) {
            return Err(FileError::new("put", FileErrorKind::InvalidSize).at(&path));
        }
        let extension = match path.extension() {
            Some(extension) => extension.to_owned(),
            None => extension_of(&request.file_name, request.content_type.as_deref())
                .unwrap_or_default(),
        };
        let content_type = request
            .content_type
            .unwrap_or_else(|| content_type_of(&extension).to_owned());
        Ok(Self {
            path,
            mode: request.mode,
            file_name: request.file_name,
            content_type,
            extension,
            metadata: request.metadata,
            expected_size: request.size,
            expected_sha256: request.sha256,
            size_max,
            body: request.body,
            size: 0,
            hash: Sha256::new(),
        })
    }

    /// Where the object goes.
    #[must_use]
    pub const fn path(&self) -> &ObjectPath {
        &self.path
    }

    /// What becomes of an object that is there.
    #[must_use]
    pub const fn mode(&self) -> PutMode {
        self.mode
    }

    /// Its media type: the one given, else that of its extension.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// What else is known.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    ///
    /// `InvalidSize` as soon as there is more than was said or allowed, `Io`
    /// if the body fails.
    pub async fn next(&mut self) -> FileResult<Option<Bytes>> {
        let piece = std::future::poll_fn(|cx| self.body.as_mut().poll_next(cx)).await;
        let Some(piece) = piece else {
            return Ok(None);
        };
        let piece = piece.map_err(|error| self.fail(FileErrorKind::Io).with_source(error))?;
        self.size = self.size.saturating_add(piece.len() as u64);
        if self.size
            > self
                .expected_size
                .unwrap_or(self.size_max)
                .min(self.size_max)
        {
            return Err(self.fail(FileErrorKind::InvalidSize));
        }
        self.hash.update(&piece);
        Ok(Some(piece))
    }

    /// Checks what came in, and describes the object.
    ///
    /// # Errors
    ///
    /// `InvalidSize` if there is less than was said, `ChecksumMismatch`.
    pub fn finish(&self, storage_type: &str, now: SystemTime) -> FileResult<FileRecord> {
        if self.expected_size.is_some_and(|size| size != self.size) {
            return Err(self.fail(FileErrorKind::InvalidSize));
        }
        let hash = self.hash.clone().finalize();
        if self
            .expected_sha256
            .is_some_and(|expected| expected[..] != hash[..])
        {
            return Err(self.fail(FileErrorKind::ChecksumMismatch));
        }
        Ok(FileRecord {
            id: random_hex::<16>()?,
            name: self.file_name.clone(),
            path: self.path.clone(),
            size: self.size,
            mime_type: self.content_type.clone(),
            extension: self.extension.clone(),
            hash: hex(&hash),
            storage_type: storage_type.to_owned(),
            metadata: self.metadata.clone(),
            created_at: now,
            updated_at: now,
            last_access_at: None,
            deleted_at: None,
        })
    }

    fn fail(&self, kind: FileErrorKind) -> FileError {
        FileError::new("put", kind).at(&self.path)
    }
}

impl std::fmt::Debug for Intake<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake")
            .field("path", &self.path)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
