//! Bounds every record is held to, so that no input can grow a line at will.

/// Deepest nesting of lists and maps that is written, and longest error chain.
pub(crate) const DEPTH_MAX: usize = 16;
/// Fields per record, and entries per list or map.
pub(crate) const ENTRIES_MAX: usize = 256;
/// Bytes of one string value, and of the message.
pub(crate) const STRING_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a field name.
pub(crate) const KEY_BYTES_MAX: usize = 256;
/// Bytes of a binary value before encoding.
pub(crate) const BINARY_BYTES_MAX: usize = 1024;
/// Bytes of one string that are searched for secrets; what lies beyond is cut.
pub(crate) const SCAN_BYTES_MAX: usize = 64 * 1024;
/// Default longest line.
pub(crate) const LINE_BYTES_DEFAULT: usize = 64 * 1024;
/// Shortest line limit that leaves room for time, level and some message.
pub(crate) const LINE_BYTES_MIN: usize = 1024;
/// What marks a cut.
pub(crate) const ELLIPSIS: &str = "…";
/// What stands for a removed value.
pub(crate) const MASK: &str = "***";

/// The longest prefix of at most `max` bytes that ends on a character boundary.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// The first `max` bytes.
pub(crate) fn head(bytes: &[u8], max: usize) -> &[u8] {
    &bytes[..bytes.len().min(max)]
}
