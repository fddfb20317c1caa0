//! `multipart/form-data` (RFC 7578) as a bounded stream: nothing is held beyond
//! one chunk and nothing is written to disk.

mod boundary;
mod head;
mod options;
mod reader;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, HeaderValue};

pub use options::MultipartOptions;

use super::body;
use super::media::{Declared, parameter};
use crate::error::code::field as codes;
use crate::{Error, ErrorKind, FieldPath, Request};
use head::Head;
use reader::{Reader, part_too_large, problem};

const FORM_DATA: &str = "multipart/form-data";

/// Starts to read a multipart body.
///
/// # Errors
/// 415 for another media type; `413 payload_too_large` when the declared length
/// is above the limit; `400 validation_error` with `invalid_format` at
/// `header.content-type` for a missing or illegal boundary.
///
/// ```
/// use plumego_contract::bind::MultipartOptions;
/// use plumego_contract::{Error, Reply, Request, RequestExt};
///
/// async fn upload(mut request: Request) -> Result<Reply<u64>, Error> {
///     let mut form = request.multipart(&MultipartOptions::default())?;
///     let mut bytes = 0;
///     while let Some(mut part) = form.next_part().await? {
///         while let Some(chunk) = part.chunk().await? {
///             bytes += chunk.len() as u64;
///         }
///     }
///     Ok(Reply::ok(bytes))
/// }
/// ```
pub fn multipart(request: &mut Request, options: &MultipartOptions) -> Result<Multipart, Error> {
    let body = body::take(request, options.max_bytes)?;
    let headers = request.headers();
    let boundary = match Declared::of(headers) {
        Declared::Type {
            essence,
            parameters,
        } if essence.eq_ignore_ascii_case(FORM_DATA) => parameter(parameters, "boundary"),
        _ => {
            let accepted = HeaderValue::from_static(FORM_DATA);
            return Err(Error::new(ErrorKind::UnsupportedMediaType).header(ACCEPT, accepted));
        }
    };
    body::require_identity(headers)?;
    let boundary = boundary.filter(|text| boundary::is_boundary(text));
    let Some(boundary) = boundary else {
        let path = FieldPath::root("header").name("content-type");
        let message = "the boundary is missing or illegal";
        return Err(problem(path, codes::INVALID_FORMAT, message));
    };
    Ok(Multipart {
        reader: Reader::new(body, boundary, *options),
    })
}

/// The parts of a form, in the order in which they arrive.
pub struct Multipart {
    reader: Reader,
}

impl Multipart {
    /// The next part; what was not read of the current one is passed over.
    /// `None` after the last part.
    ///
    /// # Errors
    /// 413, 408, `400 request_body_incomplete`, or `400 validation_error` at
    /// `part` for too many parts and for headers that break a limit or the
    /// format. After an error there are no more parts.
    pub async fn next_part(&mut self) -> Result<Option<Part<'_>>, Error> {
        let head = poll_fn(|cx| self.reader.poll_next_part(cx)).await?;
        Ok(head.map(|head| Part {
            head,
            reader: &mut self.reader,
        }))
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart")
            .field("options", self.reader.options())
            .finish_non_exhaustive()
    }
}

/// One part of a form; also a stream of its bytes.
pub struct Part<'m> {
    head: Head,
    reader: &'m mut Reader,
}

impl Part<'_> {
    /// Name of the field.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// Name of the file as the client sent it; possibly empty, a path, or
    /// hostile. `None` for a field that is no file.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.head.file_name.as_deref()
    }

    /// Name of the file made safe: the last component of a path, without
    /// control and reserved characters and leading dots, at most 255 bytes.
    /// `None` if nothing remains.
    #[must_use]
    pub fn safe_file_name(&self) -> Option<String> {
        head::safe_file_name(self.file_name()?)
    }

    /// Content type as the client declared it.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.head.content_type.as_deref()
    }

    /// The next bytes of the part, as they arrive; `None` at its end.
    ///
    /// # Errors
    /// `413 part_too_large`, `413 payload_too_large`, 408, or `400
    /// request_body_incomplete`.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.reader.poll_data(cx)).await
    }

    /// The part whole, at most `max` bytes of it.
    ///
    /// # Errors
    /// `413 part_too_large` above the limit, otherwise as
    /// [`chunk`](Self::chunk).
    pub async fn bytes(mut self, max: u64) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if (whole.len() + chunk.len()) as u64 > max {
                return Err(part_too_large(self.name(), max));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// The part whole as UTF-8 text, at most 64 KiB unless the options say
    /// otherwise.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes), and `400 validation_error` with
    /// `invalid_encoding` at `part.<name>` when it is not UTF-8.
    pub async fn text(self) -> Result<String, Error> {
        let path = part_path(self.name());
        let max = self.reader.options().max_text_bytes;
        let whole = self.bytes(max).await?;
        String::from_utf8(whole.into())
            .map_err(|_| problem(path, codes::INVALID_ENCODING, "not valid UTF-8"))
    }
}

impl futures_core::Stream for Part<'_> {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.reader.poll_data(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

fn part_path(name: &str) -> FieldPath {
    FieldPath::root("part").name(name)
}

#[cfg(test)]
mod tests;
