//! How a record is written.
//!
//! | Bytes | |
//! |---|---|
//! | 2 | `PI` |
//! | 1 | format, 1 |
//! | 1 | flags: bit 0 completed, 1 has a response, 2 expires, 3 has a lease |
//! | 4 | attempt, big endian, like all numbers |
//! | 16 | owner of the claim |
//! | 4 × 8 | created, updated, expires, lease until: nanoseconds since the Unix epoch |
//! | 2 | length of the request hash |
//! | n | request hash, then the response |
//!
//! The key is that of the entry. Whether the bytes are those that were written
//! is the store's affair.

use bytes::Bytes;

use crate::idempotency::transition::Held;
use crate::idempotency::{IdempotencyResult, OwnerId, Record, RecordRule, Status, validate};
use crate::kv::{nanos, system_time};

const MAGIC: [u8; 2] = *b"PI";
const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 58;

const COMPLETED: u8 = 1;
const RESPONSE: u8 = 2;
const EXPIRES: u8 = 4;
const LEASED: u8 = 8;

/// The bytes of a record.
pub(super) fn encode(held: &Held) -> IdempotencyResult<Bytes> {
    let record = &held.record;
    let response = record.response.as_deref().unwrap_or_default();
    let hash_len = u16::try_from(record.request_hash.len())
        .map_err(|_| super::IdempotencyError::InvalidRecord(RecordRule::MalformedHash))?;
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    let mut bytes = Vec::with_capacity(HEADER_BYTES + record.request_hash.len() + response.len());
    bytes.extend(MAGIC);
    bytes.push(FORMAT);
    bytes.push(
        flag(record.status == Status::Completed, COMPLETED)
            | flag(record.response.is_some(), RESPONSE)
            | flag(record.expires_at.is_some(), EXPIRES)
            | flag(record.lease_until.is_some(), LEASED),
    );
    bytes.extend(record.attempt.to_be_bytes());
    bytes.extend(held.owner.as_bytes());
    let moments = [
        Some(record.created_at),
        Some(record.updated_at),
        record.expires_at,
        record.lease_until,
    ];
    for moment in moments {
        bytes.extend(moment.map_or(0, nanos).to_be_bytes());
    }
    bytes.extend(hash_len.to_be_bytes());
    bytes.extend_from_slice(record.request_hash.as_bytes());
    bytes.extend_from_slice(response);
    Ok(Bytes::from(bytes))
}

/// Reads the record of a key; `None` if it is none.
pub(super) fn decode(key: &str, bytes: &Bytes) -> Option<Held> {
    let header = bytes.first_chunk::<HEADER_BYTES>()?;
    let flags = header[3];
    if header[..2] != MAGIC || header[2] != FORMAT || flags > 15 {
        return None;
    }
    let moment = |index: usize| {
        let at = 24 + index * 8;
        let number = header[at..at + 8].try_into().ok()?;
        Some(system_time(u64::from_be_bytes(number)))
    };
    let optional = |flag: u8, index| match flags & flag {
        0 => Some(None),
        _ => moment(index).map(Some),
    };
    let hash_len = u16::from_be_bytes(header[56..58].try_into().ok()?);
    let hash_end = HEADER_BYTES + usize::from(hash_len);
    let request_hash = std::str::from_utf8(bytes.get(HEADER_BYTES..hash_end)?).ok()?;
    let response = bytes.slice(hash_end..);
    let has_response = flags & RESPONSE != 0;
    if !has_response && !response.is_empty() {
        return None;
    }
    let record = Record {
        status: if flags & COMPLETED == 0 {
            Status::InProgress
        } else {
            Status::Completed
        },
        response: has_response.then_some(response),
        updated_at: moment(1)?,
        expires_at: optional(EXPIRES, 2)?,
        lease_until: optional(LEASED, 3)?,
        attempt: u32::from_be_bytes(header[4..8].try_into().ok()?),
        ..Record::new(key, request_hash, moment(0)?)
    };
    validate(&record).ok()?;
    let owner = OwnerId::from_bytes(header[8..24].try_into().ok()?);
    Some(Held::new(record, owner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn held() -> impl Strategy<Value = Held> {
        let moment = || 1_000_000_u64..1 << 62;
        (
            "[a-z]{1,20}",
            "[ -~]{1,40}",
            proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
            any::<bool>(),
            (
                moment(),
                moment(),
                proptest::option::of(moment()),
                proptest::option::of(moment()),
            ),
            any::<u32>(),
            any::<[u8; 16]>(),
        )
            .prop_map(
                |(key, hash, response, completed, moments, attempt, owner)| {
                    let (created, updated, expires, lease) = moments;
                    let record = Record {
                        status: if completed {
                            Status::Completed
                        } else {
                            Status::InProgress
                        },
                        response: response.map(Bytes::from),
                        updated_at: system_time(updated),
                        expires_at: expires.map(|at| system_time(at.max(created))),
                        lease_until: lease.map(system_time),
                        attempt,
                        ..Record::new(key, hash, system_time(created))
                    };
                    Held::new(record, OwnerId::from_bytes(owner))
                },
            )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(held in held()) {
            prop_assume!(!held.record.request_hash.trim().is_empty());
            let bytes = encode(&held).unwrap();
            prop_assert_eq!(decode(&held.record.key, &bytes), Some(held));
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            held in held(),
            at in any::<proptest::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut bytes = encode(&held).unwrap().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(cut.index(bytes.len() + 1));
            let bytes = Bytes::from(bytes);
            if let Some(read) = decode("key", &bytes) {
                prop_assert_eq!(decode("key", &encode(&read).unwrap()), Some(read));
            }
        }
    }
}
