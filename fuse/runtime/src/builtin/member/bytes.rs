//! Methods and functions of `Bytes`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::builtin::Call;
use crate::display;
use crate::fault::Outcome;
use crate::ops::{self, check_len};
use crate::value::Value;

pub(in super::super) fn len(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Int(call.bytes(0)?.len() as i64))
}

pub(in super::super) fn is_empty(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(call.bytes(0)?.is_empty()))
}

pub(in super::super) fn slice(call: &mut Call<'_>) -> Outcome<Value> {
    ops::bytes_slice(call.bytes(0)?, call.int(1)?, Some(call.int(2)?))
}

pub(in super::super) fn to_base64(call: &mut Call<'_>) -> Outcome<Value> {
    let bytes = call.bytes(0)?;
    check_len(bytes.len().div_ceil(3) * 4)?;
    let mut out = Vec::new();
    display::base64(bytes, &mut out);
    Ok(Value::text(&String::from_utf8_lossy(&out)))
}

/// `Bytes.from_base64(s)`: padded, of the standard alphabet.
pub(in super::super) fn from_base64(call: &mut Call<'_>) -> Outcome<Value> {
    let bytes = STANDARD.decode(call.text(0)?).ok();
    Ok(bytes.map_or(Value::Null, |bytes| Value::bytes(&bytes)))
}

pub(in super::super) fn to_hex(call: &mut Call<'_>) -> Outcome<Value> {
    let bytes = call.bytes(0)?;
    check_len(bytes.len().saturating_mul(2))?;
    Ok(Value::text(&hex(bytes)))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    };
    bytes.iter().flat_map(digits).map(char::from).collect()
}

/// `Bytes.from_hex(s)`: two digits of either case for every byte.
pub(in super::super) fn from_hex(call: &mut Call<'_>) -> Outcome<Value> {
    let digits = call.text(0)?.as_bytes();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    Ok(bytes.map_or(Value::Null, |bytes| Value::bytes(&bytes)))
}

pub(in super::super) fn to_text(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(std::str::from_utf8(call.bytes(0)?).map_or(Value::Null, Value::text))
}
