//! What the server reads before any layer runs.

use plumego_core::fuzzing;

pub(crate) fn forwarded(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = fuzzing::forwarded_addresses(&text);
    let _ = fuzzing::is_server_address(&text);
}

/// However the bytes arrive, the scanner sees the same requests.
pub(crate) fn framing(data: &[u8]) {
    let whole = fuzzing::ambiguous_requests(&[data]);
    let (first, second) = data.split_at(data.len() / 2);
    assert_eq!(fuzzing::ambiguous_requests(&[first, second]), whole);
    let bytes: Vec<_> = data.chunks(1).collect();
    assert_eq!(fuzzing::ambiguous_requests(&bytes), whole);
}
