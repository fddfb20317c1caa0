//! Short strings without an allocation.

use std::{borrow::Cow, fmt, ops::Deref};

/// Longest string, in bytes, that is stored in place.
const INLINE_BYTES_MAX: usize = 22;

/// A string value of a field.
///
/// Up to 22 bytes and `'static` strings are held without an allocation, so the
/// values most records carry (methods, paths, identifiers) cost none.
///
/// ```
/// use plumego_log::Text;
///
/// let id = Text::from("req-0001");
/// assert_eq!(id.as_str(), "req-0001");
/// ```
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Inline {
        len: u8,
        bytes: [u8; INLINE_BYTES_MAX],
    },
    Heap(Box<str>),
}

impl Text {
    /// Keeps a reference to a string that lives as long as the program.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Repr::Static(text))
    }

    /// The string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(text) => text,
            Repr::Inline { len, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*len)]).unwrap_or_default()
            }
            Repr::Heap(text) => text,
        }
    }

    fn inline(text: &str) -> Option<Self> {
        let mut bytes = [0; INLINE_BYTES_MAX];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        let len = u8::try_from(text.len()).ok()?;
        Some(Self(Repr::Inline { len, bytes }))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::inline(text).unwrap_or_else(|| Self(Repr::Heap(text.into())))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::inline(&text).unwrap_or_else(|| Self(Repr::Heap(text.into_boxed_str())))
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_reads_back() {
        for len in 0..64 {
            let text: String = "ä".repeat(len / 2) + &"x".repeat(len % 2);
            assert_eq!(Text::from(text.as_str()).as_str(), text);
            assert_eq!(Text::from(text.clone()).as_str(), text);
        }
    }

    #[test]
    fn representation_does_not_matter_for_equality() {
        assert_eq!(Text::from_static("abc"), Text::from("abc"));
        assert_ne!(Text::from_static("abc"), Text::from("abd"));
    }
}
