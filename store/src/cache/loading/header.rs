//! What stands before a value that was loaded.
//!
//! | Bytes | |
//! |---|---|
//! | 3 | `PLC` |
//! | 1 | version 1, and bit 7 if there is no value |
//! | 6 | when it is refreshed, milliseconds since the Unix epoch, big endian; all bits set is never |
//! | 6 | until when it is fresh, likewise |

use std::time::{Duration, SystemTime};

use bytes::{BufMut, Bytes, BytesMut};

const MAGIC: [u8; 3] = *b"PLC";
const VERSION: u8 = 1;
const NEGATIVE: u8 = 0x80;
const HEADER_BYTES: usize = 16;
const NEVER: u64 = (1 << 48) - 1;

/// A value, or that there is none, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) value: Option<Bytes>,
    soft_ms: u64,
    fresh_ms: u64,
}

/// How good a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    /// Good, and to be refreshed.
    Soft,
    /// Beyond its time.
    Stale,
}

fn milliseconds(at: SystemTime) -> u64 {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis())
        .unwrap_or(NEVER)
        .min(NEVER - 1)
}

impl Envelope {
    pub(super) fn new(
        value: Option<Bytes>,
        now: SystemTime,
        soft: Option<Duration>,
        fresh: Option<Duration>,
    ) -> Self {
        let after = |lifetime: Option<Duration>| {
            let at = lifetime.and_then(|lifetime| now.checked_add(lifetime));
            at.map_or(NEVER, milliseconds)
        };
        Self {
            value,
            soft_ms: after(soft),
            fresh_ms: after(fresh),
        }
    }

    pub(super) fn freshness(&self, now: SystemTime) -> Freshness {
        let now = milliseconds(now);
        if now >= self.fresh_ms {
            Freshness::Stale
        } else if now >= self.soft_ms {
            Freshness::Soft
        } else {
            Freshness::Fresh
        }
    }

    pub(super) fn encode(&self) -> Bytes {
        let value = self.value.as_deref().unwrap_or_default();
        let mut stored = BytesMut::with_capacity(HEADER_BYTES + value.len());
        stored.put_slice(&MAGIC);
        let negative = if self.value.is_none() { NEGATIVE } else { 0 };
        stored.put_u8(VERSION | negative);
        for moment in [self.soft_ms, self.fresh_ms] {
            stored.put_slice(&moment.to_be_bytes()[2..]);
        }
        stored.put_slice(value);
        stored.freeze()
    }

    /// Reads what was stored; `None` if it was stored by somebody else.
    pub(super) fn decode(stored: &Bytes) -> Option<Self> {
        let header = stored.first_chunk::<HEADER_BYTES>()?;
        if header[..3] != MAGIC || header[3] & !NEGATIVE != VERSION {
            return None;
        }
        let moment = |at: usize| {
            let mut bytes = [0; 8];
            bytes[2..].copy_from_slice(&header[at..at + 6]);
            u64::from_be_bytes(bytes)
        };
        let value = stored.slice(HEADER_BYTES..);
        let negative = header[3] & NEGATIVE != 0;
        if negative && !value.is_empty() {
            return None;
        }
        Some(Self {
            value: (!negative).then_some(value),
            soft_ms: moment(4),
            fresh_ms: moment(10),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_stored_is_read(
            value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
            soft in proptest::option::of(0..1_000_000_u64),
            fresh in proptest::option::of(0..1_000_000_u64),
        ) {
            let lifetime = |seconds: Option<u64>| seconds.map(Duration::from_secs);
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
            let envelope = Envelope::new(value.map(Bytes::from), now, lifetime(soft), lifetime(fresh));
            prop_assert_eq!(Envelope::decode(&envelope.encode()), Some(envelope));
        }

        #[test]
        fn any_bytes_are_read_or_foreign(stored in proptest::collection::vec(any::<u8>(), 0..40)) {
            let stored = Bytes::from(stored);
            if let Some(envelope) = Envelope::decode(&stored) {
                prop_assert_eq!(envelope.encode(), stored);
            }
        }
    }

    #[test]
    fn the_edges_of_freshness() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let second = Duration::from_secs(1);
        let envelope = Envelope::new(None, now, Some(second), Some(2 * second));
        let at = |millis| envelope.freshness(now + Duration::from_millis(millis));
        assert_eq!([at(0), at(999)], [Freshness::Fresh; 2]);
        assert_eq!([at(1_000), at(1_999)], [Freshness::Soft; 2]);
        assert_eq!([at(2_000), at(9_999_999)], [Freshness::Stale; 2]);
        let forever = Envelope::new(None, now, None, None);
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 45);
        assert_eq!(forever.freshness(far), Freshness::Fresh);
    }

    #[test]
    fn a_header_has_sixteen_bytes() {
        let envelope = Envelope::new(Some(Bytes::new()), SystemTime::UNIX_EPOCH, None, None);
        assert_eq!(envelope.encode().len(), 16);
    }
}
