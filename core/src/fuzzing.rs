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
