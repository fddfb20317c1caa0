//! `String` and `Bytes`: a length and the octets, in one allocation.
//!
//! | Bytes | Content |
//! |---|---|
//! | 0–15 | header |
//! | 16–19 | length in bytes, `u32` |
//! | 20–23 | length in scalar values, `u32`; 0 for `Bytes` |
//! | 24– | the octets |

use std::ptr::NonNull;

use super::header::{ASCII, CAPACITY_SHIFT, Header, Obj, Ref, allocate, reallocate};
use crate::meta::{Kind, TypeDesc, well_known};

/// Where the length in bytes lies.
pub const TEXT_LEN: usize = 16;
/// Where the length in scalar values lies.
pub const TEXT_CHARS: usize = 20;
/// Where the octets begin.
pub const TEXT_DATA: usize = 24;

/// The most bytes or elements that one value can have.
pub const LEN_MAX: usize = i32::MAX as usize;

/// A `String` with the content of `text`.
///
/// # Panics
///
/// If it is longer than [`LEN_MAX`] bytes; callers that build text from input of
/// any length check before.
#[must_use]
pub fn new(text: &str) -> Ref {
    let ascii = text.is_ascii();
    let chars = if ascii { text.len() } else { count_chars(text) };
    make(
        &well_known::STRING,
        text.as_bytes(),
        chars,
        if ascii { ASCII } else { 0 },
    )
}

/// `Bytes` with the content of `bytes`.
///
/// # Panics
///
/// As [`new`].
#[must_use]
pub fn new_bytes(bytes: &[u8]) -> Ref {
    make(&well_known::BYTES, bytes, 0, 0)
}

/// The number of scalar values.
#[must_use]
pub fn count_chars(text: &str) -> usize {
    text.chars().count()
}

fn make(desc: &'static TypeDesc, bytes: &[u8], chars: usize, flags: u32) -> Ref {
    let (len, chars) = (length(bytes.len()), length(chars));
    let pointer = allocate(desc, TEXT_DATA + exact_capacity(bytes.len()), flags);
    let start = pointer.as_ptr().cast::<u8>();
    // SAFETY: the allocation is large enough for the lengths and the octets,
    // and nothing else knows of it.
    unsafe {
        start.add(TEXT_LEN).cast::<u32>().write(len);
        start.add(TEXT_CHARS).cast::<u32>().write(chars);
        start
            .add(TEXT_DATA)
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        Ref::from_raw(pointer)
    }
}

pub(super) fn length(len: usize) -> u32 {
    assert!(len <= LEN_MAX, "a value is larger than a value can be");
    // It was just compared with a smaller bound.
    len as u32
}

/// Room for octets of an object that was not made to grow.
fn exact_capacity(len: usize) -> usize {
    len.next_multiple_of(8)
}

/// Room for octets of an object with these flags and length.
fn capacity(flags: u32, len: usize) -> usize {
    match (flags >> CAPACITY_SHIFT) & 0xff {
        0 => exact_capacity(len),
        log => 1 << log,
    }
}

/// Bytes of the object at `pointer`.
///
/// # Safety
///
/// A `String` or `Bytes` lives there.
pub(super) unsafe fn size(pointer: NonNull<Header>) -> usize {
    // SAFETY: the caller promises a text.
    let object = unsafe { Obj::from_raw(pointer) };
    TEXT_DATA + capacity(object.header().flags(), object.text_len())
}

impl<'a> Obj<'a> {
    fn is_text_like(self) -> bool {
        matches!(self.desc().kind, Kind::String | Kind::Bytes)
    }

    fn text_len(self) -> usize {
        // SAFETY: a text has its length here; only its one owner writes it.
        unsafe { self.at(TEXT_LEN).cast::<u32>().read() as usize }
    }

    /// The octets of `Bytes` or a `String`.
    ///
    /// # Panics
    ///
    /// If it is neither.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        assert!(self.is_text_like(), "not text or bytes: {}", self.desc());
        // SAFETY: so many octets are initialised, and unchanged while borrowed.
        unsafe { std::slice::from_raw_parts(self.at(TEXT_DATA), self.text_len()) }
    }

    /// The text of a `String`.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn text(self) -> &'a str {
        assert!(
            self.desc().kind == Kind::String,
            "not text: {}",
            self.desc()
        );
        // SAFETY: a `String` is only made from a `str`, and only grows by one.
        unsafe { std::str::from_utf8_unchecked(self.bytes()) }
    }

    /// The length of a `String` in scalar values.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn text_chars(self) -> usize {
        assert!(
            self.desc().kind == Kind::String,
            "not text: {}",
            self.desc()
        );
        // SAFETY: a text has the figure here; only its one owner writes it.
        unsafe { self.at(TEXT_CHARS).cast::<u32>().read() as usize }
    }

    /// Whether a `String` is ASCII, so that positions in bytes and in scalar
    /// values are the same.
    #[must_use]
    pub fn is_ascii(self) -> bool {
        self.header().has(ASCII)
    }
}

impl Ref {
    /// Appends `more` to a `String`: in place when nothing else owns it, which
    /// makes repeated appending linear.
    ///
    /// # Panics
    ///
    /// If it is no `String`, or would be longer than [`LEN_MAX`].
    pub fn text_push(&mut self, more: &str) {
        let (text, chars) = (self.obj().text(), self.obj().text_chars());
        let ascii = self.obj().is_ascii() && more.is_ascii();
        let added = if more.is_ascii() {
            more.len()
        } else {
            count_chars(more)
        };
        let (old, new) = (text.len(), text.len() + more.len());
        let (new_len, new_chars) = (length(new), length(chars + added));
        if self.is_unique() {
            self.reserve(old, new);
        } else {
            let mut copy = make(&well_known::STRING, text.as_bytes(), chars, 0);
            copy.reserve(old, new);
            *self = copy;
        }
        let header = self.obj().header();
        header.clear(ASCII);
        header.set(if ascii { ASCII } else { 0 });
        // SAFETY: `reserve` made room, and this is the only owner.
        unsafe {
            let end = self.at_mut(TEXT_DATA + old);
            end.copy_from_nonoverlapping(more.as_ptr(), more.len());
            self.at_mut(TEXT_LEN).cast::<u32>().write(new_len);
            self.at_mut(TEXT_CHARS).cast::<u32>().write(new_chars);
        }
    }

    /// Room for `new` octets in an object that this alone owns and that has `old`.
    fn reserve(&mut self, old: usize, new: usize) {
        let flags = self.obj().header().flags();
        let present = capacity(flags, old);
        if new <= present {
            return;
        }
        let log = new.next_power_of_two().max(32).trailing_zeros();
        // SAFETY: this is the only owner, the size is that of the allocation, and
        // the moved object takes the place of the old one.
        unsafe {
            self.pointer = reallocate(self.pointer, TEXT_DATA + present, TEXT_DATA + (1 << log));
        }
        let header = self.obj().header();
        header.clear(0xff << CAPACITY_SHIFT);
        header.set(log << CAPACITY_SHIFT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_knows_its_lengths() {
        let ascii = new("hello");
        assert_eq!(ascii.obj().text(), "hello");
        assert!(ascii.obj().is_ascii());
        assert_eq!(ascii.obj().text_chars(), 5);
        let wide = new("é😀x");
        assert_eq!((wide.obj().text_chars(), wide.obj().is_ascii()), (3, false));
        assert_eq!(new("").obj().text(), "");
        assert_eq!(new_bytes(&[0, 255]).obj().bytes(), [0, 255]);
    }

    #[test]
    fn appending_copies_only_what_is_shared() {
        let mut text = new("a");
        let other = text.clone();
        text.text_push("b");
        assert_eq!((text.obj().text(), other.obj().text()), ("ab", "a"));
        for _ in 0..100 {
            text.text_push("é");
        }
        assert_eq!(
            (text.obj().text_chars(), text.obj().bytes().len()),
            (102, 202)
        );
        assert!(!text.obj().is_ascii());
        drop((text, other));
        assert_eq!(crate::heap::thread_objects(), 0);
    }
}
