//! Compressed bodies of requests.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use plumego_contract::{Error, ErrorKind, FieldPath};

use crate::validate::code::INVALID_ENCODING;

/// Compressed bytes that are worth a thread of their own.
const LARGE: usize = 8 * 1024;

/// Whether the headers say that the body is gzip, and nothing else around it.
pub(super) fn is_gzip(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let first = codings.next().map(http::HeaderValue::as_bytes);
    let named = first.is_some_and(|coding| {
        coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
    });
    named && codings.next().is_none()
}

/// The content of a compressed body, at most `max` bytes of it, and headers as
/// if it had come like this.
///
/// # Errors
///
/// 400: it is not gzip. 413: there is more content.
pub(super) async fn decoded(
    headers: &mut HeaderMap,
    body: Bytes,
    max: u64,
) -> Result<Bytes, Error> {
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    if body.len() < LARGE {
        return decode(&body, max);
    }
    let decoding = tokio::task::spawn_blocking(move || decode(&body, max));
    decoding
        .await
        .unwrap_or_else(|lost| Err(Error::internal(lost)))
}

fn decode(body: &[u8], max: u64) -> Result<Bytes, Error> {
    let mut content = Vec::new();
    // Without this a few bytes could become as many as there is memory.
    let mut limited = MultiGzDecoder::new(body).take(max.saturating_add(1));
    let read = limited.read_to_end(&mut content);
    let seen = content.len() as u64;
    if seen > max {
        return Err(too_large(max, seen));
    }
    match read {
        Ok(_) => Ok(content.into()),
        Err(_) => Err(Error::new(ErrorKind::Validation).field(
            FieldPath::root("body"),
            INVALID_ENCODING,
            "invalid gzip",
        )),
    }
}

/// A body above the limit, as the layer refuses it that limits how much is read.
pub(super) fn too_large(max: u64, seen: u64) -> Error {
    Error::new(ErrorKind::PayloadTooLarge)
        .message("request body exceeds configured limit")
        .detail("max_bytes", max)
        .detail("seen_bytes", seen)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn encode(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn only_gzip_alone_is_decoded() {
        let with = |codings: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for coding in codings {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            is_gzip(&headers)
        };
        assert!(with(&["gzip"]) && with(&["GZIP"]) && with(&["x-gzip"]));
        assert!(!with(&[]) && !with(&["br"]) && !with(&["gzip", "gzip"]) && !with(&["gzip, br"]));
    }

    #[test]
    fn content_is_limited_and_not_what_carries_it() {
        let bomb = encode(&vec![b'a'; 100_000]);
        assert!(bomb.len() < 1000);
        let error = decode(&bomb, 99_999).unwrap_err();
        assert_eq!(error.status(), 413);
        assert_eq!(decode(&bomb, 100_000).unwrap().len(), 100_000);
        let mut twice = encode(b"one ");
        twice.extend(encode(b"two"));
        assert_eq!(decode(&twice, 7).unwrap(), "one two");
    }

    #[test]
    fn what_is_no_gzip_is_refused() {
        let whole = encode(b"some text that is long enough to be cut");
        for broken in [&b"plain"[..], &whole[..whole.len() - 9], b""] {
            let error = decode(broken, 1000).unwrap_err();
            assert_eq!(error.status(), 400, "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut named = vec![0x1f, 0x8b, 8, 0];
            named.extend(&bytes);
            for body in [&bytes, &named] {
                if let Ok(content) = decode(body, 1000) {
                    prop_assert!(content.len() <= 1000);
                }
            }
        }
    }
}
