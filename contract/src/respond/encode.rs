//! Encoding into a buffer that each worker thread reuses.

use std::cell::RefCell;
use std::fmt;
use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

/// Room for an ordinary document.
const INITIAL_BYTES: usize = 4 * 1024;
/// A buffer that grew beyond this is given back instead of being kept.
const KEPT_BYTES_MAX: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// A value could not be encoded as JSON. The cause is for the log.
#[derive(Debug)]
pub struct EncodeError(serde_json::Error);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response value cannot be encoded as JSON")
    }
}

impl std::error::Error for EncodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// A failure of this service; the cause is logged, never sent.
impl From<EncodeError> for crate::Error {
    fn from(error: EncodeError) -> Self {
        Self::internal(error)
    }
}

/// Encodes `document` whole. Nothing is handed out when encoding fails.
pub(super) fn to_bytes<T: Serialize + ?Sized>(document: &T) -> Result<Bytes, EncodeError> {
    encode(document, b"")
}

/// Encodes `document` and ends the line.
pub(crate) fn line<T: Serialize + ?Sized>(document: &T) -> Result<Bytes, EncodeError> {
    encode(document, b"\n")
}

/// Encodes `document` as text.
#[cfg(feature = "sse")]
pub(crate) fn text<T: Serialize + ?Sized>(document: &T) -> Result<String, EncodeError> {
    serde_json::to_string(document).map_err(EncodeError)
}

fn encode<T: Serialize + ?Sized>(document: &T, end: &[u8]) -> Result<Bytes, EncodeError> {
    // Taken out while encoding, so that a value whose `Serialize` encodes
    // something itself finds an empty buffer rather than a locked one.
    let mut buffer = BUFFER.take();
    buffer.clear();
    buffer.reserve(INITIAL_BYTES);
    let result = serde_json::to_writer(Append(&mut buffer), document);
    buffer.put_slice(end);
    let encoded = buffer.split();
    if buffer.capacity() <= KEPT_BYTES_MAX && encoded.capacity() <= KEPT_BYTES_MAX {
        BUFFER.replace(buffer);
    }
    match result {
        Ok(()) => Ok(encoded.freeze()),
        Err(cause) => Err(EncodeError(cause)),
    }
}

struct Append<'a>(&'a mut BytesMut);

impl io::Write for Append<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.put_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
