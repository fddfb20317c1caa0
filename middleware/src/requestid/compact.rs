use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use plumego_contract::RequestId;

use super::generate::RequestIdGenerator;
use super::random;

/// Length of an id; eleven digits hold 64 bits, the twelfth is a leading zero.
const DIGITS: usize = 12;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 2020-01-01T00:00:00Z in milliseconds since 1970.
const EPOCH_UNIX_MS: u64 = 1_577_836_800_000;

const SEQUENCE_BITS: u32 = 10;
const RANDOM_BITS: u32 = 14;
const MILLIS_BITS: u32 = 40;

const SEQUENCE_MAX: u64 = (1 << SEQUENCE_BITS) - 1;
const RANDOM_MAX: u64 = (1 << RANDOM_BITS) - 1;
const MILLIS_MAX: u64 = (1 << MILLIS_BITS) - 1;

/// The last id of the process; shared, so that generators never repeat each
/// other.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Short ids: 12 characters `0-9A-Za-z` of a 64-bit number made of 40 bits
/// milliseconds since 2020, 14 random bits and 10 bits sequence.
///
/// Ids of one process only grow: a clock that steps back is held, and a full
/// sequence borrows the next millisecond instead of waiting. The number is good
/// until November 2054; 14 random bits tell few replicas apart, so prefer the
/// default generator where many share one log.
///
/// ```
/// use plumego_middleware::requestid::{CompactGenerator, RequestIdGenerator};
///
/// let id = CompactGenerator.generate().unwrap();
/// assert_eq!(id.as_str().len(), 12);
/// assert!(CompactGenerator::decode(id.as_str()).is_some());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CompactGenerator;

/// What a compact id says, for diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompactParts {
    /// When it was made, in milliseconds since 1970.
    pub unix_ms: u64,
    /// Random bits, below 16 384.
    pub random: u16,
    /// Place among the ids of its millisecond, below 1 024.
    pub sequence: u16,
}

impl CompactGenerator {
    /// Reads an id back; `None` for any other length, alphabet or a number
    /// beyond 64 bits.
    #[must_use]
    pub fn decode(text: &str) -> Option<CompactParts> {
        let number = decode(text)?;
        Some(CompactParts {
            unix_ms: EPOCH_UNIX_MS + (number >> (RANDOM_BITS + SEQUENCE_BITS)),
            random: u16::try_from(number >> SEQUENCE_BITS & RANDOM_MAX).ok()?,
            sequence: u16::try_from(number & SEQUENCE_MAX).ok()?,
        })
    }
}

impl RequestIdGenerator for CompactGenerator {
    fn generate(&self) -> Option<RequestId> {
        let now = millis_since_2020();
        let random = random::next();
        // Each thread must see its own step, no other memory hangs on it.
        let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            Some(following(last, now, random))
        });
        let last = last.unwrap_or_default();
        RequestId::parse(encode(following(last, now, random))).ok()
    }
}

fn millis_since_2020() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let unix_ms = since.map_or(0, |since| {
        since.as_secs() * 1000 + u64::from(since.subsec_millis())
    });
    unix_ms.saturating_sub(EPOCH_UNIX_MS) & MILLIS_MAX
}

/// The number that follows `last` at the time `now`; always greater, until the
/// milliseconds run out.
fn following(last: u64, now: u64, random: u64) -> u64 {
    let held = last >> (RANDOM_BITS + SEQUENCE_BITS);
    if now > held {
        compose(now, random)
    } else if last & SEQUENCE_MAX < SEQUENCE_MAX {
        last + 1
    } else {
        compose((held + 1) & MILLIS_MAX, random)
    }
}

fn compose(millis: u64, random: u64) -> u64 {
    millis << (RANDOM_BITS + SEQUENCE_BITS) | (random & RANDOM_MAX) << SEQUENCE_BITS
}

fn encode(mut number: u64) -> [u8; DIGITS] {
    let mut text = [ALPHABET[0]; DIGITS];
    for digit in text.iter_mut().rev() {
        // A remainder by 62 is an index of the alphabet.
        *digit = ALPHABET[(number % 62) as usize];
        number /= 62;
    }
    text
}

fn decode(text: &str) -> Option<u64> {
    if text.len() != DIGITS {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        number.checked_mul(62)?.checked_add(digit as u64)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(number: u64) -> String {
        String::from_utf8(encode(number).to_vec()).unwrap()
    }

    #[test]
    fn boundaries_read_back() {
        for (millis, random, sequence) in [
            (0, 0, 0),
            (0, 0, 1023),
            (1, RANDOM_MAX, 0),
            (MILLIS_MAX, RANDOM_MAX, SEQUENCE_MAX),
        ] {
            let parts =
                CompactGenerator::decode(&text(compose(millis, random) | sequence)).unwrap();
            assert_eq!(parts.unix_ms, EPOCH_UNIX_MS + millis);
            assert_eq!(u64::from(parts.random), random);
            assert_eq!(u64::from(parts.sequence), sequence);
        }
        assert_eq!(text(0), "000000000000");
        assert_eq!(text(61), "00000000000z");
        assert_eq!(text(62), "000000000010");
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "",
            "00000000000",
            "0000000000000",
            "00000000000-",
            "zzzzzzzzzzzz",
            "é0000000000",
        ] {
            assert_eq!(CompactGenerator::decode(bad), None, "{bad}");
        }
        assert!(CompactGenerator::decode(&text(u64::MAX)).is_some());
    }

    #[test]
    fn the_sequence_counts_and_then_borrows_a_millisecond() {
        let mut last = following(0, 5, 7);
        assert_eq!(last, compose(5, 7));
        for _ in 0..1023 {
            let next = following(last, 5, 99);
            assert_eq!(next, last + 1);
            last = next;
        }
        assert_eq!(following(last, 5, 8), compose(6, 8));
        // A clock that steps back is held at the last millisecond.
        assert_eq!(following(compose(6, 8), 2, 9), compose(6, 8) + 1);
        assert_eq!(following(compose(6, 8), 7, 9), compose(7, 9));
    }

    proptest! {
        #[test]
        fn numbers_read_back_and_keep_their_order(a in any::<u64>(), b in any::<u64>()) {
            prop_assert_eq!(decode(&text(a)), Some(a));
            prop_assert_eq!(text(a).cmp(&text(b)), a.cmp(&b));
        }

        #[test]
        fn decoding_never_panics(text in ".{0,14}") {
            let _ = CompactGenerator::decode(&text);
        }

        #[test]
        fn numbers_only_grow(last in 0..u64::MAX >> 1, now in 0..MILLIS_MAX, random in any::<u64>()) {
            prop_assert!(following(last, now, random) > last);
        }
    }
}
