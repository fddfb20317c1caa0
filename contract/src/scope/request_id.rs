use std::fmt;

use http::HeaderValue;
use http::header::HeaderName;

/// `X-Request-ID`.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id, in bytes.
const BYTES_MAX: usize = 128;

/// A correlation id: 1 to 128 bytes of visible ASCII (0x21 to 0x7E).
///
/// It ties log lines, traces and responses together. It is never a secret, a
/// token or a nonce. Cloning shares the text.
///
/// ```
/// use plumego_contract::RequestId;
///
/// assert_eq!(RequestId::parse(" req-1 ").unwrap().as_str(), "req-1");
/// assert!(RequestId::parse("two words").is_err());
/// assert!(RequestId::parse("x".repeat(129)).is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(HeaderValue);

/// The text is no request id: empty, over 128 bytes, or not visible ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRequestId;

impl RequestId {
    /// Reads an id after trimming surrounding ASCII whitespace.
    ///
    /// # Errors
    /// [`InvalidRequestId`] when nothing valid remains.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, InvalidRequestId> {
        let text = text.as_ref().trim_ascii();
        if !is_valid(text) {
            return Err(InvalidRequestId);
        }
        HeaderValue::from_bytes(text)
            .map(Self)
            .map_err(|_| InvalidRequestId)
    }

    /// Reads an id from a header, sharing its bytes when nothing is trimmed.
    ///
    /// # Errors
    /// [`InvalidRequestId`] as for [`RequestId::parse`].
    pub fn from_header(value: &HeaderValue) -> Result<Self, InvalidRequestId> {
        if is_valid(value.as_bytes()) {
            Ok(Self(value.clone()))
        } else {
            Self::parse(value.as_bytes())
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Every constructor admits visible ASCII only.
        self.0.to_str().unwrap_or_default()
    }

    /// The id as a header value; shares the bytes.
    #[must_use]
    pub fn to_header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_valid(text: &[u8]) -> bool {
    (1..=BYTES_MAX).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for InvalidRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request id is 1 to 128 bytes of visible ASCII")
    }
}

impl std::error::Error for InvalidRequestId {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn boundaries() {
        assert!(RequestId::parse("a".repeat(128)).is_ok());
        assert!(RequestId::parse("a".repeat(129)).is_err());
        for bad in ["", " ", "a b", "a\tb", "a\0", "é", "a\u{7f}"] {
            assert!(RequestId::parse(bad).is_err(), "{bad:?}");
        }
        let id = RequestId::parse("\t-_.:/+=@ ").unwrap();
        assert_eq!(id.as_str(), "-_.:/+=@");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(id) = RequestId::parse(&bytes) {
                prop_assert_eq!(id.as_str().as_bytes(), bytes.trim_ascii());
            }
        }
    }
}
