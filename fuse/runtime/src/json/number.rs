//! Numbers in JSON text.

/// What a number is for a target that wants an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntToken {
    /// An integer of 64 bits.
    Int(i64),
    /// An integer that does not fit.
    OutOfRange,
    /// It has a fraction.
    Fraction,
}

/// The exact integer that a well-formed JSON number stands for: `2`, `2.0` and
/// `0.02e2` are the same.
pub(crate) fn int_of_token(token: &str) -> IntToken {
    let (negative, rest) = match token.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, token),
    };
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let Some(last) = digits.iter().rposition(|digit| *digit != b'0') else {
        return IntToken::Int(0);
    };
    // Where the point stands, counted from the first digit. An exponent that is
    // absurdly large is as good as any that is too large.
    let point = exponent_of(exponent).saturating_add(whole.len() as i64);
    if (last as i64) >= point {
        return IntToken::Fraction;
    }
    let mut value: i128 = 0;
    for index in 0..point {
        let digit = usize::try_from(index)
            .ok()
            .and_then(|index| digits.get(index));
        value = value * 10 + i128::from(digit.map_or(0, |digit| digit - b'0'));
        if value > i128::from(u64::MAX) {
            return IntToken::OutOfRange;
        }
    }
    let value = if negative { -value } else { value };
    i64::try_from(value).map_or(IntToken::OutOfRange, IntToken::Int)
}

/// The exponent, cut to what makes a difference.
fn exponent_of(text: &str) -> i64 {
    const ENOUGH: i64 = 1 << 40;
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let value = digits.bytes().fold(0_i64, |value, digit| {
        (value * 10 + i64::from(digit - b'0')).min(ENOUGH)
    });
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact_however_they_are_written() {
        for (token, expected) in [
            ("0", 0),
            ("-0", 0),
            ("2.0", 2),
            ("1e3", 1000),
            ("-1.50e1", -15),
            ("0.02e2", 2),
            ("20e-1", 2),
            ("9223372036854775807.000", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("9007199254740993e0", 9_007_199_254_740_993),
            ("0e99999999999999999999", 0),
            ("0.0000", 0),
        ] {
            assert_eq!(int_of_token(token), IntToken::Int(expected), "{token}");
        }
        for token in ["1.5", "1e-1", "-0.5", "123e-4", "1e-99999999999999999999"] {
            assert_eq!(int_of_token(token), IntToken::Fraction, "{token}");
        }
        for token in [
            "9223372036854775808",
            "-9223372036854775809",
            "1e19",
            "1e99999999999999999999",
        ] {
            assert_eq!(int_of_token(token), IntToken::OutOfRange, "{token}");
        }
    }
}
