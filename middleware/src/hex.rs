//! Lower-case hexadecimal digits without formatting machinery.

/// The two digits of each byte.
pub(crate) const DIGITS: [[u8; 2]; 256] = {
    let hex = b"0123456789abcdef";
    let mut digits = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        digits[byte] = [hex[byte >> 4], hex[byte & 0x0f]];
        byte += 1;
    }
    digits
};

/// Writes two digits per byte, as many as there is room for, and gives back
/// the whole buffer as text. The buffer must hold ASCII.
pub(crate) fn text<'b>(bytes: &[u8], buffer: &'b mut [u8]) -> &'b str {
    for (byte, pair) in bytes.iter().zip(buffer.chunks_exact_mut(2)) {
        pair.copy_from_slice(&DIGITS[usize::from(*byte)]);
    }
    std::str::from_utf8(buffer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_lower_case_and_padded() {
        assert_eq!(text(&[0x00, 0x0a, 0xf3], &mut [0; 6]), "000af3");
    }
}
