//! UUIDs of version 7 (RFC 9562 section 5.7).

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderValue;
use plumego_contract::RequestId;

use super::random;
use crate::hex::DIGITS;

/// Length of a UUID as text.
const TEXT_BYTES: usize = 36;

/// Where the two digits of each byte stand; dashes are in between.
const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// A new UUID of version 7: 48 bits of milliseconds since 1970, 74 random
/// bits. No lock, no state shared between threads.
pub(crate) fn generate() -> RequestId {
    let [high, low] = layout(unix_millis(), random::next(), random::next());
    shared(format(high, low))
}

fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 counts as 1970.
    since.map_or(0, |since| {
        since.as_secs() * 1000 + u64::from(since.subsec_millis())
    })
}

fn layout(millis: u64, random_a: u64, random_b: u64) -> [u64; 2] {
    let high = millis << 16 | 0x7000 | (random_a & 0x0fff);
    let low = 0x8000_0000_0000_0000 | (random_b >> 2);
    [high, low]
}

fn format(high: u64, low: u64) -> [u8; TEXT_BYTES] {
    let mut text = [b'-'; TEXT_BYTES];
    let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    for (byte, at) in bytes.into_iter().zip(PLACES) {
        [text[at], text[at + 1]] = DIGITS[usize::from(byte)];
    }
    text
}

/// An id in one allocation that its clones share.
fn shared(text: [u8; TEXT_BYTES]) -> RequestId {
    HeaderValue::from_maybe_shared(Bytes::from_owner(text))
        .ok()
        .and_then(|value| RequestId::from_header(&value).ok())
        .expect("hexadecimal digits and dashes are visible ASCII, 36 of them are below the limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_that_of_the_standard() {
        // RFC 9562 appendix A.6.
        let [high, low] = layout(0x017F_22E2_79B0, 0xcc3, 0x18C4_DC0C_0C07_398F << 2);
        let text = format(high, low);
        let text = std::str::from_utf8(&text).unwrap();
        assert_eq!(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn ids_of_later_milliseconds_sort_later() {
        let text = |millis, random| {
            let [high, low] = layout(millis, random, random);
            format(high, low)
        };
        assert!(text(1, u64::MAX) < text(2, 0));
        assert!(text(0x0fff_ffff, u64::MAX) < text(0x1000_0000, 0));
    }
}
