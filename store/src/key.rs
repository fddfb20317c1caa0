//! The rules for keys, shared by the cache and the key/value store.

use std::fmt;

/// How many bytes of a key an error may quote.
const EXCERPT_BYTES_MAX: usize = 32;

/// The beginning of a key, escaped: what errors may show of it.
///
/// At most the first 32 bytes are kept, cut at a character.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyExcerpt(Box<str>);

impl KeyExcerpt {
    /// The part of `key` that may be shown.
    ///
    /// ```
    /// use plumego_store::KeyExcerpt;
    ///
    /// assert_eq!(KeyExcerpt::of("a\nb").to_string(), r"a\nb");
    /// assert_eq!(KeyExcerpt::of(&"x".repeat(99)).to_string().len(), 32 + 3);
    /// ```
    #[must_use]
    pub fn of(key: &str) -> Self {
        let end = key.floor_char_boundary(EXCERPT_BYTES_MAX);
        let mut text: String = key[..end].escape_debug().collect();
        if end < key.len() {
            text.push_str("...");
        }
        Self(text.into())
    }
}

impl fmt::Display for KeyExcerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyExcerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Why a text cannot be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyFlaw {
    /// It has no bytes.
    Empty,
    /// It has a byte below 0x20, or 0x7F.
    ControlByte,
}

impl fmt::Display for KeyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a key cannot be empty",
            Self::ControlByte => "a key cannot hold control bytes",
        })
    }
}

/// A key that breaks the rules.
///
/// ```
/// use plumego_store::{check_key, KeyError, KeyFlaw};
///
/// assert!(check_key("session/17", 256).is_ok());
/// assert!(check_key(" spaces are kept ", 256).is_ok());
/// let tab = check_key("a\tb", 256).unwrap_err();
/// assert!(matches!(tab, KeyError::Invalid { reason: KeyFlaw::ControlByte, position: 1, .. }));
/// assert!(matches!(check_key("abc", 2), Err(KeyError::TooLong { len: 3, max: 2, .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is empty or holds a control byte.
    #[error("{reason} (at byte {position} of \"{key}\")")]
    Invalid {
        /// What is wrong.
        reason: KeyFlaw,
        /// Offset of the first bad byte.
        position: usize,
        /// The beginning of the key.
        key: KeyExcerpt,
    },
    /// It has more bytes than the store takes.
    #[error("a key of {len} bytes is longer than the {max} allowed (\"{key}\")")]
    TooLong {
        /// Bytes of the key.
        len: usize,
        /// Bytes allowed.
        max: usize,
        /// The beginning of the key.
        key: KeyExcerpt,
    },
}

/// Checks a key: 1 to `bytes_max` bytes, none below 0x20 and none 0x7F. Zero
/// means no limit. A key is taken as it is, never trimmed or folded.
///
/// Adapters call it first in every operation, reads included.
///
/// # Errors
///
/// The first rule the key breaks.
pub fn check_key(key: &str, bytes_max: usize) -> Result<(), KeyError> {
    if key.is_empty() {
        return Err(KeyError::Invalid {
            reason: KeyFlaw::Empty,
            position: 0,
            key: KeyExcerpt::of(key),
        });
    }
    if bytes_max != 0 && key.len() > bytes_max {
        return Err(KeyError::TooLong {
            len: key.len(),
            max: bytes_max,
            key: KeyExcerpt::of(key),
        });
    }
    check_bytes(key)
}

/// The rules for a prefix of keys: those of a key, but it may be empty.
#[cfg(feature = "kv")]
pub(crate) fn check_prefix(prefix: &str, bytes_max: usize) -> Result<(), KeyError> {
    if prefix.is_empty() {
        return Ok(());
    }
    check_key(prefix, bytes_max)
}

fn check_bytes(key: &str) -> Result<(), KeyError> {
    // Keys are short and almost always fine: one pass without an early exit
    // compiles to vector instructions, the position is looked for afterwards.
    let control = |byte: &u8| *byte < 0x20 || *byte == 0x7F;
    if !key
        .as_bytes()
        .iter()
        .fold(false, |found, byte| found | control(byte))
    {
        return Ok(());
    }
    let position = key.as_bytes().iter().position(control).unwrap_or_default();
    Err(KeyError::Invalid {
        reason: KeyFlaw::ControlByte,
        position,
        key: KeyExcerpt::of(key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_control_byte_is_found_where_it_is() {
        for byte in 0..=0x7F_u8 {
            let key = format!("ab{}c", char::from(byte));
            let checked = check_key(&key, 0);
            if byte < 0x20 || byte == 0x7F {
                let Err(KeyError::Invalid {
                    reason, position, ..
                }) = checked
                else {
                    panic!("{byte:#x} passed");
                };
                assert_eq!((reason, position), (KeyFlaw::ControlByte, 2));
            } else {
                assert_eq!(checked, Ok(()), "{byte:#x}");
            }
        }
    }

    #[test]
    fn the_limit_counts_bytes_and_zero_means_none() {
        assert!(check_key("\u{e9}", 2).is_ok());
        assert!(check_key("\u{e9}", 1).is_err());
        assert!(check_key(&"x".repeat(1 << 20), 0).is_ok());
    }

    proptest! {
        #[test]
        fn an_excerpt_is_short_and_printable(key in ".{0,200}") {
            let shown = KeyExcerpt::of(&key).to_string();
            prop_assert!(!shown.chars().any(char::is_control));
            // Every character may grow to an escape of at most ten.
            prop_assert!(shown.len() <= EXCERPT_BYTES_MAX * 10 + 3);
        }
    }
}
