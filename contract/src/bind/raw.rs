use bytes::Bytes;

use super::body;
use crate::{Error, Request};

/// Reads the body whole, at most `max` bytes of it.
///
/// # Errors
/// `413 payload_too_large` above the limit, `400 request_body_incomplete` when
/// it breaks off, `408 timeout` when the client is too slow.
pub fn bytes(
    request: &mut Request,
    max: u64,
) -> impl Future<Output = Result<Bytes, Error>> + Send + use<> {
    body::read(body::take(request, max), max)
}

/// Reads the body whole as UTF-8 text, at most `max` bytes of it.
///
/// # Errors
/// As [`bytes()`], and `400 validation_error` with `invalid_encoding` at `body`
/// when it is not UTF-8.
pub fn text(
    request: &mut Request,
    max: u64,
) -> impl Future<Output = Result<String, Error>> + Send + use<> {
    let body = body::take(request, max);
    async move {
        let read = body::read(body, max).await?;
        String::from_utf8(read.into()).map_err(|_| body::not_utf8())
    }
}
