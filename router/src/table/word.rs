//! Text compared and scanned eight bytes at a time.
//!
//! Paths and the text between parameters are short, so a call into a general
//! comparison or search routine costs more than the work it does.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The eight bytes at `at`, little endian, zeros past the end of `bytes`.
/// `at` is at most the length.
#[inline(always)]
pub(super) fn load(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..at + 8) {
        Some(word) => whole(word),
        None => load_tail(bytes, at),
    }
}

#[inline(always)]
fn whole(word: &[u8]) -> u64 {
    word.try_into().map_or(0, u64::from_le_bytes)
}

#[inline(always)]
fn half(word: &[u8]) -> u64 {
    word.try_into().map_or(0, u32::from_le_bytes).into()
}

/// Fewer than eight bytes are left: the last word of `bytes` holds them.
#[inline(always)]
fn load_tail(bytes: &[u8], at: usize) -> u64 {
    match bytes.last_chunk::<8>() {
        Some(last) => {
            // 8 to 64 bits in two steps, as one step may be too far.
            let surplus = (at + 8).wrapping_sub(bytes.len()) as u32 * 8;
            (u64::from_le_bytes(*last) >> 8) >> (surplus.wrapping_sub(8) & 63)
        }
        None => short(bytes) >> ((at as u32 * 8) & 63),
    }
}

/// All of at most seven bytes.
#[inline(always)]
fn short(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    if len >= 4 {
        return half(&bytes[..4]) | half(&bytes[len - 4..]) << (8 * (len - 4));
    }
    match bytes {
        [] => 0,
        [a] => u64::from(*a),
        [a, b] => u64::from(*a) | u64::from(*b) << 8,
        [a, b, c, ..] => u64::from(*a) | u64::from(*b) << 8 | u64::from(*c) << 16,
    }
}

/// A word whose lowest `len` bytes are set; `len` is at most eight.
pub(super) const fn mask(len: usize) -> u64 {
    if len >= 8 {
        u64::MAX
    } else {
        (1 << (8 * len)) - 1
    }
}

/// Marks the bytes of `word` that are zero. Only the lowest mark is exact.
#[inline(always)]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Index of the lowest byte of `word` equal to `byte`; eight when none is.
#[inline(always)]
pub(super) const fn position(word: u64, byte: u8) -> usize {
    (zeros(word ^ (ONES * byte as u64)).trailing_zeros() / 8) as usize
}

/// Marks the bytes of `word` below `0`, which are all that matters in a path
/// and a few more. Only the lowest mark is exact.
#[inline(always)]
const fn punctuation(word: u64) -> u64 {
    word.wrapping_sub(ONES * b'0' as u64) & !word & HIGHS
}

/// How a segment of a request path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// At a slash or the end of the path.
    End,
    /// At a byte that sends the path to the decoding way, or refuses it.
    Special,
}

/// Where the segment that begins at `at` stops, and why.
#[inline(always)]
pub(super) fn segment_end(path: &[u8], mut at: usize) -> (usize, Stop) {
    loop {
        let hits = punctuation(load(path, at));
        if hits == 0 {
            at += 8;
            continue;
        }
        at += (hits.trailing_zeros() / 8) as usize;
        match path.get(at) {
            None | Some(b'/') => return (at, Stop::End),
            Some(b'%' | 0) => return (at, Stop::Special),
            Some(_) => at += 1,
        }
    }
}

/// Whether the rest of the path, from the beginning of a segment on, is made
/// of segments that are not empty and begin with something else than a dot,
/// and has neither escape nor NUL. `false` may be wrong about the dot. The byte
/// before `at` is a slash.
#[inline(always)]
pub(super) fn is_plain_tail(path: &[u8], at: usize) -> bool {
    let len = path.len();
    if at >= len || path[len - 1] == b'/' {
        return false;
    }
    let Some(last) = len.checked_sub(PAIRS + 1) else {
        return path[at - 1..]
            .windows(2)
            .all(|pair| !is_odd(pair[0], pair[1]));
    };
    let mut start = at - 1;
    loop {
        // The last step reads again what was found plain before.
        let chunk = path[start.min(last)..].first_chunk();
        if chunk.is_none_or(has_odd_pair) {
            return false;
        }
        start += PAIRS;
        if start >= len - 1 {
            return true;
        }
    }
}

/// Neighbouring bytes looked at in one step.
const PAIRS: usize = 16;

/// No branch on the way, so that one vector instruction does a step for all.
#[inline(always)]
fn has_odd_pair(chunk: &[u8; PAIRS + 1]) -> bool {
    let mut odd = false;
    for index in 0..PAIRS {
        odd |= is_odd(chunk[index], chunk[index + 1]);
    }
    odd
}

#[inline(always)]
const fn is_odd(before: u8, byte: u8) -> bool {
    (byte == b'%') | (byte == 0) | (before == b'/') & ((byte == b'/') | (byte == b'.'))
}

/// A hash of `path`, with its first and last bytes, which decide equality of
/// texts of one length up to 16 bytes and all but the middle of longer ones.
#[derive(Clone, Copy)]
pub(super) struct Digest {
    pub(super) hash: u64,
    pub(super) first: u64,
    pub(super) last: u64,
}

#[inline(always)]
pub(super) fn digest(path: &[u8]) -> Digest {
    let len = path.len();
    let (first, last) = match (path.first_chunk::<8>(), path.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (short(path), 0),
    };
    let mut middle = len as u64;
    let mut at = 8;
    while at + 8 < len {
        middle = (middle.rotate_left(23) ^ load(path, at)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        at += 8;
    }
    Digest {
        hash: fold(
            first ^ 0xA076_1D64_78BD_642F,
            last ^ middle ^ 0xE703_7ED1_A0B4_28DB,
        ),
        first,
        last,
    }
}

/// Both halves of the full product, so that every input bit reaches the low
/// bits that choose a slot.
#[inline(always)]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Whether two texts of one length agree between their first and last eight
/// bytes.
#[inline(always)]
pub(super) fn same_middle(a: &[u8], b: &[u8]) -> bool {
    let mut at = 8;
    while at + 8 < a.len() {
        if load(a, at) != load(b, at) {
            return false;
        }
        at += 8;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_zero_filled_past_the_end() {
        let text = b"0123456789abcdef";
        for len in 0..=text.len() {
            for at in 0..=len {
                let mut expected = [0; 8];
                let rest = &text[at..len.min(at + 8)];
                expected[..rest.len()].copy_from_slice(rest);
                assert_eq!(
                    load(&text[..len], at),
                    u64::from_le_bytes(expected),
                    "{at} of {len}"
                );
            }
        }
    }

    #[test]
    fn segments_stop_where_a_byte_by_byte_search_stops() {
        for path in [
            "",
            "a",
            "abcdefg",
            "abcdefgh",
            "ab/cd",
            "0123456789/",
            "12345678/",
            "a%20/b",
            "abcdefgh\0x",
            "/",
            "..0//",
        ] {
            let bytes = path.as_bytes();
            for at in 0..=bytes.len() {
                let expected = bytes[at..]
                    .iter()
                    .position(|b| matches!(b, b'/' | b'%' | 0))
                    .map_or(bytes.len(), |offset| at + offset);
                let (end, stop) = segment_end(bytes, at);
                assert_eq!(end, expected, "{path} from {at}");
                let special = matches!(bytes.get(end), Some(b'%' | 0));
                assert_eq!(stop == Stop::Special, special, "{path} from {at}");
            }
        }
    }

    #[test]
    fn plain_tails_are_never_taken_for_others_that_are_not() {
        for (tail, plain) in [
            ("a", true),
            ("css/main.css", true),
            ("a/b/c/d/e/f/g/h/i", true),
            ("a..b/c.", true),
            ("1234567/89", true),
            ("", false),
            ("/a", false),
            (".a", false),
            ("a//b", false),
            ("a/.b", false),
            ("1234567//", false),
            ("1234567/.", false),
            ("12345678/", false),
            ("a/b%20", false),
            ("a/b\0", false),
            ("\0", false),
        ] {
            let path = format!("/x/{tail}");
            assert_eq!(
                is_plain_tail(path.as_bytes(), 3) && !tail.is_empty(),
                plain,
                "{tail}"
            );
        }
    }

    #[test]
    fn digests_differ_wherever_one_byte_differs() {
        for len in 1..40 {
            let base: Vec<u8> = (0..len).map(|i| b'a' + (i % 26) as u8).collect();
            for at in 0..len {
                let mut other = base.clone();
                other[at] ^= 1;
                assert_ne!(
                    digest(&base).hash,
                    digest(&other).hash,
                    "byte {at} of {len}"
                );
            }
        }
    }

    #[test]
    fn a_byte_is_found_at_its_first_place() {
        let word = u64::from_le_bytes(*b"abcabc\0\0");
        assert_eq!(position(word, b'b'), 1);
        assert_eq!(position(word, b'z'), 8);
    }
}
