//! Entry points for fuzzing; not part of the promise of this crate.

use std::net::IpAddr;

use crate::client::forwarded;

/// The client addresses of a `Forwarded` list (RFC 7239), from the last hop to
/// the first; `None` where there is none to read.
#[must_use]
pub fn forwarded_addresses(list: &str) -> Vec<Option<IpAddr>> {
    forwarded::elements(list)
        .map(|element| forwarded::Element::parse(element)?.address())
        .collect()
}

/// Whether a text is a server address.
#[must_use]
pub fn is_server_address(text: &str) -> bool {
    crate::listen::Address::parse(text).is_ok()
}

/// Ordinals of the HTTP/1 requests in a byte stream, given piece by piece, that
/// state their length twice.
#[must_use]
pub fn ambiguous_requests(pieces: &[&[u8]]) -> Vec<u64> {
    crate::server::ambiguous_requests(pieces)
}
