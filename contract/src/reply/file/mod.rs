//! Files as responses: conditional requests, ranges, names.

mod body;
mod disposition;
mod range;

use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, Metadata};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, StatusCode};

use crate::conditional::{self, Current, ETag, Outcome};
use crate::respond::{IntoResponse, write_error};
use crate::scope::RequestScope;
use crate::{Body, Error, ErrorKind, Response};
use body::{FileBody, Segment};
use range::Selection;

/// Bytes read at a time; a file of at most this size is read when it is opened.
const CHUNK_BYTES: usize = 64 * 1024;

const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");

trait ReadSeek: Read + Seek + Send {}

impl<R: Read + Seek + Send> ReadSeek for R {}

/// A file, or anything that can be read and sought, as a response.
///
/// It answers conditional requests (304, 412), single and several ranges (206,
/// 416), `If-Range` and `HEAD`. The request is given when the reply is made,
/// because all of that depends on it. A file that becomes shorter while it is
/// sent breaks the transfer off.
///
/// Needs a tokio runtime: reads happen on its blocking threads, 64 KiB at a
/// time, and only as fast as the client takes them.
///
/// ```
/// use plumego_contract::{Error, FileReply, Request};
///
/// async fn manual(request: Request) -> Result<FileReply, Error> {
///     let file = FileReply::open(&request, "manual.pdf").await?;
///     Ok(file.attachment("Manual.pdf"))
/// }
/// ```
#[must_use = "a reply does nothing unless it is returned"]
pub struct FileReply {
    source: Source,
    len: u64,
    modified: Option<SystemTime>,
    etag: Option<ETag>,
    headers: HeaderMap,
    conditions: Conditions,
}

enum Source {
    Memory(Bytes),
    Reader(Box<dyn ReadSeek>),
}

/// What a file reply must know of its request.
struct Conditions {
    method: Method,
    headers: HeaderMap,
}

impl Conditions {
    fn of<B>(request: &http::Request<B>) -> Self {
        let names = [
            IF_MATCH,
            IF_NONE_MATCH,
            IF_MODIFIED_SINCE,
            IF_UNMODIFIED_SINCE,
            IF_RANGE,
            RANGE,
        ];
        let mut headers = HeaderMap::new();
        for name in names {
            for value in request.headers().get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        Self {
            method: request.method().clone(),
            headers,
        }
    }

    /// True when nothing but the whole content can be asked for.
    fn wants_content(&self) -> bool {
        self.method != Method::HEAD && self.headers.is_empty()
    }
}

impl FileReply {
    /// Opens a regular file; its content type follows from the extension.
    ///
    /// # Errors
    /// `404 not_found` when there is no such file, when it is no regular file
    /// or may not be read; `500 internal_error` for any other failure.
    pub fn open<B, P: Into<PathBuf>>(
        request: &http::Request<B>,
        path: P,
    ) -> impl Future<Output = Result<Self, Error>> + Send + use<B, P> {
        let conditions = Conditions::of(request);
        let path = path.into();
        let task = move || {
            // Asked before opening: opening a pipe would wait for a writer.
            if !std::fs::metadata(&path).map_err(not_served)?.is_file() {
                return Err(Error::new(ErrorKind::NotFound));
            }
            let file = File::open(&path).map_err(not_served)?;
            let metadata = file.metadata().map_err(not_served)?;
            Self::from_opened(conditions, file, &metadata, path.extension())
        };
        async move {
            let opened = tokio::task::spawn_blocking(task).await;
            opened.unwrap_or_else(|panicked| Err(Error::internal(panicked)))
        }
    }

    /// A file that is open already; `name` decides the content type. Reads a
    /// file of up to 64 KiB at once, so call it where blocking is allowed.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_file<B>(
        request: &http::Request<B>,
        file: File,
        metadata: &Metadata,
        name: impl AsRef<Path>,
    ) -> Result<Self, Error> {
        let extension = name.as_ref().extension();
        Self::from_opened(Conditions::of(request), file, metadata, extension)
    }

    fn from_opened(
        conditions: Conditions,
        mut file: File,
        metadata: &Metadata,
        extension: Option<&OsStr>,
    ) -> Result<Self, Error> {
        if !metadata.is_file() {
            return Err(Error::new(ErrorKind::NotFound));
        }
        let len = metadata.len();
        let source = if len <= CHUNK_BYTES as u64 && conditions.wants_content() {
            let content = body::read_chunk(&mut file, None, len as usize);
            Source::Memory(content.map_err(Error::internal)?.into())
        } else {
            Source::Reader(Box::new(file))
        };
        let reply = Self::assemble(conditions, source, len, metadata.modified().ok());
        Ok(match extension.and_then(OsStr::to_str) {
            Some(extension) => reply.content_type(type_of(extension)),
            None => reply,
        })
    }

    /// Any reader of `len` bytes, as `application/octet-stream` unless told
    /// otherwise.
    pub fn from_parts<B, R>(
        request: &http::Request<B>,
        reader: R,
        len: u64,
        modified: Option<SystemTime>,
    ) -> Self
    where
        R: Read + Seek + Send + 'static,
    {
        let source = Source::Reader(Box::new(reader));
        Self::assemble(Conditions::of(request), source, len, modified)
    }

    /// Bytes in memory, such as an embedded asset.
    pub fn from_bytes<B>(
        request: &http::Request<B>,
        content: impl Into<Bytes>,
        modified: Option<SystemTime>,
    ) -> Self {
        let content = content.into();
        let len = content.len() as u64;
        Self::assemble(
            Conditions::of(request),
            Source::Memory(content),
            len,
            modified,
        )
    }

    fn assemble(
        conditions: Conditions,
        source: Source,
        len: u64,
        modified: Option<SystemTime>,
    ) -> Self {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(CONTENT_TYPE, OCTET_STREAM);
        let etag = modified.and_then(|modified| {
            let since = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            ETag::strong(&format!("{len:x}-{:x}", since.as_nanos())).ok()
        });
        Self {
            source,
            len,
            modified,
            etag,
            headers,
            conditions,
        }
    }

    /// Replaces the content type.
    pub fn content_type(self, content_type: HeaderValue) -> Self {
        self.set(CONTENT_TYPE, content_type)
    }

    /// Sets the content type that belongs to the extension of a name.
    pub fn content_type_of(self, name: impl AsRef<Path>) -> Self {
        match name.as_ref().extension().and_then(OsStr::to_str) {
            Some(extension) => self.content_type(type_of(extension)),
            None => self.content_type(OCTET_STREAM),
        }
    }

    /// Replaces the entity tag, which otherwise follows from size and time of
    /// modification.
    pub fn etag(mut self, etag: ETag) -> Self {
        self.etag = Some(etag);
        self
    }

    /// Has the client save the file under this name.
    pub fn attachment(self, name: &str) -> Self {
        let value = disposition::disposition("attachment", name);
        self.set(CONTENT_DISPOSITION, value)
    }

    /// Has the client show the file, and save it under this name if asked to.
    pub fn inline(self, name: &str) -> Self {
        let value = disposition::disposition("inline", name);
        self.set(CONTENT_DISPOSITION, value)
    }

    /// Sets `Cache-Control`.
    pub fn cache_control(self, value: HeaderValue) -> Self {
        self.set(CACHE_CONTROL, value)
    }

    /// Sets another response header.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.set(name, value)
    }

    fn set(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    fn selection(&self) -> Selection {
        let headers = &self.conditions.headers;
        let mut ranges = headers.get_all(RANGE).iter();
        let (Some(range), None, &Method::GET) =
            (ranges.next(), ranges.next(), &self.conditions.method)
        else {
            return Selection::Whole;
        };
        if let Some(value) = headers.get(IF_RANGE)
            && !conditional::if_range_holds(value, self.etag.as_ref(), self.modified)
        {
            return Selection::Whole;
        }
        match range.to_str() {
            Ok(range) => range::select(range, self.len),
            Err(_) => Selection::Whole,
        }
    }

    fn add_validators(&mut self) {
        if let Some(etag) = &self.etag {
            self.headers.insert(ETAG, etag.to_header());
        }
        if let Some(date) = self.modified.and_then(conditional::http_date) {
            self.headers.insert(LAST_MODIFIED, date);
        }
    }

    fn not_modified(mut self) -> Response {
        self.add_validators();
        for name in [CONTENT_TYPE, CONTENT_DISPOSITION] {
            self.headers.remove(name);
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.headers_mut() = self.headers;
        response
    }

    fn send(
        mut self,
        status: StatusCode,
        segments: Vec<Segment>,
        scope: &RequestScope,
    ) -> Response {
        self.add_validators();
        self.headers
            .insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        self.headers
            .insert(CONTENT_LENGTH, HeaderValue::from(body::total(&segments)));
        self.headers
            .entry(X_CONTENT_TYPE_OPTIONS)
            .or_insert(HeaderValue::from_static("nosniff"));
        let body = match self.source {
            _ if self.conditions.method == Method::HEAD => Body::empty(),
            Source::Memory(content) => in_memory(&content, segments, scope),
            Source::Reader(reader) => Body::new(FileBody::new(reader, segments, scope.clone())),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        response
    }

    fn send_several(mut self, ranges: Vec<Range<u64>>, scope: &RequestScope) -> Response {
        let boundary = boundary();
        let content_type = self.headers.remove(CONTENT_TYPE).unwrap_or(OCTET_STREAM);
        let mut segments = Vec::with_capacity(ranges.len() * 2 + 1);
        for range in ranges {
            let mut head = format!("\r\n--{boundary}\r\nContent-Type: ").into_bytes();
            head.extend_from_slice(content_type.as_bytes());
            let place = content_range(&range, self.len);
            head.extend_from_slice(format!("\r\nContent-Range: {place}\r\n\r\n").as_bytes());
            segments.push(Segment::Text(head.into()));
            segments.push(Segment::File(range));
        }
        segments.push(Segment::Text(format!("\r\n--{boundary}--\r\n").into()));
        let several = format!("multipart/byteranges; boundary={boundary}");
        // A boundary is hexadecimal digits.
        let several = HeaderValue::from_str(&several).unwrap_or(OCTET_STREAM);
        self.set(CONTENT_TYPE, several)
            .send(StatusCode::PARTIAL_CONTENT, segments, scope)
    }
}

impl IntoResponse for FileReply {
    fn into_response(mut self, scope: &RequestScope) -> Response {
        let Conditions { method, headers } = &self.conditions;
        let current = Current {
            exists: true,
            etag: self.etag.as_ref(),
            modified: self.modified,
        };
        match conditional::judge(method, headers, &current) {
            Outcome::Proceed => {}
            Outcome::NotModified => return self.not_modified(),
            Outcome::PreconditionFailed => {
                return write_error(scope, &Error::new(ErrorKind::PreconditionFailed));
            }
        }
        match self.selection() {
            Selection::Whole => {
                let whole = vec![Segment::File(0..self.len)];
                self.send(StatusCode::OK, whole, scope)
            }
            Selection::One(range) => {
                if let Ok(value) = HeaderValue::from_str(&content_range(&range, self.len)) {
                    self.headers.insert(CONTENT_RANGE, value);
                }
                self.send(
                    StatusCode::PARTIAL_CONTENT,
                    vec![Segment::File(range)],
                    scope,
                )
            }
            Selection::Several(ranges) => self.send_several(ranges, scope),
            Selection::Unsatisfiable => write_error(scope, &unsatisfiable(self.len)),
        }
    }
}

fn in_memory(content: &Bytes, segments: Vec<Segment>, scope: &RequestScope) -> Body {
    match <[Segment; 1]>::try_from(segments) {
        Ok([Segment::File(range)]) => {
            Body::from_bytes(content.slice(range.start as usize..range.end as usize))
        }
        Ok([Segment::Text(text)]) => Body::from_bytes(text),
        Err(segments) => {
            let reader = Box::new(io::Cursor::new(content.clone()));
            Body::new(FileBody::new(reader, segments, scope.clone()))
        }
    }
}

fn content_range(range: &Range<u64>, len: u64) -> String {
    format!("bytes {}-{}/{len}", range.start, range.end - 1)
}

fn unsatisfiable(len: u64) -> Error {
    let error = Error::new(ErrorKind::RangeNotSatisfiable);
    match HeaderValue::from_str(&format!("bytes */{len}")) {
        Ok(value) => error.header(CONTENT_RANGE, value),
        Err(_) => error,
    }
}

/// Hard to guess, so that no file holds it by design.
fn boundary() -> String {
    let random = || std::hash::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

/// A client learns of a file only whether it is served.
fn not_served(error: io::Error) -> Error {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::NotFound
        | Io::PermissionDenied
        | Io::NotADirectory
        | Io::InvalidInput
        | Io::InvalidFilename => Error::new(ErrorKind::NotFound).wrap(error),
        _ => Error::internal(error),
    }
}

/// The type that belongs to an extension; text is UTF-8.
fn type_of(extension: &str) -> HeaderValue {
    let Some(known) = mime_guess::from_ext(extension).first_raw() else {
        return OCTET_STREAM;
    };
    if known.starts_with("text/") {
        let text = format!("{known}; charset=utf-8");
        return HeaderValue::from_str(&text).unwrap_or(OCTET_STREAM);
    }
    HeaderValue::from_static(known)
}

impl fmt::Debug for FileReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReply")
            .field("len", &self.len)
            .field("modified", &self.modified)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
