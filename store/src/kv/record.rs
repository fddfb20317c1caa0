//! How an entry is written, whatever the engine.
//!
//! | Bytes | |
//! |---|---|
//! | 1 | format, 1 |
//! | 1 | flags: bit 0, it expires |
//! | 8 | when it expires, nanoseconds since the Unix epoch, big endian; else 0 |
//! | 8 | when it was last written |
//! | 8 | version: which write of the store it was |
//! | n | value |
//! | 4 | CRC-32C over length and bytes of the key, and all of the above |
//!
//! The checksum covers the key, so that no entry is taken for another's.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::Lookup;

const FORMAT: u8 = 1;
const EXPIRES: u8 = 1;
const HEADER_BYTES: usize = 26;
const CHECKSUM_BYTES: usize = 4;

/// A moment, in nanoseconds since the Unix epoch. Ends in the year 2554.
pub(crate) type Nanos = u64;

/// `at` in nanoseconds, held to what can be said.
pub(crate) fn nanos(at: SystemTime) -> Nanos {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn system_time(at: Nanos) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(at)
}

/// `now` and `lifetime` later, held to what can be said.
pub(crate) fn deadline(now: Nanos, lifetime: Duration) -> Nanos {
    let lifetime = u64::try_from(lifetime.as_nanos()).unwrap_or(u64::MAX);
    now.saturating_add(lifetime)
}

/// When an entry was written and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) expires_at: Option<Nanos>,
    pub(crate) updated_at: Nanos,
    pub(crate) version: u64,
}

impl Meta {
    pub(crate) fn is_expired(&self, now: Nanos) -> bool {
        self.expires_at.is_some_and(|at| now >= at)
    }
}

/// An entry as it is read, borrowing from the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) meta: Meta,
    pub(crate) value: &'a [u8],
}

impl Entry<'_> {
    /// The answer to a lookup at `now`.
    pub(crate) fn lookup(&self, now: Nanos) -> Lookup {
        match self.meta.expires_at {
            Some(at) if now >= at => Lookup::Expired {
                at: system_time(at),
            },
            expires_at => Lookup::Found {
                value: Bytes::copy_from_slice(self.value),
                expires_at: expires_at.map(system_time),
                updated_at: system_time(self.meta.updated_at),
            },
        }
    }
}

/// What does not hold in a stored entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRecord {
    #[error("an entry is shorter than any can be")]
    Short,
    #[error("the checksum of an entry does not match")]
    Checksum,
    #[error("an entry has an unknown form")]
    Form,
}

/// The bytes of an entry.
pub(crate) fn encode(key: &str, meta: &Meta, value: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEADER_BYTES + value.len() + CHECKSUM_BYTES);
    record.push(FORMAT);
    record.push(if meta.expires_at.is_some() {
        EXPIRES
    } else {
        0
    });
    record.extend(meta.expires_at.unwrap_or_default().to_be_bytes());
    record.extend(meta.updated_at.to_be_bytes());
    record.extend(meta.version.to_be_bytes());
    record.extend_from_slice(value);
    record.extend(checksum(key, &record).to_be_bytes());
    record
}

/// Reads the bytes of an entry.
pub(crate) fn decode<'a>(key: &str, record: &'a [u8]) -> Result<Entry<'a>, BadRecord> {
    let (body, sum) = record
        .split_last_chunk::<CHECKSUM_BYTES>()
        .ok_or(BadRecord::Short)?;
    let (header, value) = body
        .split_at_checked(HEADER_BYTES)
        .ok_or(BadRecord::Short)?;
    if checksum(key, body) != u32::from_be_bytes(*sum) {
        return Err(BadRecord::Checksum);
    }
    let number = |at: usize| {
        let bytes = header[at..at + 8].try_into();
        // The slice has eight bytes.
        u64::from_be_bytes(bytes.unwrap_or_default())
    };
    let expires_at = match (header[0], header[1]) {
        (FORMAT, 0) => None,
        (FORMAT, EXPIRES) => Some(number(2)),
        _ => return Err(BadRecord::Form),
    };
    let meta = Meta {
        expires_at,
        updated_at: number(10),
        version: number(18),
    };
    Ok(Entry { meta, value })
}

fn checksum(key: &str, body: &[u8]) -> u32 {
    let length = (key.len() as u64).to_be_bytes();
    let sum = crc32c::crc32c(&length);
    let sum = crc32c::crc32c_append(sum, key.as_bytes());
    crc32c::crc32c_append(sum, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meta() -> impl Strategy<Value = Meta> {
        (any::<Option<u64>>(), any::<u64>(), any::<u64>()).prop_map(
            |(expires_at, updated_at, version)| Meta {
                expires_at,
                updated_at,
                version,
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            key in "[a-z]{1,20}",
            meta in meta(),
            value in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let record = encode(&key, &meta, &value);
            prop_assert_eq!(decode(&key, &record), Ok(Entry { meta, value: &value }));
        }

        #[test]
        fn any_flipped_bit_is_noticed(
            key in "[a-z]{1,20}",
            meta in meta(),
            value in proptest::collection::vec(any::<u8>(), 0..40),
            bit in any::<proptest::sample::Index>(),
        ) {
            let mut record = encode(&key, &meta, &value);
            let bit = bit.index(record.len() * 8);
            record[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(decode(&key, &record), Err(BadRecord::Checksum));
        }

        #[test]
        fn any_bytes_are_read_or_refused(key in ".{0,20}", record in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(entry) = decode(&key, &record) {
                prop_assert_eq!(encode(&key, &entry.meta, entry.value), record);
            }
        }
    }

    #[test]
    fn an_entry_is_not_taken_for_that_of_another_key() {
        let meta = Meta {
            expires_at: None,
            updated_at: 1,
            version: 1,
        };
        let record = encode("ab", &meta, b"c");
        assert_eq!(decode("abc", &record), Err(BadRecord::Checksum));
        assert_eq!(decode("a", &record), Err(BadRecord::Checksum));
    }

    #[test]
    fn moments_are_held_to_what_can_be_said() {
        assert_eq!(nanos(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(deadline(5, Duration::MAX), u64::MAX);
        assert_eq!(nanos(system_time(1_234_567_890)), 1_234_567_890);
    }
}
