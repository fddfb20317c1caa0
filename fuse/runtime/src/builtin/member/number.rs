//! Methods of `Int`, `Float` and `Bool`, and the functions of `math`.

use crate::builtin::Call;
use crate::display;
use crate::fault::{Fault, Outcome};
use crate::ops;
use crate::value::Value;

fn int(value: i64) -> Outcome<Value> {
    Ok(Value::Int(value))
}

fn float(value: f64) -> Outcome<Value> {
    Ok(Value::Float(value))
}

pub(in super::super) fn int_abs(call: &mut Call<'_>) -> Outcome<Value> {
    int(call
        .int(0)?
        .checked_abs()
        .ok_or_else(Fault::integer_overflow)?)
}

pub(in super::super) fn int_min(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)?.min(call.int(1)?))
}

pub(in super::super) fn int_max(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)?.max(call.int(1)?))
}

fn clamp_bounds() -> Fault {
    Fault::invalid_arguments("clamp expects lo <= hi")
}

pub(in super::super) fn int_clamp(call: &mut Call<'_>) -> Outcome<Value> {
    let (low, high) = (call.int(1)?, call.int(2)?);
    if low > high {
        return Err(clamp_bounds());
    }
    int(call.int(0)?.clamp(low, high))
}

pub(in super::super) fn int_pow(call: &mut Call<'_>) -> Outcome<Value> {
    int(ops::power(call.int(0)?, call.int(1)?)?)
}

pub(in super::super) fn int_to_float(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.int(0)? as f64)
}

/// The display form of any receiver.
pub(in super::super) fn to_string(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::text(&display::to_string(call.args[0].peek())))
}

pub(in super::super) fn int_checked_add(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(call.int(0)?.checked_add(call.int(1)?)))
}

pub(in super::super) fn int_checked_sub(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(call.int(0)?.checked_sub(call.int(1)?)))
}

pub(in super::super) fn int_checked_mul(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(call.int(0)?.checked_mul(call.int(1)?)))
}

pub(in super::super) fn int_wrapping_add(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)?.wrapping_add(call.int(1)?))
}

pub(in super::super) fn int_wrapping_sub(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)?.wrapping_sub(call.int(1)?))
}

pub(in super::super) fn int_wrapping_mul(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)?.wrapping_mul(call.int(1)?))
}

pub(in super::super) fn int_bit_and(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)? & call.int(1)?)
}

pub(in super::super) fn int_bit_or(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)? | call.int(1)?)
}

pub(in super::super) fn int_bit_xor(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)? ^ call.int(1)?)
}

pub(in super::super) fn int_bit_not(call: &mut Call<'_>) -> Outcome<Value> {
    int(!call.int(0)?)
}

fn shift(call: &Call<'_>, name: &str) -> Outcome<u32> {
    let distance = u32::try_from(call.int(1)?).ok();
    let distance = distance.filter(|distance| *distance < i64::BITS);
    distance.ok_or_else(|| Fault::invalid_arguments(format!("{name} expects 0..63")))
}

pub(in super::super) fn int_shl(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)? << shift(call, "shl")?)
}

pub(in super::super) fn int_shr(call: &mut Call<'_>) -> Outcome<Value> {
    int(call.int(0)? >> shift(call, "shr")?)
}

pub(in super::super) fn float_abs(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.abs())
}

pub(in super::super) fn float_floor(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.floor())
}

pub(in super::super) fn float_ceil(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.ceil())
}

pub(in super::super) fn float_round(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.round())
}

pub(in super::super) fn float_trunc(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.trunc())
}

/// `x.sqrt()` and `math.sqrt(x)`
pub(in super::super) fn float_sqrt(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.sqrt())
}

pub(in super::super) fn float_pow(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.powf(call.float(1)?))
}

pub(in super::super) fn float_min(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.min(call.float(1)?))
}

pub(in super::super) fn float_max(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.max(call.float(1)?))
}

pub(in super::super) fn float_clamp(call: &mut Call<'_>) -> Outcome<Value> {
    let (low, high) = (call.float(1)?, call.float(2)?);
    // Bounds that are no numbers are refused, too.
    if low.partial_cmp(&high).is_none_or(std::cmp::Ordering::is_gt) {
        return Err(clamp_bounds());
    }
    float(call.float(0)?.clamp(low, high))
}

pub(in super::super) fn float_is_nan(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(call.float(0)?.is_nan()))
}

pub(in super::super) fn float_is_finite(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(call.float(0)?.is_finite()))
}

pub(in super::super) fn float_to_int(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(to_int(call.float(0)?)))
}

/// The number without its fraction, if that fits 64 bits.
pub(crate) fn to_int(value: f64) -> Option<i64> {
    /// 2 to the power of 63.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let whole = value.trunc();
    (-LIMIT..LIMIT).contains(&whole).then_some(whole as i64)
}

pub(in super::super) fn float_fixed(call: &mut Call<'_>) -> Outcome<Value> {
    let (value, digits) = (call.float(0)?, call.int(1)?);
    let digits = usize::try_from(digits).ok().filter(|digits| *digits <= 20);
    let digits = digits.ok_or_else(|| Fault::invalid_arguments("fixed expects 0..20"))?;
    if !value.is_finite() {
        return Ok(Value::text(&display::float_text(value)));
    }
    Ok(Value::text(&format!("{value:.digits$}")))
}

pub(in super::super) fn math_sin(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.sin())
}

pub(in super::super) fn math_cos(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.cos())
}

pub(in super::super) fn math_tan(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.tan())
}

pub(in super::super) fn math_ln(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.ln())
}

pub(in super::super) fn math_log10(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.log10())
}

pub(in super::super) fn math_exp(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.exp())
}

pub(in super::super) fn math_atan2(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.atan2(call.float(1)?))
}

pub(in super::super) fn math_hypot(call: &mut Call<'_>) -> Outcome<Value> {
    float(call.float(0)?.hypot(call.float(1)?))
}

/// `Int.parse(s)` and `s.to_int()`: decimal digits with an optional sign.
pub(in super::super) fn parse_int(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(call.text(0)?.parse::<i64>().ok()))
}

/// `Float.parse(s)` and `s.to_float()`: digits, a point, an exponent.
pub(in super::super) fn parse_float(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(float_of_text(call.text(0)?)))
}

/// The finite number that a text is in decimal or exponent form.
pub(crate) fn float_of_text(text: &str) -> Option<f64> {
    // The words for what is no finite number are not numbers here.
    let decimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.bytes().all(decimal) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `s.to_bool()`
pub(in super::super) fn parse_bool(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::option(call.text(0)?.parse::<bool>().ok()))
}
